"""The fits behind `python -m bench calibrate`: a linear ranking and two logistic regressions, and folds for both.

Folds are grouped by procedure: questions that share a right procedure, directly or over a third question, are always
in the same fold, so that no procedure of a test fold is ever seen in training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from bench._questions import Question
from knowledge.search import _decision, _index
from knowledge.search._ranking import SIGNALS, Ranked, rank
from knowledge.search._reading import Reading, read
from knowledge.search.calibration import Logistic
from knowledge.vocabulary import Vocabulary

Floats = NDArray[np.float64]

# Where a fit begins and what it is held to: set before any fit, from what a signal is. Every score of a leg counts for,
# the dense ones (which have seen everyday words) most; what a name says too much or too little counts against.
PRIOR: dict[str, float] = {
    "fields": 0.25, "names": 0.25, "letters": 0.25, "dense_raw": 0.4, "dense_expanded": 0.4, "alias": 0.25,
    "covered": 0.2, "covering": 0.0, "expanded_covering": 0.1, "named": 0.04, "unnamed": -0.05, "missed": -0.03,
    "done": 0.08, "undone": -0.08, "overdone": -0.06, "citizen": 0.08, "commune": 0.04, "province": 0.0,
    "common": 0.06, "detailed": 0.0, "long": 0.0,
}  # fmt: skip
# The same with nothing known but that scores count: what the fit reaches without any judgement of ours.
BLANK: dict[str, float] = {
    name: 0.2 if name in {"fields", "names", "letters", "dense_raw", "dense_expanded", "alias", "covered"} else 0.0
    for name in SIGNALS
}
TEMPERATURE = 8.0
# The directions that make sense; a fit on few questions must not turn them round.
_AGAINST = frozenset({"law", "general", "unnamed", "undone", "overdone"})
_EITHER = frozenset({"length"})


@dataclass(frozen=True)
class Case:
    """One way of putting one question, with its candidates.

    Attributes:
        question: the question; its group says the set it belongs to.
        kind: "as typed", "no diacritics" or another slice.
        reading: how the search read it.
        ranked: its candidates with their signals, in any order.
        right: which candidates are right.
        heavy: how much it counts in a fit.
        cluster: cases of one cluster share procedures.
    """

    question: Question
    kind: str
    reading: Reading
    ranked: Ranked
    right: NDArray[np.bool_]
    heavy: float
    cluster: str

    @property
    def answerable(self) -> bool:
        """Whether the catalogue holds a right procedure."""
        return bool(self.question.codes)


def clusters(questions: Sequence[Question]) -> dict[str, str]:
    """For each question's text the name of its cluster: union-find over shared codes; without codes it stands alone."""
    above: dict[str, str] = {}

    def top(code: str) -> str:
        while above.setdefault(code, code) != code:
            above[code] = above[above[code]]
            code = above[code]
        return code

    for question in questions:
        first, *others = sorted(question.codes) or [question.text]
        for other in others:
            above[top(other)] = top(first)
        top(first)
    return {question.text: top(min(question.codes, default=question.text)) for question in questions}


def folds(names: Sequence[str], count: int, seed: int) -> dict[str, int]:
    """The fold of each cluster, by chance."""
    ordered = sorted(set(names))
    places = np.random.default_rng(seed).permutation(len(ordered))
    return {ordered[place]: number % count for number, place in enumerate(places)}


def case(
    question: Question, kind: str, text: str, heavy: float, cluster: str, index: _index.Index, vocabulary: Vocabulary
) -> Case | None:
    """Read and rank a text; None where there is nothing to rank."""
    reading = read(text, vocabulary, index.speller)
    if not reading.subject or reading.codes:
        return None
    ranked = rank(reading, index, np.array([PRIOR[name] for name in SIGNALS], np.float32))
    right = np.array([index.codes[row] in question.codes for row in ranked.rows], bool)
    return Case(question, kind, reading, ranked, right, heavy, cluster) if len(ranked.rows) else None


def ordered(given: Case, weights: Floats) -> tuple[Ranked, NDArray[np.bool_]]:
    """The candidates as these weights rank them, best first, and which are right."""
    scores = (given.ranked.signals @ weights).astype(np.float32)
    order = np.lexsort((given.ranked.rows, -scores))
    ranked = Ranked(given.ranked.rows[order], scores[order], given.ranked.signals[order], given.ranked.alias)
    return ranked, given.right[order]


def fit_ranking(cases: Sequence[Case], prior: dict[str, float], penalty: float) -> Floats:
    """Softmax over each question's candidates, the right ones against the others, held near the prior."""
    usable = [(c.ranked.signals.astype(np.float64), c.right, c.heavy) for c in cases if c.right.any()]
    total = sum(heavy for _, _, heavy in usable)
    start = np.array([prior[name] for name in SIGNALS])

    def loss(weights: Floats) -> tuple[float, Floats]:
        value = 0.0
        slope = np.zeros_like(weights)
        for signals, right, heavy in usable:
            scores = TEMPERATURE * (signals @ weights)
            share = np.exp(scores - scores.max())
            share /= share.sum()
            inside = share[right].sum() + 1e-12
            value -= heavy * float(np.log(inside))
            slope -= heavy * TEMPERATURE * ((np.where(right, share / inside, 0.0) - share) @ signals)
        away = weights - start
        return value / total + penalty * float(away @ away), slope / total + 2 * penalty * away

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 100})
    return np.asarray(found.x, np.float64)


def features(given: Case, weights: Floats, index: _index.Index) -> Floats:
    """What the decision sees when these weights rank."""
    return _decision.features(given.reading, ordered(given, weights)[0], index)


def fit_logistic(values: Floats, goal: Floats, heavy: Floats, penalty: float = 1.0) -> Logistic:
    """Logistic regression on scaled features; no coefficient may have the sign that makes no sense."""
    mean, spread = values.mean(0), values.std(0) + 1e-6
    scaled = (values - mean) / spread
    size = scaled.shape[1]

    def loss(given: Floats) -> tuple[float, Floats]:
        sums = scaled @ given[:size] + given[size]
        # log(1 + e^s) - y s, without overflow
        value = float(heavy @ (np.logaddexp(0.0, sums) - goal * sums)) + penalty * float(given[:size] @ given[:size])
        away = heavy * (1.0 / (1.0 + np.exp(-np.clip(sums, -30, 30))) - goal)
        return value, np.concatenate([scaled.T @ away + 2 * penalty * given[:size], [away.sum()]])

    found = minimize(
        loss, np.zeros(size + 1), jac=True, method="L-BFGS-B", bounds=[*map(_bounds, _decision.FEATURES), (None, None)]
    )
    coefficients = np.asarray(found.x[:size] / spread, np.float64)
    return Logistic(coefficients, float(found.x[size] - coefficients @ mean))


def _bounds(name: str) -> tuple[float | None, float | None]:
    if name in _EITHER:
        return None, None
    return (None, 0.0) if name in _AGAINST else (0.0, None)


def fit_decision(cases: Sequence[Case], weights: Floats, index: _index.Index) -> tuple[Logistic, Logistic]:
    """The two regressions: is it about a procedure, is the first hit right.

    Whether a question whose procedure the catalogue does not hold is about one is left open to the first.
    """
    values = np.array([features(c, weights, index) for c in cases])
    right = np.array([ordered(c, weights)[1][0] for c in cases], np.float64)
    heavy = np.array([c.heavy for c in cases])
    inside = np.array([c.answerable for c in cases], np.float64)
    told = np.array([c.question.group != "missing" for c in cases])
    return fit_logistic(values[told], inside[told], heavy[told]), fit_logistic(values, right, heavy)
