"""`python -m bench calibrate`: fit the ranking and the decision of the search, and judge them on unseen procedures.

Prints what the fits reach out of fold. The folds are grouped by procedure, and everything that is fitted is fitted
again for each: the weights of the ranking, then the two logistic regressions of the decision on what that ranking
gives. With `--write` the fit on all questions goes to `knowledge/data/calibration.json`, together with the out-of-fold
probabilities, which are the curve that the console shows.

Two things the folds cannot see through: some rows of the vocabulary were written after looking at misses among these
questions, and whoever chose signals and thresholds had seen these tables. The thresholds are the same in all folds.

Fitted on the shared development questions, the machine-written ones (half as heavy), questions whose procedure the
catalogue lacks, and negatives; each as it was typed and without diacritics, and with typing slips (a third as heavy).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from bench import _noise
from bench._fit import BLANK, PRIOR, Case, case, clusters, features, fit_decision, fit_ranking, folds, ordered
from bench._negatives import CHAT, LAW
from bench._questions import Question, built, held, labelled, negatives, shared_folder
from bench._table import print_table
from knowledge.search import _index
from knowledge.search.calibration import Calibration, Logistic
from knowledge.settings import KnowledgeSettings
from knowledge.text import fold
from knowledge.vocabulary import Vocabulary

_TARGET = Path(__file__).resolve().parent.parent / "knowledge" / "data" / "calibration.json"
FOLDS = 5
_REAL = ("editor", "portal", "developer")
_PENALTY = 1.0
_LEAST_DOMAIN, _LEAST_RIGHT, _WORTH_ASKING = 0.35, 0.62, 0.5
_TYPED = "as typed"


@dataclass(frozen=True)
class Judged:
    """One case as a fit that had not seen its procedure took it."""

    case: Case
    first: bool
    five: bool
    four: bool
    domain: float
    right: float


def main(arguments: list[str]) -> int:
    """Fit, judge, print; 1 when a promised figure is not reached out of fold."""
    parser = argparse.ArgumentParser(prog="python -m bench calibrate", description=__doc__)
    parser.add_argument("--shared", help="folder of the shared data (or $MOTCUA_SHARED_DATA)")
    parser.add_argument("--seeds", type=int, default=2, help="how many ways to cut the folds are averaged")
    parser.add_argument("--write", action="store_true", help="write knowledge/data/calibration.json")
    options = parser.parse_args(arguments)
    shared = shared_folder(options.shared)
    if not (shared / "questions").is_dir():
        print(f"bench calibrate: no shared data in {shared.name!r}; give --shared", file=sys.stderr)
        return 2
    folder, _ = built(shared / "catalogue" / "province_2754.jsonl.gz", KnowledgeSettings())
    index = _index.load(folder)
    cases = list(readings(shared, index, Vocabulary.of(folder)))
    print(f"{len(cases)} readings, {len({c.cluster for c in cases})} groups of procedures or single negatives\n")
    blank = [j for seed in range(options.seeds) for j in _out_of_fold(cases, BLANK, index, seed)]
    judged = [j for seed in range(options.seeds) for j in _out_of_fold(cases, PRIOR, index, seed)]
    _print_ranking({"from a blank start": blank, "from the prior": judged})
    _print_decision(judged)
    if options.write:
        weights, domain, right = fit(cases, PRIOR, index)
        once = judged[: len(judged) // options.seeds]
        points = [(j.right, j.first) for j in once if j.case.kind == _TYPED and j.case.question.group in _REAL]
        Calibration(
            weights.astype(np.float32), domain, right, _LEAST_DOMAIN, _LEAST_RIGHT, _WORTH_ASKING, tuple(points)
        ).write(_TARGET)
        print(f"written: knowledge/data/{_TARGET.name}")
    return 0 if _promises(judged) else 1


def readings(shared: Path, index: _index.Index, vocabulary: Vocabulary) -> Iterator[Case]:
    """Every way of putting every question of the fits, with its candidates."""
    codes = set(index.codes)
    every = labelled(shared)
    machine = held(labelled(shared, "dev_llm_generated_173.jsonl"), codes)
    missing = [replace(q, codes=frozenset(), group="missing") for q in every if not q.codes & codes]
    none = [replace(q, group=f"negative: {q.group}") for q in negatives(shared)]
    none += [Question(text, fold(text), frozenset(), "written") for text in (*CHAT, *LAW)]
    questions = [*held(every, codes), *machine, *missing, *none]
    cluster = clusters(questions)
    for question in questions:
        for kind, text, heavy in _ways(question):
            found = case(question, kind, text, heavy, cluster[question.text], index, vocabulary)
            if found is not None:
                yield found


def _ways(question: Question) -> Iterator[tuple[str, str, float]]:
    heavy = 0.5 if question.group == "machine" else 1.0
    yield _TYPED, question.text, heavy
    yield "no diacritics", question.plain, heavy
    if question.group in _REAL:
        for seed in range(3):
            yield "typos", _noise.typos(question.text, _noise.chance(question.text, seed)), heavy / 3
        for name in ("teencode", "Telex keys", "southern words"):
            yield name, _noise.NOISES[name](question.text, _noise.chance(question.text, 1)), heavy / 3


def fit(cases: Sequence[Case], prior: dict[str, float], index: _index.Index) -> tuple[np.ndarray, Logistic, Logistic]:
    """The weights of the ranking, and both regressions of the decision."""
    clean = [c for c in cases if c.kind in (_TYPED, "no diacritics")]
    weights = fit_ranking([c for c in clean if c.answerable], prior, _PENALTY if prior is PRIOR else 0.3)
    return (weights, *fit_decision(cases, weights, index))


def _out_of_fold(cases: Sequence[Case], prior: dict[str, float], index: _index.Index, seed: int) -> list[Judged]:
    where = folds([c.cluster for c in cases], FOLDS, seed)
    out = []
    for number in range(FOLDS):
        weights, domain, right = fit([c for c in cases if where[c.cluster] != number], prior, index)
        for held_out in (c for c in cases if where[c.cluster] == number):
            hits = ordered(held_out, weights)[1]
            values = features(held_out, weights, index)
            out.append(
                Judged(
                    held_out,
                    bool(hits[0]),
                    bool(hits[:5].any()),
                    bool(hits[:4].any()),
                    domain.probability(values),
                    right.probability(values),
                )
            )
    return out


def _share(given: Sequence[bool]) -> float:
    return 100.0 * sum(given) / len(given) if given else 0.0


def _of(judged: Sequence[Judged], group: str, kind: str) -> list[Judged]:
    return [j for j in judged if j.case.question.group == group and j.case.kind == kind]


def _print_ranking(runs: dict[str, list[Judged]]) -> None:
    kinds = [_TYPED, "no diacritics", "typos", "teencode", "Telex keys", "southern words"]
    rows = []
    for name, judged in runs.items():
        for group in (*_REAL, "machine"):
            row = [f"{group}, {name}"]
            for kind in kinds:
                chosen = _of(judged, group, kind)
                row.append(
                    f"{_share([j.first for j in chosen]):.1f}/{_share([j.five for j in chosen]):.1f}" if chosen else ""
                )
            rows.append(row)
    print_table(["out of fold: R@1 % / R@5 %", *kinds], rows)
    print()


def _split(judged: Sequence[Judged], least: float) -> tuple[list[Judged], list[Judged], list[Judged]]:
    """Answered, asked, called unknown."""
    known = [j for j in judged if j.domain >= _LEAST_DOMAIN]
    return (
        [j for j in known if j.right >= least],
        [j for j in known if j.right < least],
        [j for j in judged if j.domain < _LEAST_DOMAIN],
    )


def _typed(judged: Sequence[Judged]) -> tuple[list[Judged], list[Judged], list[Judged]]:
    typed = [j for j in judged if j.case.kind == _TYPED]
    return (
        [j for j in typed if j.case.question.group in _REAL],
        [j for j in typed if j.case.question.group == "missing"],
        [j for j in typed if j.case.question.group.startswith("negative")],
    )


def _print_decision(judged: Sequence[Judged]) -> None:
    real, missing, none = _typed(judged)
    inside = [*real, *none]
    print(
        f"AUROC out of fold: about a procedure "
        f"{roc_auc_score([j.case.answerable for j in inside], [j.domain for j in inside]):.3f}, first hit right "
        f"{roc_auc_score([j.first for j in (*real, *missing)], [j.right for j in (*real, *missing)]):.3f}\n"
    )
    rows = []
    for least in (0.4, 0.5, 0.6, _LEAST_RIGHT, 0.7, 0.8, 0.9):
        answered, asked, unknown = _split(real, least)
        told = _split(none, least)
        rows.append(
            [
                f"{least:.2f}" + (" (in use)" if least == _LEAST_RIGHT else ""),
                f"{100 * len(answered) / len(real):.1f}",
                f"{_share([not j.first for j in answered]):.1f}",
                f"{100 * len(asked) / len(real):.1f}",
                f"{_share([j.four for j in asked]):.1f}",
                f"{100 * len(unknown) / len(real):.1f}",
                f"{100 * len(told[0]) / len(none):.1f}",
                f"{100 * (len(told[0]) + len(told[1])) / len(none):.1f}",
                f"{100 * len(_split(missing, least)[0]) / len(missing):.1f}",
            ]
        )
    head = ["answer from", "answered", "wrong of these", "asked", "right among 4", "unknown"]
    print_table([*head, "negatives answered", "or asked about", "not in catalogue, answered"], rows)
    print()


def _promises(judged: Sequence[Judged]) -> bool:
    def first(group: str, kind: str) -> float:
        return _share([j.first for j in _of(judged, group, kind)])

    real, _, none = _typed(judged)
    answered, asked, _ = _split(real, _LEAST_RIGHT)
    told = _split(none, _LEAST_RIGHT)
    lines = [
        ("editor R@1 at least 85", first("editor", _TYPED), 85, 1),
        ("editor R@5 at least 97", _share([j.five for j in _of(judged, "editor", _TYPED)]), 97, 1),
        ("portal R@1 at least 93", first("portal", _TYPED), 93, 1),
        ("answers that are wrong at most 5", _share([not j.first for j in answered]), 5, -1),
        ("answerable asked back at most 50", 100 * len(asked) / len(real), 50, -1),
        ("negatives that get a procedure at most 10", 100 * (len(told[0]) + len(told[1])) / len(none), 10, -1),
    ]
    for group in _REAL[:2]:
        for kind, most in (("no diacritics", 2), ("typos", 6)):
            lines.append((f"{group}, {kind}: lost at most {most}", first(group, _TYPED) - first(group, kind), most, -1))
    fine = True
    for name, value, limit, sign in lines:
        ok = sign * (value - limit) >= 0
        fine &= ok
        print(f"{'ok ' if ok else '-- '} {name} %: {value:.1f}")
    return fine
