"""`motcua overlay import|list|add|end|counts`: the province's own facts over the national text."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from knowledge import overlays
from knowledge.importers.report import Report
from knowledge.overlays import LevelCounts, Overlay
from motcua.cli._shared import Json, actor, console, parts, print_json, run
from motcua.cli.places import parse_day
from motcua.compose import Parts, today
from store.errors import Invalid, Unavailable

app = typer.Typer(
    help="The province's own facts over the national text: levels, receiving offices, fees, post, home service.",
    no_args_is_help=True,
)
SHOWN_ISSUES = 20
KINDS = ", ".join(overlays.Kind)
NEXT = "The next version that is staged holds it; `motcua catalogue stage` stages the live records with it."
From = Annotated[str | None, typer.Option("--from", help="First day it holds, YYYY-MM-DD; ever since without it.")]
Decision = Annotated[str | None, typer.Option(help="Number of the deciding document.")]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A table, .csv or .xlsx, with a column of codes.")],
    kind: Annotated[str, typer.Option(help=f"What its rows set: {KINDS}.")],
    from_: From = None,
    decision: Decision = None,
    scheme: Annotated[
        str | None, typer.Option(help="What plain numbers of levels mean: ND43_2011 (the default) or ND42_2022.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Set the facts of a table, all of one kind; each row that cannot be used is reported and left out.

    Columns are found by their headings, Vietnamese or English. Besides the code: online_level has level (and scheme);
    receiving has office, accepts (có/không), name, note; fee has amount, text, channel, note; post has in, out;
    home_service has text, place; on_time_exempt has exempt. Each may have valid_from, valid_to and decision.
    The same table a second time changes nothing.
    """
    day = parse_day(from_)
    if scheme not in {None, "ND43_2011", "ND42_2022"}:
        raise Invalid(f"{scheme!r} is no scheme of levels; write ND43_2011 or ND42_2022.")

    async def work() -> Report:
        async with parts() as made:
            return await overlays.import_csv(
                made.database,
                file,
                kind=kind,
                actor=actor(),
                valid_from=day,
                decision=decision,
                scheme=scheme,
                known=await _codes(made),
            )

    report = run(work())
    if as_json:
        print_json(report.as_json())
        return
    for severity, field, message, records in report.by_message()[:SHOWN_ISSUES]:
        console.print(f"  {severity}  {field}: {message} ({records})", markup=False)
    held = ", ".join(f"{name} {number}" for name, number in report.as_read.items())
    console.print(f"{report.source}: {report.total} rows, {report.accepted} taken: {held}", markup=False)
    console.print(NEXT, markup=False)


@app.command("list")
def list_(
    code: Annotated[str | None, typer.Option(help="Only of this procedure.")] = None,
    kind: Annotated[str | None, typer.Option(help=f"Only of this kind: {KINDS}.")] = None,
    ended: Annotated[bool, typer.Option("--ended", help="Also what was taken back.")] = False,
    as_json: Json = False,
) -> None:
    """List the facts with who set each, by which document and from when."""

    async def work() -> tuple[Overlay, ...]:
        async with parts() as made:
            return await overlays.list_(made.database, code, kind, ended=ended)

    rows = run(work())
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    table = Table(Column("row", no_wrap=True), Column("code", no_wrap=True), "kind", "value", "from", "decision", "by")
    for row in rows:
        value = ", ".join(f"{name}={said}" for name, said in row.value.items())
        begin = f"{row.valid_from or ''}{f' – {row.valid_to}' if row.valid_to else ''}"
        by = row.actor if row.ended_at is None else f"{row.actor}; ended by {row.ended_by} {row.ended_at:%Y-%m-%d}"
        table.add_row(str(row.id), row.code, row.kind.value, value, begin, row.decision or "", by)
    console.print(table, soft_wrap=False)


@app.command("add")
def add(
    code: Annotated[str, typer.Argument(help="Code of a procedure; '*' for all, where the kind allows it.")],
    kind: Annotated[str, typer.Argument(help=f"One of {KINDS}.")],
    value: Annotated[
        str, typer.Argument(help='What it says, as JSON: {"office": "province_centre", "accepts": true}.')
    ],
    from_: From = None,
    decision: Decision = None,
    as_json: Json = False,
) -> None:
    """Set one fact; what the layer said of the same thing from the same day on is ended."""
    day = parse_day(from_)
    try:
        said = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"The value is not JSON: {error}") from None
    if not isinstance(said, dict):
        raise Invalid('The value is a JSON object, for example {"in": true, "out": true}.')

    async def work() -> Overlay:
        async with parts() as made:
            return await overlays.add(
                made.database,
                code,
                kind,
                said,
                actor=actor(),
                valid_from=day,
                decision=decision,
                source="command line",
                known=await _codes(made),
            )

    _say(run(work()), "set", as_json)


@app.command("end")
def end(
    row: Annotated[int, typer.Argument(help="Number of the row, as `list` shows it.")], as_json: Json = False
) -> None:
    """Take a fact back; its row stays as a record."""

    async def work() -> Overlay:
        async with parts() as made:
            return await overlays.end(made.database, row, actor=actor())

    _say(run(work()), "ended", as_json)


@app.command("counts")
def counts(
    on: Annotated[str | None, typer.Option(help="The day, YYYY-MM-DD; today without it.")] = None,
    as_json: Json = False,
) -> None:
    """Count the procedures by their level of online service, in each scheme, and those without one."""
    day = parse_day(on) or today()

    async def work() -> tuple[LevelCounts, ...]:
        async with parts() as made:
            rows = await overlays.list_(made.database, kind=overlays.Kind.online_level)
            return overlays.counts(rows, day, known=await _codes(made))

    found = run(work())
    if as_json:
        print_json([asdict(scheme) for scheme in found])
        return
    table = Table("scheme", "level", Column("procedures", justify="right"))
    for scheme in found:
        for level, number in scheme.values.items():
            table.add_row(scheme.scheme, level, str(number))
        table.add_row(scheme.scheme, "together", str(scheme.known))
        if scheme.without is not None:
            table.add_row(scheme.scheme, "in the live catalogue without a level", str(scheme.without))
            table.add_row(scheme.scheme, "not in the live catalogue", str(scheme.unlisted))
    console.print(table, soft_wrap=False)


async def _codes(made: Parts) -> Collection[str] | None:
    """Codes of the live catalogue; None when nothing is live."""
    try:
        return (await made.catalogue.snapshot()).procedures.keys()
    except Unavailable:
        return None


def _say(row: Overlay, what: str, as_json: bool) -> None:
    if as_json:
        print_json(asdict(row))
    else:
        console.print(f"row {row.id}: {row.kind} of {row.code} {what}. {NEXT}", markup=False)
