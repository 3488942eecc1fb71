"""Rows of `case_clocks`: read, judged by their rules, written. For `desk.case_clocks` and what explains them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import calendar as calendars
from desk import deadlines
from desk.calendar import VIET_NAM, Calendar
from desk.clocks import Deadline, Extension, Pause, due
from desk.deadlines import Rule
from desk.kinds import State
from desk.settings import ClockSettings
from store.engine import Database
from store.errors import Invalid
from store.tables import case_clocks, cases

Outcome = Literal["met", "missed", "dropped"]
REAPPOINTMENT = "reappointment"
"""The clock of the one new date that an apology gives (`desk.apology`)."""
COMPLEXITY = {"normal": 0, "complex": 1, "very_complex": 2}
"""Values of `cases.complexity`."""

_settings = ClockSettings()


@dataclass(frozen=True)
class Facts:
    """What of a case its deadlines depend on, and the nearest of them."""

    unit_id: int | None
    remote_area: bool
    complexity: int
    due_at: datetime | None


def configure(settings: ClockSettings) -> None:
    """Use these settings from now on; called once, when the program is composed.

    Raises:
        Invalid: the hours or a figure of the settings cannot be used.
    """
    global _settings
    try:
        calendars.hours_of(settings.hours)
    except Invalid as error:
        raise Invalid(f"MOTCUA_DESK__CLOCKS__HOURS: {error.message}") from None
    deadlines.check_figures(settings.figures)
    _settings = settings


async def calendar_of(source: Database | AsyncConnection, unit_id: int | None = None) -> Calendar:
    """The calendar of a unit; None for the province's."""
    settings = _settings
    return await calendars.load(source, unit_id, hours=settings.hours, decided=settings.decided_years)


def deadline(row: Row[Any], case: Facts, calendar: Calendar) -> Deadline:
    """When a clock under a rule is due, and why."""
    return due(
        rule(row.rule, row.started_at),
        row.started_at,
        calendar,
        [Pause(read(each["from"]), each["to"] and read(each["to"]), each["reason"]) for each in row.pauses],
        [Extension(each["reason"], each["actor"], read(each["at"])) for each in row.extensions],
        remote=case.remote_area,
        complexity=case.complexity,
    )


def may_extend(row: Row[Any], case: Facts) -> bool:
    """Whether the rule of a clock has a further figure."""
    held = rule_of(row)
    if held is None:
        return False
    taken = max(len(row.extensions), case.complexity if held.complexity else 0)
    return taken < len(held.figures(remote=case.remote_area)) - 1


def met_by(row: Row[Any]) -> frozenset[State]:
    """The states of the case with which a clock is met."""
    held = rule_of(row)
    return frozenset({State.answered, State.refused, State.transferred}) if held is None else held.met_by


def rule_of(row: Row[Any]) -> Rule | None:
    """The rule of a clock; None for the new date of an apology."""
    return None if row.rule == REAPPOINTMENT else rule(row.rule, row.started_at)


def rule(name: str, at: datetime) -> Rule:
    """The version of a rule for a clock that starts then."""
    return deadlines.in_force(name, at.astimezone(VIET_NAM).date(), _settings.figures)


def title(held: Rule | None) -> str:
    """What a clock is called."""
    return "Trả lời vào ngày hẹn lại" if held is None else held.title


async def facts(connection: AsyncConnection, case_id: int) -> Facts:
    """The facts of a case."""
    wanted = select(cases.c.unit_id, cases.c.remote_area, cases.c.complexity, cases.c.due_at)
    row = (await connection.execute(wanted.where(cases.c.id == case_id))).one()
    return Facts(row.unit_id, row.remote_area, COMPLEXITY.get(row.complexity, 0), row.due_at)


async def running(connection: AsyncConnection, case_id: int) -> Sequence[Row[Any]]:
    """The clocks of a case that have not ended, oldest first."""
    wanted = select(case_clocks).where(case_clocks.c.case_id == case_id, case_clocks.c.stopped_at.is_(None))
    return (await connection.execute(wanted.order_by(case_clocks.c.id))).all()


async def change(connection: AsyncConnection, row: Row[Any], **values: Any) -> None:
    """Write columns of a clock."""
    await connection.execute(update(case_clocks).where(case_clocks.c.id == row.id).values(**values))


def stands(row: Row[Any]) -> bool:
    """Whether a clock stands still."""
    return bool(row.pauses) and row.pauses[-1]["to"] is None


def written(moment: datetime) -> str:
    """A moment as it stands in the rows' JSON."""
    return moment.isoformat()


def read(moment: str) -> datetime:
    """The same, read."""
    return datetime.fromisoformat(moment)
