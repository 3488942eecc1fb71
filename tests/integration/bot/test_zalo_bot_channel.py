"""The Zalo Bot channel against a strict fake of its API."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image
from pydantic import SecretStr
from sqlalchemy import select

from bot import sentences
from bot.app import Running
from bot.channels.rendering import HINT
from bot.channels.zalo_bot.events import events
from bot.conversations import conversation_id
from bot.settings import ZaloBotSettings
from store.engine import Database
from store.tables import conversations, inbox, outbox
from tests.fakes._platform import Fault
from tests.fakes.rasa import FakeRasa
from tests.fakes.zalo_bot import TOKEN, FakeZaloBot
from tests.support.pages import desk

Open = Callable[..., AbstractAsyncContextManager[Running]]
SECRET = "bi-mat-cua-webhook"


def settings(fake: FakeZaloBot, **changes: Any) -> ZaloBotSettings:
    return ZaloBotSettings(
        token=SecretStr(TOKEN),
        api_url=fake.url,
        poll_timeout_s=2,
        webhook_secret=SecretStr(SECRET),
        chat_rate=1000,
        total_rate=1000,
        request_timeout_s=1.0,
        private_files=True,
    ).model_copy(update=changes)


async def sent(fake: FakeZaloBot, count: int, chat: str = "z7") -> list[str]:
    await fake.until(lambda: len(fake.texts(chat)) >= count)
    return fake.texts(chat)


@pytest.fixture(params=["polling", "webhook", "flat webhook"])
async def front(request: pytest.FixtureRequest, front_door: Open, zalo_bot: FakeZaloBot) -> AsyncIterator[Running]:
    """The front door with the channel, in each of its ways to receive."""
    if request.param == "polling":
        async with front_door(zalo_bot=settings(zalo_bot)) as opened:
            yield opened
        return
    zalo_bot.flat = request.param == "flat webhook"
    # The platform would be told an address from outside; here it is told where the front door really is.
    async with front_door(zalo_bot=settings(zalo_bot, webhook_url="https://chat.example")) as opened:
        await zalo_bot.until(lambda: bool(zalo_bot.hook.url))
        assert zalo_bot.hook.url == "https://chat.example/hooks/zalo-bot"
        zalo_bot.hook.url = f"{opened.public_url}/hooks/zalo-bot"
        yield opened


async def test_messages_are_answered_in_order(rasa: FakeRasa, zalo_bot: FakeZaloBot, front: Running) -> None:
    for number in range(20):
        await zalo_bot.write(f"câu {number}")
    assert await sent(zalo_bot, 20) == [f"đã nhận: câu {number}" for number in range(20)]
    assert rasa.calls[0]["metadata"]["channel"] == "zalo_bot"


async def test_buttons_are_a_menu_and_a_number_chooses(rasa: FakeRasa, zalo_bot: FakeZaloBot, front: Running) -> None:
    rasa.answer = lambda question: (
        [
            {
                "text": "**Anh/chị** chọn:",
                "buttons": [{"title": "Khai sinh", "payload": "/a"}, {"title": "Khai tử", "payload": "/b"}],
            }
        ]
        if question.get("message") == "chào"
        else [{"text": "Dạ."}]
    )
    await zalo_bot.write("chào")
    assert await sent(zalo_bot, 1) == [f"Anh/chị chọn:\n\n1. Khai sinh\n2. Khai tử\n\n{HINT}"]
    await zalo_bot.write("Số 2")
    await sent(zalo_bot, 2)
    assert rasa.calls[1]["payload"] == "/b"
    await zalo_bot.write("2")
    await sent(zalo_bot, 3)
    assert rasa.calls[2]["message"] == "2", "the last thing said had no menu"


async def test_a_number_that_is_not_in_the_menu_is_a_text(
    rasa: FakeRasa, zalo_bot: FakeZaloBot, front: Running
) -> None:
    rasa.answer = lambda question: [{"text": "Chọn:", "buttons": [{"title": "Thôi", "payload": "/stop"}]}]
    await zalo_bot.write("chào")
    await sent(zalo_bot, 1)
    await zalo_bot.write("3")
    await sent(zalo_bot, 2)
    assert rasa.calls[1]["message"] == "3"


async def test_long_answers_come_in_pieces_within_the_limit(
    rasa: FakeRasa, zalo_bot: FakeZaloBot, front: Running
) -> None:
    sentence = "Anh/chị mang theo căn cước và giấy chứng sinh. "
    rasa.answer = lambda question: [{"text": sentence * 100}]
    await zalo_bot.write("x")
    pieces = await sent(zalo_bot, 3)
    assert " ".join(pieces) == (sentence * 100).strip()
    assert all(len(piece) <= 2000 for piece in pieces)


async def test_what_cannot_be_read_is_kept_and_passed_over(
    database: Database, zalo_bot: FakeZaloBot, front: Running
) -> None:
    await zalo_bot.push("message.text.received", "z7", text={"no": "text"})
    await zalo_bot.push("message.text.received", "z7", message_id=None, text="x")
    await zalo_bot.push("message.sticker.received", "z7", sticker="abc")
    await zalo_bot.write("sau tin lỗi")
    assert await sent(zalo_bot, 2) == [sentences.UNSUPPORTED, "đã nhận: sau tin lỗi"]
    async with database.connect() as connection:
        dead = (await connection.execute(select(inbox).where(inbox.c.state == "dead"))).all()
    assert len(dead) == 2
    assert all(row.error and row.body["raw"] for row in dead)


async def test_a_picture_is_kept_for_the_case_that_comes(
    database: Database, zalo_bot: FakeZaloBot, front_door: Open, tmp_path: Path
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (60, 40), "green").save(picture, "PNG")
    async with front_door(zalo_bot=settings(zalo_bot), desk=desk(database, tmp_path)):
        await zalo_bot.send_image(content=picture.getvalue(), caption="ổ gà trước nhà")
        taken, answered = await sent(zalo_bot, 2)
        assert taken.startswith("Đã nhận tệp.")
        assert answered == "đã nhận: ổ gà trước nhà"
        await zalo_bot.send_image(content=b"not a picture")
        assert "Đã nhận" not in (await sent(zalo_bot, 3))[-1]
    async with database.connect() as connection:
        rows = (await connection.execute(select(inbox.c.body).order_by(inbox.c.id))).scalars().all()
    assert rows[0]["media_type"] == "image/png"
    assert "wanted" not in rows[0]


async def test_a_webhook_without_the_secret_is_refused_and_one_repeated_is_answered_once(
    database: Database, rasa: FakeRasa, front_door: Open, zalo_bot: FakeZaloBot
) -> None:
    async with front_door(zalo_bot=settings(zalo_bot, webhook_url="https://chat.example")) as front:
        url = f"{front.public_url}/hooks/zalo-bot"
        update = await zalo_bot.write("một lần thôi")
        body = json.dumps(update).encode()
        async with aiohttp.ClientSession() as session:
            for headers in ({}, {"X-Bot-Api-Secret-Token": "sai"}, {"X-Bot-Api-Secret-Token": SECRET + "x"}):
                async with session.post(url, data=body, headers=headers) as answer:
                    assert answer.status == 401
            good = {"X-Bot-Api-Secret-Token": SECRET}
            for _ in range(3):
                async with session.post(url, data=body, headers=good) as answer:
                    assert answer.status == 200
            async with session.post(url, data=b"{", headers=good) as answer:
                assert answer.status == 400
            async with session.post(url, data=b"[" * 300_000, headers=good) as answer:
                assert answer.status == 413
            async with session.post(url, data=b"[" * 100_000, headers=good) as answer:
                assert answer.status == 400
        assert await sent(zalo_bot, 1) == ["đã nhận: một lần thôi"]
    assert len(rasa.calls) == 1


@pytest.mark.parametrize(
    ("fault", "state", "texts"),
    [
        (Fault(429, "Too Many Requests"), "sent", 1),
        (Fault(http=502), "sent", 1),
        (Fault(500, "Internal"), "sent", 1),
        (Fault(cut="after"), "unknown", 1),
        (Fault(hang_s=3.0), "unknown", 1),
        (Fault(400, "Bad Request: chat not found"), "dead", 0),
        (Fault(403, "Forbidden"), "dead", 0),
    ],
    ids=lambda value: str(value) if not isinstance(value, Fault) else f"{value.code or value.http}{value.cut}",
)
async def test_how_a_send_ends_decides_what_becomes_of_it(
    database: Database, front_door: Open, zalo_bot: FakeZaloBot, fault: Fault, state: str, texts: int
) -> None:
    zalo_bot.faults["sendmessage"] = [fault]
    async with front_door(zalo_bot=settings(zalo_bot)):
        await zalo_bot.write("x")
        await zalo_bot.write("y", chat="z8")
        await sent(zalo_bot, 1, chat="z8")

        async def ended() -> str:
            async with database.connect() as connection:
                wanted = outbox.c.conversation_id == conversation_id("zalo_bot", "z7")
                return str(await connection.scalar(select(outbox.c.state).where(wanted)))

        for _ in range(200):
            if await ended() == state:
                break
            await asyncio.sleep(0.05)
        assert await ended() == state
    assert len(zalo_bot.texts()) == texts
    async with database.connect() as connection:
        reachable = await connection.scalar(
            select(conversations.c.reachable).where(conversations.c.external_id == "z7")
        )
    assert reachable == (fault.code != 403)


@pytest.mark.parametrize(
    "content",
    [
        None,
        7,
        "x",
        [],
        {},
        {"event_name": "message.text.received"},
        {"event_name": 7, "message": {}},
        {"ok": True, "result": {}},
        {"event_name": "message.text.received", "message": {"chat": {"id": True}, "message_id": "1", "text": "x"}},
        {"event_name": "message.text.received", "message": {"chat": {"id": "a"}, "message_id": "1" * 500, "text": "x"}},
    ],
)
def test_nothing_that_comes_in_breaks_the_reading(content: Any) -> None:
    assert len(events(content, "1")) == 1
