"""What citizens call wrong and what led nowhere is noted once, with the question, the version and the answer given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from actions import choices, procedures, reports
from actions.rasa import read_turn
from actions.turn import Reply, Services, Turn, parse_payload
from knowledge import asked
from knowledge.asked import Asked
from store.engine import Database
from tests.unit.actions.conftest import Say

MARRIAGE = "1.000894"
METADATA = {"message_id": "7", "conversation": "c1"}


def _press(title: str, reply: Reply, message_id: str = "8", **more: Any) -> Turn:
    button = next(b for message in reply.messages for b in message.buttons if b.title == title)
    intent, entities = parse_payload(button.payload)
    return Turn(button.payload, intent, entities, dict(reply.slots), {**METADATA, "message_id": message_id}, **more)


async def _open(database: Database) -> tuple[Asked, ...]:
    return await asked.open_(database)


async def _answered(services: Services, say: Say, text: str, intent: str = "ask_procedure") -> Reply:
    return await procedures.answer(replace(say(text, intent), metadata=METADATA), services)


async def test_an_answer_called_wrong_is_noted_with_all_that_was_said(
    services: Services, say: Say, database: Database
) -> None:
    reply = await _answered(services, say, "đăng ký kết hôn cần giấy gì")
    assert reply.messages[0].buttons[-1].title == reports.TITLE
    said = await reports.wrong(_press(reports.TITLE, reply, shown="câu trả lời đã đưa"), services)
    (row,) = await _open(database)
    assert (row.verdict, row.codes, row.question) == ("wrong", (MARRIAGE,), "đăng ký kết hôn cần giấy gì")
    assert row.answer == "câu trả lời đã đưa"
    assert row.version == (await services.catalogue.snapshot()).version
    assert row.conversation == "c1"
    assert said.messages[0].text == reports.THANKS
    assert [button.title for button in said.messages[0].buttons] == ["Hỏi cán bộ"]


async def test_the_same_answer_is_noted_once_however_often_it_is_pressed(
    services: Services, say: Say, database: Database
) -> None:
    reply = await _answered(services, say, "đăng ký kết hôn cần giấy gì")
    for message in ("8", "8", "9"):
        await reports.wrong(_press(reports.TITLE, reply, message), services)
    assert len(await _open(database)) == 1


async def test_an_answer_of_long_ago_is_composed_again_by_its_own_version(
    services: Services, say: Say, database: Database
) -> None:
    reply = await _answered(services, say, "đăng ký kết hôn cần giấy gì")
    pressed = _press(reports.TITLE, reply)
    await reports.wrong(pressed, services)
    (row,) = await _open(database)
    assert row.answer is not None
    assert "Giấy tờ cần có" in row.answer
    # Another version has taken its place: what it said cannot be told any more.
    gone = {**pressed.entities, "version": "20200101-000000-dead", "message": "5"}
    await reports.wrong(replace(pressed, entities=gone), services)
    assert [row.answer is None for row in await _open(database)] == [True, False]


@pytest.mark.parametrize(
    "entities",
    [{}, {"procedure": None}, {"procedure": 5}, {"procedure": "x", "facet": [1, {}], "version": [], "question": {}}],
)
async def test_no_payload_breaks_a_report(services: Services, say: Say, entities: dict[str, Any]) -> None:
    reply = await reports.wrong(Turn("/report_wrong{}", "report_wrong", entities, {}, {}), services)
    assert reply.messages[0].text


def test_the_answer_is_found_under_its_button() -> None:
    payload = '/report_wrong{"procedure": "1.000894", "facet": ["fee", "time"]}'
    said = {"event": "bot", "text": "đúng câu này", "data": {"buttons": [{"title": "x", "payload": payload}]}}
    later = {"event": "bot", "text": "câu sau", "data": {"buttons": [{"payload": "/report_wrong{"}, {}, None]}}

    class _Tracker:
        latest_message = {"text": payload, "intent": {"name": "report_wrong"}, "entities": []}
        events = [said, {"event": "bot", "text": "không nút", "data": None}, later, {"event": "user", "text": payload}]
        slots: dict[str, Any] = {}

    turn = read_turn(_Tracker())
    assert turn.shown == "đúng câu này"
    assert turn.entities["facet"] == ["fee", "time"]


async def test_a_question_without_an_answer_is_noted(services: Services, say: Say, database: Database) -> None:
    await _answered(services, say, "xin giấy phép nuôi cá sấu trên sao hỏa, gọi 0912345678")
    (row,) = await _open(database)
    assert row.verdict == "unanswered"
    assert "nuôi cá sấu" in row.question
    assert "0912345678" not in row.question


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("hôm nay trời mưa to quá", "out_of_scope"),
        ("asdkjh qwlekj", "nlu_fallback"),
        ("??", "ask_procedure"),
        ("", "ask_procedure"),
    ],
)
async def test_what_is_no_question_is_not_noted(
    services: Services, say: Say, database: Database, text: str, intent: str
) -> None:
    await _answered(services, say, text, intent)
    assert await _open(database) == ()


async def test_a_question_asked_back_is_noted_until_one_is_chosen(
    services: Services, say: Say, database: Database
) -> None:
    reply = await _answered(services, say, "xin giấy xác nhận")
    (row,) = await _open(database)
    assert (row.verdict, row.codes) == ("asked_back", tuple(reply.slots["alternatives"]))
    turn = Turn("1", "choose_option", {"option": 1}, dict(reply.slots), {**METADATA, "message_id": "8"})
    chosen = await choices.choose(turn, services)
    assert "Nguồn" in chosen.messages[0].text
    assert chosen.slots["asked"] is None
    assert await _open(database) == ()


async def test_who_chooses_none_of_them_leaves_the_note(services: Services, say: Say, database: Database) -> None:
    reply = await _answered(services, say, "xin giấy xác nhận")
    turn = Turn("đăng ký kết hôn", "ask_procedure", {}, dict(reply.slots), {**METADATA, "message_id": "8"})
    await procedures.answer(turn, services)
    assert [row.verdict for row in await _open(database)] == ["asked_back"]


async def test_an_answered_question_is_not_noted(services: Services, say: Say, database: Database) -> None:
    await _answered(services, say, "đăng ký kết hôn cần giấy gì")
    assert await _open(database) == ()
