"""`motcua catalogue golden …`: questions whose right answers an admin has named."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from knowledge import golden
from knowledge.golden import Golden
from knowledge.importers.report import Report
from motcua.cli._shared import Json, actor, console, parts, print_json, run

app = typer.Typer(
    help="Questions with their right procedures; a version that answers fewer of them right does not go live.",
    no_args_is_help=True,
)


@app.command("list")
def list_(
    ended: Annotated[bool, typer.Option("--ended", help="Also those that were ended.")] = False, as_json: Json = False
) -> None:
    """List the questions in force, the oldest first."""

    async def work() -> tuple[Golden, ...]:
        async with parts() as made:
            return await golden.list_(made.database, ended=ended)

    found = run(work())
    if as_json:
        print_json([asdict(one) for one in found])
        return
    table = Table("id", "question", "codes", "by", "ended")
    for one in found:
        over = f"{one.ended_at:%Y-%m-%d} {one.ended_by}" if one.ended_at else ""
        table.add_row(str(one.id), one.question, " ".join(one.codes) or "(none)", one.actor, over)
    console.print(table, soft_wrap=False)


@app.command("add")
def add(
    question: Annotated[str, typer.Argument(help="As a citizen writes it.")],
    codes: Annotated[
        list[str] | None, typer.Argument(help="Codes of the right procedures; none: no procedure.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Add a question with the codes of the procedures that answer it."""

    async def work() -> Golden:
        async with parts() as made:
            return await golden.add(made.database, question, codes or (), actor=actor())

    _say(run(work()), "added", as_json)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help='JSON lines: {"question": "…", "codes": ["…"]}.')], as_json: Json = False
) -> None:
    """Add the questions of a file; a line that cannot be used is reported and left out."""

    async def work() -> Report:
        async with parts() as made:
            return await golden.import_jsonl(made.database, file, actor=actor())

    report = run(work())
    if as_json:
        print_json(report.as_json())
        return
    for remark in report.remarks:
        console.print(f"  {remark}", markup=False)
    console.print(f"{report.accepted} of {report.total} questions added", markup=False)


@app.command("end")
def end(
    number: Annotated[int, typer.Argument(help="Number of the question; `list` shows it.")], as_json: Json = False
) -> None:
    """Take a question back; it stays in the table as ended."""

    async def work() -> Golden:
        async with parts() as made:
            return await golden.end(made.database, number, actor=actor())

    _say(run(work()), "ended", as_json)


def _say(one: Golden, what: str, as_json: bool) -> None:
    if as_json:
        print_json(asdict(one))
    else:
        console.print(f"{what} {one.id}: {one.question}  {' '.join(one.codes)}", markup=False)
