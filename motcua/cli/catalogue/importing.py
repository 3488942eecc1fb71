"""`motcua catalogue import`: read sources of any known format, report, build, and switch to them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from knowledge.catalogue import Catalogue, Version, read_source
from knowledge.importers import mappings, merge, table, unconfirmed
from knowledge.importers.report import Imported, Report
from knowledge.importers.table import ColumnMapping
from motcua.cli._shared import Json, actor, console, parts, print_json, progress, run
from motcua.cli.catalogue import _import_report
from motcua.cli.catalogue._print import record
from motcua.cli.places import parse_day
from store.engine import Database
from store.errors import Invalid

Tell = Callable[[str, float], None]


def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…",
            help="JSON, JSONL, .gz, .xlsx or .csv of any known format, our own .yml, or a folder of it.",
        ),
    ],
    publish: Annotated[bool, typer.Option(help="Make it live when it is built and checked.")] = True,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the live procedures too; those in both are merged by the shown rule.")
    ] = False,
    mapping: Annotated[
        Path | None, typer.Option(help="A file that says which column holds what (--show-mapping prints one).")
    ] = None,
    show_mapping: Annotated[
        bool, typer.Option("--show-mapping", help="Only print which column would be read as what.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Take columns as guessed from their headings.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write every remark to this .csv or .json file.", dir_okay=False)
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="The day the data describe, YYYY-MM-DD.")] = None,
    as_json: Json = False,
) -> None:
    """Read catalogues, report what each record holds wrong, build the search, and switch to it.

    What is live answers until the switch; a record that cannot be used is left out and reported. Several files are
    merged in their order, by a rule that the report shows.
    """
    _import_report.check(report)
    if show_mapping:
        print_json([{"file": file.name, **table.guess(_there(file)).as_json()} for file in files])
        return
    given = _given(mapping)
    day = parse_day(as_of)

    async def work() -> tuple[Version, Report]:
        async with parts() as made:
            chosen = [await _mapping(made.database, file, given, yes, len(files) == 1) for file in files]
            with progress(as_json or not sys.stderr.isatty()) as tell:
                imported = await _read(files, chosen, day, tell)
                for one in filter(None, chosen):
                    await mappings.remember(made.database, one, actor=actor())
                if report is not None:
                    await asyncio.to_thread(_import_report.write, imported.report, report)
                if keep:
                    imported = await _with_live(made.catalogue, imported)
                version = await made.catalogue.stage_records(imported, actor=actor(), progress=tell)
                if publish:
                    version = await made.catalogue.publish(version.id, actor=actor(), progress=tell)
                else:
                    version = await made.catalogue.build(version.id, actor=actor(), progress=tell)
            return version, imported.report

    version, said = run(work())
    if as_json:
        print_json(record(version))
        return
    _import_report.show(said, report)
    state = "live" if version.live else "built, not live (motcua catalogue publish)"
    console.print(f"{version.id}: {version.procedures} procedures from {version.source}, {state}", markup=False)


def _there(file: Path) -> Path:
    if not file.is_file():
        raise Invalid(f"{file.name} cannot be read: there is no such file.")
    return file


def _given(file: Path | None) -> ColumnMapping | None:
    if file is None:
        return None
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Invalid(f"{file.name} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise Invalid(f"{file.name} is not JSON: {error}") from error
    # What --show-mapping printed may be given back as it is.
    return ColumnMapping.from_json(value[0] if isinstance(value, list) and value else value)


async def _mapping(
    db: Database, file: Path, given: ColumnMapping | None, yes: bool, alone: bool
) -> ColumnMapping | None:
    """The confirmed columns of a table; None for what needs none.

    Raises:
        Invalid: nobody has confirmed the guessed columns.
    """
    found = await asyncio.to_thread(unconfirmed, file)
    if given is not None and (alone or (found is not None and found.fingerprint == given.fingerprint)):
        return given
    if found is None:
        return None
    known = await mappings.recall(db, found.headings)
    if known is not None:
        return known
    columns = "\n".join(f"  {field:20} {found.headings[column]}" for field, column in found.columns.items())
    console.print(f"{file.name}: columns as guessed from the headings:\n{columns}", markup=False)
    if yes or (sys.stdin.isatty() and typer.confirm("Read them so?")):
        return found
    raise Invalid(
        f"{file.name}: confirm the columns with --yes, or write --show-mapping into a file, correct it and give it "
        "with --mapping. What is confirmed is remembered for files with the same headings."
    )


async def _read(files: list[Path], chosen: list[ColumnMapping | None], day: date | None, tell: Tell) -> Imported:
    """All files, merged in their order."""
    whole: Imported | None = None
    for number, (file, mapping) in enumerate(zip(files, chosen, strict=True)):
        start, share = number / len(files), 1 / len(files)

        def reading(part: float, file: Path = file, start: float = start, share: float = share) -> None:
            tell(f"reading {file.name}", start + part * share)

        values: dict[str, Any] = {"as_of": day, "mapping": mapping, "progress": reading}
        imported = await asyncio.to_thread(partial(read_source, file, **values))
        whole = imported if whole is None else await asyncio.to_thread(merge, whole, imported)
    if whole is None:
        raise Invalid("Name at least one file.")
    return whole


async def _with_live(catalogue: Catalogue, imported: Imported) -> Imported:
    """The live records with the imported ones merged into them; only the latter's remarks are new."""
    live = next((version for version in await catalogue.list() if version.live), None)
    if live is None:
        return imported
    held = await catalogue.records(live.id)
    report = Report(live.source, live.source_sha256, total=len(held), accepted=len(held))
    return await asyncio.to_thread(merge, Imported(held, report), imported)
