"""Questions about procedures: answered, asked back about, or said not to be known."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from actions import choices, offers, places, procedures
from actions.turn import Reply, Services, Turn, parse_payload, payload
from knowledge.text import fold
from tests.unit.actions.conftest import Say

BIRTH, SINGLE, MARRIAGE, LOST_CARD, HOUSEHOLD = "1.001193", "1.004873", "1.000894", "1.014064", "1.001612"
MY_HOA_HUNG = "30313"


def _text(reply: Reply) -> str:
    return "\n".join(message.text for message in reply.messages)


def _pressed(title: str, reply: Reply, slots: dict[str, Any]) -> Turn:
    """The turn that pressing a button of a reply makes."""
    button = next(b for message in reply.messages for b in message.buttons if b.title == title)
    intent, entities = parse_payload(button.payload)
    return Turn(button.payload, intent, entities, {**slots, **reply.slots}, {"message_id": "8"})


ASKED = [
    ("lam giay khai sinh cho con o dau, em o xa my hoa hung", BIRTH, ["xã Mỹ Hòa Hưng"]),
    ("xin giấy xác nhận độc thân cần giấy gì", SINGLE, ["Giấy tờ cần có"]),
    ("mất cccd làm lại bao nhiêu tiền", LOST_CARD, ["Lệ phí"]),
    ("e mún đăng ký kết hôn nộp online dc hok", MARRIAGE, ["Nộp trực tuyến"]),
    ("đăng ký hộ kinh doanh ở Châu Đốc", HOUSEHOLD, ["Phường Châu Đốc", "Phường Vĩnh Tế"]),
]


@pytest.mark.parametrize(("text", "code", "said"), ASKED)
async def test_a_question_is_answered_with_its_facts_and_its_source(
    services: Services, say: Say, text: str, code: str, said: list[str]
) -> None:
    for asked in (text, fold(text)):
        reply = await procedures.answer(say(asked), services)
        assert reply.slots["procedure"] == code
        assert f"Nguồn: mã {code} · Quyết định" in _text(reply)
        for part in said:
            assert part in _text(reply)


async def test_the_right_place_comes_first(services: Services, say: Say) -> None:
    reply = await procedures.answer(say("làm khai sinh cần giấy gì, em ở xã Mỹ Hòa Hưng"), services)
    text = _text(reply)
    assert text.index("xã Mỹ Hòa Hưng") < text.index("Giấy tờ cần có") < text.index("Nguồn:")


async def test_a_code_is_taken_at_its_word(services: Services, say: Say) -> None:
    reply = await procedures.answer(say(f"thủ tục {MARRIAGE} bao nhiêu tiền", procedure=MARRIAGE), services)
    assert reply.slots["procedure"] == MARRIAGE
    assert reply.slots["facets"] == ["fee"]


async def test_a_code_that_the_catalogue_does_not_hold_is_said(services: Services, say: Say) -> None:
    reply = await procedures.answer(say("9.999999", slots={"procedure": BIRTH}), services)
    assert "không có thủ tục mang mã 9.999999" in _text(reply)
    assert "Nguồn:" not in _text(reply)


# Follow-ups


@pytest.mark.parametrize("text", ["còn lệ phí thì sao", "vay het nhieu tien", "bao nhiêu tiền z"])
async def test_a_follow_up_is_answered_for_the_procedure_before(services: Services, say: Say, text: str) -> None:
    reply = await procedures.answer(say(text, "followup", {"procedure": MARRIAGE}), services)
    assert reply.slots["procedure"] == MARRIAGE
    assert reply.slots["facets"] == ["fee"]
    assert "Lệ phí" in _text(reply)


async def test_a_follow_up_of_nothing_asks_which_procedure(services: Services, say: Say) -> None:
    reply = await procedures.answer(say("bao nhiêu tiền vậy", "followup"), services)
    assert _text(reply) == offers.WHICH
    assert "procedure" not in reply.slots


async def test_another_procedure_is_not_answered_for_the_one_before(services: Services, say: Say) -> None:
    reply = await procedures.answer(say("mất căn cước làm lại bao nhiêu tiền", slots={"procedure": BIRTH}), services)
    assert reply.slots["procedure"] == LOST_CARD


async def test_a_procedure_that_left_the_catalogue_is_forgotten(services: Services, say: Say) -> None:
    reply = await procedures.answer(say("bao nhiêu tiền", slots={"procedure": "9.999999"}), services)
    assert _text(reply) == offers.WHICH


# Asking back


async def test_an_unclear_question_is_asked_back_with_numbers(services: Services, say: Say) -> None:
    reply = await procedures.answer(say("xin giấy xác nhận cần giấy gì"), services)
    (message,) = reply.messages
    options = reply.slots["options"]
    assert 2 <= len(options) <= 4
    for number, option in enumerate(options, 1):
        assert f"\n{number}. {option['title']}" in message.text
    assert reply.slots["pending"] == "options"
    assert [button.title for button in message.buttons][:-1] == [option["title"] for option in options]


@pytest.mark.parametrize("chosen", ["2", "số 2", "cái thứ hai", "chọn 2 nha"])
async def test_a_choice_by_number_is_answered_for_the_facets_asked(services: Services, say: Say, chosen: str) -> None:
    asked = await procedures.answer(say("xin giấy xác nhận bao nhiêu tiền"), services)
    wanted = json.loads(asked.slots["options"][1]["payload"].removeprefix("/ask_procedure"))
    reply = await choices.choose(say(chosen, "choose_option", asked.slots), services)
    assert reply.slots["procedure"] == wanted["procedure"]
    assert reply.slots["facets"] == ["fee"]
    assert reply.slots["options"] is None


async def test_a_button_does_what_its_number_does(services: Services, say: Say) -> None:
    asked = await procedures.answer(say("xin giấy xác nhận"), services)
    title = asked.slots["options"][0]["title"]
    by_button = await procedures.answer(_pressed(title, asked, {}), services)
    by_number = await choices.choose(say("1", "choose_option", asked.slots, option=1), services)
    assert _text(by_button) == _text(by_number)
    assert by_button.slots == by_number.slots


@pytest.mark.parametrize("option", [0, 9, -1, "9", "²", "x", None, 1.5, [], {}, True])
async def test_a_number_that_is_not_offered_shows_the_list_again(services: Services, say: Say, option: object) -> None:
    slots = {"options": [{"title": "Một", "payload": payload("ask_procedure", procedure=BIRTH)}]}
    reply = await choices.choose(say("cái gì đó", "choose_option", slots, option=option), services)
    if option is True:
        assert "Nguồn" in _text(reply)
    else:
        assert "từ 1 đến 1" in _text(reply)
        assert "1. Một" in _text(reply)


async def test_a_number_without_a_list_says_so(services: Services, say: Say) -> None:
    empty: list[dict[str, Any]] = [{}, {"options": None}, {"options": []}]
    for slots in empty:
        reply = await choices.choose(say("2", "choose_option", slots, option=2), services)
        assert "không có danh sách" in _text(reply)


async def test_the_place_is_kept_while_the_procedure_is_asked_for(
    services: Services, say: Say, remembered: dict[int, str | None]
) -> None:
    turn = replace(say("xin giấy xác nhận ở Mỹ Hòa Hưng"), metadata={"citizen": 5})
    asked = await procedures.answer(turn, services)
    assert asked.slots["place"] == MY_HOA_HUNG
    assert remembered == {5: MY_HOA_HUNG}
    assert asked.slots["options"]
    reply = await choices.choose(say("1", "choose_option", asked.slots), services)
    assert "xã Mỹ Hòa Hưng" in _text(reply)


async def test_only_one_list_is_shown_at_a_time(services: Services, say: Say) -> None:
    asked = await procedures.answer(say("xin giấy xác nhận ở xã Vĩnh Châu, Châu Đốc"), services)
    (message,) = asked.messages
    assert message.text.count("\n1. ") == 1
    assert parse_payload(asked.slots["options"][0]["payload"])[0] == "ask_procedure"
    assert "place" not in asked.slots


# Not known


@pytest.mark.parametrize("text", ["asdf qwer zxcv", "công thức nấu phở", "👍👍👍", "???", "x" * 5_000, "   "])
async def test_what_is_not_known_is_said_and_offers_a_person(services: Services, say: Say, text: str) -> None:
    reply = await procedures.answer(say(text), services)
    assert "procedure" not in reply.slots or reply.slots["procedure"] is None
    assert "Nguồn:" not in _text(reply)
    assert offers.HUMAN in reply.messages[-1].buttons


@pytest.mark.parametrize(
    "text",
    ["", "\x00", "/", "{}", "<script>alert(1)</script>", "'; drop table cases; --", "\u202eabc", "a\u0301" * 900],
)
async def test_no_text_breaks_the_answer(services: Services, say: Say, text: str) -> None:
    for slots in ({}, {"procedure": BIRTH}, {"pending": "place"}):
        assert _text(await procedures.answer(say(text, slots=slots), services))


@pytest.mark.parametrize(
    "entities",
    [
        {"procedure": "9.999999"},
        {"procedure": ""},
        {"procedure": BIRTH, "facet": "nothing"},
        {"procedure": BIRTH, "facet": ["fee", 3, None, "nothing"]},
        {"procedure": BIRTH, "facet": {"fee": 1}},
        {"procedure": [BIRTH]},
        {"procedure": 5},
        {"facet": "fee"},
        {},
    ],
)
async def test_no_payload_breaks_the_answer(services: Services, say: Say, entities: dict[str, Any]) -> None:
    for slots in ({}, {"procedure": MARRIAGE}):
        reply = await procedures.answer(say("/ask_procedure{…}", slots=slots, **entities), services)
        assert _text(reply)
        if entities.get("procedure") == BIRTH:
            assert reply.slots["procedure"] == BIRTH


async def test_a_pressed_facet_is_answered_for_its_own_procedure(services: Services, say: Say) -> None:
    asked = await procedures.answer(say("đăng ký kết hôn ở đâu"), services)
    reply = await procedures.answer(_pressed("Giấy tờ", asked, {"procedure": BIRTH}), services)
    assert reply.slots["procedure"] == MARRIAGE
    assert reply.slots["facets"] == ["documents"]


# The place


async def test_the_place_is_asked_for_once(services: Services, say: Say) -> None:
    first = await procedures.answer(say("làm khai sinh ở đâu"), services)
    assert places.ASK_PLACE in _text(first)
    assert first.slots["pending"] == "place"
    second = await procedures.answer(say("đăng ký kết hôn ở đâu", slots=first.slots), services)
    assert places.ASK_PLACE not in _text(second)


async def test_it_is_not_asked_for_when_only_the_fee_is_asked(services: Services, say: Say) -> None:
    assert places.ASK_PLACE not in _text(await procedures.answer(say("làm khai sinh bao nhiêu tiền"), services))


async def test_a_remembered_place_is_used(services: Services, say: Say) -> None:
    turn = say("làm khai sinh ở đâu")
    for known in (
        replace(turn, slots={"place": MY_HOA_HUNG}),
        replace(turn, metadata={"place": MY_HOA_HUNG}),
        replace(turn, slots={"place": "gone"}, metadata={"place": MY_HOA_HUNG}),
    ):
        reply = await procedures.answer(known, services)
        assert "xã Mỹ Hòa Hưng" in _text(reply)
        assert places.ASK_PLACE not in _text(reply)


async def test_a_place_named_now_wins_over_one_remembered(services: Services, say: Say) -> None:
    reply = await procedures.answer(say("làm khai sinh ở xã Núi Cấm", slots={"place": MY_HOA_HUNG}), services)
    assert reply.slots["place"] != MY_HOA_HUNG
    assert "xã Núi Cấm" in _text(reply)


async def test_a_split_commune_is_asked_about_behind_the_answer(services: Services, say: Say) -> None:
    reply = await procedures.answer(say("đăng ký khai sinh ở xã Vĩnh Châu, Châu Đốc"), services)
    assert "Nguồn: mã 1.001193" in reply.messages[0].text
    assert "Ấp của anh/chị nay thuộc xã nào?" in reply.messages[1].text
    assert [option["title"] for option in reply.slots["options"]] == ["Phường Châu Đốc", "Phường Vĩnh Tế"]
    chosen = await choices.choose(say("2", "choose_option", reply.slots), services)
    assert "phường Vĩnh Tế" in _text(chosen)
    assert "Nguồn: mã 1.001193" in _text(chosen)
    assert chosen.slots["options"] is None


async def test_a_place_alone_answers_where_for_the_procedure_before(services: Services, say: Say) -> None:
    for text in ("xã Mỹ Hòa Hưng", "em ở my hoa hung"):
        reply = await procedures.answer(say(text, "followup", {"procedure": BIRTH, "pending": "place"}), services)
        assert "Trung tâm Phục vụ hành chính công xã Mỹ Hòa Hưng" in _text(reply)


async def test_a_question_behind_the_place_question_is_answered(services: Services, say: Say) -> None:
    slots = {"procedure": BIRTH, "pending": "place"}
    reply = await procedures.give_place(say("mà bao nhiêu tiền vậy", "give_place", slots), services)
    assert reply.slots["facets"] == ["fee"]


async def test_a_place_that_does_not_exist_is_asked_for_again(services: Services, say: Say) -> None:
    slots = {"procedure": BIRTH, "pending": "place"}
    reply = await procedures.give_place(say("xã Xyzabc", "give_place", slots), services)
    assert "chưa tìm thấy nơi đó" in _text(reply)
    assert reply.slots["pending"] == "place"


# Correction


async def test_not_this_one_offers_what_came_next_and_forgets_it(services: Services, say: Say) -> None:
    asked = await procedures.answer(say("đăng ký kết hôn bao nhiêu tiền"), services)
    reply = await choices.correct(_pressed("Không phải thủ tục này", asked, {}), services)
    offered = [parse_payload(option["payload"])[1] for option in reply.slots["options"]]
    assert offered
    assert MARRIAGE not in [entities["procedure"] for entities in offered]
    assert all(entities["facet"] == ["fee"] for entities in offered)
    assert reply.slots["procedure"] is None
    after = await procedures.answer(say("bao nhiêu tiền", slots={**asked.slots, **reply.slots}), services)
    assert _text(after) == offers.WHICH


@pytest.mark.parametrize("text", ["không phải", "sai rồi", "nhầm rồi bạn ơi", "khong phai thu tuc nay"])
async def test_a_bare_denial_offers_what_came_next(services: Services, say: Say, text: str) -> None:
    slots = {"procedure": MARRIAGE, "alternatives": [MARRIAGE, BIRTH, "9.999999"]}
    reply = await choices.correct(say(text, "correct", slots), services)
    assert [parse_payload(option["payload"])[1]["procedure"] for option in reply.slots["options"]] == [BIRTH]


@pytest.mark.parametrize(
    "text",
    ["không phải, ý tôi là làm lại căn cước bị mất", "hổng phải, mất cccd làm lại", "nhầm rồi, làm lại cccd bị mất"],
)
async def test_a_denial_that_says_what_was_meant_is_answered(services: Services, say: Say, text: str) -> None:
    reply = await choices.correct(say(text, "correct", {"procedure": MARRIAGE}), services)
    assert reply.slots["procedure"] == LOST_CARD


@pytest.mark.parametrize("alternatives", [None, [], [MARRIAGE], ["9.999999"]])
async def test_without_anything_next_the_citizen_is_asked_to_say_more(
    services: Services, say: Say, alternatives: list[str] | None
) -> None:
    slots = {"procedure": MARRIAGE, "alternatives": alternatives}
    reply = await choices.correct(say("không phải", "correct", slots), services)
    assert reply.slots["procedure"] is None
    assert reply.slots["options"] is None
    assert offers.HUMAN in reply.messages[0].buttons


async def test_every_button_can_be_pressed(services: Services, say: Say) -> None:
    """A payload is Rasa's text: an intent, and entities as JSON."""
    for text in ("đăng ký kết hôn", "xin giấy xác nhận", "asdf", "khai sinh ở xã Vĩnh Châu, Châu Đốc"):
        reply = await procedures.answer(say(text), services)
        for message in reply.messages:
            for button in message.buttons:
                intent, entities = parse_payload(button.payload)
                assert intent in {"ask_procedure", "give_place", "correct", "handoff", "report_wrong"}
                assert button.title
                assert payload(intent, **entities) == button.payload
