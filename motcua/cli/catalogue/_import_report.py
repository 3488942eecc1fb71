"""How the report of an import is printed and written to a file."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

from rich.table import Column, Table

from knowledge.importers.report import Remark, Report, Severity
from knowledge.importers.traps import ABOUT, Trap
from motcua.cli._shared import console
from store.errors import Invalid

SHOWN = 20
_FIELDS = ("severity", "trap", "line", "column", "code", "field", "message", "source")
# A cell that begins so is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def check(file: Path | None) -> None:
    """Raise Invalid for a report file of an unknown kind, before the work begins."""
    if file is not None and file.suffix not in {".csv", ".json"}:
        raise Invalid(f"{file.name}: a report is written as .csv or .json.")
    if file is not None and not file.parent.is_dir():
        raise Invalid(f"{file.name} cannot be written: there is no folder {file.parent}.")


def write(report: Report, file: Path) -> None:
    """Write every remark; raises Invalid when the file cannot be written."""
    try:
        if file.suffix == ".json":
            whole = report.as_json(limit=len(report.remarks))
            file.write_text(json.dumps(whole, ensure_ascii=False, indent=1), encoding="utf-8")
            return
        # With the mark, a spreadsheet knows that it is UTF-8.
        with file.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(_FIELDS)
            writer.writerows([_safe(getattr(remark, name)) for name in _FIELDS] for remark in report.remarks)
    except OSError as error:
        raise Invalid(f"{file.name} cannot be written: {error.strerror or error}") from error


def _safe(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def show(report: Report, file: Path | None) -> None:
    """Print the traps that were met with how often, then the first remarks that want a person."""
    counts = report.counts()
    named = f" ({report.format})" if report.format else ""
    console.print(
        f"{report.source}{named}: {report.accepted} of {report.total} records taken, "
        f"{counts['error']} errors, {counts['warning']} warnings, {counts['fixed']} fixed",
        markup=False,
    )
    if report.remarks:
        console.print(_traps(report), soft_wrap=False)
    wanted = [remark for remark in report.remarks if remark.severity is not Severity.fixed]
    wanted.sort(key=lambda remark: list(Severity).index(remark.severity))
    for remark in wanted[:SHOWN]:
        console.print(f"  {remark}", markup=False)
    if len(wanted) > SHOWN:
        rest = f"all are in {file.name}" if file else "--report FILE.csv writes all"
        console.print(f"  … and {len(wanted) - SHOWN} more; {rest}", markup=False)


def _traps(report: Report) -> Table:
    table = Table("", Column("trap", no_wrap=True), "what", "remarks", "records")
    found: Counter[tuple[str, str]] = Counter()
    records: dict[tuple[str, str], set[tuple[str, int, str]]] = {}
    for remark in report.remarks:
        key = (remark.severity.value, remark.trap)
        found[key] += 1
        records.setdefault(key, set()).add((remark.source, remark.line, remark.code))
    order = [severity.value for severity in Severity]
    for (severity, trap), number in sorted(found.items(), key=lambda item: (order.index(item[0][0]), -item[1])):
        said = ABOUT[Trap(trap)].english if trap else _first(report.remarks, severity)
        table.add_row(severity, trap, said, str(number), str(len(records[severity, trap])))
    return table


def _first(remarks: list[Remark], severity: str) -> str:
    """What the first remark without a name of its own says."""
    return next(remark.message for remark in remarks if remark.severity.value == severity and not remark.trap)
