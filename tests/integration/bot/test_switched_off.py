"""A channel that is switched off: the banner instead of an answer, or nothing in and nothing out; nothing is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import aiohttp
import pytest
from sqlalchemy import select, update

from bot.app import Running
from bot.conversations import ensure
from bot.replies import Reply
from desk.switchboard import Switchboard, flip
from store.engine import Database
from store.tables import conversations, inbox
from tests.fakes.rasa import FakeRasa
from tests.fakes.zalo_bot import FakeZaloBot
from tests.integration.bot.test_zalo_bot_channel import SECRET, sent, settings
from tests.support.webclient import Refusal, WebClient

Open = Callable[..., AbstractAsyncContextManager[Running]]
BANNER = "Bảo trì đến 9 giờ"


class Desk:
    """Whoever switches."""

    def __init__(self, database: Database) -> None:
        self.board = Switchboard(database)
        self._database = database

    async def turn(self, channel: str, mode: str) -> None:
        await flip(self._database, channel, mode, banner=BANNER, actor="lan")
        await self.board.refresh()


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


async def test_the_banner_is_said_instead_of_an_answer_and_lifted(
    rasa: FakeRasa, front_door: Open, zalo_bot: FakeZaloBot, desk: Desk
) -> None:
    async with (
        front_door(zalo_bot=settings(zalo_bot), switches=desk.board) as front,
        WebClient(front.public_url) as chat,
    ):
        await desk.turn("zalo_bot", "banner")
        await zalo_bot.write("làm khai sinh")
        assert await sent(zalo_bot, 1) == [BANNER]
        assert (await chat.ask("chào")).text == "đã nhận: chào", "the other channels go on"
        await desk.turn("zalo_bot", "open")
        await zalo_bot.write("làm khai sinh")
        assert (await sent(zalo_bot, 2))[-1] == "đã nhận: làm khai sinh"
    assert len(rasa.calls) == 2


async def test_whoever_is_in_danger_reads_whom_to_call_all_the_same(
    front_door: Open, zalo_bot: FakeZaloBot, desk: Desk
) -> None:
    def warn(text: str) -> Reply | None:
        return Reply("Gọi ngay **114**.") if "cháy" in text else None

    await desk.turn("all", "banner")
    async with front_door(zalo_bot=settings(zalo_bot), switches=desk.board, warn=warn):
        await zalo_bot.write("nhà tôi cháy")
        assert await sent(zalo_bot, 2) == ["Gọi ngay 114.", BANNER]


async def test_a_person_who_has_the_conversation_is_not_disturbed(
    database: Database, front_door: Open, zalo_bot: FakeZaloBot, desk: Desk
) -> None:
    async with front_door(zalo_bot=settings(zalo_bot), switches=desk.board):
        await zalo_bot.write("chào")
        await sent(zalo_bot, 1)
        async with database.begin() as connection:
            await connection.execute(update(conversations).values(owner="desk"))
        await desk.turn("all", "banner")
        await zalo_bot.write("còn đó không")
        async with asyncio.timeout(10):
            while await _open(database):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert len(zalo_bot.texts()) == 1


async def _open(database: Database) -> int:
    async with database.connect() as connection:
        rows = (await connection.execute(select(inbox.c.id).where(inbox.c.state.in_(("ready", "leased"))))).all()
        done = (await connection.execute(select(inbox.c.id))).all()
    return len(rows) or len(done) < 2


async def test_the_web_chat_shows_the_banner_and_closed_it_takes_nothing(front_door: Open, desk: Desk) -> None:
    async with front_door(switches=desk.board) as front, WebClient(front.public_url) as chat:
        assert (await chat.post("/api/session", {}))["banner"] is None
        await desk.turn("web", "banner")
        assert (await chat.post("/api/session", {}))["banner"] == BANNER
        assert (await chat.ask("chào")).text == BANNER
        await desk.turn("web", "closed")
        with pytest.raises(Refusal) as refused:
            await chat.send(text="chào")
        assert (refused.value.status, refused.value.code, refused.value.message) == (503, "closed", BANNER)
        assert refused.value.retry_after_s > 0
        await desk.turn("web", "open")
        assert (await chat.ask("chào")).text == "đã nhận: chào"


async def test_a_closed_channel_takes_nothing_in_until_it_is_opened(
    front_door: Open, zalo_bot: FakeZaloBot, desk: Desk
) -> None:
    async with front_door(
        zalo_bot=settings(zalo_bot, webhook_url="https://chat.example"), switches=desk.board
    ) as front:
        await zalo_bot.until(lambda: bool(zalo_bot.hook.url))
        zalo_bot.hook.url = ""
        url = f"{front.public_url}/hooks/zalo-bot"
        body = json.dumps(await zalo_bot.push("message.text.received", "z7", text="một")).encode()
        headers = {"X-Bot-Api-Secret-Token": SECRET}
        await desk.turn("zalo_bot", "closed")
        async with aiohttp.ClientSession() as session:
            async with session.post(url, data=body, headers=headers) as refused:
                assert (refused.status, "Retry-After" in refused.headers) == (503, True)
            await desk.turn("zalo_bot", "open")
            async with session.post(url, data=body, headers=headers) as taken:
                assert taken.status == 200
        assert await sent(zalo_bot, 1) == ["đã nhận: một"]


async def test_what_was_taken_before_a_channel_was_closed_waits(
    database: Database, front_door: Open, zalo_bot: FakeZaloBot, desk: Desk
) -> None:
    await desk.turn("zalo_bot", "closed")
    async with database.begin() as connection:
        identity = await ensure(connection, "zalo_bot", "z7")
        await connection.execute(
            inbox.insert().values(
                channel="zalo_bot", external_id="1", conversation_id=identity, body={"kind": "text", "text": "trước"}
            )
        )
    zalo_bot.chats.add("z7")
    async with front_door(zalo_bot=settings(zalo_bot), switches=desk.board):
        await asyncio.sleep(0.5)
        assert zalo_bot.texts() == []
        await desk.turn("zalo_bot", "open")
        assert await sent(zalo_bot, 1) == ["đã nhận: trước"]
