"""A message means what the open question makes of it; pure rules, without Rasa."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.reading import (
    FREE_TEXT_SLOTS,
    Asked,
    Button,
    case_codes,
    is_english,
    is_question,
    is_stop,
    payload,
    read,
    readable,
)

UNSURE = [("ask_procedure", 0.3), ("greet", 0.2)]
SLOTS = sorted(FREE_TEXT_SLOTS)
YES_NO = (Button("Gửi", "/affirm"), Button("Không gửi", "/deny"))


def _intent(text: str, asked: Asked, ranking: list[tuple[str, float]] = UNSURE, **entities: str) -> str | None:
    reading = read(text, asked, ranking, entities)
    return reading.intent if reading else None


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("MC-7K3Q9D", ["MC-7K3Q9D"]),
        ("mã mc 7k3q9d tới đâu", ["MC-7K3Q9D"]),
        ("mc7k3q9d, MC–4H8W2T", ["MC-7K3Q9D", "MC-4H8W2T"]),
        ("MC-7K3Q9D mc-7k3q9d", ["MC-7K3Q9D"]),
        ("mc chuong", []),
        ("mc-chuong1", []),
        ("abmc-7k3q9d", []),
        ("mcdonald", []),
    ],
)
def test_case_codes_are_found_however_they_were_typed(text: str, codes: list[str]) -> None:
    assert case_codes(text) == codes


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("/greet", ("greet", {})),
        ('/give_place{"lat":10.1,"lon":105.2}', ("give_place", {"lat": 10.1, "lon": 105.2})),
        ("/greet{", None),
        ("greet", None),
        ("/", None),
        ("/Greet", None),
        ("/greet extra", None),
    ],
)
def test_payloads_are_split_into_intent_and_entities(text: str, parts: object) -> None:
    assert payload(text) == parts


@pytest.mark.parametrize(
    "text", ["hủy", "Hủy!", "thôi", "thôi không gửi nữa", "huy giup toi", "dừng lại đi", "đừng gửi", "ngừng"]
)
def test_words_that_want_out_are_a_stop(text: str) -> None:
    assert is_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        "đúng",
        "dung",
        "dừng xe giữa đường",
        "thôi thì đành chịu",
        "hủy giấy phép ở đâu",
        "không ai giải quyết",
        "khỏi chứng thực hả",
    ],
)
def test_words_inside_a_sentence_are_no_stop(text: str) -> None:
    assert not is_stop(text)


@pytest.mark.parametrize("text", ["làm ở đâu", "bao nhieu tien", "được không ạ", "gì vậy?", "cho em hỏi chút"])
def test_questions_are_seen(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize("text", ["rác đổ trước cổng chợ", "đèn đường hư", "0912345678"])
def test_statements_are_no_questions(text: str) -> None:
    assert not is_question(text)


@pytest.mark.parametrize("text", ["", "😡👍", "...", "asdfghjk qwrtp", "xkcd zzrt wqpf ok"])
def test_text_without_words_is_unreadable(text: str) -> None:
    assert not readable(text, frozenset({"ok"}))


@pytest.mark.parametrize("text", ["khai sinh", "Óc Eo", "đường", "2", "ok", "nghiêng nguyễn khuỷu"])
def test_syllables_digits_and_known_words_are_readable(text: str) -> None:
    assert readable(text, frozenset({"ok"}))


@pytest.mark.parametrize("slot", SLOTS)
def test_a_free_slot_takes_any_text(slot: str) -> None:
    for text in ("Rác trước cổng chợ", "đúng vậy đó em", "2", "đã tố cáo mà không ai trả lời"):
        assert _intent(text, Asked(slot=slot), [("denounce", 0.9)]) == "inform"


@pytest.mark.parametrize("slot", SLOTS)
def test_a_free_slot_lets_stops_questions_codes_and_calls_for_a_person_through(slot: str) -> None:
    asked = Asked(slot=slot)
    assert _intent("thôi hủy đi", asked) == "stop"
    assert _intent("làm căn cước ở đâu", asked, [("ask_procedure", 0.9)]) == "ask_procedure"
    assert _intent("làm căn cước ở đâu", asked, [("followup", 0.5), ("ask_procedure", 0.4)]) == "followup"
    assert _intent("MC-7K3Q9D", asked, case_code="MC-7K3Q9D") == "check_case"
    assert _intent("cho tôi gặp cán bộ", asked, [("handoff", 0.9)]) == "handoff"
    assert _intent("cảm ơn nha", asked, [("thanks", 0.9)]) == "thanks"


def test_a_long_story_with_a_question_in_it_stays_a_story() -> None:
    story = (
        "đường trước nhà tôi hư hai năm nay, mưa xuống là ngập, con nít đi học té hoài, "
        "chừng nào mới có người tới sửa giùm dân vậy?"
    )
    assert _intent(story, Asked(slot="case_text"), [("ask_procedure", 0.9)]) == "inform"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("gửi đi", "affirm"),
        ("đúng", "affirm"),
        ("dung roi", "affirm"),
        ("không", "deny"),
        ("sai rồi", "deny"),
        ("dừng", "stop"),
        ("đừng gửi", "stop"),
        ("không gửi nữa", "stop"),
        ("1", "affirm"),
        ("số 2", "deny"),
        ("3", None),
        ("dung", "nlu_fallback"),
    ],
)
def test_confirming_takes_words_that_say_so(text: str, intent: str | None) -> None:
    assert _intent(text, Asked(slot="case_confirm", buttons=YES_NO)) == intent


def test_a_guessed_yes_does_not_send() -> None:
    assert _intent("dung", Asked(slot="case_confirm"), [("affirm", 0.99)]) == "nlu_fallback"
    assert _intent("ủa gì", Asked(slot="case_confirm"), [("affirm", 0.6)]) == "nlu_fallback"


def test_numbers_and_titles_pick_remembered_options() -> None:
    asked = Asked(pending="options", options=(Button("Khai sinh", "/a"), Button("Khai tử", "/b")))
    for text, number in (("2", 2), ("cái thứ nhất", 1), ("KHAI TU", 2), ("chọn 7", 7)):
        reading = read(text, asked, UNSURE, {})
        assert reading is not None
        assert (reading.intent, reading.entities) == ("choose_option", {"option": number})
    assert _intent("khai tử cần giấy gì", asked) is None


def test_a_number_presses_the_last_button_where_no_options_are_remembered() -> None:
    asked = Asked(buttons=(Button("Chi tiết", '/followup{"facet":"fee"}'), Button("Hỏng", "no payload")))
    reading = read("1", asked, UNSURE, {})
    assert reading is not None
    assert (reading.intent, reading.entities) == ("followup", {"facet": "fee"})
    assert read("2", asked, UNSURE, {}) is None
    assert read("9", asked, UNSURE, {}) is None


@pytest.mark.parametrize("pending", ["place", "hamlet"])
def test_a_short_text_behind_which_commune_is_a_place_unless_something_else_is_strong(pending: str) -> None:
    asked = Asked(pending=pending)
    assert _intent("Óc Eo", asked, [("out_of_scope", 0.4)]) == "give_place"
    assert _intent("hủy", asked, [("give_place", 0.9)]) == "stop"
    assert _intent("đăng ký kết hôn cần giấy gì", asked, [("ask_procedure", 0.9)]) is None
    assert _intent("gặp cán bộ", asked, [("handoff", 0.9)]) is None


def test_nothing_asked_leaves_the_classifier_alone() -> None:
    assert _intent("xin chào", Asked(), [("greet", 0.9)]) is None
    assert _intent("mã MC-7K3Q9D sao rồi", Asked(), case_code="MC-7K3Q9D") == "check_case"
    assert _intent("1.001193", Asked(), procedure="1.001193") == "ask_procedure"


@given(
    text=st.text(max_size=300),
    slot=st.sampled_from([None, "case_confirm", *SLOTS]),
    pending=st.sampled_from([None, "place", "options", "hamlet", "pin"]),
)
def test_no_text_breaks_the_reading(text: str, slot: str | None, pending: str | None) -> None:
    reading = read(text, Asked(slot=slot, pending=pending, buttons=YES_NO), UNSURE, {})
    assert reading is None or reading.intent


LONE = Asked(buttons=(Button("Hỏi cán bộ", "/handoff"),))


@pytest.mark.parametrize("text", ["1", "số 1", "(1)", "cái thứ nhất"])
def test_a_number_behind_a_lone_button_to_a_person_is_asked_about(text: str) -> None:
    reading = read(text, LONE, UNSURE, {})
    assert reading is not None
    assert (reading.intent, reading.entities) == ("handoff", {"sure": False})


def test_the_title_of_a_button_and_a_confirmed_number_mean_it() -> None:
    reading = read("hoi can bo", LONE, UNSURE, {})
    assert reading is not None
    assert (reading.intent, reading.entities) == ("handoff", {})
    confirm = Asked(pending="handoff", buttons=(Button("Chuyển cho cán bộ", '/handoff{"sure": true}'),))
    reading = read("1", confirm, UNSURE, {})
    assert reading is not None
    assert (reading.intent, reading.entities) == ("handoff", {"sure": True})


@pytest.mark.parametrize(("text", "intent"), [("dạ phải", "affirm"), ("ừ", "affirm"), ("có", "affirm")])
def test_yes_behind_the_question_about_a_person_is_yes(text: str, intent: str) -> None:
    assert _intent(text, Asked(pending="handoff")) == intent


def test_a_report_is_pressed_by_the_words_of_its_button() -> None:
    shown = Asked(buttons=(Button("Câu trả lời này sai", '/report_wrong{"procedure": "1.000894"}'),))
    reading = read("câu trả lời này sai", shown, [("correct", 0.9)], {})
    assert reading is not None
    assert (reading.intent, reading.entities) == ("report_wrong", {"procedure": "1.000894"})


@pytest.mark.parametrize(
    "text",
    [
        "How can I register my newborn baby?",
        "where do i get a marriage certificate",
        "I need help with a driving license",
        "what’s the fee for a birth certificate",
    ],
)
def test_english_is_told(text: str) -> None:
    assert is_english(text)
    assert _intent(text, Asked()) == "english"


@pytest.mark.parametrize(
    "text",
    [
        "toi can lam the can cuoc",
        "do the nao",
        "nop online duoc khong",
        "lam passport o dau",
        "hello",
        "thanks",
        "to khai an toan an ninh",
        "làm visa cho chồng người Mỹ for me",
        "",
        "👍",
    ],
)
def test_vietnamese_without_diacritics_is_not_english(text: str) -> None:
    assert not is_english(text)


@pytest.mark.parametrize("slot", SLOTS)
def test_english_in_a_form_is_what_was_asked_for(slot: str) -> None:
    assert _intent("my house is on the river and the lamp is lost", Asked(slot=slot)) == "inform"


@pytest.mark.parametrize("text", ["001193", "thủ tục 1.0011", "mã 1193", "1.00119", "thu tuc so 1001193", "1,001193"])
def test_a_part_of_a_code_asks_about_a_procedure(text: str) -> None:
    assert _intent(text, Asked(), [("choose_option", 0.6), ("ask_procedure", 0.2)]) == "ask_procedure"


@pytest.mark.parametrize("text", ["1.500.000", "0912345678", "12", "2026"])
def test_other_numbers_are_no_codes(text: str) -> None:
    assert _intent(text, Asked(), [("give_place", 0.9)]) is None
