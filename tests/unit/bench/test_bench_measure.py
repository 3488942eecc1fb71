"""The arithmetic of the measurements: letters, intervals, what is better and what is noise."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench import _history, _measure
from bench._history import Run
from bench._measure import are, difference, first, five, mean, reciprocal
from bench._questions import Question
from bench._report import print_changes, print_goals


def _run(places: str, decisions: str = "", *, commit: str = "aaaaaaa") -> Run:
    return Run("2026-11-22T00:00:00Z", commit, "c.gz", "q", {"editor, as typed": places}, {"all": decisions})


def test_a_place_is_that_of_the_first_right_procedure() -> None:
    questions = [Question(t, t, frozenset(c), "editor") for t, c in (("a", "x"), ("b", "yz"), ("c", "w"))]
    found = {"a": ["x", "y"], "b": ["x", "z", "y"], "c": ["x"] * 10 + ["w"]}
    letters = _measure.places(found.__getitem__, questions, [q.text for q in questions])
    assert letters == "01-"
    assert first(letters).tolist() == [1, 0, 0]
    assert five("045-").tolist() == [1, 1, 0, 0]
    assert reciprocal(letters).tolist() == [1.0, 0.5, 0.0]


def test_an_interval_holds_its_mean_and_narrows_with_more_questions() -> None:
    few, many = mean(are("RW" * 10, "R")), mean(are("RW" * 1000, "R"))
    for figure in (few, many):
        assert figure.low <= figure.value == 0.5 <= figure.high
    assert few.high - few.low > 4 * (many.high - many.low)
    assert mean(are("RW" * 10, "R")) == few, "the same seed draws the same"


def test_a_share_of_some_questions_counts_only_these() -> None:
    letters = "RRRWUUUUUUAV"
    assert mean(are(letters, "W"), of=are(letters, "RW")).value == 0.25
    assert mean(are("UU", "W"), of=are("UU", "RW")).percent() == "–"


def test_only_the_same_questions_are_compared_one_by_one() -> None:
    with pytest.raises(ValueError, match="same questions"):
        difference(np.ones(3), np.ones(4))


def test_a_fall_beyond_the_noise_is_worse_and_one_within_is_not() -> None:
    before = _run("0" * 80 + "-" * 4)
    fell = [change for change in _history.changes(before, _run("0" * 60 + "-" * 24)) if change.worse]
    assert {change.name for change in fell} == {f"editor, as typed, {figure}" for figure in ("R@1", "R@5", "MRR")}
    one = _history.changes(before, _run("0" * 79 + "-" * 5))
    assert one
    assert not any(change.worse for change in one)
    assert not any(change.worse for change in _history.changes(before, _run("0" * 84)))
    assert _history.changes(before, before) == []


def test_more_wrong_answers_are_worse() -> None:
    changes = _history.changes(_run("0", "R" * 100), _run("0", "R" * 80 + "W" * 20))
    assert {change.name: change.worse for change in changes} == {
        "all, answered right": True,
        "all, answered wrong": True,
    }


def test_a_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "history.jsonl"
    assert _history.read(file) == []
    runs = [_run("01-"), _run("00-", "RWA", commit="")]
    for run in runs:
        _history.append(file, run)
    assert _history.read(file) == runs
    assert _history.last(runs, _run("---")) == runs[-1]
    other = Run("2026-11-22T00:00:00Z", "", "other.gz", "q", {}, {})
    assert _history.last(runs, other) is None


@pytest.mark.parametrize("line", ["{", "[]", '{"at": "x"}', json.dumps({**vars(_run("0")), "places": ["0"]})])
def test_a_damaged_history_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    file = tmp_path / "history.jsonl"
    _history.append(file, _run("0"))
    with file.open("a", encoding="utf-8") as out:
        out.write(line + "\n")
    with pytest.raises(ValueError, match=r"history\.jsonl, line 2"):
        _history.read(file)


def test_what_moved_is_printed_and_a_fall_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_changes(_run("0" * 80), _run("-" * 40 + "0" * 40))
    out = capsys.readouterr().out
    assert "| editor, as typed, R@1 |  100.0 | 50.0 |" in out
    assert "worse" in out
    assert not print_changes(None, _run("0"))


def test_goals_are_reached_only_by_what_reaches_them(capsys: pytest.CaptureFixture[str]) -> None:
    good = {f"{name}, {slice_}": {"search": "0" * 100} for name, slice_ in _slices()}
    judged = {"all, as typed": "R" * 95 + "A" * 5, "negative, all, as typed": "U" * 20}
    assert print_goals(good, judged)
    assert capsys.readouterr().out.count("ok ") == 8
    assert not print_goals(good, judged | {"negative, all, as typed": "W" * 3 + "U" * 17})
    assert not print_goals(good | {"all, typos": {"search": "0" * 90 + "-" * 10}}, judged)


def _slices() -> list[tuple[str, str]]:
    names = ("editor", "portal", "all")
    return [(name, slice_) for name in names for slice_ in ("as typed", "no diacritics", "typos")]
