"""Reading the sheets of a workbook or CSV file: which kind of list it is, then row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from knowledge.importers import commune_workbook, national_excel, table
from knowledge.importers._headings import fold
from knowledge.importers._intake import Format, Intake
from knowledge.importers._notes import Notes
from knowledge.importers._stream import Progress
from knowledge.importers._table_record import format_of
from knowledge.importers._workbook import Row, Sheet, has_macros, letter
from knowledge.importers.report import Report
from knowledge.importers.table import ColumnMapping
from knowledge.importers.traps import Trap
from knowledge.procedures import Procedure
from store.errors import Invalid

_EVERY = 50


def read_table(
    path: Path, intake: Intake, report: Report, mapping: ColumnMapping | None, progress: Progress
) -> Iterator[Procedure]:
    """The procedures of a table; see `_detect.read`.

    Raises:
        Invalid: no sheet has columns for code and name, or the given mapping fits no sheet.
    """
    with table.sheets(path) as sheets:
        if has_macros(path):
            Notes(report, 0)(Trap.macros_ignored, "file")
        commune = commune_workbook.is_commune(sheets)
        chosen = _chosen(path, sheets, mapping, commune)
        format_ = _format(chosen[0][1], mapping, commune, report)
        children = commune_workbook.children(sheets) if commune else {}
        done, total = 0, sum(sheet.size for sheet, _ in chosen)
        taken: set[str] = set()
        for sheet, columns in chosen:
            for row in table.data_rows(sheet, columns):
                done += 1
                if total and done % _EVERY == 0:
                    progress(min(done / total, 1.0))
                if commune_workbook.row_is_empty(row):
                    continue
                code = row.text(columns.columns.get("code")).strip()
                taken.add(code)
                procedure = intake.take(row.number, _record(row, children.get(code), report), format_)
                if procedure is not None:
                    yield procedure
        for code in sorted(set(children) - taken):
            if children[code]["parts"]:
                Notes(report, 0, code)(Trap.orphan_row, "code", f"{code} is in other sheets, not in the main one")
    progress(1.0)
    if not report.total:
        raise Invalid(f"{path.name} has headings and no rows below them.")


def _record(row: Row, child: Mapping[str, Any] | None, report: Report) -> dict[str, Any]:
    if child is None:
        return {"row": row}
    return {"row": row, "more": commune_workbook.parts(child, Notes(report, row.number))}


def _chosen(
    path: Path, sheets: tuple[Sheet, ...], mapping: ColumnMapping | None, commune: bool
) -> list[tuple[Sheet, ColumnMapping]]:
    """The sheets to read, each with its columns: those with the headings of the best one."""
    guesses = [(sheet, table.guess_sheet(sheet)) for sheet in sheets]
    if mapping is not None:
        if mapping.missing:
            raise Invalid(f"The column mapping names no column for {' and '.join(mapping.missing)}.")
        fitting = list(_with_headings(sheets, mapping))
        if not fitting:
            raise Invalid(
                f"{path.name}: no row of it has the headings of the column mapping; see --show-mapping for its own."
            )
        return fitting
    if commune:
        beside = {*commune_workbook.CHILDREN, "tthc"}
        guesses = [(sheet, found) for sheet, found in guesses if fold(sheet.name) not in beside]
    best = max(guesses, key=lambda pair: table.weight(pair[1]), default=None)
    if best is None or not best[1].columns:
        raise Invalid(f"{path.name}: no row looks like the headings of a list of procedures.")
    if best[1].missing:
        headings = ", ".join(heading for heading in best[1].headings if heading)
        raise Invalid(
            f"{path.name}: no column for {' and '.join(best[1].missing)} among the headings {headings}. "
            "Name the columns with --mapping; --show-mapping prints a file to start from."
        )
    same = best[1].fingerprint
    return [(sheet, found) for sheet, found in guesses if found.columns and found.fingerprint == same]


def _with_headings(sheets: tuple[Sheet, ...], mapping: ColumnMapping) -> Iterator[tuple[Sheet, ColumnMapping]]:
    for sheet in sheets:
        for row in table.first_rows(sheet):
            headings = tuple(row.text(number) for number in range(len(row.cells)))
            if table.fingerprint(headings) == mapping.fingerprint:
                yield sheet, ColumnMapping(sheet.name, row.number, headings, mapping.columns, mapping.sure)
                break


def _format(found: ColumnMapping, given: ColumnMapping | None, commune: bool, report: Report) -> Format:
    name, title = national_excel.recognise(found) or ("table", national_excel.TABLE_TITLE)
    if commune:
        name, title = "commune_workbook", commune_workbook.TITLE
    elif name == "table" and given is None:
        columns = ", ".join(f"{field} = {letter(column)}" for field, column in found.columns.items())
        Notes(report, found.heading_row)(Trap.columns_guessed, "headings", f"columns guessed from headings: {columns}")
    report.format = name
    return format_of(name, found, title)


def json_sheet(value: Mapping[str, Any]) -> Iterator[tuple[Format, dict[str, Any]]] | None:
    """The rows of a sheet that was written out as JSON: a list of headings and a list of rows; None for all else."""
    headings = next((v for k, v in value.items() if k.endswith("headings") and isinstance(v, list)), None)
    rows = next((v for k, v in value.items() if k.startswith("rows") and isinstance(v, list)), None)
    if headings is None or rows is None or not all(isinstance(row, list) for row in rows):
        return None
    cells = tuple(str(heading or "") for heading in headings)
    found = table.guess_sheet(Sheet("", lambda: iter([Row(1, cells)])))
    if found.missing:
        return None
    name, title = national_excel.recognise(found) or ("table", national_excel.TABLE_TITLE)
    format_ = format_of(name, found, title)
    return (
        (format_, {"row": Row(number, tuple(None if cell is None else str(cell) for cell in row))})
        for number, row in enumerate(rows, start=1)
    )
