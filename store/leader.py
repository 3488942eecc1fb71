"""One of several processes does a thing: who holds a lock of PostgreSQL's that ends with its connection.

On SQLite one process runs the front door (the supervisor's lock file sees to it), which leads without asking.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from store import _postgresql
from store.engine import Database

_log = structlog.get_logger(__name__)
_LOOK_S = 1.0
_LONGEST_S = 5.0


async def led(database: Database, name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do the work while this process leads; wait for the lead and try again when it was lost, until cancelled.

    The lead passes on within about a second when its holder ends or loses the database. The old holder is cancelled as
    soon as its connection breaks, but a process that stood still may act once more before it learns of it: what must
    happen once is guarded by a row as well.

    Args:
        name: what is led; one leader for each name and database.
        work: runs for long; cancelled when the lead is lost, and begun anew with the next lead.

    Raises:
        Exception: what the work raises; the lead is given up. Returns when the work returns.
    """
    if database.dialect != "postgresql":
        await work()
        return
    failures = 0
    while True:
        try:
            connection = await _postgresql.connect(database.url, f"{database.name} {name}")
        except _postgresql.LOST as error:
            failures += 1
            if failures == 1:
                _log.warning("cannot ask for the lead", name=name, reason=type(error).__name__)
            await asyncio.sleep(random.random() * min(_LONGEST_S, 0.1 * 2.0**failures))
            continue
        failures = 0
        try:
            if await _granted(connection, name):
                _log.info("leads", name=name)
                if await _while_led(connection, work):
                    return
                _log.warning("no longer leads", name=name)
        finally:
            # The lock goes with the connection.
            connection.terminate()


async def _granted(connection: Any, name: str) -> bool:
    """Wait for the lock; False when the connection was lost before."""
    key = int.from_bytes(hashlib.sha256(f"motcua {name}".encode()).digest()[:8], "big", signed=True)
    try:
        while True:
            if await connection.fetchval("SELECT pg_try_advisory_lock($1)", key, timeout=_postgresql.CONNECT_S):
                return True
            await asyncio.sleep(_LOOK_S * random.uniform(0.5, 1))
    except _postgresql.LOST:
        return False


async def _while_led(connection: Any, work: Callable[[], Awaitable[None]]) -> bool:
    """Work as long as the connection lives; True when the work has ended by itself."""
    task = asyncio.ensure_future(work())
    connection.add_termination_listener(lambda _connection: task.cancel())
    try:
        while not (await asyncio.wait({task}, timeout=_LOOK_S))[0]:
            try:
                await connection.execute("SELECT 1", timeout=_postgresql.CONNECT_S)
            except _postgresql.LOST:
                break
        if task.done() and not task.cancelled():
            task.result()
            return True
        return False
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
