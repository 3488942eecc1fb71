"""What is wrong reaches the right way by a question; who names the way is taken at their word."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.text import fold
from nlu.reading import Asked, read
from nlu.triage import angry, denounces, sues

SHARED = Path(os.environ.get("MOTCUA_SHARED_DATA") or Path(__file__).parents[4] / "shared" / "data")
REAL = SHARED / "complaints" / "dev_real_22.jsonl"
GUESSES = [[("ask_procedure", 0.6)], [("out_of_scope", 0.3)], [("triage", 0.35)], [("affirm", 0.2)]]


def _read(text: str, ranking: list[tuple[str, float]]) -> tuple[str | None, dict[str, object]]:
    reading = read(text, Asked(), ranking, {})
    return (reading.intent, dict(reading.entities or {})) if reading else (None, {})


@pytest.mark.parametrize("guess", GUESSES)
@pytest.mark.parametrize(
    "text",
    [
        "tui muốn thưa ông trưởng ấp",
        "muon thua ong truong ap",
        "thưa kiện tụi nó",
        "thua kien tui no",
        "tui đi kiện cái ủy ban này",
        "tôi tố ông đó",
        "muon to ong chu tich",
        "làm đơn thưa gởi ở đây hả",
        "tụi bây làm ăn kiểu gì vậy",
        "tui bay lam an kieu gi vay",
        "bực quá",
        "buc qua",
        "TỨC CHẾT ĐI ĐƯỢC",
        "đm làm ăn như cc",
        "hành dân vừa vừa thôi",
        "mấy người vô trách nhiệm quá",
    ],
)
def test_suing_and_anger_are_a_question(text: str, guess: list[tuple[str, float]]) -> None:
    assert _read(text, guess)[0] == "triage"


@pytest.mark.parametrize(
    "text",
    [
        "dạ thưa anh chị cho em hỏi làm khai sinh",
        "thưa cô cho em hỏi thủ tục",
        "tách thửa đất",
        "thừa kế đất của cha",
        "điều kiện mở quán ăn",
        "gửi bưu kiện",
        "yếu tố nước ngoài",
        "tờ khai lấy ở đâu",
        "bị quỵt nợ thì kiện được không",
        "ly hôn đơn phương kiện ra tòa",
        "đăng ký xe máy điện",
        "tạm ngừng buôn bán mấy tháng thì báo ở đâu",
        "mất cccd rồi làm lại ở đâu",
    ],
)
def test_words_that_only_sound_like_it_are_left_alone(text: str) -> None:
    assert not sues(text)
    assert not sues(fold(text))
    assert not angry(text)
    assert _read(text, [("ask_procedure", 0.7)])[0] is None


@pytest.mark.parametrize("guess", GUESSES)
@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("tôi muốn khiếu nại", "complain"),
        ("toi khieu nai vu den bu", "complain"),
        ("tôi tố cáo ông trưởng ấp ăn tiền", "denounce"),
        ("toi muon to cao can bo xa", "denounce"),
        ("cho tôi gửi đơn tố cáo giấu tên", "denounce"),
    ],
)
def test_who_names_the_way_is_not_asked(text: str, intent: str, guess: list[tuple[str, float]]) -> None:
    assert _read(text, guess)[0] == intent


@pytest.mark.parametrize(
    "text",
    [
        "thủ tục giải quyết khiếu nại ở cấp xã",
        "hồ sơ tố cáo gồm những gì",
        "ho so to cao gom nhung gi",
        "khiếu nại lần đầu thời hạn bao nhiêu ngày",
        "mẫu đơn khiếu nại lấy ở đâu",
        "don to cao gui cho ai",
    ],
)
@pytest.mark.parametrize("guess", ["complain", "denounce", "triage"])
def test_how_it_is_done_is_a_question_about_the_procedure(text: str, guess: str) -> None:
    assert _read(text, [(guess, 0.9)])[0] == "ask_procedure"
    assert not denounces(text)


def test_a_wrong_without_a_name_for_it_is_asked_about_and_kept_from_everybody() -> None:
    intent, hints = _read("có ông cán bộ đòi 5 triệu mới chịu làm sổ", [("denounce", 0.9)])
    assert intent == "triage"
    assert hints["private"] is True


def test_the_classifier_alone_opens_no_complaint() -> None:
    assert _read("cán bộ bắt tôi đi tới đi lui năm lần", [("complain", 0.95)])[0] == "triage"


@pytest.mark.parametrize("text", ["đồ ngu", "bot ngu quá", "may bi dien ha"])
def test_an_insult_to_the_bot_is_no_case(text: str) -> None:
    assert _read(text, [("out_of_scope", 0.7)]) == ("triage", {"tone": "bot"})


def test_anger_with_a_question_is_answered() -> None:
    assert _read("bực quá, hồ sơ tạm trú gồm những gì vậy", [("ask_procedure", 0.8)])[0] is None


@pytest.mark.skipif(not REAL.is_file(), reason="the shared complaints are not on this machine")
def test_real_reports_from_cities_are_feedback() -> None:
    texts = [json.loads(line)["text"] for line in REAL.read_text(encoding="utf-8").splitlines()]
    assert len(texts) == 22
    for text in texts:
        for spelled in (text, fold(text)):
            for guess in (*GUESSES[:3], [("give_feedback", 0.55)]):
                assert _read(spelled, guess)[0] == "give_feedback", (guess, spelled)


@given(st.text(max_size=1_000))
def test_no_text_breaks_it(text: str) -> None:
    for guess in GUESSES:
        assert isinstance(_read(text, guess)[1], dict)
