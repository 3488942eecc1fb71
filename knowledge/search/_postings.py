"""A sparse matrix of terms by rows, scored by adding up posting lists.

Up to `LARGE` rows every row that holds a word of the query is scored. Above, common words have lists so long that
adding them up takes tens of milliseconds; there the rare words of a query put forward the candidates, and only these
are scored with all words, from a second copy of the matrix that is stored by rows.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

# Rows above which a query is not added up in full.
LARGE: Final = 20_000
# There, so many entries of posting lists are read for candidates, the rarest words first, and at least so many words.
_ENTRIES: Final = 40_000
_LEAST_WORDS: Final = 3
# Copies of one procedure for many places crowd a ranking, so more candidates are kept.
_WIDER: Final = 3


class Scored(Protocol):
    """The scores of a query."""

    def top(self, depth: int) -> Rows:
        """The best rows with a score above zero, in no order; about `depth` of them."""
        ...

    def at(self, rows: Rows) -> Floats:
        """The exact scores of some rows."""
        ...

    def most(self, rows: Rows) -> float:
        """The highest score of all; of a large index, of the given rows."""
        ...


class Postings:
    """For each term, the rows that hold it and with what weight.

    Attributes:
        terms: term -> its number.
        idf: rarity of each term, float32, shape (terms,).
    """

    def __init__(
        self,
        terms: Sequence[str],
        starts: NDArray[np.int64],
        rows: NDArray[np.int32],
        weights: Floats,
        idf: Floats,
        count: int,
        by_row: ByRow | None = None,
    ) -> None:
        self.terms = {term: number for number, term in enumerate(terms)}
        self.starts = starts
        self.rows = rows
        self.weights = weights
        self.idf = idf
        self.count = count
        self.rarest = math.log(1 + count)
        self.by_row = by_row

    def sizes(self) -> Floats:
        """The sum of each row's weights; reads the whole matrix."""
        return np.bincount(self.rows, self.weights, minlength=self.count).astype(np.float32)

    def scores(self, query: Mapping[str, float]) -> Floats:
        """Sum over the query's terms of its weight times the row's weight; float32, shape (rows,)."""
        numbers, asked = self._known(query)
        return self._add_up(numbers, asked).astype(np.float32)

    def score(self, query: Mapping[str, float]) -> Scored:
        """The same, as much of it as is needed to rank."""
        numbers, asked = self._known(query)
        if self.by_row is None:
            return _Whole(self._add_up(numbers, asked).astype(np.float32))
        return _Part(self, self.by_row, numbers, asked)

    def _known(self, query: Mapping[str, float]) -> tuple[Rows, Floats]:
        terms = self.terms
        known = [(number, weight) for term, weight in query.items() if (number := terms.get(term)) is not None]
        return np.array([n for n, _ in known], np.int64), np.array([w for _, w in known], np.float32)

    def _add_up(self, numbers: Rows, asked: Floats) -> NDArray[np.float64]:
        if not len(numbers):
            return np.zeros(self.count)
        starts = self.starts[numbers]
        lengths = self.starts[numbers + 1] - starts
        ends = np.cumsum(lengths)
        # Where each entry of the lists, laid end to end, stands in the matrix.
        places = np.arange(ends[-1]) + np.repeat(starts - ends + lengths, lengths)
        found = np.bincount(self.rows[places], self.weights[places] * np.repeat(asked, lengths), minlength=self.count)
        return found.astype(np.float64, copy=False)

    def forward(self, numbers: Rows, asked: Floats, depth: int) -> Rows:
        """Candidates for a query: the best rows by its rarest terms."""
        lengths = self.starts[numbers + 1] - self.starts[numbers]
        order = np.argsort(lengths, kind="stable")
        keep = max(_LEAST_WORDS, int(np.searchsorted(np.cumsum(lengths[order]), _ENTRIES, side="right")))
        chosen = order[:keep]
        return best(self._add_up(numbers[chosen], asked[chosen]), depth * _WIDER)

    def rarity(self, term: str) -> float:
        """The idf of a term; that of a term found nowhere is the highest."""
        number = self.terms.get(term)
        return self.rarest if number is None else float(self.idf[number])

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """What `restore` needs, under names that begin with `name`."""
        own: dict[str, NDArray[Any]] = {
            f"{name}.starts": self.starts,
            f"{name}.rows": self.rows,
            f"{name}.weights": self.weights,
            f"{name}.idf": self.idf,
            f"{name}.count": np.array([self.count]),
        }
        return own | (self.by_row.arrays(name) if self.by_row is not None else {})

    @staticmethod
    def restore(name: str, arrays: Mapping[str, NDArray[Any]], terms: Sequence[str]) -> Postings:
        """The matrix that `arrays` and the list of terms describe."""
        return Postings(
            terms,
            arrays[f"{name}.starts"],
            arrays[f"{name}.rows"],
            arrays[f"{name}.weights"],
            arrays[f"{name}.idf"],
            int(arrays[f"{name}.count"][0]),
            ByRow.restore(name, arrays),
        )


class ByRow:
    """The same matrix stored by rows: for each row, its terms and their weights."""

    def __init__(self, starts: NDArray[np.int64], terms: NDArray[np.int32], weights: Floats, count: int) -> None:
        self.starts = starts
        self.terms = terms
        self.weights = weights
        self._count = count

    def at(self, rows: Rows, numbers: Rows, asked: Floats) -> Floats:
        """The scores of some rows for the terms with these numbers."""
        worth = np.zeros(self._count, np.float32)
        worth[numbers] = asked
        starts = self.starts[rows]
        lengths = self.starts[rows + 1] - starts
        ends = np.cumsum(lengths)
        places = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + lengths, lengths)
        owner = np.repeat(np.arange(len(rows)), lengths)
        found = np.bincount(owner, worth[self.terms[places]] * self.weights[places], minlength=len(rows))
        return found.astype(np.float32)

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """What `restore` needs."""
        return {
            f"{name}.by_row.starts": self.starts,
            f"{name}.by_row.terms": self.terms,
            f"{name}.by_row.weights": self.weights,
            f"{name}.by_row.count": np.array([self._count]),
        }

    @staticmethod
    def restore(name: str, arrays: Mapping[str, NDArray[Any]]) -> ByRow | None:
        """What `arrays` gave; None where a matrix is too small to have it."""
        if f"{name}.by_row.starts" not in arrays:
            return None
        starts, terms, weights = (arrays[f"{name}.by_row.{part}"] for part in ("starts", "terms", "weights"))
        return ByRow(starts, terms, weights, int(arrays[f"{name}.by_row.count"][0]))


class _Whole:
    """All rows are scored."""

    def __init__(self, scores: Floats) -> None:
        self._scores = scores

    def top(self, depth: int) -> Rows:
        return best(self._scores, depth)

    def at(self, rows: Rows) -> Floats:
        return self._scores[rows]

    def most(self, rows: Rows) -> float:
        return float(self._scores.max(initial=0.0))


class _Part:
    """Only candidates are scored."""

    def __init__(self, postings: Postings, by_row: ByRow, numbers: Rows, asked: Floats) -> None:
        self._postings = postings
        self._by_row = by_row
        self._numbers = numbers
        self._asked = asked
        self._last: tuple[Rows, Floats] | None = None

    def top(self, depth: int) -> Rows:
        return self._postings.forward(self._numbers, self._asked, depth)

    def at(self, rows: Rows) -> Floats:
        if self._last is None or self._last[0] is not rows:
            self._last = rows, self._by_row.at(rows, self._numbers, self._asked)
        return self._last[1]

    def most(self, rows: Rows) -> float:
        return float(self.at(rows).max(initial=0.0))


def best(scores: NDArray[Any], depth: int) -> Rows:
    """The rows of the highest scores above zero, in no order."""
    if len(scores) > LARGE:
        held = np.flatnonzero(scores > 0)
        if len(held) <= depth:
            return held.astype(np.int64)
        few = scores[held]
        return held[np.argpartition(few, len(few) - depth)[-depth:]].astype(np.int64)
    chosen = np.argpartition(-scores, depth)[:depth] if len(scores) > depth else np.arange(len(scores))
    return chosen[scores[chosen] > 0].astype(np.int64)


class _Entries:
    """The entries of a matrix in the order of its rows, collected bag by bag so that no bag has to stay."""

    def __init__(self, bags: Iterable[Mapping[str, float]]) -> None:
        number: dict[str, int] = {}
        terms = array("i")
        counts = array("d")
        starts = array("q", [0])
        for bag in bags:
            terms.extend([number.setdefault(term, len(number)) for term in bag])
            counts.extend(bag.values())
            starts.append(len(terms))
        self.words = sorted(number)
        # Terms were numbered as they came; their numbers are to follow the alphabet.
        order = np.zeros(len(number), np.int32)
        for place, word in enumerate(self.words):
            order[number[word]] = place
        self.terms = order[np.frombuffer(terms, np.int32)] if terms else np.zeros(0, np.int32)
        self.counts = np.frombuffer(counts, np.float64) if counts else np.zeros(0)
        self.starts = np.array(starts, np.int64)
        self.count = len(starts) - 1
        self.row = np.repeat(np.arange(self.count, dtype=np.int32), np.diff(self.starts))
        self.frequency = np.bincount(self.terms, minlength=len(self.words))
        rarities = {n: math.log(1 + (self.count - n + 0.5) / (n + 0.5)) for n in set(self.frequency.tolist())}
        self.idf = np.array([rarities[n] for n in self.frequency.tolist()], np.float32)

    def postings(self, weights: NDArray[np.float64]) -> Postings:
        """The matrix with these weights, one an entry."""
        order = np.argsort(self.terms, kind="stable")
        starts = np.zeros(len(self.words) + 1, np.int64)
        np.cumsum(self.frequency, out=starts[1:])
        light = weights.astype(np.float32)
        by_row = ByRow(self.starts, self.terms, light, len(self.words)) if self.count > LARGE else None
        return Postings(self.words, starts, self.row[order], light[order], self.idf, self.count, by_row)


def bm25(bags: Iterable[Mapping[str, float]], k1: float = 1.2, b: float = 0.75) -> Postings:
    """BM25 in Lucene's variant; a bag holds the (possibly weighted) count of each term of a row."""
    entries = _Entries(bags)
    lengths = np.bincount(entries.row, entries.counts, minlength=entries.count)
    mean = (float(lengths.sum()) / len(lengths) if len(lengths) else 1.0) or 1.0
    damp = (k1 * (1 - b + b * lengths / mean))[entries.row]
    idf = entries.idf[entries.terms].astype(np.float64)
    return entries.postings(idf * entries.counts * (k1 + 1) / (entries.counts + damp))


def rarity(bags: Iterable[Mapping[str, float]]) -> Postings:
    """Each term of a row counts once, with its idf."""
    entries = _Entries(bags)
    return entries.postings(entries.idf[entries.terms].astype(np.float64))


def tfidf(bags: Iterable[Mapping[str, float]]) -> Postings:
    """Sublinear tf times idf, each row of length 1: a query of the same kind gives the cosine."""
    entries = _Entries(bags)
    weights = (1 + np.log(entries.counts)) * entries.idf[entries.terms].astype(np.float64)
    norms = np.sqrt(np.bincount(entries.row, weights * weights, minlength=entries.count))
    return entries.postings(weights / np.where(norms > 0, norms, 1.0)[entries.row])


def letters(tokens: Sequence[str]) -> Counter[str]:
    """The runs of 3 to 5 letters inside each syllable, its borders included, with their counts."""
    found: Counter[str] = Counter()
    for word in tokens:
        framed = f" {word} "
        for size in (3, 4, 5):
            found.update(framed[i : i + size] for i in range(len(framed) - size + 1))
    return found
