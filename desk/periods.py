"""Periods of reports: the usual ones by name, any other by its first and last day."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from desk.calendar import VIET_NAM
from store.errors import Invalid

Length = Literal["month", "quarter", "half_year", "year"]
MONTHS: dict[Length, int] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
LONGEST_DAYS = 3_660
_FIRST, _LAST = date(2000, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True)
class Period:
    """The days from `since` to `until`, both included, in Viet Nam.

    Raises:
        Invalid: the last day is before the first, the period is longer than ten years or out of this age.
    """

    since: date
    until: date

    def __post_init__(self) -> None:
        if not _FIRST <= self.since <= self.until <= _LAST:
            raise Invalid("Kỳ báo cáo không dùng được: ngày đầu phải trước hoặc trùng ngày cuối.")
        if (self.until - self.since).days >= LONGEST_DAYS:
            raise Invalid("Kỳ báo cáo dài quá 10 năm; anh/chị chọn kỳ ngắn hơn.")

    @property
    def begins(self) -> datetime:
        """The moment at which it begins."""
        return datetime.combine(self.since, time(), VIET_NAM)

    @property
    def ends(self) -> datetime:
        """The moment at which it is over."""
        return datetime.combine(self.until + timedelta(days=1), time(), VIET_NAM)

    def __str__(self) -> str:
        return f"từ {self.since:%d/%m/%Y} đến {self.until:%d/%m/%Y}"

    def steps(self) -> tuple[tuple[date, str], ...]:
        """The first day and the name of each part: days of a month, weeks of half a year, otherwise months."""
        days = (self.until - self.since).days + 1
        found: list[tuple[date, str]] = []
        day = self.since
        while day <= self.until:
            if days <= 31:
                found.append((day, f"{day:%d/%m}"))
                day += timedelta(days=1)
            elif days <= 184:
                found.append((day, f"tuần {day:%d/%m}"))
                day += timedelta(days=7 - day.weekday())
            else:
                found.append((day, f"{day:%m/%Y}"))
                day = _next_month(day)
        return tuple(found)


def named(length: Length, day: date) -> Period:
    """The month, quarter, half year or year that a day is in."""
    months = MONTHS[length]
    first = (day.month - 1) // months * months + 1
    last = first + months - 1
    return Period(date(day.year, first, 1), date(day.year, last, monthrange(day.year, last)[1]))


def before(length: Length, day: date) -> Period:
    """The last whole month, quarter, half year or year before the one that a day is in."""
    return named(length, named(length, day).since - timedelta(days=1))


def read(since: str, until: str) -> Period:
    """A period of two days written YYYY-MM-DD.

    Raises:
        Invalid: one of them is no day, or they make no period.
    """
    try:
        return Period(date.fromisoformat(since.strip()), date.fromisoformat(until.strip()))
    except ValueError:
        raise Invalid("Ngày của kỳ báo cáo cần viết dạng năm-tháng-ngày, ví dụ 2026-11-22.") from None


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
