"""Complaints and questions to a person: written once, never empty, shown only to those who may see them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from actions import cases, subject
from actions.turn import Reply, Services, Turn, payload
from store.engine import Database
from store.tables import cases as case_table
from store.tables import consents
from tests.unit.actions.conftest import Say

FILLED: dict[str, Any] = {
    "case_kind": "complaint",
    "case_subject": "Rác trước chợ",
    "case_text": "Rác chất đống ba ngày nay không ai lấy",
    "case_place": "trước cổng chợ, xã Mỹ Hòa Hưng",
    "case_consent": "c1:5",
    "case_contact": "0912345678",
    "case_confirm": True,
}


@pytest.fixture
def at_home(of_citizen: Turn) -> Turn:
    """A turn of a citizen with a conversation, ready to send."""
    return replace(of_citizen, text="gửi", intent="affirm", slots=dict(FILLED))


async def _rows(database: Database) -> list[dict[str, Any]]:
    async with database.connect() as connection:
        return [dict(row) for row in (await connection.execute(select(case_table))).mappings()]


def _text(reply: Reply) -> str:
    return "\n".join(message.text for message in reply.messages)


def _receipt(reply: Reply) -> tuple[str, str]:
    code, pin = (part for part in _text(reply).split("**") if part.startswith("MC-") or part.isdecimal())
    return code, pin


# Opening the form


@pytest.mark.parametrize(
    ("intent", "kind"),
    [("complain", "complaint"), ("give_feedback", "feedback"), ("", "feedback"), ("nonsense", "feedback")],
)
async def test_a_form_begins_empty_with_its_kind(say: Say, services: Services, intent: str, kind: str) -> None:
    reply = await cases.start(say("tôi muốn phản ánh", intent, dict(FILLED)), services)
    empty = dict.fromkeys((*cases.FORM_SLOTS, "pending", "told", "told_in", "options"))
    assert reply.slots == {**empty, "case_kind": kind}
    assert reply.messages


async def test_a_complaint_begins_with_what_a_message_is_not(say: Say, services: Services) -> None:
    said = _text(await cases.start(say("tôi muốn khiếu nại", "complain"), services))
    assert "chưa phải là đơn khiếu nại" in said
    assert "chữ ký" in said
    assert "trực tiếp" in said
    assert "đơn khiếu nại" not in _text(await cases.start(say("tôi muốn phản ánh", "give_feedback"), services))


async def test_a_whole_story_is_not_asked_for_again(say: Say, services: Services) -> None:
    story = "Đường trước nhà tôi ở ấp Mỹ Thạnh hư ba tháng nay. Tôi báo xã hai lần mà không ai sửa hết."
    slots = (await cases.start(say(story, "complain"), services)).slots
    assert slots["case_text"] == story
    assert slots["case_subject"] == "Đường trước nhà tôi ở ấp Mỹ Thạnh hư ba tháng nay."
    assert slots["case_confirm"] is None


async def test_a_pressed_button_tells_no_story(say: Say, services: Services) -> None:
    reply = await cases.start(say("/complain" + " x" * 50, "complain"), services)
    assert reply.slots["case_text"] is None


# The contact


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("0912345678", "0912345678"),
        ("0912 345 678", "0912345678"),
        ("0912.345.678", "0912345678"),
        ("+84 912 345 678", "+84912345678"),
        ("sđt 0912345678 nha", "0912345678"),
        ("số của em là 0912-345-678", "0912345678"),
        ("(0296) 3 852 888", "02963852888"),
        ("ba.nam@example.org", "ba.nam@example.org"),
        ("mail: ba.nam@example.org.", "ba.nam@example.org"),
        ("  ba.nam@example.org  ", "ba.nam@example.org"),
    ],
)
def test_a_contact_is_kept(said: str, kept: str) -> None:
    assert cases.check_contact(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "không",
        "khong",
        "ko",
        "k",
        "hông",
        "Không ạ",
        "dạ không",
        "bỏ qua",
        "thôi",
        "khỏi",
        "khỏi để lại",
        "không có",
        "ẩn danh",
        "-",
        "không cần đâu",
    ],
)
def test_nobody_has_to_leave_one(said: str) -> None:
    assert cases.check_contact(said) == cases.NO_CONTACT


@pytest.mark.parametrize(
    "said",
    [
        "",
        "?",
        "12345",
        "09123",
        "091234567890123",
        "1912345678",
        "ba.nam@",
        "@example.org",
        "gọi tôi",
        "🙂",
        "٠٩١٢٣٤٥٦٧٨",
        "0" * 5_000,
    ],
)
def test_what_is_no_contact_is_asked_for_again(said: str) -> None:
    assert cases.check_contact(said) is None


# Sending


async def test_everything_is_shown_before_it_is_sent(say: Say, services: Services) -> None:
    reply = await cases.summary(say("x", slots={**FILLED, "case_contact": "-"}), services)
    for part in ("Rác trước chợ", "Rác chất đống", "xã Mỹ Hòa Hưng", "không để lại"):
        assert part in _text(reply)
    assert [button.payload for button in reply.messages[0].buttons] == ["/affirm", "/deny"]


async def test_the_message_that_held_the_number_is_not_kept_beside_the_sealed_one(say: Say, services: Services) -> None:
    given = await cases.summary(say("sđt 0912 345 678 nha", slots=FILLED), services)
    assert given.private
    assert "0912345678" not in _text(given)
    assert "091••••678" in _text(given)
    # What comes later in the same form hides nothing of what was written.
    for later in ("sửa nơi xảy ra: chợ", "/affirm"):
        assert not (await cases.summary(say(later, slots=FILLED), services)).private
    without = await cases.summary(say("không", slots={**FILLED, "case_contact": "-"}), services)
    assert not without.private
    assert cases.half_hidden("an.nguyen@example.vn") == "an•••@example.vn"


async def test_a_form_that_is_over_leaves_the_memory_of_the_dialogue(services: Services, at_home: Turn) -> None:
    assert (await cases.submit(at_home, services)).forget
    assert cases.cancel(at_home).forget
    assert not cases.cancel(replace(at_home, slots={})).forget


@pytest.mark.parametrize(
    ("said", "commune"),
    [
        ("ấp Mỹ Khánh, xã Mỹ Hòa Hưng", "Xã Mỹ Hòa Hưng"),
        ("ap my khanh xa my hoa hung", "Xã Mỹ Hòa Hưng"),
        ("khóm Bình Đức, phường Bình Đức", "Phường Bình Đức"),
        ("chợ Mỹ Bình", "Phường Long Xuyên"),
        ("gần nhà tôi", None),
        ("", None),
    ],
)
def test_the_commune_is_the_one_that_is_called_so(said: str, commune: str | None) -> None:
    found = subject.commune(said, date(2026, 11, 22))
    assert (found.name if found else None) == commune


async def test_a_confirmed_case_is_written_with_code_and_pin(
    services: Services, at_home: Turn, database: Database
) -> None:
    reply = await cases.submit(at_home, services)
    code, pin = _receipt(reply)
    (row,) = await _rows(database)
    assert row["code"] == code
    assert (row["kind"], row["subject"]) == ("complaint", "Rác trước chợ")
    assert "0912345678" not in row["contact"]
    assert services.cases.contact(await services.cases.show(code)) == "0912345678"
    assert (row["place_text"], row["place_code"]) == (FILLED["case_place"], "30313")
    assert (row["citizen_id"], row["conversation_id"]) == (at_home.citizen_id, "c1")
    assert row["idempotency_key"] == "c1:7"
    assert len(pin) == 6
    assert reply.slots == dict.fromkeys(cases.FORM_SLOTS)
    async with database.connect() as connection:
        (agreed,) = (await connection.execute(select(consents))).mappings()
    assert (agreed["citizen_id"], agreed["purpose"], agreed["evidence"]) == (at_home.citizen_id, "contact", "c1:5")


@pytest.mark.parametrize("agreed", [None, False, True, "", 5])
async def test_without_consent_no_contact_is_kept(
    services: Services, at_home: Turn, database: Database, agreed: object
) -> None:
    await cases.submit(replace(at_home, slots={**FILLED, "case_consent": agreed}), services)
    (row,) = await _rows(database)
    assert row["contact"] is None
    async with database.connect() as connection:
        assert (await connection.execute(select(consents))).first() is None


async def test_the_same_message_again_is_the_same_case(services: Services, at_home: Turn, database: Database) -> None:
    first = await cases.submit(at_home, services)
    assert await cases.submit(at_home, services) == first
    assert len(await _rows(database)) == 1


async def test_another_message_is_another_case(services: Services, at_home: Turn, database: Database) -> None:
    await cases.submit(at_home, services)
    await cases.submit(replace(at_home, metadata={**at_home.metadata, "message_id": "8"}), services)
    assert len(await _rows(database)) == 2


@pytest.mark.parametrize(
    "metadata", [{}, {"message_id": "7"}, {"conversation": "c1"}, {"conversation": "", "message_id": ""}]
)
async def test_without_a_name_of_the_message_no_two_citizens_share_a_case(
    services: Services, at_home: Turn, database: Database, metadata: dict[str, Any]
) -> None:
    nameless = replace(at_home, metadata=metadata)
    first, second = await cases.submit(nameless, services), await cases.submit(nameless, services)
    assert _receipt(first) != _receipt(second)
    assert len(await _rows(database)) == 2


@pytest.mark.parametrize("missing", ["case_subject", "case_text", "case_kind"])
@pytest.mark.parametrize("value", [None, "", "  \n "])
async def test_an_empty_slot_is_never_written(
    services: Services, at_home: Turn, database: Database, missing: str, value: object
) -> None:
    reply = await cases.submit(replace(at_home, slots={**FILLED, missing: value}), services)
    assert "chưa gửi" in _text(reply)
    assert reply.slots == dict.fromkeys(cases.FORM_SLOTS)
    assert await _rows(database) == []


@pytest.mark.parametrize("confirm", [None, False, "", "true", 1, "/affirm"])
async def test_what_was_not_confirmed_is_never_written(
    services: Services, at_home: Turn, database: Database, confirm: object
) -> None:
    reply = await cases.submit(replace(at_home, slots={**FILLED, "case_confirm": confirm}), services)
    assert "chưa gửi gì" in _text(reply)
    assert await _rows(database) == []


@pytest.mark.parametrize("kind", ["nonsense", "denunciation", 5])
async def test_a_kind_that_does_not_exist_is_never_written(
    services: Services, at_home: Turn, database: Database, kind: object
) -> None:
    await cases.submit(replace(at_home, slots={**FILLED, "case_kind": kind}), services)
    assert await _rows(database) == []


async def test_without_a_slot_at_all_nothing_is_written(services: Services, at_home: Turn, database: Database) -> None:
    await cases.submit(replace(at_home, slots={}), services)
    assert await _rows(database) == []


async def test_an_endless_text_is_cut_and_not_lost(services: Services, at_home: Turn, database: Database) -> None:
    await cases.submit(
        replace(at_home, slots={**FILLED, "case_text": "đ" * 20_000, "case_subject": "s" * 900}), services
    )
    (row,) = await _rows(database)
    assert len(row["text"]) == 5_000
    assert len(row["subject"]) == cases.SUBJECT_LENGTH


async def test_a_place_that_is_none_is_kept_as_it_was_written(
    services: Services, at_home: Turn, database: Database
) -> None:
    await cases.submit(replace(at_home, slots={**FILLED, "case_place": "trước cổng trường"}), services)
    (row,) = await _rows(database)
    assert (row["place_text"], row["place_code"]) == ("trước cổng trường", None)


@pytest.mark.parametrize("slots", [{}, {"case_kind": "complaint"}, FILLED])
def test_leaving_empties_the_form_and_says_so(say: Say, slots: dict[str, Any]) -> None:
    reply = cases.cancel(say("hủy", "stop", slots))
    assert {slot: reply.slots[slot] for slot in cases.FORM_SLOTS} == dict.fromkeys(cases.FORM_SLOTS)
    assert reply.slots["pending"] is None
    assert reply.slots["options"] is None
    assert ("chưa gửi" in _text(reply)) == bool(slots)


async def test_every_button_of_the_form_is_an_intent(say: Say, services: Services) -> None:
    buttons = (await cases.summary(say("x", slots=FILLED), services)).messages[0].buttons
    assert [button.payload for button in buttons] == [payload("affirm"), payload("deny")]
