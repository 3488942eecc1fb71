"""The database connection: SQLAlchemy Core, asynchronous, SQLite (WAL) or PostgreSQL."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from store import _postgresql, _sqlite
from store.errors import Invalid

WRITE = "BEGIN IMMEDIATE"
# A task that finds every connection taken for that long is told so; it would rather fail than hang.
_POOL_WAIT_S = 10.0


class Database:
    """A pool of connections to the one database.

    Args:
        url: an asynchronous SQLAlchemy address (`sqlite+aiosqlite:///…`, `postgresql+asyncpg://…`).
        busy_timeout_s: how long a SQLite writer waits for the lock before it fails.
        connections: how many of a PostgreSQL server's connections this process uses at most.
        statement_s: seconds after which PostgreSQL breaks a statement off.

    Attributes:
        dialect: `sqlite` or `postgresql`.
        name: what PostgreSQL lists the connections of this object under; tells processes apart.

    Raises:
        Invalid: the address is not one of the two supported kinds.
    """

    def __init__(
        self, url: str, *, busy_timeout_s: float = 10.0, connections: int = 10, statement_s: float = 60.0
    ) -> None:
        self.url = url
        self.name = f"motcua-{secrets.token_hex(4)}"
        try:
            address = make_url(url)
        except ArgumentError:
            # The address is not shown: it may hold a password.
            raise Invalid(
                "MOTCUA_STORE__URL is not a database address; write sqlite+aiosqlite:///FILE or "
                "postgresql+asyncpg://USER@HOST/NAME"
            ) from None
        driver = address.drivername
        if driver not in {"sqlite+aiosqlite", "postgresql+asyncpg"}:
            raise Invalid(
                f"MOTCUA_STORE__URL uses {driver!r}; write sqlite+aiosqlite:///FILE or "
                "postgresql+asyncpg://USER@HOST/NAME"
            )
        self.dialect = driver.split("+")[0]
        in_memory = "mode" in address.query or (address.database or ":memory:") == ":memory:"
        if self.dialect == "sqlite" and in_memory:
            raise Invalid("MOTCUA_STORE__URL names no file; several processes share the database, so it needs one")
        # The parameters are what citizens wrote: an error's text ends in a log.
        options: dict[str, Any] = {"hide_parameters": True}
        if self.dialect == "sqlite":
            options["async_creator"] = _sqlite.creator(str(address.database), busy_timeout_s)
        else:
            session = _postgresql.session(self.name, statement_s)
            options["connect_args"] = {"timeout": _postgresql.CONNECT_S, "server_settings": session}
            options |= {"pool_size": connections, "max_overflow": 0, "pool_timeout": _POOL_WAIT_S}
        self._reads = create_async_engine(url, **options)
        self._writes = self._reads
        self._turn: asyncio.Lock | None = None
        if self.dialect == "sqlite":
            # SQLite has one writer at a time: a second engine opens every transaction with the write lock,
            # since upgrading a read transaction later fails at once with SQLITE_BUSY.
            self._turn = asyncio.Lock()
            self._writes = create_async_engine(url, pool_size=1, max_overflow=0, **options)
            _listen(self._reads, "BEGIN", busy_timeout_s)
            _listen(self._writes, WRITE, busy_timeout_s)
        else:
            _leave_out_closed(self._reads)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write; commits at the end, rolls back on an exception."""
        if self._turn is None:
            async with self._writes.begin() as connection:
                yield connection
            return
        # Writers of this process take turns here: the pool's own queue lets a newcomer pass who waits, without end.
        async with self._turn, self._writes.begin() as connection:
            yield connection

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading."""
        async with self._reads.connect() as connection:
            yield connection

    async def close(self) -> None:
        """Close every connection."""
        await self._reads.dispose()
        if self._writes is not self._reads:
            await self._writes.dispose()


def _leave_out_closed(engine: AsyncEngine) -> None:
    # The driver knows at once that the server has closed a connection, so that a look costs nothing; a statement to
    # find it out, as the pool's own ping sends, would cost each use of a connection three journeys.
    @event.listens_for(engine.sync_engine, "checkout")
    def look(_connection: Any, record: Any, _proxy: Any) -> None:
        if record.driver_connection.is_closed():
            raise DisconnectionError("the server has closed it")


def _listen(engine: AsyncEngine, begin: str, busy_timeout_s: float) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            # FULL: a message that was acknowledged survives a power cut, not only a crash of the process.
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.execute("PRAGMA foreign_keys=ON")
            # A writer tries at once and, where it must wait, waits outside the event loop (`store._sqlite`).
            cursor.execute(f"PRAGMA busy_timeout={0 if begin == WRITE else int(busy_timeout_s * 1000)}")
        except BaseException:
            # The pool does not know it yet, and its thread would outlive the event loop.
            connection.close()
            raise
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Any) -> None:
        connection.exec_driver_sql(begin)
