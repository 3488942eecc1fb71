"""`motcua unit list|add|rename|end`: units that take cases in."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from desk import units
from desk.units import Unit
from motcua import logs
from motcua.cli._shared import Json, actor, console, parts, print_json, run

app = typer.Typer(help="Units that take cases in.", no_args_is_help=True)
Code = Annotated[str, typer.Argument(help="Code of the unit: a–z, 0–9, hyphen.")]
UnitName = Annotated[str, typer.Argument(help="Its name as people say it.")]


@app.callback()
def _quiet() -> None:
    """Units that take cases in."""
    logs.configure("WARNING")


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Those that were ended as well.")] = False,
    as_json: Json = False,
) -> None:
    """List the units with the number of accounts that work for each."""

    async def work() -> tuple[Unit, ...]:
        async with parts() as made:
            return await units.list_(made.database, ended=everything)

    found = run(work())
    if as_json:
        print_json([asdict(unit) for unit in found])
        return
    table = Table("code", "name", "place", "staff", "")
    for unit in found:
        ended = f"ended {unit.ended_at:%Y-%m-%d}" if unit.ended_at else ""
        table.add_row(unit.code, escape(unit.name), unit.place_code or "", str(unit.staff), ended)
    console.print(table, soft_wrap=False)


@app.command("add")
def add(
    code: Code,
    name: UnitName,
    place: Annotated[str | None, typer.Option(help="Code of the commune whose unit it is.")] = None,
    as_json: Json = False,
) -> None:
    """Make a unit."""

    async def work() -> Unit:
        async with parts() as made:
            return await units.add(made.database, code, name, place_code=place, actor=actor())

    _tell(run(work()), as_json)


@app.command("rename")
def rename(code: Code, name: UnitName, as_json: Json = False) -> None:
    """Give a unit another name."""

    async def work() -> Unit:
        async with parts() as made:
            return await units.rename(made.database, code, name, actor=actor())

    _tell(run(work()), as_json)


@app.command("end")
def end(code: Code, as_json: Json = False) -> None:
    """Take a unit back: no new case comes to it; those it has stay until they are moved."""

    async def work() -> Unit:
        async with parts() as made:
            return await units.end(made.database, code, actor=actor())

    _tell(run(work()), as_json)


def _tell(unit: Unit, as_json: bool) -> None:
    if as_json:
        print_json(asdict(unit))
    else:
        console.print(f"{unit.code}: {unit.name}{'  (ended)' if unit.ended_at else ''}", markup=False)
