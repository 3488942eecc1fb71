"""Reports about the desk's work in a period, from sums that are kept up by day (`desk.tallies`), never from all cases.

Denunciations are in no number here. What counts as answered in time is each answer against the deadline that held for
it; a case that was reopened and answered again counts with both answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import access
from desk.kinds import Bucket, Kind
from desk.periods import Period
from desk.staff import Person
from desk.tallies import MEASURES
from knowledge.places import Gazetteer
from store.engine import Database
from store.errors import NotFound
from store.tables import asked_questions, case_tallies, cases, now, takeovers, units

Grouping = Literal["unit", "place", "procedure", "office"]
GROUPINGS: tuple[Grouping, ...] = ("unit", "place", "procedure", "office")
MOST_GROUPS = 2_000
MOST_OPEN = 50_000
MOST_TAKEOVERS = 50_000


@dataclass
class Sums:
    """What happened in a time, summed up."""

    received: int = 0
    answered: int = 0
    on_time: int = 0
    late: int = 0
    closed: int = 0
    reopened: int = 0
    ratings: int = 0
    rating_sum: int = 0

    @property
    def on_time_share(self) -> float | None:
        """Answers in time among those that had a deadline, 0 to 1; None when there were none."""
        return self.on_time / (self.on_time + self.late) if self.on_time + self.late else None

    @property
    def rating(self) -> float | None:
        """Mean of the ratings, 1 to 5; None when there were none."""
        return self.rating_sum / self.ratings if self.ratings else None

    def add(self, row: Mapping[Any, Any]) -> None:
        """Add a row of sums."""
        for measure in MEASURES:
            setattr(self, measure, getattr(self, measure) + int(row[measure] or 0))


@dataclass(frozen=True)
class Group:
    """What happened to the cases of one unit, place, procedure or office."""

    value: str
    name: str
    sums: Sums


@dataclass(frozen=True)
class Backlog:
    """How many cases are open at this moment, and how many of them late; `more`: at least so many."""

    open: int
    overdue: int
    more: bool = False


@dataclass(frozen=True)
class Waits:
    """How long people waited for a person.

    Attributes:
        asked: how often somebody asked, or was offered, a person.
        taken: how often one came.
        left: how often nobody came before they gave up.
        median_s, tenth_s: what half, and nine of ten of those who got one waited at most, in seconds; None without any.
        reasons: how often by reason.
        more: more were asked for in the period than were counted.
    """

    asked: int = 0
    taken: int = 0
    left: int = 0
    median_s: float | None = None
    tenth_s: float | None = None
    reasons: Mapping[str, int] = field(default_factory=dict)
    more: bool = False


@dataclass(frozen=True)
class Questions:
    """Questions that the bot did not answer well: how many by what went wrong, how many were dealt with since."""

    verdicts: Mapping[str, int] = field(default_factory=dict)
    closed: int = 0


@dataclass(frozen=True)
class Report:
    """A period in numbers.

    Attributes:
        unit: name of the unit it is about; None: the whole province.
        kinds: by kind of case; all kinds but denunciations are there.
        steps: (name, sums) of each part of the period, in order.
        groups: by unit, place, procedure and office, most received first; of one unit there are none.
        questions: None in the report of one unit: questions to the bot belong to none.
    """

    period: Period
    made_at: datetime
    unit: str | None
    total: Sums
    kinds: Mapping[Kind, Sums]
    steps: tuple[tuple[str, Sums], ...]
    groups: Mapping[Grouping, tuple[Group, ...]]
    backlog: Backlog
    waits: Waits
    questions: Questions | None


async def report(
    db: Database,
    by: Person | None,
    period: Period,
    *,
    unit: int | None = None,
    procedures: Mapping[str, str] | None = None,
) -> Report:
    """The report of a period.

    Args:
        by: who asks; None is the command line. Who works for one unit gets the report of that unit.
        unit: number of a unit, to have its report instead of the whole province's.
        procedures: names of procedures by their codes; a procedure without one is named by its code.

    Raises:
        Forbidden: the person may see no reports.
        NotFound: there is no such unit.
    """
    if by is not None:
        access.require(by, "reports")
        unit = by.unit_id if by.unit_id is not None else unit
    async with db.connect() as connection:
        names = {row.id: row.name for row in await connection.execute(select(units.c.id, units.c.name))}
        if unit is not None and unit not in names:
            raise NotFound("Không có đơn vị này.")
        days = await _days(connection, period, unit)
        total = Sums()
        kinds: dict[Kind, Sums] = {kind: Sums() for kind in Kind if kind is not Kind.denunciation}
        for row in days:
            total.add(row)
            kinds[Kind(row["kind"])].add(row)
        groups: dict[Grouping, tuple[Group, ...]] = {}
        if unit is None:
            places = Gazetteer.load()
            found = {grouping: await _groups(connection, period, grouping) for grouping in GROUPINGS}
            groups = {
                "unit": _named(found["unit"], {str(number): name for number, name in names.items()}),
                "place": _named(found["place"], {place.code: place.name for place in places.communes()}),
                "procedure": _named(found["procedure"], procedures or {}),
                "office": _named(found["office"], {}),
            }
        return Report(
            period=period,
            made_at=now(),
            unit=None if unit is None else names[unit],
            total=total,
            kinds=kinds,
            steps=_steps(period, days),
            groups=groups,
            backlog=await _backlog(connection, unit),
            waits=await _waits(connection, period, unit),
            questions=await _questions(connection, period) if unit is None else None,
        )


def _within(period: Period) -> ColumnElement[bool]:
    return case_tallies.c.day.between(period.since.isoformat(), period.until.isoformat())


async def _days(connection: AsyncConnection, period: Period, unit: int | None) -> list[Mapping[Any, Any]]:
    """The sums of each day and kind."""
    wanted = ("all", "") if unit is None else ("unit", str(unit))
    rows = await connection.execute(
        select(case_tallies).where(
            case_tallies.c.dimension == wanted[0], case_tallies.c.value == wanted[1], _within(period)
        )
    )
    return list(rows.mappings())


async def _groups(connection: AsyncConnection, period: Period, grouping: Grouping) -> list[Mapping[Any, Any]]:
    received = func.sum(case_tallies.c.received)
    found = (
        select(case_tallies.c.value, *(func.sum(case_tallies.c[name]).label(name) for name in MEASURES))
        .where(case_tallies.c.dimension == grouping, _within(period))
        .group_by(case_tallies.c.value)
        .order_by(received.desc(), case_tallies.c.value)
        .limit(MOST_GROUPS)
    )
    return list((await connection.execute(found)).mappings())


def _named(rows: Iterable[Mapping[Any, Any]], names: Mapping[str, str]) -> tuple[Group, ...]:
    found = []
    for row in rows:
        sums = Sums()
        sums.add(row)
        found.append(Group(row["value"], names.get(row["value"], row["value"]), sums))
    return tuple(found)


def _steps(period: Period, days: Iterable[Mapping[Any, Any]]) -> tuple[tuple[str, Sums], ...]:
    by_day: dict[date, list[Mapping[Any, Any]]] = defaultdict(list)
    for row in days:
        by_day[date.fromisoformat(row["day"])].append(row)
    steps = period.steps()
    found = tuple((name, Sums()) for _, name in steps)
    at = 0
    for day in sorted(by_day):
        while at + 1 < len(steps) and steps[at + 1][0] <= day:
            at += 1
        for row in by_day[day]:
            found[at][1].add(row)
    return found


async def _backlog(connection: AsyncConnection, unit: int | None) -> Backlog:
    """Read from the index of open cases, up to a bound."""

    async def count(*conditions: ColumnElement[bool]) -> int:
        inside = select(literal(1).label("one")).select_from(cases).where(*conditions).limit(MOST_OPEN).subquery()
        return await connection.scalar(select(func.count()).select_from(inside)) or 0

    of_unit = [] if unit is None else [cases.c.unit_id == unit]
    in_hand = [Bucket.open.value, Bucket.waiting.value, Bucket.paused.value]
    still = sum([await count(cases.c.bucket == bucket, *of_unit) for bucket in in_hand])
    late = await count(cases.c.bucket == Bucket.open.value, cases.c.due_at < now(), *of_unit)
    return Backlog(still, late, still >= MOST_OPEN)


async def _waits(connection: AsyncConnection, period: Period, unit: int | None) -> Waits:
    found = (
        select(takeovers.c.asked_at, takeovers.c.taken_at, takeovers.c.state, takeovers.c.reason)
        .where(takeovers.c.asked_at >= period.begins, takeovers.c.asked_at < period.ends)
        # What staff began themselves made nobody wait.
        .where(takeovers.c.reason != "staff", *([] if unit is None else [takeovers.c.unit_id == unit]))
        .order_by(takeovers.c.asked_at.desc())
        .limit(MOST_TAKEOVERS + 1)
    )
    rows = (await connection.execute(found)).all()
    more, rows = len(rows) > MOST_TAKEOVERS, rows[:MOST_TAKEOVERS]
    seconds = sorted((row.taken_at - row.asked_at).total_seconds() for row in rows if row.taken_at is not None)
    reasons: dict[str, int] = defaultdict(int)
    for row in rows:
        reasons[row.reason] += 1
    return Waits(
        asked=len(rows),
        taken=len(seconds),
        left=sum(row.state == "left" for row in rows),
        median_s=_at_share(seconds, 0.5),
        tenth_s=_at_share(seconds, 0.9),
        reasons=dict(reasons),
        more=more,
    )


def _at_share(ordered: list[float], share: float) -> float | None:
    """The smallest value that this share of all does not exceed."""
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)] if ordered else None


async def _questions(connection: AsyncConnection, period: Period) -> Questions:
    table = asked_questions.c
    found = (
        select(table.verdict, table.state, func.count())
        .where(table.at >= period.begins, table.at < period.ends)
        .group_by(table.verdict, table.state)
    )
    verdicts: dict[str, int] = defaultdict(int)
    closed = 0
    for verdict, state, number in await connection.execute(found):
        verdicts[verdict] += number
        closed += number if state == "closed" else 0
    return Questions(dict(verdicts), closed)
