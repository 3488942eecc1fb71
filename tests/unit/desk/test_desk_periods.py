"""Periods of reports: the usual ones, their parts, and days that make none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk import periods
from desk.periods import Length, Period
from store.errors import Invalid

DAYS = st.dates(date(2001, 1, 1), date(2150, 12, 31))


@pytest.mark.parametrize(
    ("length", "now", "last"),
    [
        ("month", "2026-11-01 2026-11-30", "2026-10-01 2026-10-31"),
        ("quarter", "2026-10-01 2026-12-31", "2026-07-01 2026-09-30"),
        ("half_year", "2026-07-01 2026-12-31", "2026-01-01 2026-06-30"),
        ("year", "2026-01-01 2026-12-31", "2025-01-01 2025-12-31"),
    ],
)
def test_the_usual_periods(length: Length, now: str, last: str) -> None:
    day = date(2026, 11, 22)
    assert f"{periods.named(length, day).since} {periods.named(length, day).until}" == now
    assert f"{periods.before(length, day).since} {periods.before(length, day).until}" == last


def test_a_period_begins_and_ends_at_midnight_in_viet_nam() -> None:
    day = Period(date(2026, 11, 22), date(2026, 11, 22))
    assert day.begins == datetime(2026, 11, 21, 17, tzinfo=UTC)
    assert day.ends - day.begins == timedelta(days=1)


@given(DAYS, st.integers(0, periods.LONGEST_DAYS - 1))
def test_the_parts_of_a_period_begin_with_it_and_follow_each_other(since: date, days: int) -> None:
    until = since + timedelta(days=days)
    steps = Period(since, until).steps()
    firsts = [first for first, _ in steps]
    assert firsts[0] == since
    assert firsts == sorted(set(firsts))
    assert firsts[-1] <= until
    ends = [*firsts[1:], until + timedelta(days=1)]
    assert all(1 <= (end - first).days <= 31 for first, end in zip(firsts, ends, strict=True))
    assert len({name for _, name in steps}) == len(steps)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("", ""),
        ("2026-11-31", "2026-12-01"),
        ("2026-11-02", "2026-11-01"),
        ("22/11/2026", "23/11/2026"),
        ("0001-01-01", "0001-01-02"),
        ("2010-01-01", "2026-01-01"),
        ("9999-12-31", "9999-12-31"),
        ("\x00", "'; drop"),
    ],
)
def test_days_that_make_no_period_are_refused(since: str, until: str) -> None:
    with pytest.raises(Invalid):
        periods.read(since, until)
