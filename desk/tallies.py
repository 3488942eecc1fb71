"""Sums by day, kept up with every change of a case, so that a report reads no cases.

Denunciations are in none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.calendar import VIET_NAM
from desk.kinds import Kind
from store.engine import Database
from store.tables import audit, case_tallies, cases, now
from store.upsert import insert as upsert

Measure = Literal["received", "answered", "on_time", "late", "closed", "reopened", "ratings", "rating_sum"]
MEASURES: tuple[Measure, ...] = (
    "received",
    "answered",
    "on_time",
    "late",
    "closed",
    "reopened",
    "ratings",
    "rating_sum",
)
DIMENSIONS = ("all", "unit", "place", "procedure", "office")
"""What is counted apart; the value of `all` is empty, that of `unit` the unit's number."""
LONGEST_VALUE = 120
Place = tuple[str, str, str, str]


async def bump(
    connection: AsyncConnection, case: Mapping[Any, Any], measure: Measure, by: int = 1, *, at: datetime | None = None
) -> None:
    """Count something that happened to a case, in the caller's transaction.

    Call it after `audit.write` of the same transaction: two transactions that take the two locks in different orders
    would wait for each other.

    Args:
        case: the row of the case: `kind`, `unit_id`, `place_code`, `procedure_code`, `office`.
        measure: what happened.
        by: how often, or for `rating_sum` how many stars; less than 0 takes back.
        at: when; now without it. The day is Viet Nam's.
    """
    if case["kind"] == Kind.denunciation:
        return
    rows = [
        {"day": day, "dimension": dimension, "value": value, "kind": kind, measure: by}
        for day, dimension, value, kind in _places(case, at or now())
    ]
    statement = upsert(connection.dialect.name, case_tallies).values(rows)
    added = case_tallies.c[measure] + statement.excluded[measure]
    await connection.execute(
        statement.on_conflict_do_update(index_elements=list(case_tallies.primary_key), set_={measure: added})
    )


async def rebuild(db: Database, *, progress: Callable[[float], None] = lambda share: None) -> int:
    """Count everything again from the cases as they stand; gives how many cases were counted.

    A case counts with its present unit, place, procedure and kind, and with its last answer; reopenings come from the
    log.

    Args:
        progress: told the share done, 0 to 1.
    """
    names = ["day", "dimension", "value", "kind", *MEASURES]
    # One transaction: a change that commits meanwhile would be counted twice or not at all.
    async with db.begin() as connection:
        if db.dialect == "postgresql":
            await connection.exec_driver_sql("LOCK TABLE case_tallies IN EXCLUSIVE MODE")
            # Otherwise millions of events are sorted on disk instead of being summed up in memory.
            await connection.exec_driver_sql("SET LOCAL work_mem = '256MB'")
        await connection.execute(delete(case_tallies))
        for done, dimension in enumerate(DIMENSIONS):
            events = union_all(*_events(db.dialect, dimension)).subquery("events")
            sums = select(
                events.c.day,
                literal(dimension),
                events.c.value,
                events.c.kind,
                *(func.sum(events.c[measure]) for measure in MEASURES),
            ).group_by(events.c.day, events.c.value, events.c.kind)
            await connection.execute(insert(case_tallies).from_select(names, sums))
            progress((done + 1) / len(DIMENSIONS))
        return await connection.scalar(select(func.count()).select_from(cases)) or 0


def _events(dialect: str, dimension: str) -> list[Select[Any]]:
    """What happened to each case: a row each time, with what it adds to which measure."""
    value: ColumnElement[Any] = {
        "all": literal(""),
        "unit": cast(cases.c.unit_id, String),
        "place": cases.c.place_code,
        "procedure": cases.c.procedure_code,
        "office": func.substr(cases.c.office, 1, LONGEST_VALUE),
    }[dimension]

    def each(at: ColumnElement[Any], **adds: ColumnElement[Any]) -> Select[Any]:
        measures = (cast(adds.get(name, literal(0)), Integer).label(name) for name in MEASURES)
        return select(_day(dialect, at).label("day"), value.label("value"), cases.c.kind, *measures).where(
            cases.c.kind != Kind.denunciation.value, value.isnot(None), at.isnot(None)
        )

    once = literal(1)
    again = each(audit.c.at, reopened=once).where(
        audit.c.subject == literal("case:") + cast(cases.c.id, String), audit.c.action == "reopened"
    )
    return [
        each(cases.c.created_at, received=once),
        each(
            cases.c.answered_at,
            answered=once,
            on_time=case((cases.c.on_time.is_(True), 1), else_=0),
            late=case((cases.c.on_time.is_(False), 1), else_=0),
        ),
        each(cases.c.closed_at, closed=once),
        each(cases.c.rated_at, ratings=once, rating_sum=cases.c.rating).where(cases.c.rating.isnot(None)),
        again.where(cases.c.reopened > 0),
    ]


def _day(dialect: str, at: ColumnElement[Any]) -> ColumnElement[Any]:
    """The day in Viet Nam, as `day_of` writes it; there the clock has not been changed since 1975."""
    if dialect == "postgresql":
        return func.to_char(at.op("AT TIME ZONE")(literal_column("'Asia/Ho_Chi_Minh'")), "YYYY-MM-DD")
    return func.date(at, "+7 hours")


def day_of(moment: datetime) -> str:
    """The day of a moment in Viet Nam, YYYY-MM-DD."""
    return moment.astimezone(VIET_NAM).date().isoformat()


def _places(case: Mapping[Any, Any], at: datetime) -> list[Place]:
    """Where an event of a case is counted; `all` first, so that writers lock the rows in one order."""
    values = {
        "all": "",
        "unit": case["unit_id"],
        "place": case["place_code"],
        "procedure": case["procedure_code"],
        "office": case["office"],
    }
    day, kind = day_of(at), str(Kind(case["kind"]))
    return [
        (day, dimension, str(value)[:LONGEST_VALUE], kind)
        for dimension in DIMENSIONS
        if (value := values[dimension]) is not None
    ]
