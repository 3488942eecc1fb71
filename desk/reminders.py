"""What happens to cases by the passing of time: warnings, escalation, the question whether it helped, closing.

Every minute one round (`mind`). A round looks for what is due, in batches; each thing is done once, also when several
processes go round at the same time or one is killed halfway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import structlog
from sqlalchemy import ColumnElement, Row, and_, exists, insert, or_, select, true, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import _clock_rows, audit, case_clocks, texts
from desk._case_rows import Case
from desk._changes import Book
from desk.calendar import VIET_NAM, Calendar
from desk.kinds import Bucket, Kind, State
from store.errors import MotcuaError
from store.tables import case_messages, cases, conversations, now

EVERY_S = 60.0
_BATCH = 50
_MOST_BATCHES = 20
_OWED = (Bucket.open.value, Bucket.waiting.value, Bucket.paused.value, Bucket.vault.value)
_UNASSIGNED = " Phiếu chưa có người xử lý."
_log = structlog.get_logger()


@dataclass(frozen=True)
class Round:
    """What one round did."""

    warned: int = 0
    escalated: int = 0
    asked: int = 0
    closed: int = 0


class _Passed(Exception):
    """Somebody was faster: nothing is left to do for this case."""


async def run(book: Book, *, every_s: float = EVERY_S) -> None:
    """Go round for ever; a round that fails is logged and the next one tries again."""
    while True:
        try:
            done = await mind(book)
            if done != Round():
                _log.info("desk_minded", warned=done.warned, escalated=done.escalated, asked=done.asked)
        except (MotcuaError, SQLAlchemyError, OSError) as error:
            _log.warning("desk_minding_failed", error=type(error).__name__)
        await asyncio.sleep(every_s)


async def mind(book: Book, *, at: datetime | None = None) -> Round:
    """One round.

    Args:
        book: where cases are changed.
        at: the present moment.
    """
    moment = at or now()
    calendar = await case_clocks.calendar_of(book.database)
    return Round(
        warned=await _tell(book, "warned", _before(calendar, moment, book.settings.clocks.warn_working_days), moment),
        escalated=await _tell(book, "escalated", moment, moment),
        asked=await _ask(book, moment),
        closed=await _close(book, moment),
    )


def _before(calendar: Calendar, moment: datetime, working_days: int) -> datetime:
    """The latest deadline that is warned of now: the end of that many working days after today."""
    day = moment.astimezone(VIET_NAM).date()
    for _ in range(working_days):
        day = calendar.next_working(day + timedelta(days=1))
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), VIET_NAM)


async def _tell(book: Book, what: Literal["warned", "escalated"], until: datetime, at: datetime) -> int:
    """Note on each case whose deadline is near, or over, that it is; gives how many."""
    done = cases.c.warned_at if what == "warned" else cases.c.escalated_at
    # What is over already is escalated and no longer warned of.
    since = cases.c.due_at >= at if what == "warned" else true()
    told = 0
    for _ in range(_MOST_BATCHES):
        async with book.database.begin() as connection:
            rows = await _take(connection, and_(cases.c.due_at < until, since, done.is_(None)))
            for row in rows:
                await _note(connection, row, what, at)
        told += len(rows)
        if len(rows) < _BATCH:
            break
    return told


async def _take(connection: AsyncConnection, condition: ColumnElement[bool]) -> Sequence[Row[Any, Any, Any]]:
    """The next cases of those, locked; those that another round has locked are left out."""
    wanted = (
        select(cases.c.id, cases.c.due_at, cases.c.assigned_to)
        .where(cases.c.bucket.in_(_OWED), condition)
        .order_by(cases.c.due_at, cases.c.id)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    return (await connection.execute(wanted)).all()


async def _note(
    connection: AsyncConnection, row: Row[Any, Any, Any], what: Literal["warned", "escalated"], at: datetime
) -> None:
    """Write a note for staff; the version stays, so that a form somebody is filling in still counts."""
    running = await _clock_rows.running(connection, row.id)
    names = [_clock_rows.title(_clock_rows.rule_of(clock)) for clock in running if clock.due_at == row.due_at]
    due = f"{row.due_at.astimezone(VIET_NAM):%H:%M ngày %d/%m/%Y}"
    matter = ", ".join(names) or "giải quyết phiếu"
    if what == "warned":
        text = f"Sắp đến hạn {due}: {matter}."
    else:
        text = f"Đã qua hạn {due}: {matter}. Đã báo phụ trách bộ phận."
    if row.assigned_to is None:
        text += _UNASSIGNED
    number = (
        await connection.execute(
            insert(case_messages)
            .values(case_id=row.id, at=at, author="system", visibility="internal", purpose="note", text=text)
            .returning(case_messages.c.id)
        )
    ).scalar_one()
    column = "warned_at" if what == "warned" else "escalated_at"
    await connection.execute(update(cases).where(cases.c.id == row.id).values({column: at}))
    data = {"due_at": row.due_at.isoformat(), "messages": [[number, audit.digest_of(text)]]}
    await audit.write(connection, actor="system", action=what, subject=f"case:{row.id}", data=data)


async def _ask(book: Book, at: datetime) -> int:
    """Ask the citizens whose answer is some days old whether the matter is settled."""
    until = at - timedelta(days=book.settings.clocks.ask_solved_days)
    waiting = and_(cases.c.checked_at.is_(None), cases.c.solved.is_(None), cases.c.conversation_id.is_not(None))
    asked = 0
    for code in await _answered(book, and_(cases.c.answered_at <= until, waiting)):
        try:
            async with book.change(code, actor="system", action="asked_solved", check=_unasked) as change:
                change.set(checked_at=change.at)
                await change.notice(_question(change.case), buttons=_buttons(change.case))
        except _Passed:
            continue
        asked += 1
    return asked


async def _close(book: Book, at: datetime) -> int:
    """Close what was answered long enough ago; whoever was asked has had time to say something."""
    settings = book.settings.clocks
    until = at - timedelta(days=settings.close_days)
    rest = at - timedelta(days=max(1, settings.close_days - settings.ask_solved_days))
    heard = or_(cases.c.checked_at <= rest, cases.c.conversation_id.is_(None))
    closed = 0
    for code in await _answered(book, and_(cases.c.answered_at <= until, heard)):
        try:
            async with book.change(code, actor="system", action="closed", check=_answered_still) as change:
                change.go(State.closed)
                change.set(closed_at=change.at)
                change.tally("closed")
                await change.notice(texts.closed(change.case, book.link(change.case)))
        except _Passed:
            continue
        closed += 1
    return closed


async def _answered(book: Book, condition: ColumnElement[bool]) -> Sequence[str]:
    """Codes of the next answered cases of those; denunciations are closed by the vault alone.

    While a person talks with the citizen nothing is asked: the bot is silent then, and a button would not reach it.
    """
    talking = exists().where(conversations.c.id == cases.c.conversation_id, conversations.c.owner != "bot")
    wanted = (
        select(cases.c.code)
        .where(
            cases.c.bucket == Bucket.done.value,
            cases.c.state == State.answered.value,
            cases.c.purged_at.is_(None),
            ~talking,
            condition,
        )
        .order_by(cases.c.answered_at)
        .limit(_BATCH * _MOST_BATCHES)
    )
    async with book.database.connect() as connection:
        return (await connection.scalars(wanted)).all()


def _question(case: Case) -> str:
    answered = f" ngày {case.answered_at.astimezone(VIET_NAM):%d/%m/%Y}" if case.answered_at else ""
    lines = [
        f"Phiếu **{case.code}** ({case.subject}) đã được trả lời{answered}. Việc của anh/chị đã được giải quyết chưa?",
        f"Nếu chưa, nhắn “chưa giải quyết {case.code}: …” và nói rõ còn vướng gì, cán bộ sẽ xem lại.",
    ]
    return "\n".join(lines)


def _buttons(case: Case) -> list[tuple[str, str]]:
    made = [
        ("Đã giải quyết", f'/solved_case{{"case":"{case.code}","yes":true}}'),
        ("Chưa giải quyết", f'/solved_case{{"case":"{case.code}","yes":false}}'),
    ]
    if case.rating is None:
        stars = enumerate(texts.STARS, 1)
        made += [(title, f'/rate_case{{"case":"{case.code}","rating":{number}}}') for number, title in stars]
    return made


def _unasked(case: Case) -> None:
    _answered_still(case)
    if case.checked_at is not None:
        raise _Passed


def _answered_still(case: Case) -> None:
    if case.state is not State.answered or case.kind is Kind.denunciation:
        raise _Passed
