"""Bring the database to the newest schema."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from store.engine import Database
from store.errors import Invalid, Unavailable
from store.faults import is_outage, is_refused

_log = structlog.get_logger(__name__)
_LOOK_S = 0.5
# Any number that nothing else locks; processes that start at once migrate one after the other.
_LOCK = text("SELECT pg_advisory_xact_lock(7310578)")
# A migration of a large database takes as long as it takes.
_PATIENT = text("SET LOCAL statement_timeout = 0")


async def upgrade(database: Database, *, wait_s: float = 0.0) -> None:
    """Apply every migration that is missing. Doing it again changes nothing.

    Args:
        wait_s: how long a PostgreSQL server that does not answer yet is waited for.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be reached or refuses a statement.
        Invalid: a newer version of the program has changed it.
        Unavailable: a PostgreSQL server does not answer, or does not let us in.
        OSError, sqlite3.Error: the file or its folder cannot be used.
    """
    file = make_url(database.url).database
    if database.dialect == "sqlite" and file and file != ":memory:":
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        # A file that cannot be opened fails here, not in a thread of the driver's that nobody waits for.
        sqlite3.connect(file).close()
    if database.dialect == "postgresql":
        await _wait(database, wait_s)
    try:
        async with database.begin() as connection:
            if database.dialect == "postgresql":
                await connection.execute(_PATIENT)
                await connection.execute(_LOCK)
            await connection.run_sync(_upgrade)
    except CommandError as error:
        raise Invalid(f"the database was made by a newer version of the program: {error}") from None


async def _wait(database: Database, wait_s: float) -> None:
    """Wait until the server takes connections; what waiting does not mend is raised at once."""
    end = time.monotonic() + wait_s
    while True:
        try:
            async with database.connect():
                return
        except Exception as error:
            if not is_outage(error):
                raise
            if is_refused(error) or time.monotonic() >= end:
                why = getattr(error, "orig", None) or error
                raise Unavailable(f"the database cannot be used: {str(why).strip() or type(why).__name__}") from None
        if wait_s:
            _log.warning("the database does not answer yet; it is waited for")
            wait_s = 0.0
        await asyncio.sleep(_LOOK_S)


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
