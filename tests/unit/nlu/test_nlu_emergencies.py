"""Whoever is in danger reads a number to call; whoever asks about papers does not."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from knowledge.text import fold
from nlu.emergencies import read
from nlu.reading import FREE_TEXT_SLOTS, Asked
from nlu.reading import read as read_in_context

LISTS = Path(__file__).with_name("emergencies.yml")
KINDS = {"fire", "rescue", "police", "medical", "life", "child"}


@cache
def _list(name: str) -> tuple[str, ...]:
    return tuple(yaml.safe_load(LISTS.read_text(encoding="utf-8"))[name])


@pytest.mark.parametrize("text", _list("real"))
def test_danger_is_seen(text: str) -> None:
    assert set(read(text)) <= KINDS
    assert read(text)


@pytest.mark.parametrize("text", _list("none"))
def test_papers_anger_and_what_is_long_past_are_no_danger(text: str) -> None:
    assert not read(text)
    assert not read(fold(text))


def test_most_danger_is_seen_without_diacritics() -> None:
    missed = [text for text in _list("real") if not read(fold(text))]
    assert len(missed) <= len(_list("real")) // 20, missed


def test_what_nobody_thought_of_is_read_rightly_mostly() -> None:
    seen = [text for text in _list("heldout_real") if read(text)]
    wrong = [text for text in _list("heldout_none") if read(text)]
    assert len(seen) >= 0.8 * len(_list("heldout_real"))
    assert len(wrong) <= 0.08 * len(_list("heldout_none")), wrong


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("nhà tui đang cháy", "fire"),
        ("co nguoi duoi nuoc", "rescue"),
        ("tôi đang bị đánh", "police"),
        ("ba tôi đột quỵ rồi", "medical"),
        ("em muốn tự tử", "life"),
        ("hàng xóm bạo hành con nít", "child"),
    ],
)
def test_the_kind_says_whom_to_call(text: str, kind: str) -> None:
    assert kind in read(text)


@pytest.mark.parametrize("slot", [None, "case_consent", "case_confirm", *sorted(FREE_TEXT_SLOTS)])
@pytest.mark.parametrize("pending", [None, "place", "comment:MC-7K3Q9D", "data:erasure"])
def test_danger_comes_before_whatever_is_open(slot: str | None, pending: str | None) -> None:
    reading = read_in_context("cháy nhà rồi", Asked(slot=slot, pending=pending), [("give_place", 0.9)], {})
    assert reading is not None
    assert (reading.intent, reading.entities) == ("emergency", {"danger": "fire"})


@given(st.text(max_size=2_000))
def test_no_text_breaks_it(text: str) -> None:
    assert set(read(text)) <= KINDS
