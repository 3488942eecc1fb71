"""The calibration: what ships is sound, what a version keeps is its own, and damaged files are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench._fit import clusters, fit_logistic, folds
from bench._questions import Question
from knowledge.search._decision import FEATURES
from knowledge.search._ranking import SIGNALS
from knowledge.search.calibration import FILE, Calibration
from store.errors import Invalid


def test_the_shipped_calibration_is_more_often_right_where_it_is_surer() -> None:
    shipped = Calibration.shipped()
    sure = [right for likely, right in shipped.points if likely >= shipped.least_right]
    unsure = [right for likely, right in shipped.points if likely < shipped.least_right]
    assert len(shipped.points) > 100
    assert sum(sure) / len(sure) > 0.95
    assert sum(unsure) / len(unsure) < 0.9
    assert not shipped.measured


def test_no_fitted_weight_has_the_sign_that_makes_no_sense() -> None:
    shipped = Calibration.shipped()
    weights = dict(zip(SIGNALS, shipped.ranking.tolist(), strict=True))
    assert min(weights[leg] for leg in ("fields", "names", "letters", "dense_raw", "dense_expanded", "alias")) > 0
    for model in (shipped.domain, shipped.right):
        fitted = dict(zip(FEATURES, model.coefficients.tolist(), strict=True))
        assert max(fitted[name] for name in ("law", "general", "unnamed", "undone", "overdone")) <= 0
        assert min(fitted[name] for name in ("score", "gap", "covered", "known", "agreed")) >= 0


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    given = Calibration.shipped().with_measured([(0.25, False), (0.75, True)])
    given.write(tmp_path / FILE)
    found = Calibration.of(tmp_path)
    assert found.points == given.points
    assert found.measured == ((0.25, False), (0.75, True))
    assert np.array_equal(found.ranking, given.ranking)
    values = np.linspace(0, 1, len(FEATURES))
    assert found.right.probability(values) == pytest.approx(given.right.probability(values))
    assert replace(found, least_right=0.9).least_right == 0.9


def test_a_folder_without_one_is_searched_with_what_ships(tmp_path: Path) -> None:
    assert Calibration.of(tmp_path) is Calibration.shipped()


def _without_a_weight(raw: dict[str, Any]) -> None:
    del raw["ranking"]["letters"]


def _with_an_unknown_feature(raw: dict[str, Any]) -> None:
    raw["right"]["coefficients"]["moon"] = 1.0


def _with_no_number(raw: dict[str, Any]) -> None:
    raw["domain"]["coefficients"]["gap"] = float("nan")


def _with_an_impossible_probability(raw: dict[str, Any]) -> None:
    raw["points"][0] = [1.5, 1]


def _without_thresholds(raw: dict[str, Any]) -> None:
    raw["thresholds"] = []


@pytest.mark.parametrize(
    "damage",
    [
        _without_a_weight,
        _with_an_unknown_feature,
        _with_no_number,
        _with_an_impossible_probability,
        _without_thresholds,
    ],
)
def test_a_calibration_that_does_not_fit_is_refused(tmp_path: Path, damage: Callable[[dict[str, Any]], None]) -> None:
    path = tmp_path / FILE
    Calibration.shipped().write(path)
    raw = json.loads(path.read_text(encoding="utf-8"))
    damage(raw)
    path.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(Invalid, match="calibration"):
        Calibration.read(path)


@pytest.mark.parametrize("junk", [b"", b"\xff\xfe", b"[]", b"{}", b"null"])
def test_junk_is_no_calibration(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / FILE
    path.write_bytes(junk)
    with pytest.raises(Invalid, match="reindex"):
        Calibration.read(path)


def _question(text: str, *codes: str) -> Question:
    return Question(text, text, frozenset(codes), "made up")


def test_questions_that_share_a_procedure_over_a_third_are_in_one_fold() -> None:
    found = clusters(
        [
            _question("a", "1.1"),
            _question("b", "1.2"),
            _question("c", "1.2", "1.1"),
            _question("d", "1.3"),
            _question("e"),
        ]
    )
    assert found["a"] == found["b"] == found["c"]
    assert len({found["a"], found["d"], found["e"]}) == 3
    where = folds([f"group {n}" for n in range(23)], 5, seed=3)
    assert sorted(set(where.values())) == [0, 1, 2, 3, 4]
    assert where == folds([f"group {n}" for n in range(23)], 5, seed=3)


def test_a_logistic_fit_finds_the_direction_but_never_a_senseless_one() -> None:
    chance = np.random.default_rng(5)
    values = chance.random((400, len(FEATURES)))
    gap, law = FEATURES.index("gap"), FEATURES.index("law")
    # Here the law's words speak for a procedure, which can only be chance.
    goal = (values[:, gap] + values[:, law] > 1).astype(float)
    fitted = fit_logistic(values, goal, np.ones(len(goal)))
    assert fitted.coefficients[gap] > 1
    assert fitted.coefficients[law] == 0
    high, low = np.full(len(FEATURES), 0.5), np.full(len(FEATURES), 0.5)
    high[gap], low[gap] = 1.0, 0.0
    assert fitted.probability(low) < 0.5 < fitted.probability(high)
