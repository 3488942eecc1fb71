"""Telegram's webhook, menu, files, keyboards, groups and edits, against the fake."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import insert, select

from bot import sentences
from bot.app import Running
from bot.channels.telegram import calls
from bot.channels.telegram import channel as telegram_channel
from bot.channels.telegram.commands import MENU
from bot.conversations import ensure
from desk.transcript import described
from store.engine import Database
from store.tables import case_attachments as attachments
from store.tables import inbox, outbox
from tests.fakes._platform import Fault
from tests.fakes.rasa import FakeRasa
from tests.fakes.telegram import FakeTelegram
from tests.support.pages import desk
from tests.support.telegram_front import sent, settings
from tests.support.waiting import eventually

Open = Callable[..., AbstractAsyncContextManager[Running]]


def _picture(colour: str = "green") -> bytes:
    held = BytesIO()
    Image.new("RGB", (320, 200), colour).save(held, "JPEG")
    return held.getvalue()


JPEG = _picture()


async def _bodies(database: Database) -> list[dict[str, Any]]:
    async with database.connect() as connection:
        return list((await connection.execute(select(inbox.c.body).order_by(inbox.c.id))).scalars())


async def test_the_webhook_is_registered_and_put_back_when_another_program_took_it(
    front_door: Open, telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram_channel, "_LOOK_S", 0.05)
    monkeypatch.setattr(telegram_channel, "_AGAIN_S", 0.05)
    telegram.faults["setwebhook"] = [Fault(502, "Bad Gateway")]
    hooked = settings(telegram, webhook_url="https://chat.example.vn")
    async with front_door(telegram=hooked):
        ours = "https://chat.example.vn/hooks/telegram"
        await telegram.until(lambda: telegram.webhook == ours)
        assert telegram.secret
        telegram.webhook = "https://other.example/hook"
        await eventually(lambda: _is(telegram.webhook == ours))
    [first, *_] = [p for m, p in telegram.calls if m == "setwebhook"]
    assert str(first.get("drop_pending_updates", "")).lower() != "true"


async def _is(value: bool) -> bool:
    return value


async def test_updates_that_telegram_pushes_are_answered(front_door: Open, telegram: FakeTelegram) -> None:
    async with front_door(telegram=settings(telegram, webhook_url="https://chat.example.vn")) as front:
        await telegram.until(lambda: bool(telegram.webhook))
        telegram.webhook = f"{front.public_url}/hooks/telegram"
        telegram.hook.duplicate = 1.0
        await telegram.write("một")
        assert await sent(telegram, 1) == ["đã nhận: một"]
        await telegram.hook.settled()
    assert telegram.texts() == ["đã nhận: một"]


async def test_the_menu_is_shown_in_both_languages_and_only_once(front_door: Open, telegram: FakeTelegram) -> None:
    for _ in range(2):
        async with front_door(telegram=settings(telegram)):
            await telegram.until(lambda: len(telegram._commands) == 2)
            await telegram.write("x")
            await sent(telegram, 1)
    for commands in telegram._commands.values():
        assert [(each["command"], each["description"]) for each in commands] == list(MENU)
    assert len([m for m, _ in telegram.calls if m == "setmycommands"]) == 2


async def test_pictures_of_an_album_are_kept_and_their_words_read(
    database: Database, rasa: FakeRasa, front_door: Open, telegram: FakeTelegram, tmp_path: Path
) -> None:
    async with front_door(telegram=settings(telegram), desk=desk(database, tmp_path)):
        await telegram.send_photo(content=JPEG, caption="ổ gà trước trường", album="13579")
        await telegram.send_photo(content=_picture("red"), album="13579")
        await sent(telegram, 3)
    assert [call.get("message") for call in rasa.calls] == ["ổ gà trước trường"]
    async with database.connect() as connection:
        kept = (await connection.execute(select(attachments.c.id))).all()
    files = [body for body in await _bodies(database) if body["kind"] == "file"]
    assert len(kept) == len(files) == 2
    assert all(body["file"] for body in files)


async def test_a_file_that_is_too_large_or_gone_is_declined(
    database: Database, front_door: Open, telegram: FakeTelegram, tmp_path: Path
) -> None:
    async with front_door(telegram=settings(telegram), desk=desk(database, tmp_path)):
        await telegram.send_document("lon.pdf", b"%PDF-1.4", size=15 * 2**20)
        assert await sent(telegram, 1) == [sentences.FILE_NOT_FETCHED]
        telegram.faults["getfile"] = [Fault(400, "Bad Request: wrong file_id")]
        await telegram.send_document("mat.pdf", b"%PDF-1.4")
        assert await sent(telegram, 2) == [sentences.FILE_NOT_FETCHED] * 2


async def test_a_phone_is_asked_apart_from_buttons_and_the_key_goes_away(
    rasa: FakeRasa, front_door: Open, telegram: FakeTelegram
) -> None:
    asked = {"text": "Ở đâu?", "buttons": [{"title": "Hủy", "payload": "/stop"}]}
    rasa.answer = lambda question: (
        [{**asked, "custom": {"motcua": {"asks": "location"}}}] if "message" in question else [{"text": "Dạ."}]
    )
    async with front_door(telegram=settings(telegram)):
        await telegram.write("x")
        assert (await sent(telegram, 2))[0] == "Ở đâu?"
        [[key]] = telegram.keyboards[7]["keyboard"]
        assert (key["text"], key["request_location"]) == ("📍 Gửi vị trí", True)
        await telegram.share(10.38, 105.43)
        await sent(telegram, 3)
        assert 7 not in telegram.keyboards
        await telegram.share_contact("84912345678", own=False)
        assert (await sent(telegram, 4))[-1] == sentences.NOT_THEIRS


async def test_an_edit_is_kept_and_not_answered(database: Database, front_door: Open, telegram: FakeTelegram) -> None:
    async with front_door(telegram=settings(telegram)):
        first = await telegram.write("một")
        await sent(telegram, 1)
        await telegram.edit("một rưỡi", first["message"])
        await telegram.write("hai")
        assert await sent(telegram, 2) == ["đã nhận: một", "đã nhận: hai"]
    assert described((await _bodies(database))[1]) == "(đã sửa) một rưỡi"


async def test_a_group_is_answered_where_it_asked_and_forms_are_not_held_there(
    rasa: FakeRasa, front_door: Open, telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram_channel, "_GROUP_RATE", 1000)
    rasa.answer = lambda question: (
        [{"text": "Ở đâu?", "custom": {"motcua": {"form": True, "asks": "location"}}}]
        if "phản ánh" in str(question.get("message"))
        else [{"text": "Phiếu MC-7K3Q9D đã xong."}]
        if "xong" in str(question.get("message"))
        else [{"text": "Lệ phí 0 đ.", "custom": {"motcua": {"asks": "location"}}}]
    )
    async with front_door(telegram=settings(telegram)):
        await telegram.write_in_group("chuyện trong nhóm")
        asked = await telegram.write_in_group("@motcua_test_bot lệ phí khai sinh")
        assert asked is not None
        assert await sent(telegram, 1, chat=-50) == ["Lệ phí 0 đ."]
        assert telegram.sent[-1][2]["reply_to_message"]["message_id"] == asked["message"]["message_id"]
        assert -50 not in telegram.keyboards
        for text in ("phản ánh", "xong chưa", "tra cứu MC-7K3Q9D 123456"):
            await telegram.write_in_group(f"@motcua_test_bot {text}")
        shown = (await sent(telegram, 4, chat=-50))[1:]
    assert all(text.startswith(sentences.IN_PRIVATE) and "https://t.me/" in text for text in shown)
    assert [question["message"] for question in rasa.calls] == ["lệ phí khai sinh", "phản ánh", "xong chưa"]


async def test_a_group_that_moved_gets_its_messages_under_the_new_number(
    database: Database, front_door: Open, telegram: FakeTelegram
) -> None:
    new = await telegram.migrate()
    async with database.begin() as connection:
        conversation = await ensure(connection, "telegram", "-50")
        row = {"channel": "telegram", "conversation_id": conversation, "body": {"text": "còn chờ"}, "state": "ready"}
        await connection.execute(insert(outbox).values(final=True, **row))
    async with front_door(telegram=settings(telegram)):
        assert await sent(telegram, 1, chat=new) == ["còn chờ"]


async def test_files_go_out_as_pictures_or_documents(telegram: FakeTelegram) -> None:
    async def file_of(number: int) -> tuple[str, str, bytes]:
        return [("a.jpg", "image/jpeg", JPEG), ("b.pdf", "application/pdf", b"%PDF-1.4")][number]

    telegram.chats.add(7)
    client = calls.TelegramCalls(settings(telegram), file_of)
    try:
        assert [(await client.send("7", {"text": "", "file": n})).state for n in (0, 1)] == ["sent", "sent"]
    finally:
        await client.close()
    assert [m for m, _ in telegram.calls] == ["sendphoto", "senddocument"]
