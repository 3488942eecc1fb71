"""When a deadline falls, and how that came about. Pure: no database, no present moment.

How days are counted (Bộ luật Dân sự 2015):

- The first day is not counted, whatever the hour (Điều 147): ten days from 30 June end on 10 July.
- Counted in calendar days, a period that would end on a day off ends with the next working day (Điều 148).
- Counted in working days, only these are counted, so it always ends on one.
- The law lets the last day run to 24:00 (Điều 148). The moment given here is the end of that day's working time, so
  that whoever waits still reaches somebody; what is done later that day is still on time (`on_time`).

While a clock stands still its days are not counted: the day on which it stopped (the day after, when it stopped after
the end of that day's working time) up to the day before it went on. A stop within one day moves a deadline counted in
days by nothing. Deadlines in working hours stand still to the minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from desk import _clock_steps as steps_
from desk._clock_steps import Step
from desk.calendar import VIET_NAM, Calendar
from desk.deadlines import Rule
from store.errors import Invalid

_LONGEST_DAYS = 366 * 12

__all__ = ["Deadline", "Extension", "Pause", "Step", "due", "on_time"]


@dataclass(frozen=True)
class Pause:
    """A time in which a clock stands still; without an end it still does."""

    since: datetime
    until: datetime | None
    reason: str


@dataclass(frozen=True)
class Extension:
    """A lawful extension: why, by whom, when."""

    reason: str
    actor: str
    at: datetime


@dataclass(frozen=True)
class Deadline:
    """When something is due.

    Attributes:
        at: the moment; None while the clock stands still.
        steps: how it came about, sentence by sentence.
    """

    at: datetime | None
    steps: tuple[Step, ...]


def due(
    rule: Rule,
    started: datetime,
    calendar: Calendar,
    pauses: Sequence[Pause] = (),
    extensions: Sequence[Extension] = (),
    *,
    remote: bool = False,
    complexity: int = 0,
) -> Deadline:
    """When a clock that started then runs out.

    Args:
        rule: the version in force when it started.
        started: when the period began.
        calendar: of the unit that has the case.
        pauses: when it stood still.
        extensions: those granted; each takes the next figure of the rule.
        remote: whether the case is of a remote area.
        complexity: 0 normal, 1 complex, 2 especially complex; for rules that know it.

    Raises:
        Invalid: it would be due more than twelve years later.
    """
    figures = rule.figures(remote=remote)
    level = min(len(figures) - 1, max(len(extensions), complexity if rule.complexity else 0))
    amount = figures[level]
    told = steps_.opening(rule, started, amount, remote=remote)
    told += steps_.longer(rule, figures, level, extensions)
    ordered = sorted(pauses, key=lambda pause: pause.since)
    if rule.unit == "working_hours":
        at = _hours(amount, started, calendar, ordered)
        told += steps_.stood_still(rule.unit, ordered, (), calendar, at)
    else:
        at, more = _days(rule, amount, started, calendar, ordered)
        told += more
    told.append(steps_.closing(rule, at))
    return Deadline(at, tuple(told))


def on_time(rule: Rule | None, due_at: datetime | None, done_at: datetime) -> bool:
    """Whether what was done then was in time; a day runs to 24:00 (Bộ luật Dân sự 2015, Điều 148).

    Args:
        rule: None for an appointed moment.
        due_at: None while the clock stood still.
        done_at: when it was done.
    """
    if due_at is None:
        return True
    if rule is None or rule.unit == "working_hours":
        return done_at <= due_at
    return done_at.astimezone(VIET_NAM).date() <= due_at.astimezone(VIET_NAM).date()


def _days(
    rule: Rule, amount: int, started: datetime, calendar: Calendar, pauses: Sequence[Pause]
) -> tuple[datetime | None, list[Step]]:
    still = [_still(pause, calendar) for pause in pauses]
    first = day = started.astimezone(VIET_NAM).date()
    limit = first + timedelta(days=_LONGEST_DAYS)
    counted = 0
    while counted < amount:
        day += timedelta(days=1)
        if _shut(day, limit, still):
            return None, steps_.counting(rule, first, None, None, calendar, still, pauses)
        if not _stands(day, still) and (rule.unit == "days" or calendar.is_working(day)):
            counted += 1
    nominal = day
    while not calendar.is_working(day) or _stands(day, still):
        day += timedelta(days=1)
        if _shut(day, limit, still):
            return None, steps_.counting(rule, first, None, None, calendar, still, pauses)
    return calendar.closes(day), steps_.counting(rule, first, nominal, day, calendar, still, pauses)


def _still(pause: Pause, calendar: Calendar) -> tuple[date, date | None]:
    """First day that is not counted, and the first that is again."""
    since = pause.since.astimezone(VIET_NAM)
    first = since.date()
    if calendar.is_working(first) and since > calendar.closes(first):
        first += timedelta(days=1)
    return first, None if pause.until is None else pause.until.astimezone(VIET_NAM).date()


def _stands(day: date, still: Sequence[tuple[date, date | None]]) -> bool:
    return any(first <= day and (end is None or day < end) for first, end in still)


def _shut(day: date, limit: date, still: Sequence[tuple[date, date | None]]) -> bool:
    """Whether the clock stands still from this day on without an end."""
    if any(end is None and first <= day for first, end in still):
        return True
    if day > limit:
        raise Invalid("Thời hạn tính ra dài quá mười hai năm; hãy kiểm tra lịch làm việc và các lần dừng tính.")
    return False


def _hours(amount: int, started: datetime, calendar: Calendar, pauses: Sequence[Pause]) -> datetime | None:
    left = timedelta(hours=amount)
    limit = started + timedelta(days=_LONGEST_DAYS)
    for opens, closes in calendar.opening(started.astimezone(VIET_NAM).date()):
        for since, until in _running(max(opens, started), closes, pauses):
            if until - since >= left:
                return (since + left).astimezone(VIET_NAM)
            left -= until - since
        if any(pause.until is None and pause.since <= closes for pause in pauses):
            return None
        if opens > limit:
            raise Invalid("Thời hạn tính ra dài quá mười hai năm; hãy kiểm tra lịch làm việc và các lần dừng tính.")
    raise AssertionError("opening() never ends without an error")


def _running(since: datetime, until: datetime, pauses: Sequence[Pause]) -> list[tuple[datetime, datetime]]:
    """The parts of a span in which the clock does not stand still."""
    parts = [(since, until)] if since < until else []
    for pause in pauses:
        cut: list[tuple[datetime, datetime]] = []
        for start, end in parts:
            if start < min(end, pause.since):
                cut.append((start, min(end, pause.since)))
            if pause.until is not None and max(start, pause.until) < end:
                cut.append((max(start, pause.until), end))
        parts = cut
    return parts
