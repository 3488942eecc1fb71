"""The question which way it is, and what each way says: danger, denunciation, one's own data."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from actions import cases, consent, data_requests, denounce, emergency, people, subject, triage
from actions.form import ValidateCaseForm
from actions.rasa import ACTIONS
from actions.turn import Reply, Services, Turn, parse_payload
from store.engine import Database
from store.tables import case_messages, consents
from store.tables import cases as case_table
from tests.unit.actions.conftest import Say

STORY = "hồ sơ của tôi hẹn cả tháng trời ở một cửa xã mà không ai trả, làm ăn kiểu gì vậy trời"


def _text(reply: Reply) -> str:
    return "\n".join(message.text for message in reply.messages)


async def _count(database: Database, table: object = case_table) -> int:
    async with database.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(table)) or 0)  # type: ignore[arg-type]


async def test_anger_gets_one_sentence_of_regret_and_the_ways(say: Say, services: Services) -> None:
    reply = await triage.ask(say(STORY, "triage", tone="angry"), services)
    (message,) = reply.messages
    assert message.text.count("rất tiếc") == 1
    assert [button.title for button in message.buttons] == [
        *("Khiếu nại", "Tố cáo", "Phản ánh, góp ý", "Hỏi thủ tục", "Gặp cán bộ")
    ]
    assert [parse_payload(button.payload)[0] for button in message.buttons] == [
        *("complain", "denounce", "give_feedback", "triage", "handoff")
    ]
    assert "rất tiếc" not in _text(await triage.ask(say("tui muốn thưa nó", "triage"), services))


@pytest.mark.parametrize(("way", "said"), [("/complain", "/complain"), ("complain", "1"), ("complain", "khiếu nại")])
async def test_what_was_told_is_not_asked_for_again(say: Say, services: Services, way: str, said: str) -> None:
    slots = (await triage.ask(say(STORY, "triage", tone="angry"), services)).slots
    begun = await cases.start(say(said, way.strip("/"), slots={**slots, "procedure": "1.001193"}), services)
    assert begun.slots["case_text"] == STORY
    assert begun.slots["case_procedure"] == "1.001193"
    assert begun.slots["case_kind"] == "complaint"
    assert begun.slots["told"] is None


async def test_the_procedure_talked_about_is_offered_and_never_forced(say: Say, services: Services) -> None:
    slots = {"procedure": "1.001193"}
    lamp = "đèn đường trước nhà tôi hư hai tháng nay tối thui mà không có ai tới sửa giùm"
    assert (await cases.start(say(lamp, "give_feedback", slots), services)).slots["case_procedure"] is None
    offered = (await cases.ask_subject(say("x", slots=slots), services)).messages[0].buttons[0]
    intent, values = parse_payload(offered.payload)
    assert (intent, values["case_procedure"]) == ("inform", "1.001193")


def test_places_that_were_named_are_offered(say: Say, services: Services) -> None:
    turn = say("x", slots={"place": "30313"})
    assert [place.code for place in subject.places(turn, services, "rác ở Mỹ Hòa Hưng")] == ["30313"]
    assert subject.places(say("x"), services, None, "") == []


@pytest.mark.parametrize(
    ("story", "office"),
    [
        ("cán bộ một cửa xã hách dịch", "Bộ phận Một cửa xã"),
        ("công an phường không tiếp tôi", "Công an phường"),
        ("ủy ban nhân dân tỉnh ra quyết định sai", "Ủy ban nhân dân tỉnh"),
        ("đèn đường hư", None),
    ],
)
def test_the_office_is_read_from_the_story(story: str, office: str | None) -> None:
    assert subject.office(story) == office


async def test_a_denunciation_is_led_to_the_sealed_page_and_kept_nowhere(
    say: Say, services: Services, database: Database
) -> None:
    reply = await denounce.guide(say("tôi tố cáo ông Tám ăn tiền", "denounce"), services)
    said = _text(reply)
    for part in ("không phải là đơn tố cáo", "đừng ghi tên mình", "bí mật", "nặc danh", "https://chat.example/to-cao"):
        assert part in said
    assert reply.private
    assert "Tám" not in said + str(reply.slots)
    assert reply.slots["question"] is None
    assert await _count(database) == 0


async def test_what_was_told_before_the_choice_is_kept_nowhere_either(say: Say, services: Services) -> None:
    before = replace(say(STORY, "triage"), metadata={"message_id": "41-19a", "conversation": "c1"})
    slots = (await triage.ask(before, services)).slots
    reply = await denounce.guide(say("/denounce", "denounce", slots), services)
    assert reply.earlier == ["41-19a"]
    assert reply.slots["told"] is None
    other = await denounce.guide(say("/denounce", "denounce", {**slots, "pending": None}), services)
    assert other.earlier == []


async def test_words_of_a_wrong_are_not_kept_while_it_is_asked(say: Say, services: Services) -> None:
    reply = await triage.ask(say("ông Tám đòi 5 triệu mới ký", "triage", private=True), services)
    assert reply.private
    assert reply.slots["told"] is None


@pytest.mark.parametrize(
    ("danger", "number"),
    [("fire", "114"), ("rescue", "114"), ("police", "113"), ("medical", "115"), ("child", "111"), ("life", "115")],
)
def test_danger_is_told_whom_to_call_first(say: Say, danger: str, number: str) -> None:
    reply = emergency.call(say("x", "emergency", danger=danger))
    assert number in _text(reply)
    assert reply.slots == {}


def test_the_story_told_in_danger_is_kept_where_it_was_asked_for(say: Say) -> None:
    open_form = {"requested_slot": "case_text"}
    story = "nhà kế bên đang cháy vì dây điện"
    assert emergency.call(say(story, "emergency", open_form, danger="fire")).slots == {"case_text": story}
    assert emergency.call(say("cứu với", "emergency", open_form, danger="fire")).slots == {}
    assert emergency.call(say(story, "emergency", {"requested_slot": "case_place"}, danger="fire")).slots == {}


@pytest.mark.parametrize("danger", [None, "", "nonsense", 5, "fire,nonsense"])
def test_danger_of_no_known_kind_gets_numbers_too(say: Say, danger: object) -> None:
    assert "114" in _text(emergency.call(say("x", "emergency", danger=danger)))


async def test_one_s_own_data_is_asked_for_after_one_confirmation(
    services: Services, of_citizen: Turn, database: Database
) -> None:
    asked = await data_requests.ask(
        replace(of_citizen, text="xóa dữ liệu của tôi", entities={"wish": "erasure"}), services
    )
    assert await _count(database) == 0
    yes = replace(of_citizen, text="ừ", intent="affirm", slots=asked.slots)
    reply = await ACTIONS["action_affirm"](yes, services)
    assert "PIN" in _text(reply)
    async with database.connect() as connection:
        (row,) = (await connection.execute(select(case_table))).mappings()
    assert (row["kind"], row["detail"]) == ("data_request", {"request": "erasure"})
    assert row["due_at"] is not None
    again = replace(yes, metadata={**of_citizen.metadata, "message_id": "8"})
    assert row["code"] in _text(await ACTIONS["action_affirm"](again, services))
    assert await _count(database) == 1


@pytest.mark.parametrize("wish", [None, "", "nonsense", 7])
async def test_a_wish_that_is_none_is_asked_back(say: Say, services: Services, wish: object) -> None:
    reply = await data_requests.ask(say("x", "data_request", wish=wish), services)
    assert len(reply.messages[0].buttons) == len(data_requests.WISHES)


async def test_a_number_is_kept_only_after_consent(services: Services, of_citizen: Turn, database: Database) -> None:
    await people.handoff(replace(of_citizen, text="gặp cán bộ", slots={}), services)
    async with database.connect() as connection:
        code = str(await connection.scalar(select(case_table.c.code)))
    asked = await people.leave_contact(replace(of_citizen, text="/x", entities={"case": code}), services)
    assert [button.title for button in asked.messages[0].buttons] == ["Đồng ý", "Không đồng ý"]
    early = replace(of_citizen, text="0912345678", intent="inform", slots=asked.slots)
    assert await people.contact(early, services) is None
    agreed = await ACTIONS["action_affirm"](replace(of_citizen, text="đồng ý", slots=asked.slots), services)
    assert await _count(database, consents) == 1
    assert await people.contact(replace(early, text="12", slots=agreed.slots), services) is not None
    assert (await services.cases.show(code)).contact is None
    await ACTIONS["action_default_fallback"](replace(early, slots=agreed.slots), services)
    assert services.cases.contact(await services.cases.show(code)) == "0912345678"
    assert await _count(database, case_messages) == 0


async def test_a_stranger_cannot_leave_a_number(services: Services, of_citizen: Turn, say: Say) -> None:
    reply = await people.handoff(replace(of_citizen, text="gặp cán bộ", slots={}), services)
    code = next(part for part in _text(reply).split("**") if part.startswith("MC-"))
    assert "pending" not in (await people.leave_contact(say("/x", "x", case=code), services)).slots


def test_the_words_of_consent_say_what_for_who_and_how_long(services: Services) -> None:
    said = _text(consent.ask(services))
    assert "5 năm" in said
    assert consent.version(services).endswith("1825d")
    assert consent.version(replace(services, case_days=90)) != consent.version(services)
    assert "90 ngày" in _text(consent.ask(replace(services, case_days=90)))


def test_the_form_asks_for_consent_before_the_contact() -> None:
    asked = ValidateCaseForm().domain_slots({})
    assert asked.index("case_consent") < asked.index("case_contact")


def test_a_person_is_offered_the_second_time(say: Say) -> None:
    first = people.offered(say("x"), Reply(missed=True).say("?"))
    assert len(first.messages) == 1
    second = people.offered(say("x", slots=first.slots), Reply(missed=True).say("?"))
    assert second.messages[-1].buttons[0].payload == '/handoff{"sure": true, "reason": "failed"}'
    assert people.offered(say("x", slots=second.slots), Reply().say("!")).slots["missed"] is None
