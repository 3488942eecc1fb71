"""The queues of the desk: which cases wait for what, page by page, and how many.

A page begins where the last one ended (never counted from the front), and counts stop at a thousand: neither grows with
the number of cases. Denunciations are in no queue: none of them has a bucket that is asked for here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, FromClause, Select, and_, false, func, literal, or_, select, true

from desk import access
from desk._lists import (
    FAR,
    LISTED,
    Filters,
    Listed,
    Page,
    listed,
    named,
    newest,
    older_than,
    pack,
    rows_wanted,
    unpack,
)
from desk.kinds import Bucket, Kind, State
from desk.kinds import bucket as bucket_of
from desk.search import search as search
from desk.staff import Person
from store.engine import Database
from store.errors import NotFound
from store.tables import case_messages, cases, now

__all__ = ["MOST_COUNTED", "QUEUES", "Count", "Filters", "Listed", "Page", "Queue", "count", "counts", "page", "search"]

MOST_COUNTED = 1_000
# Cases that are looked at for a count that no index can give.
MOST_LOOKED_AT = 2_000
_SOON = timedelta(days=2)


@dataclass(frozen=True)
class Queue:
    """A queue.

    Attributes:
        name: in addresses.
        title: on the page.
        order: `due`: the nearest deadline first, those without one after; `newest`: the newest first; `oldest`: the
            oldest first.
    """

    name: str
    title: str
    order: Literal["due", "newest", "oldest"]


QUEUES: dict[str, Queue] = {
    queue.name: queue
    for queue in (
        Queue("mine", "Của tôi", "due"),
        Queue("unassigned", "Chưa ai nhận", "due"),
        Queue("open", "Đang xử lý", "due"),
        Queue("overdue", "Quá hạn", "due"),
        Queue("due_soon", "Sắp đến hạn", "due"),
        Queue("waiting", "Chờ người dân", "due"),
        Queue("paused", "Tạm dừng", "due"),
        Queue("approval", "Chờ duyệt trả lời", "oldest"),
        Queue("answered", "Đã trả lời", "newest"),
        Queue("done", "Đã xong", "newest"),
    )
}
"""Every queue, in the order of the tabs."""


@dataclass(frozen=True)
class Count:
    """How many; `more` when there are, or may be, more than `number`."""

    number: int
    more: bool = False

    def __str__(self) -> str:
        return f"{self.number}+" if self.more else str(self.number)


async def page(
    db: Database,
    by: Person,
    queue: str,
    filters: Filters = Filters(),  # noqa: B008
    *,
    after: str | None = None,
    limit: int = 50,
    soon: timedelta = _SOON,
    at: datetime | None = None,
) -> Page:
    """One page of a queue, of what this person may see.

    Args:
        after: `next` of the page before; None for the first.
        limit: rows of a page, 1 to 200.
        soon: how near a deadline counts as due soon.
        at: the present moment; given by tests.

    Raises:
        NotFound: there is no such queue.
        Invalid: `after` comes from no page.
        Forbidden: the person may not read cases.
    """
    access.require(by, "cases.read")
    wanted, size = _queue(queue), rows_wanted(limit)
    within = _within(wanted, by, filters, soon, at or now())
    begin = unpack(after) if after else None
    found: list[Listed] = []
    async with db.connect() as connection:
        if wanted.order == "newest":
            if begin is not None and begin[0] is not None:
                within.append(older_than(begin[0], begin[1]))
            return await newest(connection, within, filters.loose, size, FAR if filters.is_loose else size + 1)
        base = select(*LISTED).where(*within, *filters.loose(cases.c))
        # By deadline, those without one come after all others: the databases disagree where they sort it.
        for part in _parts(wanted, base, begin):
            rows = await connection.execute(named(part.limit(size + 1 - len(found))))
            found += sorted((listed(row) for row in rows), key=lambda row: _key(wanted, row))
            if len(found) > size:
                break
    shown = found[:size]
    return Page(tuple(shown), _end(wanted, shown[-1]) if len(found) > size else None)


async def count(
    db: Database,
    by: Person,
    queue: str,
    filters: Filters = Filters(),  # noqa: B008
    *,
    soon: timedelta = _SOON,
    at: datetime | None = None,
) -> Count:
    """How many cases a queue has, counted to a thousand at most; arguments and errors as of `page`."""
    return (await counts(db, by, filters, only=(_queue(queue).name,), soon=soon, at=at))[queue]


async def counts(
    db: Database,
    by: Person,
    filters: Filters = Filters(),  # noqa: B008
    *,
    only: tuple[str, ...] = tuple(QUEUES),
    soon: timedelta = _SOON,
    at: datetime | None = None,
) -> dict[str, Count]:
    """How many cases each queue has, counted to a thousand at most, in one statement.

    Args:
        only: names of the queues to count.
        soon: how near a deadline counts as due soon.
        at: the present moment; given by tests.

    Raises:
        Forbidden: the person may not read cases.
    """
    access.require(by, "cases.read")
    moment = at or now()
    looked_at = MOST_LOOKED_AT if filters.is_loose else MOST_COUNTED
    each = []
    for name in only:
        looked = select(cases.c.kind, cases.c.state).where(*_within(_queue(name), by, filters, soon, moment))
        if QUEUES[name].order == "newest":
            # The newest are looked at, by the index that the page is read from.
            looked = looked.order_by(cases.c.created_at.desc(), cases.c.id.desc())
        inside = looked.limit(looked_at).subquery()
        fitting = func.count().filter(*filters.loose(inside.c)) if filters.is_loose else func.count()
        each.append(select(func.count().label("looked"), fitting.label("fitting")).select_from(inside).subquery())
    # Of each there is one row, so that all of them side by side are one row as well.
    joined: FromClause = each[0]
    for one in each[1:]:
        joined = joined.join(one, true())
    side_by_side = select(*(column for one in each for column in (one.c.looked, one.c.fitting))).select_from(joined)
    async with db.connect() as connection:
        row = (await connection.execute(side_by_side)).one()
    return {name: _counted(row[2 * at], row[2 * at + 1], looked_at) for at, name in enumerate(only)}


def _counted(looked: int, fitting: int, looked_at: int) -> Count:
    return Count(min(fitting, MOST_COUNTED - 1), fitting >= MOST_COUNTED or looked >= looked_at)


def _queue(name: str) -> Queue:
    if name not in QUEUES:
        raise NotFound(f"Không có danh sách nào tên là “{name[:40]}”.")
    return QUEUES[name]


def _within(queue: Queue, by: Person, filters: Filters, soon: timedelta, at: datetime) -> list[ColumnElement[bool]]:
    due, is_open = cases.c.due_at, _is(cases.c.bucket, Bucket.open)
    conditions: dict[str, list[ColumnElement[bool]]] = {
        "mine": [is_open, cases.c.assigned_to == by.id],
        "unassigned": [is_open, cases.c.assigned_to.is_(None)],
        "open": [is_open],
        "overdue": [is_open, due < at],
        "due_soon": [is_open, due >= at, due < at + soon],
        "waiting": [_is(cases.c.bucket, Bucket.waiting)],
        "paused": [_is(cases.c.bucket, Bucket.paused)],
        "approval": [
            cases.c.bucket != Bucket.vault.value,
            cases.c.id.in_(select(case_messages.c.case_id).where(_is(case_messages.c.state, "waiting"))),
        ],
        "answered": [_is(cases.c.bucket, Bucket.done), _is(cases.c.state, State.answered)],
        "done": [_is(cases.c.bucket, Bucket.done)],
    }
    if filters.state is not None and not _may_hold(queue, filters.state):
        return [false()]
    return [access.scope(by), *conditions[queue.name], *filters.indexed()]


def _is(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    """The value stands in the statement itself: only so can SQLite prove that an index of some of the rows serves."""
    return column == literal(str(value), literal_execute=True)


def _may_hold(queue: Queue, state: State) -> bool:
    """Whether cases in a state can be in a queue: what cannot be there need not be looked for."""
    at = bucket_of(Kind.feedback, state)
    if queue.name == "answered":
        return state is State.answered
    if queue.name == "approval":
        return True
    return at.value == queue.name if queue.name in {"waiting", "paused", "done"} else at is Bucket.open


def _parts(queue: Queue, base: Select[Any], begin: tuple[datetime | None, int] | None) -> list[Select[Any]]:
    number, due = cases.c.id, cases.c.due_at
    if queue.order == "oldest":
        return [base.where(number > (begin[1] if begin else 0)).order_by(number)]
    with_one = base.where(due.is_not(None)).order_by(due, number)
    without = base.where(due.is_(None)).order_by(number)
    if begin is None:
        return [with_one, without]
    at, last = begin
    if at is None:
        return [without.where(number > last)]
    return [with_one.where(and_(due >= at, or_(due > at, number > last))), without]


def _key(queue: Queue, row: Listed) -> tuple[float, int]:
    if queue.order == "oldest" or row.due_at is None:
        return 0.0, row.id
    return row.due_at.timestamp(), row.id


def _end(queue: Queue, row: Listed) -> str:
    return pack(row.due_at if queue.order == "due" else None, row.id)
