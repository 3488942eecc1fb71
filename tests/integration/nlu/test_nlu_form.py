"""The form for complaints and feedback in the real Rasa: questions, stops and odd answers in the middle."""

from __future__ import annotations

import sqlite3

import pytest

from tests.integration.nlu.fake_actions import FakeActions
from tests.integration.nlu.talk import Talk

SUBJECT = "đèn đường hư"
STORY = "Đèn đường trước chợ hư mấy tuần nay không ai sửa, tối đi rất nguy hiểm"
STEPS = ["việc gì", "chuyện gì đã xảy ra", "ở đâu", "đồng ý để lại", "số điện thoại", "Gửi chứ?"]
ANSWERS: list[str] = [SUBJECT, STORY, "ấp Long Thạnh, xã Long Điền", "đồng ý", "0912 345 678"]
LAST = len(ANSWERS)


async def _fill(talk: Talk, steps: int) -> str:
    """Open the form and give the first answers; gives what the bot said last."""
    said = await talk.say("tôi muốn phản ánh")
    for step in range(steps):
        assert STEPS[step] in said
        said = await talk.say(ANSWERS[step])
    assert STEPS[steps] in said
    return said


@pytest.mark.parametrize("yes", ["gửi đi", "đúng rồi", "ok em", "1", "!/affirm", "dong y"])
async def test_a_confirmed_form_is_submitted_as_typed(talk: Talk, actions: FakeActions, yes: str) -> None:
    await _fill(talk, LAST)
    assert "Đã gửi" in await talk.say(yes)
    assert actions.submitted == [
        {
            "case_subject": ANSWERS[0],
            "case_text": ANSWERS[1],
            "case_place": ANSWERS[2],
            "case_consent": True,
            "case_contact": ANSWERS[4],
            "case_confirm": True,
        }
    ]
    assert "action_answer" in await talk.say("mất bằng lái làm lại ở đâu")


@pytest.mark.parametrize("opening", ["tôi muốn khiếu nại", "toi muon gop y", "!/complain"])
async def test_complaints_and_feedback_open_the_form(talk: Talk, opening: str) -> None:
    assert STEPS[0] in await talk.say(opening)


@pytest.mark.parametrize("step", range(LAST + 1))
@pytest.mark.parametrize("stop", ["hủy", "huy", "thôi không gửi nữa", "Dừng lại đi", "!/stop", "hủy giùm em"])
async def test_stop_leaves_the_form_at_every_step(talk: Talk, actions: FakeActions, step: int, stop: str) -> None:
    await _fill(talk, step)
    assert await talk.say(stop) == "Đã hủy."
    assert "action_answer" in await talk.say("đăng ký tạm trú cần giấy tờ gì")
    assert actions.submitted == []
    assert STEPS[0] in await talk.say("tôi muốn phản ánh")


@pytest.mark.parametrize("step", range(LAST + 1))
@pytest.mark.parametrize(
    ("question", "answered"),
    [
        ("làm căn cước cần giấy tờ gì?", "action_answer"),
        ("dang ky ket hon o dau vay", "action_answer"),
        ("MC-7K3Q9D tới đâu rồi", "action_check_case"),
        ("bạn làm được gì", "trợ lý tự động"),
        ("cảm ơn nhiều nha", "Không có chi"),
        ("cho tôi gặp cán bộ", "action_handoff"),
    ],
)
async def test_a_question_in_the_middle_is_answered_and_the_form_asks_again(
    talk: Talk, actions: FakeActions, step: int, question: str, answered: str
) -> None:
    await _fill(talk, step)
    said = await talk.say(question)
    assert answered in said
    assert STEPS[step] in said
    for answer in [*ANSWERS[step:], "gửi đi"]:
        await talk.say(answer)
    assert [case["case_text"] for case in actions.submitted] == [STORY]


@pytest.mark.parametrize(
    "story",
    [
        "cán bộ nhận hồ sơ của tôi rồi bắt tôi đi tới đi lui năm lần, hỏi thì nói chờ",
        "không ai giải quyết cho tôi hết",
        "đúng ra phải trả kết quả ngày 5 mà tới giờ chưa có",
        "tôi muốn khiếu nại chuyện trả hồ sơ trễ",
        "tôi đã tố cáo ông đó rồi mà xã không trả lời",
        "hàng xóm dừng xe giữa đường hoài",
        "thôi thì cũng đành chịu nhưng mong nhà nước xem lại",
        "1",
        "duong hu qua troi",
    ],
)
async def test_any_story_is_taken_as_the_text(talk: Talk, actions: FakeActions, story: str) -> None:
    await _fill(talk, 1)
    assert STEPS[2] in await talk.say(story)
    for answer in [*ANSWERS[2:], "gửi đi"]:
        await talk.say(answer)
    assert [case["case_text"] for case in actions.submitted] == [story]


@pytest.mark.parametrize("skip", ["bỏ qua", "không đồng ý", "khỏi", "ko co", "!/deny"])
async def test_contact_may_be_left_out(talk: Talk, skip: str) -> None:
    await _fill(talk, 3)
    assert STEPS[LAST] in await talk.say(skip)


async def test_who_agreed_may_still_leave_it_out(talk: Talk) -> None:
    await _fill(talk, 4)
    assert STEPS[LAST] in await talk.say("bỏ qua")


@pytest.mark.parametrize("text", ["0912 345 678", "hả", "để coi", "đường tới nhà tôi hư"])
async def test_only_a_plain_yes_agrees(talk: Talk, actions: FakeActions, text: str) -> None:
    await _fill(talk, 3)
    await talk.say(text)
    assert actions.submitted == []
    assert STEPS[4] not in await talk.say("hủy")


@pytest.mark.parametrize("step", range(LAST + 1))
async def test_danger_comes_first_in_the_form_too(talk: Talk, actions: FakeActions, step: int) -> None:
    await _fill(talk, step)
    said = await talk.say("nhà tui đang cháy cứu với")
    assert said.startswith("action_emergency")
    assert said.count(" | ") == 1


async def test_the_story_of_a_denunciation_stays_nowhere(talk: Talk) -> None:
    await talk.say("làm khai sinh ở đâu")
    secret = "tôi tố cáo ông Tám trưởng ấp ăn tiền"
    assert "không phải là đơn" in await talk.say(secret)
    await _fill(talk, 1)
    assert STEPS[1] in await talk.say(secret)
    kept = sqlite3.connect(f"file:{talk.server.db}?mode=ro", uri=True)
    rows = kept.execute("SELECT events || replies FROM turn WHERE sender = ?", (talk.sender,)).fetchall()
    kept.close()
    assert len(rows) == 5
    assert "Tám" not in "".join(row[0] for row in rows)
    assert SUBJECT in "".join(row[0] for row in rows)


async def test_the_first_answer_says_that_a_machine_answers(talk: Talk) -> None:
    assert (await talk.say("làm khai sinh ở đâu")).startswith("Tôi là trợ lý AI")
    assert "trợ lý AI" not in await talk.say("mất bao lâu")


async def test_whom_to_call_comes_before_even_that(talk: Talk) -> None:
    said = await talk.say("cháy nhà rồi")
    assert said.startswith("action_emergency")
    assert "trợ lý AI" in said


@pytest.mark.parametrize("text", ["dung", "hả", "ủa gì", "😡", "asdfgh qwrtp", "để coi lại đã"])
async def test_nothing_is_sent_on_words_that_do_not_say_yes(talk: Talk, actions: FakeActions, text: str) -> None:
    await _fill(talk, LAST)
    assert STEPS[LAST] in await talk.say(text)
    assert actions.submitted == []


@pytest.mark.parametrize("no", ["không gửi", "đừng gửi", "dừng", "không gửi nữa"])
async def test_words_that_say_no_to_sending_cancel(talk: Talk, actions: FakeActions, no: str) -> None:
    await _fill(talk, LAST)
    await talk.say(no)
    assert actions.submitted == []


async def test_a_number_picks_an_option_and_a_title_too(talk: Talk, actions: FakeActions) -> None:
    actions.options = [{"title": "Khai sinh", "payload": "/x"}, {"title": "Khai tử", "payload": "/y"}]
    for text in ("2", "số 2", "cái thứ hai", "khai tu"):
        await talk.say("đăng ký hộ tịch ở đâu")
        assert await talk.say(text) == "action_choose {'option': 2}"


@pytest.mark.parametrize("place", ["Óc Eo", "my hoa hung", "xã Vĩnh Gia", "Khánh Bình", "ấp 3 Thạnh Mỹ Tây"])
async def test_a_short_answer_to_which_commune_is_a_place(talk: Talk, actions: FakeActions, place: str) -> None:
    actions.pending = "place"
    await talk.say("làm giấy khai sinh ở đâu")
    assert "action_set_place" in await talk.say(place)


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("hủy", "action_cancel"),
        ("cho tôi gặp cán bộ", "action_handoff"),
        ("đăng ký kết hôn cần giấy tờ gì?", "action_answer"),
        ("cảm ơn", "Không có chi"),
    ],
)
async def test_instead_of_a_place_something_else_may_be_said(
    talk: Talk, actions: FakeActions, text: str, action: str
) -> None:
    actions.pending = "place"
    await talk.say("làm giấy khai sinh ở đâu")
    said = await talk.say(text)
    assert (action in said) or (action == "action_cancel" and said == "Đã hủy.")


async def test_a_code_alone_asks_for_its_case_or_procedure(talk: Talk) -> None:
    assert await talk.say("làm khai sinh ở đâu")
    assert await talk.say("mc 7k3q9d") == "action_check_case {'case_code': 'MC-7K3Q9D'}"
    assert await talk.say("1.001193") == "action_answer {'procedure': '1.001193'}"
