"""The database away or the disk full: nothing is acknowledged that is not kept, and all goes on when it is over."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, text

from bot import sentences
from bot.settings import WorkerSettings, ZaloBotSettings
from store.engine import Database
from store.migrate import upgrade
from store.space import Space
from store.tables import inbox
from tests.fakes.rasa import FakeRasa
from tests.fakes.zalo_bot import TOKEN, FakeZaloBot
from tests.integration.bot.conftest import Open
from tests.integration.bot.test_front_door_killed import front_process, persistently
from tests.support.gateways import gateways
from tests.support.pages import pages
from tests.support.postgres import Server, async_address
from tests.support.webclient import Refusal, WebClient

SECRET = "s" * 32
WORKER = WorkerSettings(poll_s=0.2, retry_first_s=0.01, retry_cap_s=0.2, shutdown_s=0.5)


@pytest.fixture
async def address(own_server: Server) -> str:
    """A migrated database on a server that may be stopped."""
    admin = Database(async_address(own_server.address("postgres")))
    async with admin.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("drop database if exists outage with (force)"))
        await alone.execute(text("create database outage"))
        database = Database(async_address(own_server.address("outage")))
        await upgrade(database)
        await database.close()
    await admin.close()
    return async_address(own_server.address("outage"))


async def refused(chat: WebClient, words: str) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        await chat.send(text=words)
    return refusal.value


async def test_with_the_server_stopped_messages_are_refused_and_with_it_back_all_goes_on(
    own_server: Server, address: str, rasa: FakeRasa, tmp_path: Path
) -> None:
    async with (
        gateways(address, rasa, tmp_path, worker=WORKER) as fronts,
        WebClient(fronts[0].public_url) as chat,
        WebClient(fronts[1].public_url) as other,
        aiohttp.ClientSession() as http,
    ):
        assert (await chat.ask("trước")).text == "đã nhận: trước"
        rasa.hold()
        taken = await other.send(text="đang hỏi")
        await rasa.called(2)
        await asyncio.to_thread(own_server.stop)
        rasa.release()
        for _ in range(3):
            refusal = await refused(chat, "không được nhận")
            assert (refusal.status, refusal.code) == (503, "unavailable")
            assert refusal.message == sentences.DATABASE_AWAY
            assert refusal.retry_after_s > 0
        async with http.get(f"{fronts[0].public_url}/") as page:
            assert page.status == 200, "the page itself needs no database"
        async with http.get(f"{fronts[0].private_url}/health/ready") as answer:
            assert (await answer.json())["checks"]["database"] == "failed"
        await asyncio.to_thread(own_server.start)
        await persistently_through_refusals(chat, "sau", "m-after")
        assert (await chat.answer_to("m-after")).text == "đã nhận: sau"
        assert (await other.answer_to(taken)).text == "đã nhận: đang hỏi"
        assert chat.reconnects == other.reconnects == 0, "the streams were kept"
    assert [message["text"] for message in chat.received] == ["đã nhận: trước", "đã nhận: sau"]
    assert len(rasa.worked) == 3


async def test_a_webhook_is_answered_in_time_though_the_server_stands_still(
    own_server: Server, address: str, rasa: FakeRasa, tmp_path: Path
) -> None:
    news = {
        "event_name": "message.text.received",
        "message": {
            "message_id": "m1",
            "text": "khai sinh",
            "chat": {"id": "z7", "chat_type": "PRIVATE"},
            "from": {"id": "z7", "display_name": "A"},
            "date": 1_780_000_000_000,
        },
    }
    async with FakeZaloBot() as fake, aiohttp.ClientSession(headers={"X-Bot-Api-Secret-Token": SECRET}) as http:
        hooked = ZaloBotSettings(
            token=SecretStr(TOKEN),
            api_url=fake.url,
            webhook_url="https://chat.example",
            webhook_secret=SecretStr(SECRET),
        )
        async with gateways(address, rasa, tmp_path, 1, worker=WORKER, zalo_bot=hooked) as (front,):
            hook = f"{front.public_url}/hooks/zalo-bot"
            with own_server.standing_still():
                began = time.monotonic()
                async with http.post(hook, json=news) as answer:
                    assert answer.status == 503
                    assert "Retry-After" in answer.headers
                assert time.monotonic() - began < 2.0, "Zalo counts what comes later as no answer"
            async with http.post(hook, json=news) as answer:
                assert answer.status == 200
            await rasa.called(1)


async def persistently_through_refusals(chat: WebClient, words: str, identity: str) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await chat.send(id=identity, text=words)
                return
            except Refusal:
                await asyncio.sleep(0.1)


@asynccontextmanager
async def locked(file: Path) -> AsyncIterator[None]:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


async def test_a_locked_file_is_answered_503_in_the_chat_and_on_the_pages(
    rasa: FakeRasa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.pages.Database", partial(Database, busy_timeout_s=0.05))
    async with (
        pages(tmp_path, dialogue=rasa.url) as office,
        WebClient(office.url) as chat,
        office.visitor() as visitor,
    ):
        await chat.ask("trước")
        case, _ = await office.case()
        async with locked(tmp_path / "motcua.db"):
            assert (await refused(chat, "khóa")).code == "unavailable"
            answer = await visitor.sign_in(case.code, "000000")
            assert answer.status == 503
            assert int(answer.headers["Retry-After"]) > 0
            assert sentences.DATABASE_AWAY in answer.text
        assert (await chat.ask("sau")).text == "đã nhận: sau"


async def test_a_file_that_may_not_grow_is_answered_503_and_nothing_is_lost(tmp_path: Path, rasa: FakeRasa) -> None:
    async with front_process(tmp_path, rasa) as (url, process), WebClient(url) as chat:
        assert (await chat.ask("trước")).text == "đã nhận: trước"
        before = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, before[1]))
        refusal = await refused(chat, "không ghi được")
        assert (refusal.status, refusal.code) == (503, "unavailable")
        assert process.returncode is None
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, before)
        await persistently(chat, "sau", "m2")
        assert (await chat.answer_to("m2")).text == "đã nhận: sau"
    with sqlite3.connect(tmp_path / "bot.db") as kept:
        assert kept.execute("select count(*) from inbox").fetchone() == (2,)
    kept.close()


async def test_below_the_least_room_nothing_new_is_taken_and_what_was_taken_is_answered(
    front_door: Open, rasa: FakeRasa, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 500 << 20
    monkeypatch.setattr("store.space._free", lambda folder: free)
    monkeypatch.setattr("store.space._LOOK_S", 0.0)
    async with front_door(space=Space([tmp_path], 200)) as front, WebClient(front.public_url) as chat:
        rasa.hold()
        taken = await chat.send(text="đã nhận rồi")
        await rasa.called(1)
        free = 100 << 20
        refusal = await refused(chat, "hết chỗ")
        assert (refusal.status, refusal.code) == (503, "no_space")
        assert refusal.message == sentences.NO_SPACE
        rasa.release()
        assert (await chat.answer_to(taken)).text == "đã nhận: đã nhận rồi"
        async with aiohttp.ClientSession() as http:
            async with http.get(f"{front.private_url}/health/ready") as answer:
                assert answer.status == 503
                assert (await answer.json())["checks"]["space"] == "failed"
            async with http.get(f"{front.private_url}/metrics") as answer:
                assert "motcua_free_bytes 1.048576e+08" in await answer.text()
        free = 500 << 20
        assert (await chat.ask("có chỗ lại")).text == "đã nhận: có chỗ lại"
    async with database.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(inbox)) == 2
