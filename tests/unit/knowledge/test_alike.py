"""Which questions ask the same."""

from __future__ import annotations

import random

import pytest

from knowledge._alike import groups, subject

QUESTIONS = [
    "làm giấy chưa vợ ở đâu vậy ad",
    "giay chua vo can giay to gi",
    "cho mình hỏi xin giấy chưa vợ bao nhiêu tiền",
    "đăng ký máy cày ở đâu",
    "dang ky may cay can gi",
    "bói toán tình duyên",
]


def sets(questions: list[str]) -> set[frozenset[str]]:
    return {frozenset(questions[place] for place in found) for found in groups([(q, None) for q in questions])}


def test_the_same_question_in_other_words_of_politeness_is_one_group() -> None:
    assert sets(QUESTIONS) == {frozenset(QUESTIONS[:3]), frozenset(QUESTIONS[3:5]), frozenset(QUESTIONS[5:])}


def test_the_order_of_the_questions_does_not_matter() -> None:
    first = groups([(q, None) for q in QUESTIONS])
    for seed in range(10):
        mixed = QUESTIONS[:]
        random.Random(seed).shuffle(mixed)
        found = groups([(q, None) for q in mixed])
        assert [[mixed[i] for i in group] for group in found] == [[QUESTIONS[i] for i in group] for group in first]


def test_the_biggest_group_comes_first_and_every_question_is_in_one() -> None:
    found = groups([(q, None) for q in QUESTIONS])
    assert [len(group) for group in found] == [3, 2, 1]
    assert sorted(place for group in found for place in group) == list(range(len(QUESTIONS)))


def test_the_same_suggestion_of_the_search_brings_questions_together() -> None:
    pair = ["đổi tên con gái", "sửa tên con gái út"]
    assert len(groups([(q, None) for q in pair])) == 2
    assert len(groups([(q, "1.004859") for q in pair])) == 1
    assert len(groups([(pair[0], "1.004859"), (pair[1], "1.000001")])) == 2


@pytest.mark.parametrize("garbage", [[], [""], ["???", "???", "!!"], ["💥" * 500], ["a" * 50_000], ["\0", "\ud800"]])
def test_garbage_is_grouped_too(garbage: list[str]) -> None:
    found = groups([(q, None) for q in garbage])
    assert sorted(place for group in found for place in group) == list(range(len(garbage)))


def test_the_same_scribble_twice_is_one_group() -> None:
    assert [len(group) for group in groups([("???", None), ("???", None), ("!!", None)])] == [2, 1]


def test_a_subject_is_what_is_left_between_politeness_and_the_question_word() -> None:
    assert subject("dạ cho em hỏi làm giấy chưa vợ ở đâu vậy ad").said == "làm giấy chưa vợ"
    assert subject("số [phone] cmnd [id] bị mất").said.count("phone") == 0
    assert subject("").said == ""
