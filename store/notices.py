"""Words between processes over one PostgreSQL (LISTEN/NOTIFY): something was written that another one waits for.

A notice only saves waiting. It may be lost while the line is down, so whoever listens looks by itself now and then as
well. On SQLite one process does everything and tells itself directly: there nothing is sent and nothing heard.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import structlog
from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from store import _postgresql
from store.engine import Database

Hear = Callable[[str], None]

_log = structlog.get_logger(__name__)
_ALIVE_S = 5.0
_FIRST_S = 0.1
_LONGEST_S = 5.0


async def tell(connection: AsyncConnection, topic: str, text: str) -> None:
    """Say something to the other processes, at the end of the caller's transaction and only if it commits.

    Args:
        topic: a word of small letters.
        text: at most some 7,000 bytes; a key of what was written, not the thing itself.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(_TELL, {"topic": f"motcua_{topic}", "text": text})


class Notices:
    """Hears what other processes tell. Use as `async with Notices(database) as notices`; call `listen` before that.

    The own process' words are left out: it knows already.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._hears: dict[str, Hear] = {}
        self._missed: list[Callable[[], None]] = []
        self._line: asyncio.Task[None] | None = None

    def listen(self, topic: str, hear: Hear, *, missed: Callable[[], None]) -> None:
        """Have a function called with the text of each notice.

        Args:
            missed: called when the line is up again after it was down, so that what was told meanwhile is looked for.
        """
        self._hears[f"motcua_{topic}"] = hear
        self._missed.append(missed)

    async def __aenter__(self) -> Self:
        if self._database.dialect == "postgresql":
            self._line = asyncio.create_task(self._keep(), name="notices")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._line is not None:
            self._line.cancel()
            await asyncio.gather(self._line, return_exceptions=True)
            self._line = None

    async def _keep(self) -> None:
        failures = 0
        while True:
            try:
                connection = await _postgresql.connect(self._database.url, f"{self._database.name} notices")
            except _postgresql.LOST as error:
                failures += 1
                if failures == 1:
                    _log.warning("other processes are not heard", reason=type(error).__name__)
                # All processes lost the server at the same moment; they must not come back at the same moment.
                await asyncio.sleep(random.random() * min(_LONGEST_S, _FIRST_S * 2.0**failures))
                continue
            try:
                await self._attend(connection)
            except _postgresql.LOST as error:
                _log.warning("the line between processes was lost", reason=type(error).__name__)
            finally:
                connection.terminate()
            failures = 0

    async def _attend(self, connection: Any) -> None:
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _connection: lost.set())
        async with asyncio.timeout(_ALIVE_S):
            for topic in self._hears:
                await connection.add_listener(topic, self._heard)
        for missed in self._missed:
            missed()
        while not lost.is_set():
            try:
                async with asyncio.timeout(_ALIVE_S):
                    await lost.wait()
            except TimeoutError:
                await connection.execute("SELECT 1", timeout=_ALIVE_S)

    def _heard(self, _connection: Any, _process: int, topic: str, payload: object) -> None:
        author, _, text = str(payload).partition(" ")
        if author == self._database.name:
            return
        try:
            self._hears[topic](text)
        except Exception:
            _log.exception("a notice was not understood", topic=topic)


# The author is the name under which the session runs, so that whoever writes need not know it.
_TELL = select(func.pg_notify(bindparam("topic"), func.current_setting("application_name") + " " + bindparam("text")))
