"""`python -m bench calibrate`: fit the numbers of `knowledge/search/_weights.py` again and print them.

Ranking: a linear model on the signals, the right procedure against the other candidates of its question (softmax),
held near the weights in use by a penalty. Decision: two logistic regressions. Both are judged over five folds; the
ranking's are grouped by procedure. The folds do not see through everything: the weights in use, from which the fit
starts, and some rows of the vocabulary come from these same questions. Fitted on the shared development questions,
the machine-written ones (half as heavy) and the negatives, with and without diacritics.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from bench._negatives import CHAT, LAW
from bench._questions import Question, built, held, labelled, negatives, shared_folder
from knowledge.search import _decision, _index, _weights
from knowledge.search._ranking import SIGNALS, Ranked, rank
from knowledge.search._reading import read
from knowledge.settings import KnowledgeSettings
from knowledge.text import fold
from knowledge.vocabulary import Vocabulary

Floats = NDArray[np.float64]
_TEMPERATURE = 8.0
_FOLDS = 5
# The directions that make sense; a fit on two hundred questions must not turn them round.
_NEGATIVE = frozenset({"unnamed", "missed", "province"})
_FREE = frozenset({"long", "citizen", "detailed", "common"})


@dataclass(frozen=True)
class Case:
    """The candidates of one question: their signals, which are right, how heavy it counts, and its fold."""

    signals: Floats
    right: NDArray[np.bool_]
    weight: float
    fold: int
    group: str


def main(arguments: list[str]) -> int:
    """Fit, judge, print."""
    parser = argparse.ArgumentParser(prog="python -m bench calibrate", description=__doc__)
    parser.add_argument("--shared", help="folder of the shared data (or $MOTCUA_SHARED_DATA)")
    parser.add_argument("--penalty", type=float, default=3.0, help="how strongly weights are held near those in use")
    options = parser.parse_args(arguments)
    shared = shared_folder(options.shared)
    if not (shared / "questions").is_dir():
        print(f"bench calibrate: no shared data in {shared.name!r}; give --shared", file=sys.stderr)
        return 2
    folder, _ = built(Path(shared / "catalogue" / "province_2754.jsonl.gz"), KnowledgeSettings())
    index = _index.load(folder)
    vocabulary = Vocabulary.load()
    codes = set(index.codes)
    real = labelled(shared)
    machine = labelled(shared, "dev_llm_generated_173.jsonl")
    cases = [
        case
        for question, weight in [(q, 1.0) for q in held(real, codes)] + [(q, 0.5) for q in held(machine, codes)]
        for case in _cases(question, weight, index, vocabulary)
    ]
    weights = _fit_ranking(cases, options.penalty)
    _print_ranking(weights)
    none = [*negatives(shared), *(Question(t, fold(t), frozenset(), "written") for t in (*CHAT, *LAW))]
    missing = [q for q in real if not q.codes & codes]
    _fit_decision(held(real, codes), held(machine, codes), missing, none, index, vocabulary)
    return 0


def _cases(question: Question, weight: float, index: _index.Index, vocabulary: Vocabulary) -> list[Case]:
    out = []
    for text in (question.text, question.plain):
        ranked = rank(read(text, vocabulary, index.speller), index, _weights.WEIGHTS)
        right = np.array([index.codes[row] in question.codes for row in ranked.rows])
        where = sum(map(ord, min(question.codes))) % _FOLDS
        out.append(Case(ranked.signals.astype(np.float64), right, weight, where, question.group))
    return out


def _fit_ranking(cases: Sequence[Case], penalty: float) -> Floats:
    start = _weights.WEIGHTS.astype(np.float64)
    scores = []
    for held_out in range(_FOLDS):
        fitted = _descend([c for c in cases if c.fold != held_out], start, penalty)
        scores += [(c.group, _is_first(c, fitted), _is_first(c, start)) for c in cases if c.fold == held_out]
    for group in sorted({group for group, _, _ in scores}):
        ours = [(after, before) for name, after, before in scores if name == group]
        after, before = np.mean(np.array(ours), axis=0)
        print(f"# R@1 {group} ({len(ours)}): in use {100 * before:.1f}, fitted on the other folds {100 * after:.1f}")
    return _descend(cases, start, penalty)


def _is_first(case: Case, weights: Floats) -> bool:
    return bool(case.right[int(np.argmax(case.signals @ weights))])


def _descend(cases: Sequence[Case], start: Floats, penalty: float) -> Floats:
    usable = [c for c in cases if c.right.any()]
    total = sum(c.weight for c in usable)

    def loss(weights: Floats) -> tuple[float, Floats]:
        value = 0.0
        slope = np.zeros_like(weights)
        for case in usable:
            scores = _TEMPERATURE * (case.signals @ weights)
            share = np.exp(scores - scores.max())
            share /= share.sum()
            inside = share[case.right].sum()
            value -= case.weight * np.log(inside + 1e-12)
            goal = np.where(case.right, share / (inside + 1e-12), 0.0)
            slope -= case.weight * _TEMPERATURE * ((goal - share) @ case.signals)
        away = weights - start
        return value / total + penalty * float(away @ away), slope / total + 2 * penalty * away

    def bounds(name: str) -> tuple[float | None, float | None]:
        if name in _FREE:
            return None, None
        return (None, 0.0) if name in _NEGATIVE else (0.0, None)

    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[bounds(name) for name in SIGNALS])
    return np.asarray(found.x, np.float64)


def _print_ranking(weights: Floats) -> None:
    print("RANKING: Final[dict[str, float]] = {")
    for name, weight in zip(SIGNALS, weights, strict=True):
        print(f'    "{name}": {weight:.3f},')
    print("}")


def _fit_decision(
    real: Sequence[Question],
    machine: Sequence[Question],
    missing: Sequence[Question],
    none: Sequence[Question],
    index: _index.Index,
    vocabulary: Vocabulary,
) -> None:
    rows: list[Floats] = []
    domain: list[float] = []
    right: list[float] = []
    heavy: list[float] = []
    folds: list[int] = []
    everything = [(q, 1.0, 1.0) for q in real] + [(q, 1.0, 0.5) for q in machine]
    everything += [(q, np.nan, 1.0) for q in missing] + [(q, 0.0, 1.0) for q in none]
    for question, inside, weight in everything:
        for text in (question.text, question.plain):
            reading = read(text, vocabulary, index.speller)
            if not reading.subject:
                continue
            ranked: Ranked = rank(reading, index, _weights.WEIGHTS)
            rows.append(_decision.features(reading, ranked, index))
            domain.append(inside)
            right.append(float(index.codes[ranked.rows[0]] in question.codes))
            heavy.append(weight)
            folds.append(sum(map(ord, question.text)) % _FOLDS)
    values, inside_, right_ = np.array(rows), np.array(domain), np.array(right)
    weight_, fold_ = np.array(heavy), np.array(folds)
    known = ~np.isnan(inside_)
    _logistic("DOMAIN", values[known], inside_[known], weight_[known], fold_[known])
    _logistic("RIGHT", values, right_, weight_, fold_)


def _logistic(name: str, values: Floats, goal: Floats, weight: Floats, folds: NDArray[np.int64]) -> None:
    mean, spread = values.mean(0), values.std(0) + 1e-6

    def fit(chosen: NDArray[np.bool_]) -> LogisticRegression:
        model = LogisticRegression(C=0.5, max_iter=2000)
        return model.fit((values[chosen] - mean) / spread, goal[chosen], sample_weight=weight[chosen])

    judged = np.zeros(len(goal))
    for held_out in range(_FOLDS):
        inside = folds == held_out
        judged[inside] = fit(~inside).predict_proba((values[inside] - mean) / spread)[:, 1]
    print(f"# {name}: {len(goal)} readings, AUROC on unseen ones {roc_auc_score(goal, judged):.3f}")
    _thresholds(judged, goal)
    model = fit(np.ones(len(goal), bool))
    coefficients = model.coef_[0] / spread
    bias = float(model.intercept_[0] - (coefficients * mean).sum())
    listed = ", ".join(f"{c:.3f}" for c in coefficients)
    print(f"{name}: Final = np.array([{listed}])\n{name}_BIAS: Final = {bias:.3f}")


def _thresholds(judged: Floats, goal: Floats) -> None:
    share: Callable[[NDArray[np.bool_]], float] = lambda hits: 100 * float(hits.mean()) if len(hits) else 0.0  # noqa: E731
    for limit in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        above = judged >= limit
        print(
            f"#   at {limit}: {share(above[goal == 1]):.1f} % of the true and {share(above[goal == 0]):.1f} % of the "
            f"false are above; {share(goal[above] == 1):.1f} % of those above are true"
        )
