"""`motcua desk calendar list|add|end|check|apply`: the days that decide about deadlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer
from rich.table import Table

from desk import calendar_days, case_clocks, units
from desk.calendar import Day
from desk.calendar_days import Override
from motcua.cli._shared import Json, actor, console, parts, print_json, run
from store.errors import Invalid

app = typer.Typer(help="The working calendar: days that differ from the library's.", no_args_is_help=True)
Unit = Annotated[str | None, typer.Option("--unit", help="Code of the unit; the whole province without it.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the rows of the desk's own table that are in force."""

    async def work() -> tuple[Override, ...]:
        async with parts() as made:
            return await calendar_days.list_(made.database)

    rows = run(work())
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    if not rows:
        console.print("no rows; `motcua desk calendar check YEAR` shows what the program goes by")
        return
    table = Table("no.", "day", "", "unit", "note", "source", "by")
    for row in rows:
        table.add_row(str(row.id), str(row.day), _kind(row.working), row.unit or "", row.note, row.source, row.actor)
    console.print(table, soft_wrap=False)


@app.command("add")
def add(
    day: Annotated[str, typer.Argument(help="The day, YYYY-MM-DD.")],
    note: Annotated[str, typer.Option(help="Why; shown in explanations, in Vietnamese.")],
    source: Annotated[str, typer.Option(help="The document that says so.")],
    working: Annotated[bool, typer.Option("--working/--off", help="Whether the day is worked.")] = False,
    unit: Unit = None,
    as_json: Json = False,
) -> None:
    """Say that a day is off, or worked; running deadlines are worked out anew."""
    chosen = _day(day)

    async def work() -> Override:
        async with parts() as made:
            number = (await units.get(made.database, unit)).id if unit else None
            return await calendar_days.add(
                made.database, chosen, working, note=note, source=source, actor=actor(), unit_id=number
            )

    row = run(work())
    if as_json:
        print_json(asdict(row))
    else:
        console.print(f"{row.id}: {row.day} {_kind(row.working)}", markup=False)


@app.command("end")
def end(number: Annotated[int, typer.Argument(help="Number of the row.")], as_json: Json = False) -> None:
    """Take a row back; running deadlines are worked out anew."""

    async def work() -> Override:
        async with parts() as made:
            return await calendar_days.end(made.database, number, actor=actor())

    row = run(work())
    if as_json:
        print_json(asdict(row))
    else:
        console.print(f"{row.day} is again what the library and the shipped rows say", markup=False)


@app.command("check")
def check(year: Annotated[int, typer.Argument(help="The year.")], unit: Unit = None, as_json: Json = False) -> None:
    """Show the days of a year that are not what their weekday says, to compare them with the decided schedule.

    Add the year to MOTCUA_DESK__CLOCKS__DECIDED_YEARS once they agree.
    """

    async def work() -> tuple[Sequence[tuple[date, Day]], bool]:
        async with parts() as made:
            number = (await units.get(made.database, unit)).id if unit else None
            calendar = await case_clocks.calendar_of(made.database, number)
            return calendar_days.days_of(calendar, year), calendar.is_decided(year)

    days, decided = run(work())
    if as_json:
        print_json({"year": year, "decided": decided, "days": [{"day": day, **asdict(fact)} for day, fact in days]})
        return
    table = Table("day", "", "note", "source", "")
    for day, fact in days:
        table.add_row(f"{day:%Y-%m-%d %a}", _kind(fact.working), fact.note, fact.source, "" if fact.verified else "?")
    console.print(table, soft_wrap=False)
    if not decided:
        console.print(f"{year} is computed and was not compared with the decided schedule.")


@app.command("apply")
def apply(as_json: Json = False) -> None:
    """Work out every running deadline anew, after hours or figures in the settings were changed."""

    async def work() -> int:
        async with parts() as made:
            return await calendar_days.apply(made.database)

    changed = run(work())
    if as_json:
        print_json({"changed": changed})
    else:
        console.print(f"{changed:,} cases have another date now")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{text[:20]!r} is no day; write YYYY-MM-DD") from None


def _kind(working: bool) -> str:
    return "working" if working else "off"
