"""What is read of the table `takeovers`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, literal_column, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.access import scope
from desk.settings import HandoffSettings
from desk.staff import Person
from store.engine import Database
from store.tables import cases, citizens, conversations, inbox, now, outbox, staff, takeovers, units

_MOST = 200
_CASES = 5
_RECENT = timedelta(days=14)
_ENOUGH, _SAMPLE = 3, 20
# Literals, so that SQLite can prove that the partial indexes serve.
_OPEN: ColumnElement[bool] = literal_column("takeovers.state in ('waiting','active')")
_WAITING: ColumnElement[bool] = literal_column("takeovers.state = 'waiting'")


@dataclass(frozen=True)
class Item:
    """A take-over as staff see it.

    Attributes:
        channel: where the citizen writes.
        reachable: whether the channel still lets us write to them.
        case_code: the case that it is about, if the person may see it.
        unit: name of the unit that answers; None: any.
        staff_id: who has or had it.
        place_code: the citizen's commune, if they have named it.
        note: for colleagues, from its end.
    """

    id: int
    conversation_id: str
    citizen_id: int
    channel: str
    reachable: bool
    state: str
    reason: str
    case_code: str | None
    unit_id: int | None
    unit: str | None
    staff_id: int | None
    staff: str | None
    place_code: str | None
    asked_at: datetime
    taken_at: datetime | None
    ended_at: datetime | None
    note: str | None


def within(by: Person, unit_id: int | None) -> bool:
    """Whether a take-over of that unit is a person's business."""
    return by.unit_id is None or unit_id is None or by.unit_id == unit_id


async def items(database: Database, by: Person | None, state: str) -> tuple[Item, ...]:
    """Those of a state that are open, the oldest first; without a person those of all units, naming no case."""
    wanted = (
        _select(by)
        .where(_OPEN, takeovers.c.state == state, _mine(by))
        .order_by(takeovers.c.asked_at, takeovers.c.id)
        .limit(_MOST)
    )
    async with database.connect() as connection:
        return tuple(_item(row) for row in await connection.execute(wanted))


async def item(source: Database | AsyncConnection, by: Person, number: int) -> Item | None:
    """One by its number; None when there is none for this person."""
    wanted = _select(by).where(takeovers.c.id == number, _mine(by))
    if isinstance(source, Database):
        async with source.connect() as connection:
            row = (await connection.execute(wanted)).one_or_none()
    else:
        row = (await source.execute(wanted)).one_or_none()
    return None if row is None else _item(row)


async def open_of(connection: AsyncConnection, conversation_id: str) -> Any:
    """The row of a conversation that waits or that a person has; None when there is none."""
    wanted = select(takeovers).where(_OPEN, takeovers.c.conversation_id == conversation_id)
    return (await connection.execute(wanted)).one_or_none()


async def cases_of(database: Database, by: Person, citizen_id: int) -> tuple[tuple[str, str], ...]:
    """Code and subject of a citizen's last cases that this person may see."""
    wanted = (
        select(cases.c.code, cases.c.subject)
        .where(cases.c.citizen_id == citizen_id, scope(by))
        .order_by(cases.c.id.desc())
        .limit(_CASES)
    )
    async with database.connect() as connection:
        return tuple((row.code, row.subject) for row in await connection.execute(wanted))


async def place_of(connection: AsyncConnection, conversation_id: str) -> Any:
    """A row with the commune that a conversation's citizen has named; None when there is no such conversation."""
    wanted = (
        select(citizens.c.place_code)
        .join(conversations, conversations.c.citizen_id == citizens.c.id)
        .where(conversations.c.id == conversation_id)
    )
    return (await connection.execute(wanted)).one_or_none()


async def held(connection: AsyncConnection, number: int) -> Any:
    """A row, locked to the end of the transaction; None when there is none."""
    wanted = select(takeovers).where(takeovers.c.id == number).with_for_update()
    return (await connection.execute(wanted)).one_or_none()


async def position(connection: AsyncConnection, row: Any) -> int:
    """The place of a waiting row in the queue of its unit, from 1 on."""
    before = select(func.count()).where(
        _WAITING,
        takeovers.c.unit_id.is_not_distinct_from(row.unit_id),
        or_(takeovers.c.asked_at < row.asked_at, and_(takeovers.c.asked_at == row.asked_at, takeovers.c.id < row.id)),
    )
    return 1 + int((await connection.execute(before)).scalar_one())


async def expected_minutes(
    connection: AsyncConnection, unit_id: int | None, place: int, settings: HandoffSettings
) -> int:
    """How long one at that place of the queue is likely to wait while the desk is open.

    The usual wait lately, and for each one before them the usual length of a talk shared among those who talked lately.
    Waits of more than two hours were nights and are left out.
    """
    recent = (
        select(takeovers.c.asked_at, takeovers.c.taken_at, takeovers.c.ended_at, takeovers.c.staff_id)
        .where(
            takeovers.c.asked_at > now() - _RECENT,
            takeovers.c.taken_at.is_not(None),
            takeovers.c.unit_id.is_not_distinct_from(unit_id),
        )
        .order_by(takeovers.c.asked_at.desc())
        .limit(_SAMPLE)
    )
    rows = (await connection.execute(recent)).all()
    waits = [wait for row in rows if (wait := (row.taken_at - row.asked_at).total_seconds() / 60) <= 120]
    talks = [(row.ended_at - row.taken_at).total_seconds() / 60 for row in rows if row.ended_at is not None]
    wait = median(waits) if len(waits) >= _ENOUGH else settings.expected_minutes
    talk = median(talks) if len(talks) >= _ENOUGH else settings.talk_minutes
    people = max(1, len({row.staff_id for row in rows if row.taken_at > now() - timedelta(hours=4)}))
    return max(1, math.ceil(wait + (place - 1) * talk / people))


async def idle(database: Database, before: datetime) -> tuple[int, ...]:
    """Numbers of those that a person has and was given before that moment."""
    wanted = select(takeovers.c.id).where(_OPEN, takeovers.c.state == "active", takeovers.c.taken_at < before)
    async with database.connect() as connection:
        return tuple((await connection.execute(wanted.order_by(takeovers.c.id))).scalars())


async def waited(database: Database, before: datetime) -> tuple[int, ...]:
    """Numbers of those that have waited since before that moment and whose citizens have written nothing since."""
    wrote = select(inbox.c.id).where(
        inbox.c.conversation_id == takeovers.c.conversation_id, inbox.c.received_at >= before
    )
    wanted = select(takeovers.c.id).where(_WAITING, takeovers.c.asked_at < before, ~wrote.exists())
    async with database.connect() as connection:
        return tuple((await connection.execute(wanted.order_by(takeovers.c.id).limit(_MOST))).scalars())


async def is_idle(connection: AsyncConnection, row: Any, before: datetime) -> bool:
    """Whether staff wrote nothing into a conversation since that moment."""
    said = await _last_said(connection, row)
    return said is None or said < before


async def owed_an_answer(connection: AsyncConnection, row: Any) -> bool:
    """Whether the citizen wrote after the last word of staff, or had none at all."""
    said = await _last_said(connection, row)
    if said is None:
        return True
    newest = select(func.max(inbox.c.id)).where(inbox.c.conversation_id == row.conversation_id)
    later = select(inbox.c.id).where(inbox.c.id == newest.scalar_subquery(), inbox.c.received_at > said)
    return (await connection.execute(later)).scalar() is not None


async def _last_said(connection: AsyncConnection, row: Any) -> datetime | None:
    said = (
        select(outbox.c.created_at)
        .where(
            outbox.c.conversation_id == row.conversation_id,
            outbox.c.sender == "staff",
            outbox.c.created_at >= row.taken_at,
        )
        .order_by(outbox.c.id.desc())
        .limit(1)
    )
    return (await connection.execute(said)).scalar()


def _mine(by: Person | None) -> ColumnElement[bool]:
    if by is None or by.unit_id is None:
        return true()
    return or_(takeovers.c.unit_id.is_(None), takeovers.c.unit_id == by.unit_id)


def _select(by: Person | None) -> Select[Any]:
    return (
        select(
            takeovers.c.id,
            takeovers.c.conversation_id,
            conversations.c.citizen_id,
            conversations.c.channel,
            conversations.c.reachable,
            takeovers.c.state,
            takeovers.c.reason,
            cases.c.code.label("case_code"),
            takeovers.c.unit_id,
            units.c.name.label("unit"),
            takeovers.c.staff_id,
            staff.c.name.label("staff"),
            citizens.c.place_code,
            takeovers.c.asked_at,
            takeovers.c.taken_at,
            takeovers.c.ended_at,
            takeovers.c.note,
        )
        .join(conversations, conversations.c.id == takeovers.c.conversation_id)
        .join(citizens, citizens.c.id == conversations.c.citizen_id)
        .outerjoin(cases, and_(cases.c.id == takeovers.c.case_id, scope(by) if by else false()))
        .outerjoin(units, units.c.id == takeovers.c.unit_id)
        .outerjoin(staff, staff.c.id == takeovers.c.staff_id)
    )


def _item(row: Any) -> Item:
    return Item(**row._mapping)
