"""The search as it would answer had it never seen a question's procedure: one calibration a fold.

The folds are those of `python -m bench calibrate`: grouped by procedure, weights of the ranking and of the decision
fitted on the other folds. Questions outside the fits are asked with what ships.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from bench import calibrate
from bench._fit import PRIOR, folds
from knowledge.search import Searcher, _index
from knowledge.search.findings import Findings
from knowledge.vocabulary import Vocabulary


class Asked(Protocol):
    """What a measurement asks."""

    def search(self, text: str, *, limit: int = 5) -> Findings:
        """Find what a question is about."""
        ...


class Unseen:
    """Asks each question of a search whose fits have not seen it, nor any of its procedures.

    Args:
        shipped: answers what is in no fold.
        by_question: the search for each question, by its clean text.
    """

    def __init__(self, shipped: Searcher, by_question: dict[str, Searcher]) -> None:
        self._shipped = shipped
        self._searcher = dict(by_question)

    def disguise(self, question: str, text: str) -> None:
        """Ask this text of the same search as the question it was made from."""
        if question in self._searcher:
            self._searcher[text] = self._searcher[question]

    def search(self, text: str, *, limit: int = 5) -> Findings:
        """Find what a question is about."""
        return self._searcher.get(text, self._shipped).search(text, limit=limit)


def fitted(shared: Path, folder: Path, shipped: Searcher, *, seed: int = 0) -> Unseen:
    """Fit once a fold on the shared questions; takes some seconds.

    Args:
        shared: folder of the shared data.
        folder: the built search.
        shipped: the search of that folder.
        seed: how the folds are cut.
    """
    index = _index.load(folder)
    vocabulary = Vocabulary.of(folder)
    cases = list(calibrate.readings(shared, index, vocabulary))
    where = folds([case.cluster for case in cases], calibrate.FOLDS, seed)
    searchers = []
    for number in range(calibrate.FOLDS):
        weights, domain, right = calibrate.fit([c for c in cases if where[c.cluster] != number], PRIOR, index)
        light = np.asarray(weights, np.float32)
        fold = replace(shipped.calibration, ranking=light, domain=domain, right=right)
        searchers.append(Searcher(index, vocabulary, fold))
    return Unseen(shipped, {case.question.text: searchers[where[case.cluster]] for case in cases})
