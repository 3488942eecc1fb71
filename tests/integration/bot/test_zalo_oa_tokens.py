"""A refresh token of Zalo works once: whoever renews the pair does it alone, and nothing uses it twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
import structlog
from sqlalchemy import select, update

from bot.channels.zalo_oa.tokens import NotConnected, Tokens
from store.engine import Database
from store.errors import Unavailable
from store.tables import channel_tokens, now
from tests.fakes._platform import Fault
from tests.fakes.zalo_oa import FakeZaloOA
from tests.support.zalo import connect, tokens


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture(params=["database", "postgres"])
def either(request: pytest.FixtureRequest) -> Database:
    """Each of the two databases."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Database)
    return found


async def row(database: Database) -> dict[str, object]:
    async with database.connect() as connection:
        return dict((await connection.execute(select(channel_tokens))).mappings().one())


async def test_many_that_need_a_new_token_at_once_renew_it_once(
    either: Database, zalo: FakeZaloOA, client: aiohttp.ClientSession
) -> None:
    await connect(either, zalo)
    processes = [tokens(either, zalo, client) for _ in range(4)]
    old = await processes[0].access()
    zalo.tokens.expire()
    zalo.faults["access_token"] = [Fault(hang_s=0.3)]
    found = await asyncio.gather(*(process.renew(old) for process in processes for _ in range(5)))
    assert set(found) == {zalo.tokens.access}
    assert zalo.tokens.refreshed == 1
    kept = await row(either)
    assert kept["refreshing_by"] is None
    assert kept["refresh_sent_at"] is None
    assert zalo.tokens.access not in str(kept), "what is kept is sealed"
    assert zalo.tokens.refresh not in str(kept)


async def test_a_pair_of_another_process_is_used_by_all(
    database: Database, zalo: FakeZaloOA, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.zalo_oa.tokens._CACHE_S", 0.0)
    await connect(database, zalo)
    one, other = tokens(database, zalo, client), tokens(database, zalo, client)
    assert await other.access() == await one.access()
    fresh = await one.renew(await one.access())
    assert await other.access() == fresh
    assert zalo.tokens.refreshed == 1


async def test_after_a_death_in_the_middle_the_token_is_tried_once_more_and_said_loudly(
    database: Database, zalo: FakeZaloOA, client: aiohttp.ClientSession
) -> None:
    await connect(database, zalo)
    dying = tokens(database, zalo, client)
    zalo.faults["access_token"] = [Fault(hang_s=5.0)]
    work = asyncio.create_task(dying.renew(await dying.access()))
    await zalo.until(lambda: zalo.tokens.refreshed == 1)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    other = tokens(database, zalo, client)
    assert (await other.state()).unsure
    async with database.begin() as connection:
        await connection.execute(update(channel_tokens).values(refreshing_until=now() - timedelta(seconds=1)))
    with structlog.testing.capture_logs() as logs, pytest.raises(NotConnected, match="motcua zalo connect"):
        await other.renew(await other.access())
    assert any("may have been used" in entry["event"] for entry in logs)
    assert len(zalo.tokens.used) == 1, "Zalo has seen it used once only"


async def test_the_answer_is_kept_though_whoever_asked_is_stopped(
    database: Database, zalo: FakeZaloOA, client: aiohttp.ClientSession
) -> None:
    await connect(database, zalo)
    own = tokens(database, zalo, client)
    zalo.faults["access_token"] = [Fault(hang_s=0.3)]
    work = asyncio.create_task(own.renew(await own.access()))
    await zalo.until(lambda: zalo.tokens.refreshed == 1)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await own.settled()
    assert await tokens(database, zalo, client).access() == zalo.tokens.access
    assert not (await own.state()).unsure


async def test_a_process_that_takes_too_long_is_not_waited_for_and_not_overtaken(
    database: Database, zalo: FakeZaloOA, client: aiohttp.ClientSession
) -> None:
    await connect(database, zalo)
    slow, other = tokens(database, zalo, client), tokens(database, zalo, client, request_timeout_s=0.2)
    old = await slow.access()
    zalo.faults["access_token"] = [Fault(hang_s=0.7)]
    work = asyncio.create_task(slow.renew(old))
    await zalo.until(lambda: zalo.tokens.refreshed == 1)
    with pytest.raises(Unavailable, match="another process"):
        await other.renew(old)
    assert await work == zalo.tokens.access
    assert len(zalo.tokens.used) == 1


async def test_a_server_that_does_not_answer_leaves_the_pair_as_it_was(
    database: Database, zalo: FakeZaloOA, client: aiohttp.ClientSession
) -> None:
    await connect(database, zalo)
    own = tokens(database, zalo, client)
    zalo.faults["access_token"] = [Fault(cut="before"), Fault(http=502)]
    for _ in range(2):
        with pytest.raises(Unavailable):
            await own.renew(await own.access())
    assert await own.renew(await own.access()) == zalo.tokens.access
    assert zalo.tokens.refreshed == 1


@pytest.mark.parametrize("app_id", ["", "1"])
async def test_without_a_pair_of_this_app_it_is_said_what_to_do(
    database: Database, zalo: FakeZaloOA, client: aiohttp.ClientSession, app_id: str
) -> None:
    if app_id:
        await connect(database, zalo)
    own: Tokens = tokens(database, zalo, client, **({"app_id": app_id} if app_id else {}))
    with pytest.raises(NotConnected, match="motcua zalo connect"):
        await own.access()
    with pytest.raises(NotConnected, match="motcua zalo connect"):
        await own.state()


async def test_the_pair_is_renewed_before_it_ends(
    database: Database, zalo: FakeZaloOA, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.zalo_oa.tokens._LOOK_S", 0.05)
    await connect(database, zalo)
    own = tokens(database, zalo, client)
    async with database.begin() as connection:
        early = now() - timedelta(hours=20, minutes=1)
        await connection.execute(
            update(channel_tokens).values(refreshed_at=early, access_until=early + timedelta(hours=25))
        )
    work = asyncio.create_task(own.mind())
    await zalo.until(lambda: zalo.tokens.refreshed == 1)
    await asyncio.sleep(0.3)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert zalo.tokens.refreshed == 1
    assert (await own.state()).access_until > now() + timedelta(hours=24)
