"""Working days and opening hours in Viet Nam.

What decides about a day, the first that says something: the unit's own row of the table `calendar_days`, the
province's row of it, the rows shipped in `desk/data/calendar.yml`, the library `holidays` (days off and swapped
Saturdays), and last Monday to Friday. Of the library two defects of 2026 and one uncertain day are corrected by the
shipped rows; its days of later years are computed and not the decided ones, which every explanation says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import holidays
import yaml
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Database
from store.errors import Invalid
from store.tables import calendar_days, units

VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")
WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")
Span = tuple[time, time]
Hours = Mapping[int, tuple[Span, ...]]
"""Opening spans by ISO weekday, 1 for Monday; Monday to Friday have at least one each."""
Origin = Literal["unit", "province", "shipped", "library", "week"]

_DATA = Path(__file__).parent / "data" / "calendar.yml"
_LONGEST_SEARCH = 366 * 3
_MOST_SPANS = 6
DEFAULT_HOURS: dict[str, list[str]] = {str(number): ["07:00-11:00", "13:00-17:00"] for number in range(1, 6)}


@dataclass(frozen=True)
class Day:
    """What a day is.

    Attributes:
        working: whether it counts as a working day.
        note: why it is not as its weekday says; empty for ordinary days.
        source: where that is known from.
        verified: whether the source settles it.
        origin: what decided.
    """

    working: bool
    note: str = ""
    source: str = ""
    verified: bool = True
    origin: Origin = "week"


class Calendar:
    """The working days and hours of one unit.

    Args:
        days: days that differ from what the library says.
        hours: opening spans by ISO weekday.
        decided: years whose schedule was compared with the decided one.
    """

    def __init__(
        self, days: Mapping[date, Day] | None = None, hours: Hours | None = None, decided: Sequence[int] = (2026,)
    ) -> None:
        self._days = {**shipped(), **(days or {})}
        self.hours = hours or hours_of(DEFAULT_HOURS)
        self._decided = frozenset(decided)

    def day(self, day: date) -> Day:
        """What this day is."""
        return self._days.get(day) or _library_day(day, day.year in self._decided)

    def is_working(self, day: date) -> bool:
        """Whether this is a working day in the sense of a deadline counted in working days."""
        return self.day(day).working

    def next_working(self, day: date) -> date:
        """This day when it is a working day, else the next one.

        Raises:
            Invalid: there is none within three years.
        """
        for number in range(_LONGEST_SEARCH):
            if self.is_working(day + timedelta(days=number)):
                return day + timedelta(days=number)
        raise Invalid(f"Lịch không có ngày làm việc nào trong ba năm kể từ {day:%d/%m/%Y}; hãy sửa lịch làm việc.")

    def spans(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """When the unit is open on this day, in Viet Nam's time.

        A working Saturday has Monday's hours unless Saturdays have hours of their own. A unit whose hours name a
        Saturday or Sunday is open then without that day counting as a working day.
        """
        fact = self.day(day)
        if not fact.working and (fact.note or day.isoweekday() <= 5):
            return ()
        spans = self.hours.get(day.isoweekday(), ()) or (self.hours[1] if fact.working else ())
        return tuple(
            (datetime.combine(day, start, VIET_NAM), datetime.combine(day, end, VIET_NAM)) for start, end in spans
        )

    def is_open(self, moment: datetime) -> bool:
        """Whether the unit is open at this moment."""
        return any(start <= moment < end for start, end in self.spans(moment.astimezone(VIET_NAM).date()))

    def next_open(self, moment: datetime) -> datetime:
        """This moment when the unit is open, else when it opens next.

        Raises:
            Invalid: it does not open within three years.
        """
        for start, end in self.opening(moment.astimezone(VIET_NAM).date()):
            if moment < end:
                return max(moment, start)
        raise AssertionError("opening() never ends without an error")

    def closes(self, day: date) -> datetime:
        """The end of the working time of a working day."""
        return self.spans(day)[-1][1]

    def opening(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """The open spans from this day on, without end.

        Raises:
            Invalid: there is none within three years.
        """
        shut = 0
        while True:
            spans = self.spans(day)
            yield from spans
            shut = 0 if spans else shut + 1
            if shut > _LONGEST_SEARCH:
                raise Invalid(f"Lịch không có giờ làm việc nào trong ba năm trước {day:%d/%m/%Y}; hãy sửa lịch.")
            day += timedelta(days=1)

    def is_decided(self, year: int) -> bool:
        """Whether this year's days off were compared with the decided schedule."""
        return year in self._decided


async def load(
    source: Database | AsyncConnection,
    unit_id: int | None = None,
    *,
    hours: Mapping[str, Sequence[str]] = DEFAULT_HOURS,
    decided: Sequence[int] = (2026,),
) -> Calendar:
    """The calendar of a unit with the rows of the table.

    Args:
        source: the database, or an open connection of it.
        unit_id: None for the province.
        hours: the province's hours (setting `desk.clocks.hours`), for units that have none of their own.
        decided: setting `desk.clocks.decided_years`.
    """
    if isinstance(source, Database):
        async with source.connect() as connection:
            return await load(connection, unit_id, hours=hours, decided=decided)
    rows = await source.execute(
        select(calendar_days)
        .where(
            calendar_days.c.ended_at.is_(None),
            or_(calendar_days.c.unit_id.is_(None), calendar_days.c.unit_id == unit_id),
        )
        .order_by(calendar_days.c.unit_id.is_not(None), calendar_days.c.id)
    )
    days = {
        date.fromisoformat(row.day): Day(
            row.working, row.note, row.source, True, "province" if row.unit_id is None else "unit"
        )
        for row in rows
    }
    own = None
    if unit_id is not None:
        own = (await source.execute(select(units.c.hours).where(units.c.id == unit_id))).scalar_one_or_none()
    return Calendar(days, hours_of(own or hours), decided)


def hours_of(value: object) -> Hours:
    """Opening hours from their written form: `{"1": ["07:00-11:00", "13:00-17:00"], …}` by ISO weekday, 1 for Monday.

    Raises:
        Invalid: a weekday or a time is wrong, spans overlap, or one of Monday to Friday has none.
    """
    if not isinstance(value, Mapping):
        raise Invalid("Giờ làm việc ghi theo từng thứ, ví dụ thứ Hai: 07:00-11:00, 13:00-17:00.")
    made = {}
    for key, spans in value.items():
        if str(key) not in set("1234567"):
            raise Invalid(f"Giờ làm việc có thứ “{key}” không hiểu được; dùng 1 (thứ Hai) đến 7 (Chủ nhật).")
        made[int(key)] = _spans(int(key), spans)
    missing = [WEEKDAYS[number - 1] for number in range(1, 6) if not made.get(number)]
    if missing:
        raise Invalid(f"Thứ Hai đến thứ Sáu là ngày làm việc, mỗi ngày cần có giờ; còn thiếu {', '.join(missing)}.")
    return made


@cache
def shipped() -> Mapping[date, Day]:
    """The days that come with the program."""
    rows = yaml.safe_load(_DATA.read_text(encoding="utf-8"))["days"]
    return {
        row["day"]: Day(row["working"], row["note"], row["source"], bool(row["verified"]), "shipped") for row in rows
    }


def _spans(weekday: int, value: Any) -> tuple[Span, ...]:
    name = WEEKDAYS[weekday - 1]
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) > _MOST_SPANS:
        raise Invalid(f"Giờ làm việc của {name} chưa đúng; ví dụ: 07:00-11:00, 13:00-17:00.")
    made: list[Span] = []
    for text in value:
        try:
            start, end = (time.fromisoformat(part.strip()) for part in str(text).split("-"))
        except ValueError:
            raise Invalid(f"“{text}” của {name} không phải khoảng giờ; ví dụ: 07:00-11:00.") from None
        if start.tzinfo or end.tzinfo or start >= end or (made and start < made[-1][1]):
            raise Invalid(f"Các khoảng giờ của {name} phải theo thứ tự, không chồng lên nhau: {text}.")
        made.append((start, end))
    return tuple(made)


def _library_day(day: date, decided: bool) -> Day:
    off, swapped = _year(day.year)
    if day in swapped:
        return Day(True, "Thứ Bảy làm bù", _SOURCE, decided, "library")
    if day in off:
        return Day(False, off[day], _SOURCE, decided, "library")
    return Day(day.isoweekday() <= 5)


_SOURCE = "Thư viện lịch holidays (PyPI), nước VN"


@cache
def _year(year: int) -> tuple[Mapping[date, str], frozenset[date]]:
    made = holidays.country_holidays("VN", years=year, language="vi")
    return dict(made.items()), frozenset(day for day in made.weekend_workdays if day.year == year)
