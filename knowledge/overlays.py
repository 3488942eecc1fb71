"""The province's layer over the national text: facts of its own, with who set each, by which document and from when.

A fact is a row of `catalogue_overlays`. Rows are never changed and never deleted: one is taken back by ending it, and
what was set when, by whom, can be read from them ever after. Nothing else writes that table. What the rows mean for
the procedures is `apply`, which a version of the catalogue is built with.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge._overlay_apply import apply, next_change
from knowledge._overlay_model import EVERY, FOR_EVERY, Kind, Overlay, check, key, kind_of
from knowledge.importers import overlay_table
from knowledge.importers.report import Report, Severity
from knowledge.procedures import OnlineValue
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from store.tables import catalogue_overlays, now

__all__ = [
    "EVERY",
    "Kind",
    "LevelCounts",
    "Overlay",
    "add",
    "apply",
    "counts",
    "end",
    "get",
    "import_csv",
    "list_",
    "next_change",
]


@dataclass(frozen=True)
class LevelCounts:
    """How many procedures have which level of online service, in one scheme.

    Attributes:
        scheme: ND43_2011 or ND42_2022.
        values: number of procedures by level; their sum is `known`.
        known: procedures whose level the layer holds.
        without: procedures of the catalogue for which it holds none in this scheme; None without a catalogue.
        unlisted: codes that have a level and are not in the catalogue; None without a catalogue.
    """

    scheme: str
    values: Mapping[str, int]
    known: int
    without: int | None = None
    unlisted: int | None = None


async def list_(
    db: Database,
    code: str | None = None,
    kind: str | None = None,
    *,
    ended: bool = False,
    as_of: datetime | None = None,
) -> tuple[Overlay, ...]:
    """Rows of the layer in the order in which they were set.

    Args:
        db: the database.
        code: only those of this procedure (and those of all procedures are `*`).
        kind: only those of this kind.
        ended: also those that were taken back.
        as_of: the layer as it was at that moment.

    Raises:
        Invalid: there is no such kind.
    """
    table = catalogue_overlays
    query = select(table).order_by(table.c.id)
    if code is not None:
        query = query.where(table.c.code == code)
    if kind is not None:
        query = query.where(table.c.kind == kind_of(kind).value)
    if as_of is not None:
        query = query.where(table.c.at <= as_of)
    if not ended:
        alive = table.c.ended_at.is_(None)
        query = query.where(alive if as_of is None else or_(alive, table.c.ended_at > as_of))
    async with db.connect() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return tuple(_overlay(row) for row in rows)


async def get(db: Database, id_: int) -> Overlay:
    """One row; raises NotFound."""
    async with db.connect() as connection:
        found = await connection.execute(select(catalogue_overlays).where(catalogue_overlays.c.id == id_))
        row = found.mappings().first()
    if row is None:
        raise NotFound(f"The province's layer has no row {id_}; `motcua overlay list` shows them.")
    return _overlay(row)


async def add(
    db: Database,
    code: str,
    kind: str,
    value: Mapping[str, Any],
    *,
    actor: str,
    valid_from: date | None = None,
    decision: str | None = None,
    source: str = "console",
    known: Collection[str] | None = None,
) -> Overlay:
    """Set one fact. What the layer said of the same thing from the same day on is ended in the same transaction.

    Args:
        db: the database.
        code: the procedure's code; `*` sets post, home_service or on_time_exempt for all procedures.
        kind: one of `Kind`.
        value: what its kind holds (`knowledge._overlay_model`); `valid_to` may be in it.
        actor: who sets it.
        valid_from: first day it holds; None: ever since.
        decision: number of the deciding document.
        source: where it is taken from.
        known: codes of the catalogue; another one is refused.

    Raises:
        Invalid: the value is not one of its kind.
        NotFound: the code is not among the known ones.
        Conflict: the layer says exactly this already.
    """
    fact = _fact(code, kind_of(kind), value, valid_from, decision)
    if known is not None and fact.code != EVERY and fact.code not in known:
        raise NotFound(f"The catalogue holds no procedure {fact.code}; look the code up.")
    async with db.begin() as connection:
        before = await _alive(connection, fact.kind, {fact.code})
        outcome, rows = _compare(fact, before)
        if outcome == "unchanged":
            raise Conflict(f"The province's layer says this of {fact.code} already (row {rows[0].id}).")
        moment = now()
        await _end(connection, [row.id for row in rows], actor, moment)
        made = await connection.execute(insert(catalogue_overlays).values(**_row(fact, actor, source, moment)))
        [id_] = made.inserted_primary_key or (0,)
    return await get(db, id_)


async def end(db: Database, id_: int, *, actor: str) -> Overlay:
    """Take a fact back; the row stays as a record.

    Raises:
        NotFound: there is no such row.
        Conflict: it was taken back before.
    """
    row = await get(db, id_)
    async with db.begin() as connection:
        if await _end(connection, [id_], actor, now()) == 0:
            raise Conflict(f"Row {id_} was ended by {row.ended_by or 'somebody else'} already.")
    return await get(db, id_)


async def import_csv(
    db: Database,
    path: Path,
    *,
    kind: str,
    actor: str,
    valid_from: date | None = None,
    decision: str | None = None,
    source: str | None = None,
    scheme: str | None = None,
    known: Collection[str] | None = None,
) -> Report:
    """Set the facts of a table (CSV or XLSX), all of one kind, in one transaction.

    A row that cannot be used is left out and reported; the others are taken. A code that the catalogue does not hold
    is reported and kept: it has no effect until a version holds it. A cell that does not say the level sets none, so
    that unknown stays unknown. The same table a second time changes nothing.

    Args:
        db: the database.
        path: the table.
        kind: one of `Kind`.
        actor: who sets the facts.
        valid_from: first day of the rows that do not say one.
        decision: deciding document of the rows that do not name one.
        source: what to call the source; the file's name without it.
        scheme: what plain numbers of levels mean (ND43_2011 without it).
        known: codes of the catalogue, to report others.

    Returns:
        The report; `as_read` holds how many facts were added, replaced (another one was ended for them) and found
        unchanged, and for levels how many rows name each.

    Raises:
        Invalid: the file cannot be read as a table, or it has no column of codes.
    """
    wanted = kind_of(kind)
    report = Report(source=path.name)
    read = await asyncio.to_thread(overlay_table.read, path, wanted, report, scheme)
    facts: dict[tuple[str, str, date | None], _Fact] = {}
    lines: dict[tuple[str, str, date | None], int] = {}
    for line in read:
        try:
            fact = _fact(line.code, wanted, line.value, line.valid_from or valid_from, line.decision or decision)
        except Invalid as error:
            report.add(line.number, line.code, wanted.value, Severity.error, error.message)
            continue
        same = (fact.code, key(fact.kind, fact.value), fact.valid_from)
        if same in facts:
            if facts[same] == fact:
                message = f"the same as line {lines[same]}; taken once"
                report.add(line.number, fact.code, "code", Severity.warning, message)
            else:
                message = f"line {lines[same]} says another thing of the same; the first one was kept"
                report.add(line.number, fact.code, "code", Severity.error, message)
            continue
        if known is not None and fact.code != EVERY and fact.code not in known:
            message = "the catalogue holds no procedure with this code; kept, without effect until it does"
            report.add(line.number, fact.code, "code", Severity.warning, message)
        facts[same], lines[same] = fact, line.number
    report.accepted = len(facts)
    report.as_read = await _set(db, wanted, list(facts.values()), actor, source or path.name)
    if wanted is Kind.online_level:
        said = Counter(str(fact.value["value"]) for fact in facts.values())
        report.as_read |= {value: said[value] for value in sorted(said)}
    return report


async def _set(db: Database, kind: Kind, facts: list[_Fact], actor: str, source: str) -> dict[str, int]:
    outcomes = Counter(added=0, replaced=0, unchanged=0)
    async with db.begin() as connection:
        before: dict[str, list[Overlay]] = {}
        for row in await _alive(connection, kind, {fact.code for fact in facts}):
            before.setdefault(row.code, []).append(row)
        moment = now()
        new: list[dict[str, Any]] = []
        gone: list[int] = []
        for fact in facts:
            outcome, rows = _compare(fact, before.get(fact.code, []))
            outcomes[outcome] += 1
            if outcome != "unchanged":
                gone += [row.id for row in rows]
                new.append(_row(fact, actor, source, moment))
        await _end(connection, gone, actor, moment)
        if new:
            await connection.execute(insert(catalogue_overlays), new)
    return dict(outcomes)


def counts(overlays: Iterable[Overlay], on: date, *, known: Collection[str] | None = None) -> tuple[LevelCounts, ...]:
    """How many procedures have which level on that day, by scheme; a pure function.

    Args:
        overlays: rows that were not ended.
        on: the day.
        known: codes of the catalogue, to count those without a level and the codes that are not in it.
    """
    last: dict[tuple[str, str], Overlay] = {}
    for row in sorted(overlays, key=lambda row: (row.valid_from or date.min, row.id)):
        if row.kind is Kind.online_level and row.in_force(on):
            last[row.key, row.code] = row
    found = []
    for scheme in sorted({scheme for scheme, _ in last}):
        of_scheme = {code: row for (s, code), row in last.items() if s == scheme}
        levels = {code: str(row.value["value"]) for code, row in of_scheme.items()}
        said = Counter(value for value in levels.values() if value != OnlineValue.unknown)
        stated = {code for code, value in levels.items() if value != OnlineValue.unknown}
        found.append(
            LevelCounts(
                scheme=scheme,
                values={value: said[value] for value in sorted(said)},
                known=len(stated),
                without=None if known is None else len(set(known) - stated),
                unlisted=None if known is None else len(stated - set(known)),
            )
        )
    return tuple(found)


@dataclass(frozen=True)
class _Fact:
    """A checked fact that is not in the table yet."""

    code: str
    kind: Kind
    value: Mapping[str, Any]
    valid_from: date | None
    decision: str | None


def _fact(code: str, kind: Kind, value: Mapping[str, Any], valid_from: date | None, decision: str | None) -> _Fact:
    code = code.strip()
    if not code or len(code) > 40:
        raise Invalid("A code has 1 to 40 characters, for example 1.001193.")
    if code == EVERY and kind not in FOR_EVERY:
        raise Invalid(f"{kind} is set for one procedure at a time, not for all ({EVERY}).")
    checked = check(kind, value)
    until = checked.get("valid_to")
    if valid_from and until and valid_from.isoformat() > until:
        raise Invalid("valid_to: the last day lies before the first day.")
    return _Fact(code, kind, checked, valid_from, (decision or "").strip() or None)


def _compare(fact: _Fact, before: Iterable[Overlay]) -> tuple[str, list[Overlay]]:
    """What setting a fact does to the rows in force: nothing, or some are ended for it."""
    wanted = key(fact.kind, fact.value)
    same = [row for row in before if row.key == wanted and row.valid_from == fact.valid_from]
    for row in same:
        if _stored(row) == fact.value and row.decision == fact.decision:
            return "unchanged", [row]
    return ("replaced" if same else "added"), same


def _stored(row: Overlay) -> dict[str, Any]:
    until = {"valid_to": row.valid_to.isoformat()} if row.valid_to else {}
    return {**row.value, **until}


def _row(fact: _Fact, actor: str, source: str, at: datetime) -> dict[str, Any]:
    return {
        "code": fact.code,
        "kind": fact.kind.value,
        "value": dict(fact.value),
        "valid_from": fact.valid_from.isoformat() if fact.valid_from else None,
        "decision": fact.decision,
        "source": source,
        "actor": actor,
        "at": at,
    }


def _overlay(row: Mapping[Any, Any]) -> Overlay:
    value = dict(row["value"])
    until = value.pop("valid_to", None)
    return Overlay(
        id=row["id"],
        code=row["code"],
        kind=Kind(row["kind"]),
        value=value,
        valid_from=date.fromisoformat(row["valid_from"]) if row["valid_from"] else None,
        valid_to=date.fromisoformat(until) if until else None,
        decision=row["decision"],
        source=row["source"],
        actor=row["actor"],
        at=row["at"],
        ended_at=row["ended_at"],
        ended_by=row["ended_by"],
    )


async def _alive(connection: AsyncConnection, kind: Kind, codes: set[str]) -> list[Overlay]:
    table = catalogue_overlays
    query = select(table).where(table.c.kind == kind.value, table.c.ended_at.is_(None)).order_by(table.c.id)
    if len(codes) == 1:
        query = query.where(table.c.code == next(iter(codes)))
    rows = (await connection.execute(query)).mappings().all()
    return [_overlay(row) for row in rows if row["code"] in codes]


async def _end(connection: AsyncConnection, ids: list[int], actor: str, at: datetime) -> int:
    ended = 0
    table = catalogue_overlays
    # In portions: SQLite takes a limited number of values in one statement.
    for start in range(0, len(ids), 500):
        some = update(table).where(table.c.id.in_(ids[start : start + 500]), table.c.ended_at.is_(None))
        ended += (await connection.execute(some.values(ended_at=at, ended_by=actor))).rowcount
    return ended
