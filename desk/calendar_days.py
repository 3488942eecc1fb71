"""The table of days that the desk decides about itself: what the library has wrong, what one unit keeps differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import RowMapping, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import audit, case_clocks
from desk.calendar import Calendar, Day
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from store.tables import calendar_days, cases, now, units
from store.tables import case_clocks as clocks

FIRST_YEAR, LAST_YEAR = 2000, 2100
_LONGEST_NOTE = 300
_BATCH = 200


@dataclass(frozen=True)
class Override:
    """A row of the table.

    Attributes:
        id: its number.
        day: which day.
        working: whether it is worked.
        note: why.
        source: the document that says so.
        unit_id: the unit that it holds for; None for the whole province.
        unit: that unit's name.
        actor: who wrote it.
        at: when.
    """

    id: int
    day: date
    working: bool
    note: str
    source: str
    unit_id: int | None
    unit: str | None
    actor: str
    at: datetime


async def list_(db: Database, *, unit_id: int | None = None, limit: int = 500) -> tuple[Override, ...]:
    """The rows in force, the latest day first.

    Args:
        unit_id: only the province's rows and this unit's; None gives all.
        limit: at most so many.
    """
    wanted = (
        select(calendar_days, units.c.name.label("unit"))
        .join(units, units.c.id == calendar_days.c.unit_id, isouter=True)
        .where(calendar_days.c.ended_at.is_(None))
        .order_by(calendar_days.c.day.desc(), calendar_days.c.id.desc())
        .limit(limit)
    )
    if unit_id is not None:
        wanted = wanted.where(or_(calendar_days.c.unit_id.is_(None), calendar_days.c.unit_id == unit_id))
    async with db.connect() as connection:
        return tuple(_override(row) for row in (await connection.execute(wanted)).mappings())


async def add(
    db: Database, day: date, working: bool, *, note: str, source: str, actor: str, unit_id: int | None = None
) -> Override:
    """Say what a day is; the running deadlines are worked out anew (`apply`).

    Args:
        day: which day.
        working: whether it is worked.
        note: why; shown in explanations.
        source: the document that says so.
        actor: who says it.
        unit_id: the unit that it holds for; None for the whole province.

    Raises:
        Invalid: the day is out of range, or note or source is missing or too long.
        Conflict: a row about this day is in force.
        NotFound: there is no such unit.
    """
    note, source = note.strip(), source.strip()
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Invalid(f"Ngày phải nằm trong các năm {FIRST_YEAR} đến {LAST_YEAR}.")
    if not note or not source:
        raise Invalid("Cần ghi lý do và văn bản căn cứ, vì hai điều này hiện trong phần giải thích thời hạn.")
    if max(len(note), len(source)) > _LONGEST_NOTE:
        raise Invalid(f"Lý do và căn cứ dài không quá {_LONGEST_NOTE} ký tự.")
    async with db.begin() as connection:
        if unit_id is not None and await connection.scalar(select(units.c.id).where(units.c.id == unit_id)) is None:
            raise NotFound("Không có đơn vị này.")
        same = calendar_days.c.unit_id.is_(None) if unit_id is None else calendar_days.c.unit_id == unit_id
        held = select(calendar_days.c.id).where(
            calendar_days.c.day == day.isoformat(), calendar_days.c.ended_at.is_(None), same
        )
        if (await connection.execute(held)).first() is not None:
            raise Conflict(f"Bảng đã có dòng về ngày {day:%d/%m/%Y}; hãy gỡ dòng đó trước.")
        values = {"day": day.isoformat(), "working": working, "note": note, "source": source, "unit_id": unit_id}
        made = await connection.execute(
            insert(calendar_days).values(**values, actor=actor, at=now()).returning(calendar_days.c.id)
        )
        number = int(made.scalar_one())
        await audit.write(connection, actor=actor, action="calendar_added", subject=f"calendar:{number}", data=values)
    await apply(db, unit_id=unit_id)
    return await _get(db, number)


async def end(db: Database, number: int, *, actor: str, unit_id: int | None = None) -> Override:
    """Take a row back; the running deadlines are worked out anew.

    Args:
        number: of the row.
        actor: who takes it back.
        unit_id: only when it is this unit's own; None may take back any.

    Raises:
        NotFound: no such row is in force, or it is not this unit's.
    """
    row = await _get(db, number)
    if unit_id is not None and row.unit_id != unit_id:
        raise NotFound("Không có dòng lịch này trong đơn vị của anh/chị.")
    async with db.begin() as connection:
        ended = await connection.execute(
            update(calendar_days)
            .where(calendar_days.c.id == number, calendar_days.c.ended_at.is_(None))
            .values(ended_at=now())
        )
        if not ended.rowcount:
            raise NotFound("Dòng lịch này vừa được gỡ.")
        data = {"day": row.day.isoformat(), "working": row.working, "unit_id": row.unit_id}
        await audit.write(connection, actor=actor, action="calendar_ended", subject=f"calendar:{number}", data=data)
    await apply(db, unit_id=row.unit_id)
    return row


async def apply(db: Database, *, unit_id: int | None = None) -> int:
    """Work out every running deadline anew with the calendar as it is; gives how many cases have another date now.

    A process that is killed halfway leaves the rest as it was; running it again finishes it.

    Args:
        unit_id: only the cases of this unit.
    """
    last = changed = 0
    while True:
        wanted = (
            select(clocks.c.case_id)
            .join(cases, cases.c.id == clocks.c.case_id)
            .where(clocks.c.stopped_at.is_(None), clocks.c.case_id > last)
            .distinct()
            .order_by(clocks.c.case_id)
            .limit(_BATCH)
        )
        if unit_id is not None:
            wanted = wanted.where(cases.c.unit_id == unit_id)
        async with db.begin() as connection:
            numbers = (await connection.scalars(wanted)).all()
            for number in numbers:
                changed += await _recount(connection, number)
        if not numbers:
            return changed
        last = numbers[-1]


def days_of(calendar: Calendar, year: int) -> Sequence[tuple[date, Day]]:
    """The days of a year that are not what their weekday says, for comparison with the decided schedule.

    Raises:
        Invalid: the year is out of range.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Invalid(f"Năm phải từ {FIRST_YEAR} đến {LAST_YEAR}.")
    start = date(year, 1, 1)
    days = [start + timedelta(days=number) for number in range(366)]
    return [(day, calendar.day(day)) for day in days if day.year == year and calendar.day(day).note]


async def _recount(connection: AsyncConnection, case_id: int) -> bool:
    await connection.execute(select(cases.c.id).where(cases.c.id == case_id).with_for_update())
    return await case_clocks.recount(connection, case_id)


async def _get(db: Database, number: int) -> Override:
    wanted = (
        select(calendar_days, units.c.name.label("unit"))
        .join(units, units.c.id == calendar_days.c.unit_id, isouter=True)
        .where(calendar_days.c.id == number, calendar_days.c.ended_at.is_(None))
    )
    async with db.connect() as connection:
        row = (await connection.execute(wanted)).mappings().one_or_none()
    if row is None:
        raise NotFound("Không có dòng lịch này; danh sách có thể vừa được người khác sửa.")
    return _override(row)


def _override(row: RowMapping) -> Override:
    return Override(
        row["id"],
        date.fromisoformat(row["day"]),
        row["working"],
        row["note"],
        row["source"],
        row["unit_id"],
        row["unit"],
        row["actor"],
        row["at"],
    )
