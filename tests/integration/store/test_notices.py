"""What one process tells, the others hear: on PostgreSQL at once, on SQLite there are no others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy import text

from store.engine import Database
from store.notices import Notices, tell
from tests.support.waiting import eventually


class Ear:
    """Another process over the same database."""

    def __init__(self, database: Database) -> None:
        self.heard: list[str] = []
        self.up = 0
        self.notices = Notices(database)
        self.notices.listen("outbox", self.heard.append, missed=self._missed)

    def _missed(self) -> None:
        self.up += 1

    def hears(self, count: int) -> Callable[[], Awaitable[bool]]:
        async def enough() -> bool:
            return len(self.heard) >= count

        return enough

    def was_up(self, count: int) -> Callable[[], Awaitable[bool]]:
        async def enough() -> bool:
            return self.up >= count

        return enough


async def said(database: Database, *texts: str, topic: str = "outbox") -> None:
    async with database.begin() as connection:
        for each in texts:
            await tell(connection, topic, each)


async def test_another_process_hears_what_was_committed_in_its_order(postgres: Database) -> None:
    other = Database(postgres.url)
    ear = Ear(other)
    async with ear.notices:
        await eventually(ear.was_up(1))
        await said(postgres, "web a1", "web b2")
        async with postgres.connect() as connection:
            await tell(connection, "outbox", "never committed")
        await said(postgres, "for others", topic="inbox")
        await said(postgres, "web c3")
        await eventually(ear.hears(3))
    assert ear.heard == ["web a1", "web b2", "web c3"]
    await other.close()


async def test_nobody_hears_the_own_words(postgres: Database) -> None:
    other = Database(postgres.url)
    own = Ear(postgres)
    async with own.notices:
        await eventually(own.was_up(1))
        await said(postgres, "from myself")
        await said(other, "from another")
        await eventually(own.hears(1))
    assert own.heard == ["from another"]
    await other.close()


async def test_a_line_that_was_cut_comes_back_and_says_that_something_may_be_missed(postgres: Database) -> None:
    other = Database(postgres.url)
    ear = Ear(other)
    async with ear.notices:
        await eventually(ear.was_up(1))
        async with postgres.begin() as connection:
            cut = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%notices'"
            await connection.execute(text(cut))
        await eventually(ear.was_up(2))
        await said(postgres, "after the cut")
        await eventually(ear.hears(1))
    assert ear.heard == ["after the cut"]
    await other.close()


async def test_one_that_breaks_on_a_notice_hears_the_next(postgres: Database) -> None:
    other = Database(postgres.url)
    ear = Ear(other)

    def fragile(said: str) -> None:
        ear.heard.append(said)
        if said == "bad":
            raise ValueError(said)

    ear.notices.listen("outbox", fragile, missed=lambda: None)
    async with ear.notices:
        await eventually(ear.was_up(1))
        await said(postgres, "bad", "good")
        await eventually(ear.hears(2))
    assert ear.heard == ["bad", "good"]
    await other.close()


async def test_on_sqlite_nothing_is_said_and_nothing_heard(database: Database) -> None:
    ear = Ear(database)
    async with ear.notices:
        await said(database, "to nobody")
        await asyncio.sleep(0)
    assert ear.heard == []
