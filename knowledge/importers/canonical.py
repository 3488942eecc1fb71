"""The canonical JSONL of procedures: one JSON record a line, plain or gzipped.

It is what crawls and exports of the national database are brought to: `code, name, field, promulgator, levels,
executing_agencies, subjects, steps, methods, documents, conditions, results, legal_codes, …`. A record that
cannot be used is left out and named in the report; it never stops the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from knowledge.importers import _stream
from knowledge.importers._intake import Format, Intake, Record, parse
from knowledge.importers._notes import BadRecord, Notes
from knowledge.importers.report import Imported, Report
from knowledge.importers.traps import Trap
from knowledge.procedures import Procedure


def _fits(record: Record) -> bool:
    return "code" in record and "name" in record


def _read(record: Record, _note: Notes) -> Record:
    return record


FORMAT = Format("canonical", _fits, _read)


def load(path: Path, *, as_of: date | None = None) -> Imported:
    """Read a whole file.

    Args:
        path: a `.jsonl` or `.jsonl.gz` file in UTF-8.
        as_of: the day the data is of; carried by each record as the date it was checked.

    Raises:
        Invalid: there is no such file, or it is not a gzip file although its name says so.
    """
    report = Report(source=path.name)
    procedures = tuple(stream(path, report, as_of=as_of))
    report.tally(procedures)
    return Imported(procedures, report)


def stream(path: Path, report: Report, *, as_of: date | None = None) -> Iterator[Procedure]:
    """Read record by record; `report` is complete when the iterator ends."""
    report.sha256 = _stream.checksum(path)
    report.format = FORMAT.name
    intake = Intake(report, as_of)
    with _stream.opened(path) as reader:
        for number, data in reader.lines():
            if isinstance(data, _stream.TooLong):
                message = f"the line is longer than {_stream.MAX_RECORD} bytes"
                intake.refuse(number, Trap.too_long, message)
                continue
            try:
                record = parse(data)
            except BadRecord as bad:
                intake.refuse(number, bad.trap, bad.message)
                continue
            if (procedure := intake.take(number, record, FORMAT)) is not None:
                yield procedure
