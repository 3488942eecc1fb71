"""Complaints and questions to a person: written once, never empty, shown only to those who may see them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from actions import cases
from actions.turn import Reply, Services, Turn, payload
from store.engine import Database
from store.tables import cases as case_table
from tests.unit.actions.conftest import Say

FILLED: dict[str, Any] = {
    "case_kind": "complaint",
    "case_subject": "Rác trước chợ",
    "case_text": "Rác chất đống ba ngày nay không ai lấy",
    "case_place": "trước cổng chợ, xã Mỹ Hòa Hưng",
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
def test_a_form_begins_empty_with_its_kind(say: Say, intent: str, kind: str) -> None:
    reply = cases.start(say("tôi muốn phản ánh", intent, dict(FILLED)))
    assert reply.slots == {**dict.fromkeys(cases.FORM_SLOTS), "case_kind": kind}
    assert reply.messages


def test_a_whole_story_is_not_asked_for_again(say: Say) -> None:
    story = "Đường trước nhà tôi ở ấp Mỹ Thạnh hư ba tháng nay. Tôi báo xã hai lần mà không ai sửa hết."
    slots = cases.start(say(story, "complain")).slots
    assert slots["case_text"] == story
    assert slots["case_subject"] == "Đường trước nhà tôi ở ấp Mỹ Thạnh hư ba tháng nay."
    assert slots["case_confirm"] is None


def test_a_pressed_button_tells_no_story(say: Say) -> None:
    reply = cases.start(say("/complain" + " x" * 50, "complain"))
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


def test_everything_is_shown_before_it_is_sent(say: Say) -> None:
    reply = cases.summary(say("x", slots={**FILLED, "case_contact": "-"}))
    for part in ("Rác trước chợ", "Rác chất đống", "xã Mỹ Hòa Hưng", "không để lại"):
        assert part in _text(reply)
    assert [button.payload for button in reply.messages[0].buttons] == ["/affirm", "/deny"]


async def test_a_confirmed_case_is_written_with_code_and_pin(
    services: Services, at_home: Turn, database: Database
) -> None:
    reply = await cases.submit(at_home, services)
    code, pin = _receipt(reply)
    (row,) = await _rows(database)
    assert row["code"] == code
    assert (row["kind"], row["subject"], row["contact"]) == ("complaint", "Rác trước chợ", "0912345678")
    assert (row["place_text"], row["place_code"]) == (FILLED["case_place"], "30313")
    assert (row["citizen_id"], row["conversation_id"]) == (at_home.citizen_id, "c1")
    assert row["idempotency_key"] == "c1:7"
    assert len(pin) == 6
    assert reply.slots == dict.fromkeys(cases.FORM_SLOTS)


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


# Following


@pytest.fixture
async def sent(services: Services, at_home: Turn) -> tuple[str, str]:
    """Code and PIN of a case that was sent."""
    return _receipt(await cases.submit(at_home, services))


async def test_the_one_who_sent_it_sees_it_by_its_code(
    services: Services, at_home: Turn, sent: tuple[str, str]
) -> None:
    for text in (sent[0], f"tra cứu {sent[0].lower()}", sent[0].replace("-", " ")):
        reply = await cases.check(replace(at_home, text=text, entities={}), services)
        assert "Đã tiếp nhận" in _text(reply)


async def test_the_one_who_sent_it_sees_it_without_a_code(
    services: Services, at_home: Turn, sent: tuple[str, str]
) -> None:
    reply = await cases.check(replace(at_home, text="phản ánh của tôi tới đâu rồi", entities={}), services)
    assert sent[0] in _text(reply)


async def test_another_one_needs_the_pin(services: Services, say: Say, sent: tuple[str, str]) -> None:
    code, pin = sent
    hint = _text(await cases.check(say(f"tra cứu {code}", "check_case"), services))
    assert "kèm PIN" in hint
    assert "Rác" not in hint
    wrong = f"{(int(pin) + 1) % 1_000_000:06d}"
    assert "chưa đúng" in _text(await cases.check(say(f"{code} {wrong}", "check_case"), services))
    for text in (f"{code} {pin}", f"mã {code} pin {pin} nha", f"{pin} {code.lower()}"):
        assert "Đã tiếp nhận" in _text(await cases.check(say(text, "check_case", case_code=code), services))


async def test_what_is_shown_holds_no_contact_and_no_text(services: Services, say: Say, sent: tuple[str, str]) -> None:
    shown = _text(await cases.check(say(f"{sent[0]} {sent[1]}", "check_case"), services))
    assert "0912345678" not in shown
    assert "chất đống" not in shown


async def test_a_code_of_six_digits_is_not_taken_for_the_pin(
    services: Services, at_home: Turn, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits = iter("234567")
    monkeypatch.setattr("desk.cases.secrets.choice", lambda _alphabet: next(digits))
    code, pin = _receipt(await cases.submit(at_home, services))
    assert code == "MC-234567"
    for text in ("mc-234567", "MC 234567", "mc234567"):
        assert "kèm PIN" in _text(await cases.check(say(text, "check_case", case_code="MC-234567"), services))
    shown = await cases.check(say(f"mc 234567 {pin}", "check_case", case_code="MC-234567"), services)
    assert "Đã tiếp nhận" in _text(shown)


async def test_after_too_many_wrong_pins_it_is_shut(services: Services, say: Say, sent: tuple[str, str]) -> None:
    code, pin = sent
    wrong = f"{(int(pin) + 1) % 1_000_000:06d}"
    for _ in range(3):
        await cases.check(say(f"{code} {wrong}", "check_case"), services)
    assert "một giờ" in _text(await cases.check(say(f"{code} {pin}", "check_case"), services))


@pytest.mark.parametrize("pin", ["１２３４５６", "١٢٣٤٥٦", "12345", "1234567", "🙂"])
async def test_a_strange_pin_breaks_nothing(services: Services, say: Say, sent: tuple[str, str], pin: str) -> None:
    assert "kèm PIN" in _text(await cases.check(say(f"{sent[0]} {pin}", "check_case"), services))


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("tra cứu MC-ZZZZZZ", {}),
        ("tra cứu MC-ZZZZZZ", {"case_code": "MC-ZZZZZZ"}),
        ("mc 70k3q9", {"case_code": "MC-70K3Q9"}),
    ],
)
async def test_a_code_that_does_not_exist_is_said(
    services: Services, at_home: Turn, sent: tuple[str, str], text: str, entities: dict[str, Any]
) -> None:
    said = _text(await cases.check(replace(at_home, text=text, entities=entities), services))
    assert "xem lại mã" in said
    assert sent[0] not in said


async def test_who_has_sent_nothing_is_asked_for_the_code(services: Services, say: Say) -> None:
    for text in ("phản ánh của tôi tới đâu rồi", "/check_case", "", "MC-"):
        assert "MC-…" in _text(await cases.check(say(text, "check_case"), services))


def test_a_denunciation_is_told_where_it_belongs_and_takes_no_names() -> None:
    assert "không phải là đơn tố cáo" in cases.DENOUNCE
    assert "đừng ghi tên mình" in cases.DENOUNCE


def test_every_button_of_the_form_is_an_intent(say: Say) -> None:
    buttons = cases.summary(say("x", slots=FILLED)).messages[0].buttons
    assert [button.payload for button in buttons] == [payload("affirm"), payload("deny")]
