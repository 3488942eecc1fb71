"""Reaching a person: one case for a conversation, and none that was not wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from actions import people
from actions.rasa import ACTIONS
from actions.turn import Reply, Services, Turn
from store.engine import Database
from store.tables import cases as case_table


async def _rows(database: Database) -> list[dict[str, Any]]:
    async with database.connect() as connection:
        return [dict(row) for row in (await connection.execute(select(case_table))).mappings()]


def _text(reply: Reply) -> str:
    return "\n".join(message.text for message in reply.messages)


async def test_the_last_question_is_put_before_a_person(
    services: Services, of_citizen: Turn, database: Database
) -> None:
    turn = replace(of_citizen, text="cho gặp cán bộ", slots={"question": "xin giấy phép nuôi cá tra", "place": "30313"})
    reply = await people.handoff(turn, services)
    (row,) = await _rows(database)
    assert row["kind"] == "question"
    assert row["text"] == "xin giấy phép nuôi cá tra\ncho gặp cán bộ"
    assert row["place_code"] == "30313"
    assert row["code"] in _text(reply)
    assert await people.handoff(turn, services) == reply
    assert len(await _rows(database)) == 1


async def test_without_a_question_it_is_a_case_all_the_same(
    services: Services, of_citizen: Turn, database: Database
) -> None:
    await people.handoff(replace(of_citizen, text="/handoff", slots={}), services)
    (row,) = await _rows(database)
    assert row["text"]


async def test_a_second_wish_opens_no_second_case(services: Services, of_citizen: Turn, database: Database) -> None:
    slots = {"question": "đăng ký kết hôn ở đâu"}
    first = await people.handoff(replace(of_citizen, text="cho gặp cán bộ", slots=slots), services)
    again = replace(of_citizen, text="cho gặp cán bộ", slots=slots, metadata={**of_citizen.metadata, "message_id": "8"})
    second = await people.handoff(again, services)
    (row,) = await _rows(database)
    assert row["code"] in _text(first)
    assert row["code"] in _text(second)
    assert "PIN" not in _text(second)
    # What was asked in between goes to the same case, once.
    later = replace(again, slots={"question": "lệ phí bao nhiêu"}, metadata={**of_citizen.metadata, "message_id": "9"})
    assert "ghi thêm" in _text(await people.handoff(later, services))
    assert await people.handoff(later, services) == await people.handoff(later, services)
    assert len(await _rows(database)) == 1
    said = await services.cases.messages_for_citizen(await services.cases.show(row["code"]))
    assert [message.text for message in said].count("lệ phí bao nhiêu") == 1


async def test_another_conversation_has_a_case_of_its_own(
    services: Services, of_citizen: Turn, database: Database
) -> None:
    await people.handoff(replace(of_citizen, text="/handoff", slots={}), services)
    for metadata in ({}, {"message_id": "1"}):
        await people.handoff(replace(of_citizen, text="/handoff", slots={}, metadata=metadata), services)
    assert len(await _rows(database)) == 3


async def test_a_number_is_asked_about_before_a_case_is_opened(
    services: Services, of_citizen: Turn, database: Database
) -> None:
    meant = replace(of_citizen, text="1", intent="handoff", entities={"sure": False}, slots={"question": "xin gì đó"})
    reply = await people.handoff(meant, services)
    assert reply.slots["pending"] == people.HANDOFF
    assert await _rows(database) == []
    yes = replace(of_citizen, text="dạ phải", intent="affirm", slots={"question": "xin gì đó", **reply.slots})
    assert (await ACTIONS["action_affirm"](yes, services)).slots["pending"] is None
    (row,) = await _rows(database)
    assert row["text"] == "xin gì đó"


async def test_no_is_no(services: Services, of_citizen: Turn, database: Database) -> None:
    no = replace(of_citizen, text="không", intent="deny", slots={"pending": people.HANDOFF})
    assert (await ACTIONS["action_deny"](no, services)).slots["pending"] is None
    assert await _rows(database) == []


async def test_an_endless_wish_is_cut(services: Services, of_citizen: Turn, database: Database) -> None:
    await people.handoff(replace(of_citizen, text="đ" * 9_000, slots={"question": "q" * 9_000}), services)
    async with database.connect() as connection:
        assert await connection.scalar(select(func.length(case_table.c.text))) == 5_000


async def test_who_is_in_a_hurry_is_given_the_number(services: Services, of_citizen: Turn) -> None:
    reply = await people.handoff(of_citizen, replace(services, contact_line="0296 3 852 888"))
    assert "0296 3 852 888" in reply.messages[-1].text
