"""What the desk writes reaches citizens in their own channel, at once where the channel runs in this process."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from bot.channels.rendering import utf16
from bot.channels.telegram.text import LIMIT
from bot.conversations import ensure
from bot.hub import Hub
from bot.post import BotPost
from bot.replies import Outgoing
from desk._takeover_changes import CAME
from desk.settings import HandoffSettings
from desk.takeover import Takeovers
from store.engine import Database
from store.errors import Invalid, NotFound
from store.tables import buttons, conversations, inbox, outbox
from tests.fakes.rasa import FakeRasa
from tests.integration.bot.conftest import Open
from tests.support.takeover import member
from tests.support.waiting import eventually
from tests.support.webclient import WebClient


async def rows(database: Database, table: Any) -> list[Any]:
    async with database.connect() as connection:
        return list((await connection.execute(select(table).order_by(table.c.id))).all())


async def write(database: Database, conversation: str, text: str, **more: Any) -> int:
    async with database.begin() as connection:
        return await BotPost().write(connection, conversation, text, **more)


async def open_(database: Database, channel: str) -> str:
    async with database.begin() as connection:
        return await ensure(connection, channel, "7")


async def test_a_message_to_the_web_chat_is_there_for_its_stream(database: Database) -> None:
    web = await open_(database, "web")
    number = await write(database, web, " Đã có kết quả. ", buttons=[("Hài lòng", '/rate_case{"rating": 5}')])
    [row] = await rows(database, outbox)
    assert (row.id, row.state, row.sender, row.final, row.inbox_id) == (number, "sent", "bot", True, None)
    assert row.body["text"] == "Đã có kết quả."
    assert [(row.title, row.payload) for row in await rows(database, buttons)] == [
        ("Hài lòng", '/rate_case{"rating": 5}')
    ]


async def test_a_long_message_to_telegram_is_cut_and_waits_to_be_sent_with_the_writer_named(database: Database) -> None:
    chat = await open_(database, "telegram")
    number = await write(database, chat, "một hai ba bốn. " * 400, sender="staff")
    said = await rows(database, outbox)
    assert len(said) == 2
    assert number == said[-1].id, "the row of its last part"
    assert {row.state for row in said} == {"ready"}
    assert all(utf16(row.body["text"]) <= LIMIT for row in said)
    assert said[0].body["text"].startswith("**Cán bộ:** một")


async def test_what_cannot_be_written_is_refused_and_leaves_nothing(database: Database) -> None:
    web = await open_(database, "web")
    with pytest.raises(Invalid, match="nội dung"):
        await write(database, web, " \n ")
    with pytest.raises(NotFound):
        await write(database, "khong-co", "chào")
    with pytest.raises(RuntimeError, match="stop"):
        await _write_and_fail(database, web)
    assert await rows(database, outbox) == []


async def _write_and_fail(database: Database, conversation: str) -> None:
    async with database.begin() as connection:
        await BotPost().write(connection, conversation, "chào")
        raise RuntimeError("stop")


async def test_a_stream_that_is_too_far_behind_is_ended_also_by_a_look() -> None:
    hub = Hub(depth=2)
    with hub.listen("c") as queue:
        for _ in range(5):
            hub.look("c")
        hub.look("another")
        hub.publish([Outgoing(1, "c", None, "bot", "x")])
        assert [queue.get_nowait() is None for _ in range(queue.qsize())] == [False, False, True]


async def test_the_citizen_reads_a_person_at_once_and_learns_when_the_bot_is_back(
    database: Database, rasa: FakeRasa, front_door: Open
) -> None:
    post = BotPost()
    desk, lan = Takeovers(database, post, HandoffSettings()), await member(database)
    async with front_door(post=post) as front, WebClient(front.public_url) as chat:
        answer = await chat.ask("cho tôi gặp cán bộ")
        assert answer.text == "đã nhận: cho tôi gặp cán bộ"
        [row] = await rows(database, conversations)
        waiting = await desk.request(row.id, reason="asked")
        # `told` waits less than the stream's sign of life, at which it looks by itself.
        await desk.take(lan, waiting.id)
        assert (await told(chat, CAME))["notice"] == "person"
        await desk.say(lan, waiting.id, "Tôi nghe đây", key="1")
        assert (await told(chat, "Tôi nghe đây"))["from"] == "staff"
        sent = await chat.send(text="hồ sơ của tôi đâu")
        await _closed(database, sent)
        assert len(rasa.calls) == 1, "the bot does not even think"
        assert (await chat.post("/api/session", {}))["person"] is True
        await desk.hand_back(lan, waiting.id)
        assert (await chat.post("/api/session", {}))["person"] is False
        assert (await chat.ask("cảm ơn")).text == "đã nhận: cảm ơn"
    assert [call["message"] for call in rasa.calls] == ["cho tôi gặp cán bộ", "cảm ơn"]


async def test_what_must_not_be_kept_is_taken_out_with_the_answer(
    database: Database, rasa: FakeRasa, front_door: Open
) -> None:
    rasa.answer = lambda question: [
        {"text": "Anh/chị gửi đơn ở trang kín."},
        {"custom": {"motcua": {"private": True}}},
    ]
    async with front_door() as front, WebClient(front.public_url) as chat:
        await chat.ask("tôi tố cáo ông Nguyễn Văn X")
        [row] = await rows(database, inbox)
        assert row.body == {"kind": "private"}
        history = await chat.post("/api/session", {})
    assert [entry["text"] for entry in history["history"]] == [
        "(nội dung không được lưu lại để giữ kín)",
        "Anh/chị gửi đơn ở trang kín.",
    ]


async def test_what_was_told_before_is_taken_out_where_it_was_told_here(
    database: Database, rasa: FakeRasa, front_door: Open
) -> None:
    ids: list[str] = []

    def answer(question: dict[str, Any]) -> list[dict[str, Any]]:
        ids.append(question["message_id"])
        private = {"motcua": {"private": True, "earlier": ids[:-1]}}
        return [{"text": "Dạ", "custom": private} if question.get("message") == "tố cáo" else {"text": "Việc gì ạ?"}]

    rasa.answer = answer
    async with front_door() as front, WebClient(front.public_url) as other, WebClient(front.public_url) as chat:
        await other.ask("rác trước chợ")
        await chat.ask("ông Nguyễn Văn X ăn tiền")
        await chat.ask("tố cáo")
        bodies = [row.body for row in await rows(database, inbox)]
    assert bodies[0]["text"] == "rác trước chợ", "another conversation's message stays"
    assert bodies[1:] == [{"kind": "private"}] * 2


async def told(chat: WebClient, text: str) -> dict[str, Any]:
    async def there() -> bool:
        return any(message["text"] == text for message in chat.received)

    await eventually(there)
    return next(message for message in chat.received if message["text"] == text)


async def _closed(database: Database, sent: str) -> None:
    async def closed() -> bool:
        found = [row.state for row in await rows(database, inbox) if row.external_id.endswith(sent)]
        return found == ["done"]

    await eventually(closed)
