"""What the admins' words would do, told before a version is built with them.

The index stays the live one, so this is what the words do to the search; that a new version is trained with them too
can only make more of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowledge import golden, questions, words
from knowledge.golden import Measured, Miss
from knowledge.procedures import Procedure
from knowledge.search import Searcher
from knowledge.vocabulary import AdminRow, Vocabulary
from store.engine import Database
from store.tables import now


@dataclass(frozen=True)
class Trial:
    """The golden questions asked twice.

    Attributes:
        before: with the words of the live version.
        after: with the words in force now, and those on trial.
    """

    before: Measured
    after: Measured

    @property
    def lost(self) -> tuple[Miss, ...]:
        """Questions that are answered right before and not after."""
        return self.after.lost(self.before)

    @property
    def gained(self) -> tuple[Miss, ...]:
        """Questions that are answered right after and not before; each as it was answered before."""
        return self.before.lost(self.after)


async def measure(
    db: Database, searcher: Searcher, named: Iterable[Procedure] = (), extra: Sequence[AdminRow] = ()
) -> Trial:
    """Ask the golden questions with and without the rows that are not live yet.

    Args:
        db: the database.
        searcher: the live one.
        named: procedures that rows may name by code alone.
        extra: rows on trial, besides those in force.

    Raises:
        Invalid: a row cannot be understood.
    """
    rows: list[AdminRow] = [*await words.list_(db), *extra]
    asked = await golden.list_(db)
    names = {procedure.code: procedure.name for procedure in named}
    return await asyncio.to_thread(_measure, searcher, rows, names, asked)


def _measure(
    searcher: Searcher, rows: Sequence[AdminRow], names: dict[str, str], asked: Sequence[golden.Golden]
) -> Trial:
    after = searcher.with_vocabulary(Vocabulary.shipped().with_rows(rows, names))
    return Trial(golden.measure(searcher, asked), golden.measure(after, asked))


def likely(searcher: Searcher, asked: Sequence[golden.Golden]) -> tuple[tuple[float, bool], ...]:
    """How likely the first hit is said to be right, and whether it is; for each question that finds anything."""
    day = now().date()
    points = []
    for question in asked:
        hits = searcher.search(questions.read(question.question, day).subject).hits
        if hits:
            points.append((min(1.0, max(0.0, hits[0].probability)), hits[0].code in question.codes))
    return tuple(points)
