"""A sparse matrix of terms by rows, scored by adding up posting lists."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Postings:
    """For each term, the rows that hold it and with what weight.

    Attributes:
        terms: term -> its number.
        idf: rarity of each term, float32, shape (terms,).
        sizes: sum of a row's weights, float32, shape (rows,).
    """

    def __init__(
        self,
        terms: Sequence[str],
        starts: NDArray[np.int64],
        rows: NDArray[np.int32],
        weights: Floats,
        idf: Floats,
        count: int,
    ) -> None:
        self.terms = {term: number for number, term in enumerate(terms)}
        self.starts = starts
        self.rows = rows
        self.weights = weights
        self.idf = idf
        self.count = count
        self.sizes: Floats = np.bincount(rows, weights, minlength=count).astype(np.float32)
        self.rarest = math.log(1 + count)

    def scores(self, query: Mapping[str, float]) -> Floats:
        """Sum over the query's terms of its weight times the row's weight; float32, shape (rows,)."""
        hits = [(self.terms[t], w) for t, w in query.items() if t in self.terms]
        if not hits:
            return np.zeros(self.count, np.float32)
        slices = [slice(self.starts[n], self.starts[n + 1]) for n, _ in hits]
        rows = np.concatenate([self.rows[s] for s in slices])
        weights = np.concatenate([self.weights[s] * np.float32(w) for s, (_, w) in zip(slices, hits, strict=True)])
        return np.bincount(rows, weights, minlength=self.count).astype(np.float32)

    def rarity(self, term: str) -> float:
        """The idf of a term; that of a term found nowhere is the highest."""
        number = self.terms.get(term)
        return self.rarest if number is None else float(self.idf[number])

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """What `restore` needs, under names that begin with `name`."""
        return {
            f"{name}.starts": self.starts,
            f"{name}.rows": self.rows,
            f"{name}.weights": self.weights,
            f"{name}.idf": self.idf,
            f"{name}.count": np.array([self.count]),
        }

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
        )


def _build(bags: Sequence[Mapping[str, float]], weigh: Any) -> Postings:
    frequency: Counter[str] = Counter()
    for bag in bags:
        frequency.update(bag.keys())
    terms = sorted(frequency)
    number = {term: i for i, term in enumerate(terms)}
    count = len(bags)
    idf = np.array([math.log(1 + (count - frequency[t] + 0.5) / (frequency[t] + 0.5)) for t in terms], dtype=np.float32)
    lists: list[list[tuple[int, float]]] = [[] for _ in terms]
    for row, bag in enumerate(bags):
        for term, weight in weigh(bag, number, idf):
            lists[number[term]].append((row, weight))
    starts = np.zeros(len(terms) + 1, np.int64)
    np.cumsum([len(entries) for entries in lists], out=starts[1:])
    flat = [entry for entries in lists for entry in entries]
    rows = np.array([row for row, _ in flat], np.int32)
    weights = np.array([weight for _, weight in flat], np.float32)
    return Postings(terms, starts, rows, weights, idf, count)


def bm25(bags: Sequence[Mapping[str, float]], k1: float = 1.2, b: float = 0.75) -> Postings:
    """BM25 in Lucene's variant; a bag holds the (possibly weighted) count of each term of a row."""
    lengths = [sum(bag.values()) for bag in bags]
    mean = (sum(lengths) / len(lengths) if lengths else 1.0) or 1.0
    length = iter(lengths)

    def weigh(bag: Mapping[str, float], number: Mapping[str, int], idf: Floats) -> Iterable[tuple[str, float]]:
        damp = k1 * (1 - b + b * next(length) / mean)
        for term, count in bag.items():
            yield term, float(idf[number[term]]) * count * (k1 + 1) / (count + damp)

    return _build(bags, weigh)


def rarity(bags: Sequence[Mapping[str, float]]) -> Postings:
    """Each term of a row counts once, with its idf."""

    def weigh(bag: Mapping[str, float], number: Mapping[str, int], idf: Floats) -> Iterable[tuple[str, float]]:
        for term in bag:
            yield term, float(idf[number[term]])

    return _build(bags, weigh)


def tfidf(bags: Sequence[Mapping[str, float]]) -> Postings:
    """Sublinear tf times idf, each row of length 1: a query of the same kind gives the cosine."""

    def weigh(bag: Mapping[str, float], number: Mapping[str, int], idf: Floats) -> Iterable[tuple[str, float]]:
        row = {t: (1 + math.log(c)) * float(idf[number[t]]) for t, c in bag.items()}
        norm = math.sqrt(sum(w * w for w in row.values())) or 1.0
        for term, weight in row.items():
            yield term, weight / norm

    return _build(bags, weigh)


def letters(tokens: Sequence[str]) -> Counter[str]:
    """The runs of 3 to 5 letters inside each syllable, its borders included, with their counts."""
    found: Counter[str] = Counter()
    for word in tokens:
        framed = f" {word} "
        for size in (3, 4, 5):
            found.update(framed[i : i + size] for i in range(len(framed) - size + 1))
    return found
