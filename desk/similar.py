"""Open cases that are about the same as another one: candidates for merging or one common answer."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select, union

from desk import access
from desk._case_rows import Case
from desk.kinds import Bucket, State
from desk.staff import Person
from knowledge.text import fold
from store.engine import Database
from store.tables import cases

# How many of the newest cases of the unit, and of the place, are compared: the cost is the same at any size.
_COMPARED = 300
_NEAR = 0.25
_SAME_PLACE = 1.25
_OPEN = (Bucket.open.value, Bucket.waiting.value, Bucket.paused.value)
_WORD = re.compile(r"[a-z0-9]{2,}")


@dataclass(frozen=True)
class Alike:
    """A case that is about nearly the same.

    Attributes:
        nearness: 0 to 1 and a little over where the place is the same.
    """

    code: str
    subject: str
    state: State
    created_at: datetime
    place_code: str | None
    led_by: int | None
    nearness: float


async def similar(db: Database, case: Case, *, by: Person | None = None, limit: int = 5) -> tuple[Alike, ...]:
    """Open cases of the same kind with nearly the same words, the nearest first; none for a denunciation.

    Args:
        by: who asks: only cases that they see.
    """
    if case.secret:
        return ()
    wanted = [_newest(cases.c.unit_id == case.unit_id)]
    if case.place_code:
        here = cases.c.place_code == case.place_code
        wanted += [_newest(here, cases.c.bucket == bucket) for bucket in _OPEN]
    columns = (
        cases.c.code, cases.c.subject, cases.c.state, cases.c.created_at, cases.c.place_code, cases.c.led_by,
        cases.c.folded,
    )  # fmt: skip
    # Each within a select of its own: SQLite takes no ordered part of a union otherwise.
    numbers = union(*(select(part.subquery().c.id) for part in wanted)).subquery()
    found = select(*columns).where(
        cases.c.id.in_(select(numbers.c.id)),
        cases.c.bucket.in_(_OPEN),
        cases.c.kind == case.kind.value,
        cases.c.id != case.id,
    )
    if by is not None:
        found = found.where(access.scope(by))
    async with db.connect() as connection:
        rows = (await connection.execute(found)).all()
    own = _words(fold(f"{case.subject} {case.text} {case.place_text or ''}"))
    each = [_words(row.folded) for row in rows]
    rare = _weights([own, *each])
    made = []
    for row, words in zip(rows, each, strict=True):
        near = _nearness(own, words, rare)
        if case.place_code and row.place_code == case.place_code:
            near *= _SAME_PLACE
        if near >= _NEAR:
            made.append(
                Alike(row.code, row.subject, State(row.state), row.created_at, row.place_code, row.led_by, near)
            )
    return tuple(sorted(made, key=lambda alike: (-alike.nearness, alike.code))[:limit])


def _newest(*where: ColumnElement[bool]) -> Select[tuple[int]]:
    newest = select(cases.c.id).where(*where).order_by(cases.c.created_at.desc(), cases.c.id.desc()).limit(_COMPARED)
    # SQLite takes no limit inside a union without a query around it.
    return select(newest.subquery().c.id)


def _words(folded: str) -> frozenset[str]:
    return frozenset(_WORD.findall(folded[:4_000]))


def _weights(texts: list[frozenset[str]]) -> dict[str, float]:
    """How much a word tells: the rarer among the compared texts, the more."""
    counted = Counter(word for words in texts for word in words)
    return {word: math.log(1 + len(texts) / number) for word, number in counted.items()}


def _nearness(one: frozenset[str], other: frozenset[str], rare: dict[str, float]) -> float:
    """Weight of the common words over the weight of the shorter text's words."""
    lighter = min(sum(rare[word] for word in one), sum(rare[word] for word in other))
    return sum(rare[word] for word in one & other) / lighter if lighter else 0.0
