"""Bring the database to the newest schema."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from store.engine import Database
from store.errors import Invalid


async def upgrade(database: Database) -> None:
    """Apply every migration that is missing. Doing it again changes nothing.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be reached or refuses a statement.
        Invalid: a newer version of the program has changed it.
        OSError, sqlite3.Error: the file or its folder cannot be used.
    """
    file = make_url(database.url).database
    if database.dialect == "sqlite" and file and file != ":memory:":
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        # A file that cannot be opened fails here, not in a thread of the driver's that nobody waits for.
        sqlite3.connect(file).close()
    try:
        async with database.begin() as connection:
            await connection.run_sync(_upgrade)
    except CommandError as error:
        raise Invalid(f"the database was made by a newer version of the program: {error}") from None


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
