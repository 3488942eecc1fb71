"""What kind of source a file is, by its content; a file's name only breaks ties."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from knowledge.importers import (
    _stream,
    canonical,
    commune_workbook,
    national_api,
    national_excel,
    page_form,
    portal_2021,
    rest_gateway,
    table,
)
from knowledge.importers._intake import Format, Intake, parse
from knowledge.importers._notes import BadRecord
from knowledge.importers._read_table import json_sheet, read_table
from knowledge.importers._stream import Progress
from knowledge.importers.report import Imported, Report
from knowledge.importers.table import ColumnMapping
from knowledge.importers.traps import Trap
from knowledge.procedures import Procedure
from store.errors import Invalid

# Tried from top to bottom; the canonical shape fits most loosely, so it is last.
FORMATS: tuple[Format, ...] = (
    national_api.DETAIL,
    national_api.LIST,
    rest_gateway.FORMAT,
    page_form.SCRAPE,
    page_form.FORM,
    portal_2021.FORMAT,
    commune_workbook.FORMAT,
    canonical.FORMAT,
)
# Where answers of APIs and descriptions of samples keep their records.
_INSIDE = ("data", "items", "content", "records", "record", "rows", "results", "result", "list")
_MAGIC = {
    b"%PDF": "is a PDF: copy its table into a spreadsheet and save that as .xlsx.",
    b"\xd0\xcf\x11\xe0": "is an old .xls (or a workbook with a password): save it as .xlsx without a password.",
    b"Rar!": "is an archive: unpack it first.",
    b"7z\xbc\xaf": "is an archive: unpack it first.",
}


def _silent(_share: float) -> None:
    """No progress is shown."""


def read(
    path: Path,
    *,
    as_of: date | None = None,
    mapping: ColumnMapping | Mapping[str, Any] | None = None,
    progress: Progress = _silent,
) -> Imported:
    """Read a file of any known format but our own YAML.

    Args:
        path: the file.
        as_of: the day the data is of.
        mapping: which column holds what, for a table; guessed from the headings when it is None.
        progress: told the share that was read, from 0 to 1.

    Raises:
        Invalid: the file cannot be read or is of no known format; says what to do.
    """
    kind = kind_of(path)
    report = Report(source=path.name, sha256=_stream.checksum(path))
    intake = Intake(report, as_of)
    if kind == "table":
        if mapping is not None and not isinstance(mapping, ColumnMapping):
            mapping = ColumnMapping.from_json(mapping)
        procedures = tuple(read_table(path, intake, report, mapping, progress))
    else:
        procedures = tuple(_records(path, intake, report, kind, progress))
    report.tally(procedures)
    return Imported(procedures, report)


def unconfirmed(path: Path) -> ColumnMapping | None:
    """The guessed columns of a table that a person has to confirm before it is read.

    None for what needs no confirmation: files that are no tables, the national lists, a commune's workbook, and a table
    without columns for code and name (reading it says so).

    Raises:
        Invalid: the file cannot be read or is of no known format.
    """
    if path.is_dir() or path.suffix in {".yml", ".yaml"} or kind_of(path) != "table":
        return None
    with table.sheets(path) as found:
        if commune_workbook.is_commune(found):
            return None
        best = max((table.guess_sheet(sheet) for sheet in found), key=table.weight, default=None)
    return None if best is None or best.missing or national_excel.recognise(best) else best


def kind_of(path: Path) -> str:
    """`lines` (JSON lines), `values` (other JSON) or `table`.

    Raises:
        Invalid: it is none of these.
    """
    if path.is_dir() or not path.exists():
        raise Invalid(f"{path.name} cannot be read: there is no such file.")
    with _stream.opened(path) as reader:
        head = reader.head()
    if head.startswith(b"PK\x03\x04"):
        return _zip(path)
    for magic, say in _MAGIC.items():
        if head.startswith(magic):
            raise Invalid(f"{path.name} {say}")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise Invalid(f"{path.name} is empty.")
    if text.startswith(b"<"):
        raise Invalid(f"{path.name} is a web page, not a list: perhaps the download answered with an error page.")
    named = path.name.removesuffix(".gz")
    if named.endswith((".jsonl", ".ndjson")):
        return "lines"
    if text[:1] in (b"{", b"["):
        return "lines" if _is_lines(text) else "values"
    if b"\x00" in head and head[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise Invalid(f"{path.name} is of no known format: a catalogue is .json, .jsonl, .xlsx, .csv or .yml.")
    if named != path.name:
        raise Invalid(f"{path.name} is a packed file that holds no JSON: unpack it first.")
    return "table"


def _zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise Invalid(f"{path.name} is not a whole workbook: {error}. Download or save it again.") from error
    if "xl/workbook.xml" in names:
        return "table"
    if "word/document.xml" in names:
        raise Invalid(f"{path.name} is a Word document: copy its table into a spreadsheet and save that as .xlsx.")
    raise Invalid(f"{path.name} is an archive: unpack it first.")


def _is_lines(text: bytes) -> bool:
    """Whether the first line is one whole object and another begins below it."""
    first, _, rest = text.partition(b"\n")
    if not rest.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except ValueError:
        return first.rstrip().endswith(b"}") and first.startswith(b"{")


def _records(path: Path, intake: Intake, report: Report, kind: str, progress: Progress) -> Iterator[Procedure]:
    seen: dict[str, None] = {}
    with _stream.opened(path, progress) as reader:
        number = 0
        for line, data in reader.lines() if kind == "lines" else reader.values():
            if isinstance(data, _stream.TooLong):
                intake.refuse(line, Trap.too_long, f"longer than {_stream.MAX_RECORD} bytes: no procedure is")
                continue
            try:
                value = parse(data)
            except BadRecord as bad:
                intake.refuse(line, bad.trap, bad.message)
                continue
            for format_, record in expanded(value):
                # In a list inside one value the number of the record says more than that of the value.
                number = line if kind == "lines" else number + 1
                if format_ is None:
                    intake.refuse(number, Trap.bad_shape, _unknown(record))
                    continue
                seen[format_.name] = None
                if (procedure := intake.take(number, record, format_)) is not None:
                    yield procedure
    report.format = ", ".join(seen)
    if not report.total:
        raise Invalid(f"{path.name} holds no record of a procedure.")


def expanded(value: object, depth: int = 4) -> Iterator[tuple[Format | None, Any]]:
    """The records inside a JSON value, each with its format; None for what has no known shape."""
    if isinstance(value, list):
        for item in value:
            yield from expanded(item, depth)
        return
    if not isinstance(value, Mapping):
        yield None, value
        return
    format_ = next((known for known in FORMATS if known.fits(value)), None)
    if format_ is not None:
        yield format_, value
        return
    sheet = json_sheet(value)
    if sheet is not None:
        yield from sheet
        return
    inside = next((value[key] for key in _INSIDE if isinstance(value.get(key), dict | list) and value[key]), None)
    if inside is not None and depth:
        yield from expanded(inside, depth - 1)
    else:
        yield None, value


def _unknown(record: object) -> str:
    if isinstance(record, Mapping):
        if "data" in record and not record["data"]:
            return f"the portal answered {record.get('code') or 'nothing'} without data"
        return f"no known shape of a procedure; its keys are {', '.join(str(key) for key in list(record)[:8])}"
    return "the record is not a JSON object"
