"""What lists of cases are made of: rows, filters, the place where a page ended."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from desk.calendar import VIET_NAM
from desk.kinds import Bucket, Kind, State
from store.errors import Invalid
from store.tables import cases, staff, units

_LONGEST = 120
Columns = ReadOnlyColumnCollection[str, Any]
MOST_ROWS = 200
# Cases that one page looks through at most for what no index has.
FAR = 20_000


@dataclass(frozen=True)
class Listed:
    """A case as lists show it: without its text.

    Attributes:
        unit: name of the unit that has it; None before one was chosen.
        assignee: name of the member of staff who has it.
        due_at: its nearest deadline; None while its clocks stand still.
        escalated_at: when its supervisor was told that it is late.
    """

    id: int
    code: str
    kind: Kind
    state: State
    bucket: Bucket
    subject: str
    place_code: str | None
    place_text: str | None
    procedure_code: str | None
    office: str | None
    unit_id: int | None
    unit: str | None
    assigned_to: int | None
    assignee: str | None
    due_at: datetime | None
    escalated_at: datetime | None
    reopened: int
    rating: int | None
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to; None does not narrow.

    Attributes:
        since: first day of receipt, in Viet Nam.
        until: last day of receipt, in Viet Nam.
    """

    kind: Kind | None = None
    state: State | None = None
    unit: int | None = None
    assignee: int | None = None
    place: str | None = None
    procedure: str | None = None
    since: date | None = None
    until: date | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filters:
        """Filters from the query of an address, in which empty values count as missing.

        Raises:
            Invalid: a value is none of those that its filter knows.
        """
        given = {field.name: value for field in fields(cls) if (value := query.get(field.name, "").strip())}
        try:
            return cls(
                kind=Kind(given["kind"]) if "kind" in given else None,
                state=State(given["state"]) if "state" in given else None,
                unit=_number(given["unit"]) if "unit" in given else None,
                assignee=_number(given["assignee"]) if "assignee" in given else None,
                place=_word(given["place"]) if "place" in given else None,
                procedure=_word(given["procedure"]) if "procedure" in given else None,
                since=_day(given["since"]) if "since" in given else None,
                until=_day(given["until"]) if "until" in given else None,
            )
        except ValueError:
            raise Invalid("Bộ lọc này không dùng được; anh/chị chọn lại các giá trị lọc.") from None

    def query(self) -> dict[str, str]:
        """The same as the query of an address; `read` takes it back."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: str(value) for name, value in found.items() if value is not None}

    @property
    def is_loose(self) -> bool:
        """Whether something is asked for that no index has, so that a list has to look for it."""
        return self.kind is not None or self.state is not None

    def loose(self, columns: Columns) -> list[ColumnElement[bool]]:
        """What no index has, as conditions on rows of `cases`."""
        found: list[ColumnElement[bool]] = []
        if self.kind is not None:
            found.append(columns["kind"] == self.kind.value)
        if self.state is not None:
            found.append(columns["state"] == self.state.value)
        return found

    def indexed(self) -> list[ColumnElement[bool]]:
        """The rest, as conditions on `cases`."""
        found: list[ColumnElement[bool]] = []
        if self.unit is not None:
            found.append(cases.c.unit_id == self.unit)
        if self.assignee is not None:
            found.append(cases.c.assigned_to == self.assignee)
        if self.place is not None:
            found.append(cases.c.place_code == self.place)
        if self.procedure is not None:
            found.append(cases.c.procedure_code == self.procedure)
        if self.since is not None:
            found.append(cases.c.created_at >= _midnight(self.since))
        if self.until is not None:
            found.append(cases.c.created_at < _midnight(self.until) + timedelta(days=1))
        return found


@dataclass(frozen=True)
class Page:
    """One page of a list.

    Attributes:
        rows: the cases.
        next: where the next page begins, for `after`; None on the last page.
        searched_back_to: of a search that stopped before the oldest case: how far back it looked. The next page goes on
            from there, also when `rows` is short or empty.
    """

    rows: tuple[Listed, ...]
    next: str | None
    searched_back_to: datetime | None = None


LISTED = (
    cases.c.id,
    cases.c.code,
    cases.c.kind,
    cases.c.state,
    cases.c.bucket,
    cases.c.subject,
    cases.c.place_code,
    cases.c.place_text,
    cases.c.procedure_code,
    cases.c.office,
    cases.c.unit_id,
    cases.c.assigned_to,
    cases.c.due_at,
    cases.c.escalated_at,
    cases.c.reopened,
    cases.c.rating,
    cases.c.created_at,
    cases.c.changed_at,
)


def named(found: Select[Any]) -> Select[Any]:
    """The rows of a statement over `cases`, by then few, with the names of unit and assignee, in any order."""
    rows = found.subquery("found")
    return (
        select(rows, units.c.name.label("unit"), staff.c.name.label("assignee"))
        .select_from(rows)
        .outerjoin(units, units.c.id == rows.c.unit_id)
        .outerjoin(staff, staff.c.id == rows.c.assigned_to)
    )


def listed(row: Row[Any]) -> Listed:
    """A row of `named`."""
    values = {field.name: getattr(row, field.name) for field in fields(Listed)}
    return Listed(**{**values, "kind": Kind(row.kind), "state": State(row.state), "bucket": Bucket(row.bucket)})


def pack(*values: datetime | int | None) -> str:
    """The place where a page ended, as text for an address."""
    plain = [value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def unpack(text: str) -> tuple[datetime | None, int]:
    """What `pack` made of a moment, or none, and a number.

    Raises:
        Invalid: it did not make this.
    """
    try:
        moment, number = json.loads(base64.urlsafe_b64decode(text[:200] + "=" * (-len(text[:200]) % 4)))
        if type(number) is not int or not 0 <= number < 2**62:
            raise ValueError
        at = None if moment is None else datetime.fromisoformat(moment)
        if at is not None and at.tzinfo is None:
            raise ValueError
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise Invalid("Trang tiếp theo này không mở được; anh/chị mở lại danh sách từ đầu.") from None
    return at, number


async def newest(
    connection: AsyncConnection,
    within: Sequence[ColumnElement[bool]],
    loose: Callable[[Columns], Sequence[ColumnElement[bool]]],
    size: int,
    far: int,
) -> Page:
    """The newest cases, looked for among those that an index gives in this order, among `far` of them at most.

    Args:
        within: conditions on `cases` that an index serves.
        loose: the other conditions, on the columns of a row.
        size: rows of the page.

    Returns:
        The page; `searched_back_to` is set when there are older cases that were not looked at.
    """
    order = cases.c.created_at.desc(), cases.c.id.desc()
    looked = select(*LISTED, cases.c.folded).where(*within).order_by(*order).limit(far).subquery("looked")
    found = (
        select(*(looked.c[column.name] for column in LISTED))
        .where(*loose(looked.c))
        .order_by(looked.c.created_at.desc(), looked.c.id.desc())
        .limit(size + 1)
    )
    rows = newest_first([listed(row) for row in await connection.execute(named(found))])
    if len(rows) > size:
        return Page(tuple(rows[:size]), pack(rows[size - 1].created_at, rows[size - 1].id))
    ends = select(cases.c.created_at, cases.c.id).where(*within).order_by(*order).offset(far - 1).limit(2)
    last = (await connection.execute(ends)).all()
    if len(last) < 2:
        return Page(tuple(rows), None)
    return Page(tuple(rows), pack(last[0].created_at, last[0].id), last[0].created_at)


def newest_first(rows: Sequence[Listed]) -> list[Listed]:
    """The rows, newest first: joining names to them may have changed their order."""
    return sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)


def older_than(at: datetime, number: int) -> ColumnElement[bool]:
    """Cases that came before this one, newest first."""
    # The first part is what an index is read by; the second alone would read it from its start.
    return and_(cases.c.created_at <= at, or_(cases.c.created_at < at, cases.c.id < number))


def rows_wanted(limit: int) -> int:
    """How many rows a page has, within reason."""
    return min(max(1, limit), MOST_ROWS)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise ValueError(text)
    return int(text)


def _word(text: str) -> str:
    if len(text) > _LONGEST or not text.isprintable():
        raise ValueError(text)
    return text


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    # Far from both ends of the calendar, where a day has no midnight in another time zone.
    if not 2000 <= day.year < 2200:
        raise ValueError(text)
    return day


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), VIET_NAM)
