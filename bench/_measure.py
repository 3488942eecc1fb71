"""What became of each question, as one letter; every figure and its interval is computed from these letters.

A ranking gives a place for each question: a digit (0 is first) or `-` past the tenth. A decision gives one of
`R` answered right, `W` answered wrong, `A` asked back with the right one among the choices, `V` asked in vain,
`U` called unknown. Letters of two runs over the same questions can be compared question by question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench._questions import Question
from bench._unseen import Asked

Ranker = Callable[[str], list[str]]
Floats = NDArray[np.float64]
DEPTH: Final = 10
_ROUNDS: Final = 2_000


@dataclass(frozen=True)
class Figure:
    """A mean over questions with the interval that holds it with 95 %, from a bootstrap over the questions."""

    value: float
    low: float
    high: float
    count: int

    def percent(self) -> str:
        """As a table shows it."""
        return f"{100 * self.value:.1f} ({100 * self.low:.0f}–{100 * self.high:.0f})" if self.count else "–"

    def share(self) -> str:
        """The same for figures that are no percentages."""
        return f"{self.value:.3f} ({self.low:.2f}–{self.high:.2f})" if self.count else "–"


def places(ranker: Ranker, questions: Sequence[Question], texts: Sequence[str]) -> str:
    """Where the first right procedure stands for each question, asked with the given text."""
    out = []
    for question, text in zip(questions, texts, strict=True):
        found = ranker(text)[:DEPTH]
        out.append(next((str(i) for i, code in enumerate(found) if code in question.codes), "-"))
    return "".join(out)


def decisions(searcher: Asked, questions: Sequence[Question], texts: Sequence[str]) -> str:
    """What the search decided for each question."""
    out = []
    for question, text in zip(questions, texts, strict=True):
        found = searcher.search(text)
        codes = [hit.code for hit in found.hits]
        if found.decision == "answer":
            out.append("R" if codes[0] in question.codes else "W")
        elif found.decision == "ask":
            out.append("A" if question.codes & set(codes) else "V")
        else:
            out.append("U")
    return "".join(out)


def first(letters: str) -> Floats:
    """1 for each question whose first hit is right."""
    return _values(letters, {"0": 1.0})


def five(letters: str) -> Floats:
    """1 for each question with a right hit among the first five."""
    return _values(letters, dict.fromkeys("01234", 1.0))


def reciprocal(letters: str) -> Floats:
    """One divided by the place of the first right hit, counted from 1; 0 past the tenth."""
    return _values(letters, {str(i): 1 / (i + 1) for i in range(DEPTH)})


def are(letters: str, wanted: str) -> Floats:
    """1 for each question with one of the wanted letters."""
    return _values(letters, dict.fromkeys(wanted, 1.0))


def _values(letters: str, worth: dict[str, float]) -> Floats:
    return np.array([worth.get(letter, 0.0) for letter in letters], np.float64)


def mean(values: Floats, *, of: Floats | None = None, seed: int = 1) -> Figure:
    """The mean, or the share of `of` where that is given (both are drawn together), with its interval.

    Args:
        values: one number a question.
        of: which questions count below the line; all when not given.
        seed: of the draws; the same seed gives the same interval.
    """
    below = np.ones(len(values)) if of is None else of
    count = int(below.sum())
    if not count:
        return Figure(0.0, 0.0, 0.0, 0)
    drawn = _draws(len(values), seed)
    over = below[drawn].sum(axis=1)
    shares = values[drawn].sum(axis=1)[over > 0] / over[over > 0]
    low, high = np.quantile(shares, (0.025, 0.975))
    return Figure(float(values.sum() / below.sum()), float(low), float(high), count)


def difference(after: Floats, before: Floats, *, seed: int = 1) -> Figure:
    """The mean of after minus before over the same questions: what happens to all of them alike is no noise.

    Raises:
        ValueError: the two are not of the same length.
    """
    if len(after) != len(before):
        raise ValueError("only figures over the same questions can be compared one by one")
    return mean(after - before, seed=seed)


def _draws(count: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(0, count, (_ROUNDS, count))
