"""The calibration's picture: right bins, right shares, well-formed SVG."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from knowledge.search.curve import ENGLISH, Point, Words, coverage, reliability, svg

POINTS: list[Point] = [(0.95, True)] * 9 + [(0.95, False)] + [(0.35, False)] * 6 + [(0.35, True)] * 4 + [(1.0, True)]


def test_each_tenth_holds_its_questions() -> None:
    low, high = reliability(POINTS)
    assert (round(low.said, 2), low.was, low.count) == (0.35, 0.4, 10)
    assert high.count == 11
    assert high.was == pytest.approx(10 / 11)


def test_answering_more_costs_precision() -> None:
    steps = coverage(POINTS)
    assert [step.threshold for step in steps] == [1.0, 0.95, 0.35]
    assert [step.coverage for step in steps] == [pytest.approx(1 / 21), pytest.approx(11 / 21), 1.0]
    assert [step.precision for step in steps] == [1.0, pytest.approx(10 / 11), pytest.approx(14 / 21)]


def test_the_picture_is_well_formed_and_names_its_axes() -> None:
    picture = svg(POINTS, threshold=0.9, words=Words(reliability="<tin & cậy>"))
    root = ElementTree.fromstring(picture)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "<tin & cậy>" in texts
    assert "≥ 0.90: 52% · 90.9%" in texts
    assert "threshold" not in svg(POINTS)


def test_no_figures_and_impossible_ones() -> None:
    assert ENGLISH.none in svg([], words=ENGLISH)
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="between 0 and 1"):
            svg([(share, True)])
