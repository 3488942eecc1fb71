"""Following a case: its owner sees it, everybody else needs the PIN; later steps change the right case once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from actions import cases, follow_up
from actions.rasa import ACTIONS
from actions.turn import Services, Turn
from store.engine import Database
from store.tables import cases as case_table
from store.tables import now
from tests.unit.actions.conftest import Say
from tests.unit.actions.test_action_cases import FILLED, _receipt, _text


@pytest.fixture
def at_home(of_citizen: Turn) -> Turn:
    """A turn of a citizen with a conversation, ready to send."""
    return replace(of_citizen, text="gửi", intent="affirm", slots=dict(FILLED))


@pytest.fixture
async def sent(services: Services, at_home: Turn) -> tuple[str, str]:
    """Code and PIN of a case that was sent."""
    return _receipt(await cases.submit(at_home, services))


async def test_the_one_who_sent_it_sees_it_by_its_code(
    services: Services, at_home: Turn, sent: tuple[str, str]
) -> None:
    for text in (sent[0], f"tra cứu {sent[0].lower()}", sent[0].replace("-", " ")):
        reply = await follow_up.check(replace(at_home, text=text, entities={}), services)
        assert "Đã tiếp nhận" in _text(reply)


async def test_the_one_who_sent_it_sees_it_without_a_code(
    services: Services, at_home: Turn, sent: tuple[str, str]
) -> None:
    reply = await follow_up.check(replace(at_home, text="phản ánh của tôi tới đâu rồi", entities={}), services)
    assert sent[0] in _text(reply)


async def test_another_one_needs_the_pin(services: Services, say: Say, sent: tuple[str, str]) -> None:
    code, pin = sent
    hint = _text(await follow_up.check(say(f"tra cứu {code}", "check_case"), services))
    assert "kèm PIN" in hint
    assert "Rác" not in hint
    wrong = f"{(int(pin) + 1) % 1_000_000:06d}"
    assert "chưa đúng" in _text(await follow_up.check(say(f"{code} {wrong}", "check_case"), services))
    for text in (f"{code} {pin}", f"mã {code} pin {pin} nha", f"{pin} {code.lower()}"):
        assert "Đã tiếp nhận" in _text(await follow_up.check(say(text, "check_case", case_code=code), services))


async def test_what_is_shown_holds_no_contact_and_no_text(services: Services, say: Say, sent: tuple[str, str]) -> None:
    shown = _text(await follow_up.check(say(f"{sent[0]} {sent[1]}", "check_case"), services))
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
        assert "kèm PIN" in _text(await follow_up.check(say(text, "check_case", case_code="MC-234567"), services))
    shown = await follow_up.check(say(f"mc 234567 {pin}", "check_case", case_code="MC-234567"), services)
    assert "Đã tiếp nhận" in _text(shown)


async def test_after_too_many_wrong_pins_it_is_shut(services: Services, say: Say, sent: tuple[str, str]) -> None:
    code, pin = sent
    wrong = f"{(int(pin) + 1) % 1_000_000:06d}"
    for _ in range(3):
        await follow_up.check(say(f"{code} {wrong}", "check_case"), services)
    assert "một giờ" in _text(await follow_up.check(say(f"{code} {pin}", "check_case"), services))


@pytest.mark.parametrize("pin", ["１２３４５６", "١٢٣٤٥٦", "12345", "1234567", "🙂"])
async def test_a_strange_pin_breaks_nothing(services: Services, say: Say, sent: tuple[str, str], pin: str) -> None:
    assert "kèm PIN" in _text(await follow_up.check(say(f"{sent[0]} {pin}", "check_case"), services))


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
    said = _text(await follow_up.check(replace(at_home, text=text, entities=entities), services))
    assert "xem lại mã" in said
    assert sent[0] not in said


async def test_who_has_sent_nothing_is_asked_for_the_code(services: Services, say: Say) -> None:
    for text in ("phản ánh của tôi tới đâu rồi", "/check_case", "", "MC-"):
        assert "MC-…" in _text(await follow_up.check(say(text, "check_case"), services))


# The next steps


@pytest.fixture
async def answered(
    services: Services, at_home: Turn, database: Database, sent: tuple[str, str]
) -> tuple[str, str, Turn]:
    """Code and PIN of a case that was answered, and a turn of its citizen."""
    async with database.begin() as connection:
        await connection.execute(update(case_table).values(state="answered", bucket="done", answered_at=now()))
    return *sent, replace(at_home, slots={}, metadata={**at_home.metadata, "message_id": "20"})


async def _said(services: Services, code: str) -> list[str]:
    return [said.text for said in await services.cases.messages_for_citizen(await services.cases.show(code))]


async def test_more_is_added_by_code_from_the_own_channel(
    services: Services, at_home: Turn, sent: tuple[str, str]
) -> None:
    turn = replace(at_home, text=f"bổ sung {sent[0]}: hôm nay lại đầy rác", intent="add_case", slots={})
    turn = replace(turn, entities={"case": sent[0]}, metadata={**at_home.metadata, "message_id": "9"})
    assert sent[0] in _text(await follow_up.add(turn, services))
    assert await _said(services, sent[0]) == ["hôm nay lại đầy rác"]
    await follow_up.add(turn, services)
    assert len(await _said(services, sent[0])) == 1


async def test_from_elsewhere_adding_needs_the_pin(services: Services, say: Say, sent: tuple[str, str]) -> None:
    code, pin = sent
    refused = await follow_up.add(say(f"bổ sung {code}: chuyện khác", "add_case", case=code), services)
    assert "kèm PIN" in _text(refused)
    assert await _said(services, code) == []
    await follow_up.add(say(f"bổ sung {code} {pin}: vẫn còn rác", "add_case", case=code), services)
    assert await _said(services, code) == ["vẫn còn rác"]


async def test_what_to_add_is_asked_for_and_the_next_words_are_taken(
    services: Services, at_home: Turn, sent: tuple[str, str]
) -> None:
    pressed = replace(at_home, text="/add_case{}", intent="add_case", entities={"case": sent[0]}, slots={})
    slots = (await follow_up.add(pressed, services)).slots
    assert slots["pending"] == f"add:{sent[0]}"
    words = replace(at_home, text="Rác nay cao cả mét", intent="inform", slots=slots)
    words = replace(words, metadata={**at_home.metadata, "message_id": "11"})
    assert (await ACTIONS["action_default_fallback"](words, services)).slots["pending"] is None
    assert await _said(services, sent[0]) == ["Rác nay cao cả mét"]


async def test_stars_and_a_word_are_kept(services: Services, answered: tuple[str, str, Turn]) -> None:
    code, _, turn = answered
    rated = await follow_up.rate(replace(turn, text="/rate_case", entities={"case": code, "rating": 4}), services)
    assert rated.slots["pending"] == f"comment:{code}"
    word = replace(turn, text="Trả lời nhanh, cảm ơn", intent="inform", slots=rated.slots)
    assert await follow_up.awaited(word, services) is not None
    case = await services.cases.show(code)
    assert (case.rating, case.rating_comment) == (4, "Trả lời nhanh, cảm ơn")


async def test_stars_in_words_go_to_the_newest_answered_case(
    services: Services, answered: tuple[str, str, Turn]
) -> None:
    code, _, turn = answered
    await follow_up.rate(replace(turn, text="5 sao", entities={"rating": 5}), services)
    assert (await services.cases.show(code)).rating == 5


@pytest.mark.parametrize("stars", [0, 6, "nhiều", None, True, -1, "5; drop"])
async def test_stars_that_are_none_are_refused(
    services: Services, answered: tuple[str, str, Turn], stars: object
) -> None:
    code, _, turn = answered
    reply = await follow_up.rate(replace(turn, text="/rate_case", entities={"case": code, "rating": stars}), services)
    assert "1 đến 5" in _text(reply)
    assert (await services.cases.show(code)).rating is None


async def test_what_is_not_answered_is_not_rated(services: Services, at_home: Turn, sent: tuple[str, str]) -> None:
    turn = replace(at_home, text="/rate_case", entities={"case": sent[0], "rating": 5}, slots={})
    assert "chưa được trả lời" in _text(await follow_up.rate(turn, services))
    assert "chưa có phiếu nào" in _text(
        await follow_up.rate(replace(turn, text="5 sao", entities={"rating": 5}), services)
    )


async def test_settled_closes_and_asks_for_stars(services: Services, answered: tuple[str, str, Turn]) -> None:
    code, _, turn = answered
    reply = await follow_up.solved(replace(turn, text="/x", entities={"case": code, "yes": True}), services)
    assert (await services.cases.show(code)).state == "closed"
    assert len(reply.messages[-1].buttons) == 5


async def test_unsettled_is_asked_about_and_opened_again(services: Services, answered: tuple[str, str, Turn]) -> None:
    code, _, turn = answered
    reply = await follow_up.solved(replace(turn, text="chưa giải quyết", entities={"yes": False}), services)
    assert (await services.cases.show(code)).state == "answered"
    assert reply.slots["pending"] == f"reopen:{code}"
    words = replace(turn, text="Rác vẫn còn nguyên", intent="inform", slots=reply.slots)
    assert await follow_up.awaited(words, services) is not None
    assert (await services.cases.show(code)).state == "reopened"
    assert "Rác vẫn còn nguyên" in await _said(services, code)


async def test_a_stranger_cannot_rate_settle_or_reopen(
    services: Services, say: Say, answered: tuple[str, str, Turn]
) -> None:
    code = answered[0]
    for act, entities in (
        (follow_up.rate, {"case": code, "rating": 1}),
        (follow_up.solved, {"case": code, "yes": False, "sure": True}),
        (follow_up.reopen, {"case": code}),
    ):
        assert "kèm PIN" in _text(await act(say("/x", "x", **entities), services))
    case = await services.cases.show(code)
    assert (case.state, case.rating) == ("answered", None)


async def test_nobody_settles_anything_is_a_question_for_who_has_no_case(services: Services, of_citizen: Turn) -> None:
    turn = replace(of_citizen, text="không ai giải quyết hết", intent="solved_case", entities={"yes": False})
    assert "chọn giúp" in _text(await follow_up.solved(turn, services))
