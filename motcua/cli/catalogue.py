"""`motcua catalogue import|list|show|publish|rollback|reindex`: versions of the catalogue."""

from __future__ import annotations

import getpass
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from knowledge.catalogue import Version
from motcua.cli._shared import Json, console, parts, print_json, progress, run
from motcua.cli.places import parse_day

app = typer.Typer(help="The catalogue of procedures and its versions.", no_args_is_help=True)
SHOWN_ISSUES = 20


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A .jsonl or .jsonl.gz catalogue, our own .yml, or a folder of those.")],
    publish: Annotated[bool, typer.Option(help="Make it live when it is built and checked.")] = True,
    as_of: Annotated[str | None, typer.Option(help="The day the data describe, YYYY-MM-DD.")] = None,
    as_json: Json = False,
) -> None:
    """Read a catalogue, report each bad record, build its search, and switch to it.

    What is live answers until the switch; a record that cannot be used is left out and reported.
    """
    day: date | None = parse_day(as_of)

    async def work() -> Version:
        async with parts() as made:
            with progress(as_json or not sys.stderr.isatty()) as tell:
                version = await made.catalogue.import_(file, actor=_actor(), as_of=day, progress=tell)
            return await made.catalogue.publish(version.id, actor=_actor()) if publish else version

    version = run(work())
    if as_json:
        print_json(_record(version))
        return
    report = dict(version.report)
    issues = report.get("issues") or []
    for issue in issues[:SHOWN_ISSUES]:
        console.print("  " + "  ".join(str(value) for value in issue.values() if value not in (None, "")), markup=False)
    if len(issues) > SHOWN_ISSUES:
        console.print(f"  … and {len(issues) - SHOWN_ISSUES} more; --json lists all", markup=False)
    state = "live" if version.live else "built, not live (motcua catalogue publish)"
    console.print(f"{version.id}: {version.procedures} procedures from {version.source}, {state}", markup=False)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the versions, the newest first; the live one is marked."""

    async def work() -> tuple[Version, ...]:
        async with parts() as made:
            return await made.catalogue.list()

    versions = run(work())
    if as_json:
        print_json([_record(version) for version in versions])
        return
    # The id is what `publish` wants: it is never cut.
    table = Table("", Column("version", no_wrap=True), "state", "procedures", "source", "by", "created")
    for version in versions:
        created = f"{version.created_at:%Y-%m-%d %H:%M}Z"
        mark = "●" if version.live else ""
        table.add_row(mark, version.id, version.state, str(version.procedures), version.source, version.actor, created)
    console.print(table, soft_wrap=False)


@app.command("show")
def show(code: Annotated[str, typer.Argument(help="Code of a procedure, for example 1.001193.")]) -> None:
    """Print one procedure of the live version, as JSON."""

    async def work() -> dict[str, Any]:
        async with parts() as made:
            return (await made.catalogue.show(code)).model_dump(mode="json", exclude_defaults=True)

    print_json(run(work()))


@app.command("publish")
def publish(version: Annotated[str, typer.Argument(help="Id of a built version.")], as_json: Json = False) -> None:
    """Make a built version the live one."""

    async def work() -> Version:
        async with parts() as made:
            return await made.catalogue.publish(version, actor=_actor())

    _say(run(work()), as_json)


@app.command("rollback")
def rollback(as_json: Json = False) -> None:
    """Go back to the version that was live before."""

    async def work() -> Version:
        async with parts() as made:
            return await made.catalogue.rollback(actor=_actor())

    _say(run(work()), as_json)


@app.command("reindex")
def reindex() -> None:
    """Make sure that a catalogue is live and indexed by this release; publishes the starter catalogue if none is.

    `motcua up` does the same before it starts.
    """

    async def work() -> Version | None:
        async with parts() as made:
            with progress(not sys.stderr.isatty()) as tell:
                return await made.catalogue.ensure_live(actor=_actor(), progress=tell)

    version = run(work())
    console.print("nothing to do" if version is None else f"{version.id} is live", markup=False)


def _say(version: Version, as_json: bool) -> None:
    if as_json:
        print_json(_record(version))
    else:
        console.print(f"{version.id} is live: {version.procedures} procedures from {version.source}", markup=False)


def _record(version: Version) -> dict[str, Any]:
    return {**asdict(version), "report": dict(version.report)}


def _actor() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "command line"
