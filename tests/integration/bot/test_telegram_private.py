"""What was taken out of the inbox as private does not come back with a change of it, or with a group's PIN."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.app import Running
from desk.transcript import described
from store.engine import Database
from store.tables import inbox
from tests.fakes.rasa import FakeRasa
from tests.fakes.telegram import FakeTelegram
from tests.support.gateways import gateways
from tests.support.telegram_front import sent, settings
from tests.support.waiting import eventually

Open = Callable[..., AbstractAsyncContextManager[Running]]


async def _bodies(database: Database) -> list[dict[str, Any]]:
    async with database.connect() as connection:
        return list((await connection.execute(select(inbox.c.body).order_by(inbox.c.id))).scalars())


async def _taken(database: Database, count: int) -> list[dict[str, Any]]:
    async def there() -> bool:
        return len(await _bodies(database)) >= count

    await eventually(there)
    return await _bodies(database)


def _hiding(question: dict[str, Any], earlier: Sequence[str] = ()) -> list[dict[str, Any]]:
    if "bí mật" not in str(question.get("message")):
        return [{"text": "Dạ."}]
    return [{"text": "Xin gửi đơn.", "custom": {"motcua": {"private": True, "earlier": list(earlier)}}}]


async def test_a_change_of_what_was_taken_out_keeps_only_that_there_was_one(
    database: Database, rasa: FakeRasa, front_door: Open, telegram: FakeTelegram
) -> None:
    rasa.answer = _hiding
    async with front_door(telegram=settings(telegram)):
        first = await telegram.write("chuyện bí mật")
        await sent(telegram, 1)
        await telegram.edit("chuyện bí mật của tôi", first["message"])
        open_one = await telegram.write("chuyện thường")
        await sent(telegram, 2)
        await telegram.edit("chuyện thường thôi", open_one["message"])
        kept = await _taken(database, 4)
    assert [body["kind"] for body in kept] == ["private", "edit", "text", "edit"]
    assert kept[1] == {"kind": "edit"}
    assert [described(kept[1]), described(kept[3])] == [
        "(Đã sửa một tin; nội dung không được lưu.)",
        "(đã sửa) chuyện thường thôi",
    ]
    assert "bí mật" not in json.dumps(kept, ensure_ascii=False)


async def test_a_change_that_comes_before_its_message_is_answered_goes_with_it(
    database: Database, rasa: FakeRasa, front_door: Open, telegram: FakeTelegram
) -> None:
    rasa.answer = _hiding
    rasa.hold()
    async with front_door(telegram=settings(telegram)):
        first = await telegram.write("chuyện bí mật")
        await rasa.called(1)
        await telegram.edit("chuyện bí mật của tôi", first["message"])
        assert (await _taken(database, 2))[1]["text"] == "chuyện bí mật của tôi"
        rasa.release()
        await sent(telegram, 1)
    assert await _bodies(database) == [{"kind": "private"}, {"kind": "edit"}]


async def test_earlier_messages_are_taken_out_with_their_changes(
    database: Database, rasa: FakeRasa, front_door: Open, telegram: FakeTelegram
) -> None:
    asked: list[str] = []

    def answer(question: dict[str, Any]) -> list[dict[str, Any]]:
        asked.append(question["message_id"])
        return _hiding(question, asked[:1])

    rasa.answer = answer
    async with front_door(telegram=settings(telegram)):
        first = await telegram.write("ông ấy lấy tiền")
        await sent(telegram, 1)
        await telegram.edit("ông ấy lấy tiền của tôi", first["message"])
        await telegram.write("trời nắng", chat=8)
        await sent(telegram, 1, chat=8)
        await telegram.write("đó là chuyện bí mật")
        await sent(telegram, 2)
        await telegram.edit("ông ấy lấy hết tiền", first["message"])
        kept = await _taken(database, 5)
    assert [body["kind"] for body in kept] == ["private", "edit", "text", "private", "edit"]
    assert "tiền" not in json.dumps(kept, ensure_ascii=False)
    assert kept[2]["text"] == "trời nắng"


async def test_changes_are_told_apart_on_postgresql_too(
    postgres: Database, rasa: FakeRasa, telegram: FakeTelegram, tmp_path: Path
) -> None:
    rasa.answer = _hiding
    async with gateways(postgres.url, rasa, tmp_path, count=1, telegram=settings(telegram)):
        first = await telegram.write("chuyện thường")
        await sent(telegram, 1)
        hidden = await telegram.write("chuyện bí mật")
        await telegram.edit("chuyện bí mật của tôi", hidden["message"])
        await sent(telegram, 2)
        await telegram.edit("chuyện bí mật khác", hidden["message"])
        await telegram.edit("chuyện thường thôi", first["message"])
        kept = await _taken(postgres, 5)
    assert kept[1:4] == [{"kind": "private"}, {"kind": "edit"}, {"kind": "edit"}]
    assert kept[4]["text"] == "chuyện thường thôi"


async def test_words_that_quote_what_was_taken_out_are_kept_without_it(
    database: Database, rasa: FakeRasa, front_door: Open, telegram: FakeTelegram
) -> None:
    rasa.answer = _hiding
    async with front_door(telegram=settings(telegram)):
        first = (await telegram.write("chuyện bí mật"))["message"]
        await sent(telegram, 1)
        quoted = {"reply_to_message": first, "quote": {"text": "bí mật", "position": 0}}
        await telegram.push({"message": {**telegram._message(7), "text": "còn việc này?", **quoted}})
        await sent(telegram, 2)
        kept = await _bodies(database)
    assert (kept[1]["text"], kept[1]["raw"]["message"]["text"]) == ("còn việc này?", "còn việc này?")
    assert "bí mật" not in json.dumps(kept, ensure_ascii=False)


async def test_a_pin_that_a_group_has_read_is_not_kept(
    database: Database, front_door: Open, telegram: FakeTelegram
) -> None:
    async with front_door(telegram=settings(telegram)):
        await telegram.write_in_group("@motcua_test_bot tra cứu MC-234567 123456 giúp")
        await sent(telegram, 1, chat=-50)
        await telegram.write_in_group("@motcua_test_bot 123456")
        await sent(telegram, 2, chat=-50)
        await telegram.write_in_group("@motcua_test_bot giá 500000 đồng phải không")
        await sent(telegram, 3, chat=-50)
    kept = await _bodies(database)
    wanted = ["tra cứu MC-234567 •••••• giúp", "••••••", "giá 500000 đồng phải không"]
    assert [body["text"] for body in kept] == wanted
    assert "123456" not in json.dumps(kept)


async def test_what_is_changed_into_a_denunciation_is_not_kept(
    database: Database, front_door: Open, telegram: FakeTelegram
) -> None:
    async with front_door(telegram=settings(telegram)):
        first = await telegram.write("em hỏi chút")
        await sent(telegram, 1)
        for text in ("em muốn TỐ CÁO ông Zeta nhận tiền", "toi to cao, ong Zeta", "Zeta: tố  cáo"):
            await telegram.edit(text, first["message"])
        kept = await _taken(database, 4)
    assert [body.get("text") for body in kept] == ["em hỏi chút", None, None, None]
    assert "Zeta" not in json.dumps(kept, ensure_ascii=False)


async def test_a_flood_of_changes_keeps_none_of_their_words(
    database: Database, front_door: Open, telegram: FakeTelegram
) -> None:
    async with front_door(telegram=settings(telegram, chat_burst=1, chat_inbound_rate=0.01)):
        first = await telegram.write("một")
        await sent(telegram, 1)
        for n in range(3):
            await telegram.edit(f"sửa {n}", first["message"])
        kept = await _taken(database, 4)
    assert "sửa" not in json.dumps(kept, ensure_ascii=False)
