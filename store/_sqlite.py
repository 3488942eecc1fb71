"""SQLite connections that leave the event loop only where another process makes them wait."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import aiosqlite


class Connection(aiosqlite.Connection):
    """An aiosqlite connection whose calls run in place.

    aiosqlite sends each call to a thread and back: the cursor, the statement, the rows, the cursor's end. A statement
    of ours takes some 20 µs, its journeys milliseconds on a busy event loop, and everything that writes then waits for
    the one write connection. In WAL mode a transaction that has begun waits for nobody, so only the beginning of a
    write that finds the lock taken, opening and closing go to the thread.
    """

    patience_ms = 0

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._connection is None or not self._running or _may_wait(fn, args):
            return await self._in_thread(partial(fn, *args, **kwargs))
        try:
            return fn(*args, **kwargs)
        except sqlite3.OperationalError as error:
            begins = bool(args) and args[0] == "BEGIN IMMEDIATE"
            if not begins or getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_BUSY:
                raise
            return await self._in_thread(partial(self._patiently, partial(fn, *args, **kwargs)))

    async def _in_thread(self, call: Callable[[], Any]) -> Any:
        return await super()._execute(call)  # type: ignore[no-untyped-call]

    def _patiently(self, call: Callable[[], Any]) -> Any:
        self._conn.execute(f"PRAGMA busy_timeout={self.patience_ms}")
        try:
            return call()
        finally:
            self._conn.execute("PRAGMA busy_timeout=0")


def creator(file: str, busy_timeout_s: float) -> Callable[[], Awaitable[aiosqlite.Connection]]:
    """What SQLAlchemy's `async_creator` wants: opens a connection to the file."""

    def connect() -> sqlite3.Connection:
        # One task uses a connection at a time, so its calls never overlap, whichever thread makes them.
        return sqlite3.connect(file, timeout=busy_timeout_s, check_same_thread=False)

    async def create() -> aiosqlite.Connection:
        connection = Connection(connect, iter_chunk_size=64)
        connection.patience_ms = int(busy_timeout_s * 1000)
        # A process that ends by an error must not wait for the thread of a connection that nobody closed.
        connection._thread.daemon = True
        return await connection

    return create


def _may_wait(fn: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    closes = getattr(fn, "__name__", "") == "close" and not isinstance(getattr(fn, "__self__", None), sqlite3.Cursor)
    return closes or (bool(args) and str(args[0]).startswith("PRAGMA"))
