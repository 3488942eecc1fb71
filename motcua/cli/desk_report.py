"""`motcua desk report` and `motcua desk recount`: numbers about the desk's work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from desk import periods, reports, tallies, units
from desk.periods import Length, Period
from desk.report_files import Cell, Table, as_csv, as_xlsx, tables
from desk.reports import Report
from motcua.cli._shared import Json, console, parts, print_json, progress, run
from motcua.compose import Parts, today
from store.errors import Invalid, MotcuaError

_SHOWN = 15


def report(
    since: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Last day, YYYY-MM-DD.")] = None,
    unit: Annotated[str | None, typer.Option(help="Code of one unit; the whole province without it.")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Write the report into this workbook.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the report into this CSV file.")] = None,
    as_json: Json = False,
) -> None:
    """Report about a period; without days about the last whole one (MOTCUA_DESK__REPORTS__PERIOD)."""
    if bool(since) != bool(until):
        raise Invalid("Give both --from and --to, or neither.")
    chosen = periods.read(since, until) if since and until else None

    async def work() -> Report:
        async with parts() as made:
            period = chosen or _last(made.settings.desk.reports.period)
            names = await _procedures(made)
            number = (await units.get(made.database, unit)).id if unit else None
            return await reports.report(made.database, None, period, unit=number, procedures=names)

    found = run(work())
    for path, make in ((xlsx, as_xlsx), (csv, as_csv)):
        if path is not None:
            _write(path, make, found)
    if as_json:
        print_json([_record(table) for table in tables(found)])
    elif xlsx is None and csv is None:
        for table in tables(found):
            _print(table)


def recount(as_json: Json = False) -> None:
    """Count the sums behind the reports again from all cases, after old data was taken over."""

    async def work() -> int:
        async with parts() as made:
            with progress(as_json) as tell:
                return await tallies.rebuild(made.database, progress=lambda share: tell("counting", share))

    read = run(work())
    if as_json:
        print_json({"cases": read})
    else:
        console.print(f"{read:,} cases counted.", markup=False)


def _last(length: Length) -> Period:
    return periods.before(length, today())


async def _procedures(made: Parts) -> dict[str, str]:
    try:
        snapshot = await made.catalogue.snapshot()
    except MotcuaError:
        # Without a catalogue the codes stand for themselves.
        return {}
    return {code: snapshot.procedures[code].name for code in snapshot.procedures}


def _write(path: Path, make: Callable[[Report], bytes], found: Report) -> None:
    try:
        path.write_bytes(make(found))
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror or error}") from None
    console.print(f"Written: {path}", markup=False)


def _print(table: Table) -> None:
    console.print(f"\n{table.title}", markup=False)
    console.print(" | ".join(table.head), markup=False)
    for row in table.rows[:_SHOWN]:
        console.print(" | ".join(_text(value) for value in row), markup=False)
    if len(table.rows) > _SHOWN:
        console.print(f"… {len(table.rows) - _SHOWN:,} more; --csv or --xlsx has all", markup=False)


def _text(value: Cell) -> str:
    return "–" if value is None else str(value)


def _record(table: Table) -> dict[str, Any]:
    return {"title": table.title, "head": table.head, "rows": table.rows}
