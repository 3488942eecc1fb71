"""`motcua catalogue list|diff|report|history|show`: what there is, and what differs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from knowledge.catalogue import Event, Version
from knowledge.diff import TITLES, Diff, as_text
from motcua.cli._shared import Json, console, parts, print_json, run
from motcua.cli.catalogue._print import Id, record, summary
from store.errors import Invalid


def list_(as_json: Json = False) -> None:
    """List the versions, the newest first; the live one is marked."""

    async def work() -> tuple[Version, ...]:
        async with parts() as made:
            return await made.catalogue.list()

    versions = run(work())
    if as_json:
        print_json([record(version) for version in versions])
        return
    # The id is what the other commands want: it is never cut.
    table = Table("", Column("version", no_wrap=True), "state", "procedures", "changes", "source", "by", "created")
    for version in versions:
        created = f"{version.created_at:%Y-%m-%d %H:%M}Z"
        mark = "●" if version.live else ""
        changes = summary(version.diff) if version.diff else ""
        count = str(version.procedures)
        table.add_row(mark, version.id, version.state, count, changes, version.source, version.actor, created)
    console.print(table, soft_wrap=False)


def diff(
    version: Id,
    against: Annotated[str | None, typer.Option(help="Compare with this version instead of the live one.")] = None,
    field: Annotated[str | None, typer.Option(help="Only procedures of which this field changed.")] = None,
    find: Annotated[str, typer.Option(help="Only codes and names with this text in them.")] = "",
    important: Annotated[bool, typer.Option("--important", help="Only changes of fee, time or place.")] = False,
    most: Annotated[int, typer.Option(min=0, help="Procedures shown of each kind at most; 0: all.")] = 50,
    as_json: Json = False,
) -> None:
    """Show what a version changes, field by field; fee, time and place come first, marked with "!"."""
    if field is not None and field not in TITLES:
        raise Invalid(f"{field!r} is no field of a procedure; it is one of {', '.join(TITLES)}.")

    async def work() -> Diff:
        async with parts() as made:
            return await made.catalogue.diff(version, against=against)

    found = run(work()).only(field=field, text=find, important=important)
    if as_json:
        print_json(found.as_json())
        return
    console.print(f"{found.version} against {found.base or 'nothing'}: {summary(found.counts())}", markup=False)
    for line in as_text(found, most=most):
        console.print(line, markup=False)


def report(version: Id, as_json: Json = False) -> None:
    """Show what the import of a version said, the most frequent remarks first; --json lists each record."""

    async def work() -> dict[str, Any]:
        async with parts() as made:
            return await made.catalogue.report(version)

    found = run(work())
    if as_json:
        print_json(found)
        return
    counts = ", ".join(f"{number} {name}" for name, number in (found.get("counts") or {}).items())
    console.print(
        f"{found.get('source')}: {found.get('accepted')} of {found.get('total')} taken; {counts}", markup=False
    )
    for one in found.get("summary") or []:
        console.print(f"{one['records']:>6}  {one['severity']:<8} {one['field']}: {one['message']}", markup=False)


def history(
    most: Annotated[int, typer.Option(min=1, max=100_000, help="Entries shown at most.")] = 50, as_json: Json = False
) -> None:
    """Show who did what with which version, when and why; the newest first."""

    async def work() -> tuple[Event, ...]:
        async with parts() as made:
            return await made.catalogue.events(most)

    events = run(work())
    if as_json:
        print_json([asdict(event) for event in events])
        return
    table = Table("when", "who", "what", Column("version", no_wrap=True), "why", "source", "SHA-256")
    for event in events:
        why = str(event.data.get("why") or event.data.get("error") or "")
        source, checksum = str(event.data.get("source") or ""), str(event.data.get("source_sha256") or "")
        when = f"{event.at:%Y-%m-%d %H:%M:%S}Z"
        table.add_row(when, event.actor, event.what, event.version_id, why, source, checksum[:12])
    console.print(table, soft_wrap=False)


def show(code: Annotated[str, typer.Argument(help="Code of a procedure, for example 1.001193.")]) -> None:
    """Print one procedure of the live version, as JSON."""

    async def work() -> dict[str, Any]:
        async with parts() as made:
            return (await made.catalogue.show(code)).model_dump(mode="json", exclude_defaults=True)

    print_json(run(work()))
