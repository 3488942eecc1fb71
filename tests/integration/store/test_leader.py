"""One of several processes leads; the lead passes on when its holder ends or loses the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from store.engine import Database
from store.leader import led
from tests.support.waiting import eventually


class Post:
    """What is done by one at a time; sees whether two ever did it at once."""

    def __init__(self) -> None:
        self.holders: list[str] = []
        self.terms: list[str] = []
        self.most = 0

    def work(self, name: str) -> Callable[[], Awaitable[None]]:
        async def hold() -> None:
            self.holders.append(name)
            self.terms.append(name)
            self.most = max(self.most, len(self.holders))
            try:
                await asyncio.Event().wait()
            finally:
                self.holders.remove(name)

        return hold

    def held(self, *names: str) -> Callable[[], Awaitable[bool]]:
        async def now() -> bool:
            return self.holders == list(names)

        return now


@asynccontextmanager
async def candidate(database: Database, post: Post, name: str) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(led(database, "telegram", post.work(name)))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_one_leads_and_the_next_follows_when_it_ends(postgres: Database) -> None:
    other = Database(postgres.url)
    post = Post()
    async with candidate(other, post, "first") as first:
        await eventually(post.held("first"))
        async with candidate(postgres, post, "second"):
            await asyncio.sleep(0.3)
            assert post.holders == ["first"]
            first.cancel()
            await eventually(post.held("second"))
    assert post.terms == ["first", "second"]
    assert post.most == 1
    await other.close()


async def test_a_leader_whose_connection_is_cut_stops_and_one_leads_again(postgres: Database) -> None:
    other = Database(postgres.url)
    post = Post()
    async with candidate(postgres, post, "first"):
        await eventually(post.held("first"))
        async with candidate(other, post, "second"):
            async with postgres.begin() as connection:
                cut = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like :who"
                await connection.execute(text(cut), {"who": f"{postgres.name} telegram"})

            async def again() -> bool:
                return len(post.terms) == 2 and len(post.holders) == 1

            await eventually(again)
    assert post.most == 1
    await other.close()


async def test_different_things_have_leaders_of_their_own(postgres: Database) -> None:
    post = Post()
    async with candidate(postgres, post, "telegram"):
        await eventually(post.held("telegram"))
        zalo = asyncio.create_task(led(postgres, "zalo", post.work("zalo")))
        await eventually(post.held("telegram", "zalo"))
        zalo.cancel()
        await asyncio.gather(zalo, return_exceptions=True)


async def test_what_the_work_raises_is_raised_and_the_lead_given_up(both: Database) -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    async def fine() -> None:
        pass

    with pytest.raises(ZeroDivisionError):
        await led(both, "telegram", broken)
    async with asyncio.timeout(5):
        await led(both, "telegram", fine)


async def test_on_sqlite_the_one_process_leads(database: Database) -> None:
    post = Post()
    async with candidate(database, post, "only"):
        await eventually(post.held("only"))
