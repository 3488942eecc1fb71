"""Bring the database to the newest schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from store.engine import Database


async def upgrade(database: Database) -> None:
    """Apply every migration that is missing. Doing it again changes nothing.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be reached or refuses a statement.
    """
    file = make_url(database.url).database
    if database.dialect == "sqlite" and file and file != ":memory:":
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    async with database.begin() as connection:
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
