"""What holds for every deadline, whatever the start, the pauses and the holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from desk.calendar import VIET_NAM, Calendar, Day, shipped
from desk.clocks import Pause, due
from desk.deadlines import Rule, in_force, rules

PLAIN = Calendar()
RULES = sorted(rules())
FIRST, LAST = date(2026, 1, 1), date(2027, 12, 1)

moments = st.builds(
    lambda day, minutes: datetime.combine(day, time(0), UTC) + timedelta(minutes=minutes),
    st.dates(FIRST, LAST),
    st.integers(0, 24 * 60 - 1),
)
names = st.sampled_from(RULES)
days_off = st.sets(st.dates(FIRST, date(2028, 6, 1)), max_size=12)


@st.composite
def pause_lists(draw: st.DrawFn) -> list[Pause]:
    """Up to three times, each later than the one before, in the two months after a common start."""
    start = draw(moments)
    edges = sorted(draw(st.lists(st.integers(0, 60 * 24 * 60), max_size=6, unique=True)))
    times = [start + timedelta(minutes=minutes) for minutes in edges]
    return [Pause(since, until, "") for since, until in zip(times[::2], times[1::2], strict=False)]


def rule_at(name: str, started: datetime) -> Rule:
    return in_force(name, started.astimezone(VIET_NAM).date())


def calendar_with(extra: set[date]) -> Calendar:
    return Calendar({day: Day(False, "Nghỉ", "thử") for day in extra})


@settings(max_examples=100, deadline=None)
@given(names, moments, st.timedeltas(timedelta(0), timedelta(days=40)), pause_lists())
def test_whoever_starts_later_is_never_due_earlier(
    name: str, started: datetime, later: timedelta, pauses: list[Pause]
) -> None:
    rule = rule_at(name, started)
    first, second = due(rule, started, PLAIN, pauses).at, due(rule, started + later, PLAIN, pauses).at
    assert first is not None
    assert second is not None
    assert first <= second


@settings(max_examples=100, deadline=None)
@given(moments, st.timedeltas(timedelta(0), timedelta(days=40)))
def test_not_even_over_a_change_of_the_law(started: datetime, later: timedelta) -> None:
    first = due(rule_at("complaint_acceptance", started), started, PLAIN).at
    second = due(rule_at("complaint_acceptance", started + later), started + later, PLAIN).at
    assert first is not None
    assert second is not None
    assert first <= second


@settings(max_examples=100, deadline=None)
@given(names, moments, pause_lists(), days_off)
def test_nothing_is_due_when_nobody_works(name: str, started: datetime, pauses: list[Pause], off: set[date]) -> None:
    calendar = calendar_with(off)
    at = due(rule_at(name, started), started, calendar, pauses).at
    assert at is not None
    assert at > started
    assert any(since < at <= until for since, until in calendar.spans(at.astimezone(VIET_NAM).date()))
    if rule_at(name, started).unit != "working_hours":
        assert calendar.is_working(at.astimezone(VIET_NAM).date())


@settings(max_examples=100, deadline=None)
@given(names, moments, pause_lists(), days_off, st.dates(FIRST, date(2028, 6, 1)))
def test_one_more_holiday_never_brings_a_deadline_nearer(
    name: str, started: datetime, pauses: list[Pause], off: set[date], more: date
) -> None:
    rule = rule_at(name, started)
    before = due(rule, started, calendar_with(off), pauses).at
    after = due(rule, started, calendar_with(off | {more}), pauses).at
    assert before is not None
    assert after is not None
    assert before <= after


@settings(max_examples=100, deadline=None)
@given(names, moments, pause_lists(), days_off)
def test_pauses_move_a_deadline_by_the_paused_working_time_and_never_nearer(
    name: str, started: datetime, pauses: list[Pause], off: set[date]
) -> None:
    rule, calendar = rule_at(name, started), calendar_with(off)
    plain, moved = due(rule, started, calendar).at, due(rule, started, calendar, pauses).at
    assert plain is not None
    assert moved is not None
    assert plain <= moved
    if rule.unit == "working_hours":
        assert worked(calendar, started, moved, pauses) == worked(calendar, started, plain, [])
    elif rule.unit == "working_days":
        assert counted(calendar, started, moved, pauses) == counted(calendar, started, plain, []) == rule.amounts[0]


@settings(max_examples=60, deadline=None)
@given(names, moments, st.timedeltas(timedelta(0), timedelta(days=100)))
def test_while_a_clock_stands_still_nothing_is_due_unless_it_was_before(
    name: str, started: datetime, after: timedelta
) -> None:
    rule = rule_at(name, started)
    plain = due(rule, started, PLAIN).at
    stopped = due(rule, started, PLAIN, [Pause(started + after, None, "chờ")]).at
    assert plain is not None
    assert stopped == (plain if plain < started + after else None)


@settings(max_examples=60, deadline=None)
@given(names, moments, pause_lists())
def test_the_time_zone_in_which_a_moment_is_written_changes_nothing(
    name: str, started: datetime, pauses: list[Pause]
) -> None:
    rule = rule_at(name, started)
    local = [Pause(pause.since.astimezone(VIET_NAM), pause.until, "") for pause in pauses]
    assert due(rule, started, PLAIN, pauses).at == due(rule, started.astimezone(VIET_NAM), PLAIN, local).at


@settings(max_examples=60, deadline=None)
@given(names, moments)
def test_each_explanation_begins_with_the_start_and_ends_with_the_date(name: str, started: datetime) -> None:
    rule = rule_at(name, started)
    assume(rule.unit != "working_hours")
    deadline = due(rule, started, PLAIN)
    texts = [step.text for step in deadline.steps]
    assert deadline.at is not None
    assert f"{started.astimezone(VIET_NAM):%d/%m/%Y}" in texts[0]
    assert f"{deadline.at:%d/%m/%Y}" in texts[-1]
    assert rule.law in texts[1]
    assert all(text.endswith(".") for text in texts)


def test_the_shipped_days_are_within_what_the_properties_cover() -> None:
    assert any(FIRST <= day <= LAST for day in shipped())


def worked(calendar: Calendar, since: datetime, until: datetime, pauses: list[Pause]) -> int:
    """Open minutes between two moments in which no pause runs, counted one by one."""
    total = 0
    day = since.astimezone(VIET_NAM).date()
    while day <= until.astimezone(VIET_NAM).date():
        for opens, closes in calendar.spans(day):
            start, end = max(opens, since), min(closes, until)
            if start < end:
                cuts = [(max(start, p.since), min(end, p.until or end)) for p in pauses]
                paused = sum(((b - a) for a, b in cuts if a < b), timedelta(0))
                total += round((end - start - paused).total_seconds())
        day += timedelta(days=1)
    return total


def counted(calendar: Calendar, since: datetime, until: datetime, pauses: list[Pause]) -> int:
    """Working days after the first day up to the last one that no pause takes away, counted one by one."""
    total = 0
    day = since.astimezone(VIET_NAM).date() + timedelta(days=1)
    while day <= until.astimezone(VIET_NAM).date():
        taken = False
        for pause in pauses:
            assert pause.until is not None
            start = pause.since.astimezone(VIET_NAM)
            evening = calendar.is_working(start.date()) and start > calendar.closes(start.date())
            first = start.date() + timedelta(days=1) if evening else start.date()
            taken |= first <= day < pause.until.astimezone(VIET_NAM).date()
        total += calendar.is_working(day) and not taken
        day += timedelta(days=1)
    return total
