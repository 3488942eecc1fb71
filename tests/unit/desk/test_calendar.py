"""Working days and opening hours."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from desk.calendar import DEFAULT_HOURS, VIET_NAM, Calendar, Day, hours_of
from store.errors import Invalid

ORDINARY = Calendar()


@pytest.mark.parametrize(
    ("day", "working"),
    [
        ("2026-01-01", False),
        ("2026-01-02", False),
        ("2026-01-10", True),
        ("2026-01-11", False),
        ("2026-02-16", False),
        ("2026-02-20", False),
        ("2026-02-23", True),
        ("2026-04-27", False),
        ("2026-08-22", True),
        ("2026-08-31", False),
        ("2026-09-02", False),
        ("2025-04-26", True),
        ("2025-05-02", False),
        ("2026-11-24", True),
    ],
)
def test_days_off_and_swapped_saturdays_are_as_decided(day: str, working: bool) -> None:
    assert ORDINARY.is_working(date.fromisoformat(day)) is working


def test_what_is_not_settled_says_so() -> None:
    uncertain = ORDINARY.day(date(2026, 11, 24))
    assert not uncertain.verified
    assert "80-NQ/TW" in uncertain.source
    assert ORDINARY.day(date(2026, 2, 17)).verified
    # The library computes later years; nobody compared them with the decided schedule yet.
    assert not ORDINARY.day(date(2027, 2, 6)).verified
    assert Calendar(decided=(2026, 2027)).day(date(2027, 2, 6)).verified


def test_an_own_row_goes_before_the_shipped_one_and_the_library() -> None:
    own = Calendar({date(2026, 11, 24): Day(False, "Nghỉ", "QĐ 1"), date(2026, 2, 17): Day(True, "Trực", "QĐ 2")})
    assert not own.is_working(date(2026, 11, 24))
    assert own.is_working(date(2026, 2, 17))


def test_the_day_is_split_by_noon() -> None:
    assert ORDINARY.is_open(at("2026-07-01T10:59"))
    assert not ORDINARY.is_open(at("2026-07-01T11:00"))
    assert not ORDINARY.is_open(at("2026-07-01T12:30"))
    assert ORDINARY.is_open(at("2026-07-01T13:00"))
    assert ORDINARY.next_open(at("2026-07-01T11:30")) == at("2026-07-01T13:00")
    assert ORDINARY.next_open(at("2026-07-01T09:15")) == at("2026-07-01T09:15")
    assert ORDINARY.next_open(at("2026-07-03T17:00")) == at("2026-07-06T07:00")
    assert ORDINARY.next_open(at("2026-02-13T20:00")) == at("2026-02-23T07:00")


def test_a_worked_saturday_has_mondays_hours() -> None:
    assert ORDINARY.spans(date(2026, 8, 22)) == tuple(
        (datetime.combine(date(2026, 8, 22), since, VIET_NAM), datetime.combine(date(2026, 8, 22), until, VIET_NAM))
        for since, until in ((time(7), time(11)), (time(13), time(17)))
    )


def test_a_unit_that_opens_on_saturdays_gets_no_further_working_day() -> None:
    own = Calendar(hours=hours_of({**DEFAULT_HOURS, "6": ["07:30-11:00"]}))
    saturday = date(2026, 7, 4)
    assert own.is_open(at("2026-07-04T08:00"))
    assert not own.is_working(saturday)
    assert own.next_working(saturday) == date(2026, 7, 6)
    # On a holiday it is shut like everybody.
    assert not own.is_open(at("2026-05-01T08:00"))


@pytest.mark.parametrize(
    "hours",
    [
        None,
        [],
        "07:00-11:00",
        {},
        {"1": ["07:00-11:00"]},
        {**DEFAULT_HOURS, "8": ["07:00-11:00"]},
        {**DEFAULT_HOURS, "x": []},
        {**DEFAULT_HOURS, "1": "07:00-11:00"},
        {**DEFAULT_HOURS, "1": ["7h-11h"]},
        {**DEFAULT_HOURS, "1": ["11:00-07:00"]},
        {**DEFAULT_HOURS, "1": ["07:00-11:00", "10:00-12:00"]},
        {**DEFAULT_HOURS, "1": ["07:00"]},
        {**DEFAULT_HOURS, "1": [7]},
        {**DEFAULT_HOURS, "1": ["07:00+01:00-11:00"]},
        {**DEFAULT_HOURS, "3": []},
        {**DEFAULT_HOURS, "1": ["07:00-08:00"] * 7},
    ],
)
def test_hours_that_cannot_be_used_are_refused(hours: object) -> None:
    with pytest.raises(Invalid):
        hours_of(hours)


def test_a_calendar_without_a_working_day_ends_in_a_sentence() -> None:
    off = {date.fromordinal(number): Day(False, "Nghỉ") for number in range(739_700, 741_000)}
    with pytest.raises(Invalid, match="không có ngày làm việc"):
        Calendar(off).next_working(date.fromordinal(739_701))
    with pytest.raises(Invalid, match="giờ làm việc"):
        Calendar(off).next_open(datetime.combine(date.fromordinal(739_701), time(9), VIET_NAM))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIET_NAM)
