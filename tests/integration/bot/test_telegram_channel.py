"""The Telegram channel against a strict fake of the Bot API."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bot import sentences
from bot.app import Running
from store.engine import Database
from store.tables import inbox
from tests.fakes._platform import Fault
from tests.fakes.rasa import FakeRasa
from tests.fakes.telegram import TOKEN, FakeTelegram
from tests.support.telegram_front import sent, settings
from tests.support.webclient import WebClient

Open = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture
async def front(front_door: Open, telegram: FakeTelegram) -> AsyncIterator[Running]:
    async with front_door(telegram=settings(telegram)) as opened:
        yield opened


async def test_a_message_is_answered_and_its_update_confirmed(
    database: Database, rasa: FakeRasa, telegram: FakeTelegram, front: Running
) -> None:
    update_ = await telegram.write("làm khai sinh ở đâu")
    assert await sent(telegram, 1) == ["đã nhận: làm khai sinh ở đâu"]
    await telegram.until(lambda: telegram.updates == [])
    async with database.connect() as connection:
        body = (await connection.execute(select(inbox.c.body))).scalar_one()
    assert body["raw"] == update_
    assert rasa.calls[0]["metadata"]["channel"] == "telegram"


async def test_commands_become_payloads(rasa: FakeRasa, telegram: FakeTelegram, front: Running) -> None:
    for text in ("/start", "/help", "/huy", "/restart"):
        await telegram.write(text)
    await sent(telegram, 4)
    assert [q.get("payload") or [q.get("message")] for q in rasa.calls] == [
        "/greet",
        "/capabilities",
        "/stop",
        ["restart"],
    ]


async def test_buttons_travel_as_short_ids_and_presses_are_acknowledged(
    rasa: FakeRasa, telegram: FakeTelegram, front: Running
) -> None:
    payload = '/choose_option{"option":"' + "rất dài " * 30 + '"}'
    rasa.answer = lambda question: (
        [{"text": "Chọn:", "buttons": [{"title": "Mỹ Hòa Hưng", "payload": payload}]}]
        if "message" in question
        else [{"text": "Dạ."}]
    )
    await telegram.write("khai sinh")
    await sent(telegram, 1)
    await telegram.press("Mỹ Hòa Hưng")
    assert (await sent(telegram, 2))[-1] == "Dạ."
    assert rasa.calls[1]["payload"] == payload
    await telegram.until(lambda: len(telegram.acknowledged) == 1)
    await telegram.press_data("khong-con-nua")
    assert (await sent(telegram, 3))[-1] == sentences.BUTTON_GONE


async def test_a_shared_place_and_a_picture_are_understood(
    rasa: FakeRasa, telegram: FakeTelegram, front: Running
) -> None:
    await telegram.share(10.3864, 105.4351)
    await sent(telegram, 1)
    assert rasa.calls[0]["payload"] == '/give_place{"lat": 10.3864, "lon": 105.4351}'
    await telegram.push({"message": {**telegram._message(7), "photo": [{"file_id": "x"}]}})
    assert (await sent(telegram, 2))[-1] == sentences.NO_FILES


async def test_markup_is_shown_and_strange_signs_arrive_unchanged(
    rasa: FakeRasa, telegram: FakeTelegram, front: Running
) -> None:
    rasa.answer = lambda question: [{"text": "**Nộp** ở <UBND> & chợ; 1 < 2\n**Lệ phí**: 0 đ"}]
    await telegram.write("x")
    assert await sent(telegram, 1) == ["Nộp ở <UBND> & chợ; 1 < 2\nLệ phí: 0 đ"]
    [(_, parameters)] = [call for call in telegram.calls if call[0] == "sendmessage"]
    assert "<b>Nộp</b> ở &lt;UBND&gt; &amp;" in parameters["text"]
    assert parameters["link_preview_options"] == {"is_disabled": True}


async def test_a_long_answer_comes_in_pieces_in_order(rasa: FakeRasa, telegram: FakeTelegram, front: Running) -> None:
    sentence = "Anh/chị mang theo căn cước và <giấy> chứng sinh 😀. "
    rasa.answer = lambda question: [{"text": sentence * 300}]
    await telegram.write("x")
    pieces = await sent(telegram, 4)
    assert " ".join(pieces) == (sentence * 300).strip()


async def test_a_long_message_is_read_up_to_its_limit_with_a_notice(
    rasa: FakeRasa, telegram: FakeTelegram, front: Running
) -> None:
    await telegram.write("a" * 4000)
    assert (await sent(telegram, 2))[0] == sentences.CUT
    assert rasa.calls[0]["message"] == "a" * 2000


async def test_updates_that_cannot_be_read_are_kept_and_passed_over(
    database: Database, telegram: FakeTelegram, front: Running
) -> None:
    await telegram.push({"message": {"chat": "nowhere"}})
    await telegram.push({"callback_query": {"id": "1", "from": {"id": 7}, "data": "x"}})
    await telegram.push({"message": {**telegram._message(7), "location": {"latitude": 999, "longitude": 0}}})
    await telegram.push({"something_new": {"a": 1}})
    telegram.updates.insert(0, {"no_number": True})
    await telegram.write("sau tin lỗi")
    assert await sent(telegram, 1) == ["đã nhận: sau tin lỗi"]
    async with database.connect() as connection:
        dead = (await connection.execute(select(inbox).where(inbox.c.state == "dead"))).all()
    assert len(dead) == 3
    assert all(row.error and row.body["raw"]["update_id"] for row in dead)


async def test_the_offset_outlives_a_restart_and_nothing_is_answered_twice(
    front_door: Open, rasa: FakeRasa, telegram: FakeTelegram
) -> None:
    async with front_door(telegram=settings(telegram)):
        update_ = await telegram.write("một")
        await sent(telegram, 1)
    telegram.updates = [update_]  # Telegram had not heard the confirmation
    async with front_door(telegram=settings(telegram)):
        await telegram.write("hai")
        assert await sent(telegram, 2) == ["đã nhận: một", "đã nhận: hai"]
        await telegram.until(lambda: telegram.updates == [])
    assert telegram.texts() == ["đã nhận: một", "đã nhận: hai"]
    offsets = [int(p["offset"]) for m, p in telegram.calls if m == "getupdates" and int(p["offset"])]
    assert offsets == sorted(offsets)


async def test_a_webhook_left_behind_is_removed(front_door: Open, telegram: FakeTelegram) -> None:
    telegram.webhook = "https://old.example/hook"
    await telegram.write("còn đây")
    async with front_door(telegram=settings(telegram)):
        assert await sent(telegram, 1) == ["đã nhận: còn đây"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(409, "Conflict: terminated by other getUpdates request"),
        Fault(502, "Bad Gateway"),
        Fault(429, "Too Many Requests: retry after 0", {"retry_after": 0.05}),
        Fault(cut="before"),
        Fault(cut="after"),
    ],
    ids=["conflict", "bad gateway", "too many", "cut before", "cut after"],
)
async def test_polling_goes_on_after_trouble(
    front_door: Open, telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setattr("bot.channels.polling.random.random", lambda: 0.01)
    telegram.faults["getupdates"] = [fault]
    await telegram.write("x")
    async with front_door(telegram=settings(telegram)):
        assert await sent(telegram, 1) == ["đã nhận: x"]


async def test_a_flood_from_one_chat_is_answered_once_with_a_request_to_slow_down(
    database: Database, rasa: FakeRasa, front_door: Open, telegram: FakeTelegram
) -> None:
    async with front_door(telegram=settings(telegram, chat_burst=3, chat_inbound_rate=0.001)):
        for n in range(10):
            await telegram.write(f"{n}")
        await telegram.write("bình thường", chat=8)
        await sent(telegram, 1, chat=8)
        assert await sent(telegram, 4) == [*(f"đã nhận: {n}" for n in range(3)), sentences.TOO_FAST]
        await telegram.until(lambda: telegram.updates == [])
    async with database.connect() as connection:
        dead = (await connection.execute(select(inbox.c.id).where(inbox.c.state == "dead"))).all()
    assert len(dead) == 6


async def test_a_hundred_messages_at_once_from_one_chat_are_answered_in_order(
    telegram: FakeTelegram, front: Running
) -> None:
    for n in range(100):
        await telegram.write(f"{n}")
    assert await sent(telegram, 100) == [f"đã nhận: {n}" for n in range(100)]


async def test_a_wrong_token_stops_neither_the_web_chat_nor_the_start(front_door: Open, telegram: FakeTelegram) -> None:
    wrong = settings(telegram, token=SecretStr("1:wrong-token"))
    async with front_door(telegram=wrong) as front, WebClient(front.public_url) as chat:
        assert (await chat.ask("vẫn chạy")).text == "đã nhận: vẫn chạy"


async def test_neither_the_token_nor_a_message_reaches_a_log(
    front_door: Open,
    telegram: FakeTelegram,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)
    telegram.faults["getupdates"] = [Fault(cut="before")]
    telegram.faults["sendmessage"] = [Fault(cut="after")]
    async with front_door(telegram=settings(telegram)):
        await telegram.write("chuyện riêng")
        await telegram.write("chuyện riêng nữa")
        await sent(telegram, 2)
    captured = capsys.readouterr()
    logged = captured.out + captured.err + caplog.text
    assert "the platform gives no news" in logged
    assert TOKEN not in logged
    assert "riêng" not in logged
