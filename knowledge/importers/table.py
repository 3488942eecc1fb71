"""Tables (.xlsx, .csv) whose columns an admin names: guessed from the headings, shown, confirmed, remembered."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from knowledge.importers import _workbook
from knowledge.importers._headings import FIELDS, field_of, fold
from knowledge.importers._workbook import Row, Sheet, letter
from store.errors import Invalid

# The headings stand among the first rows, below a title in merged cells.
_LOOKED_AT = 30


@dataclass(frozen=True)
class ColumnMapping:
    """Which column holds what.

    Attributes:
        sheet: name of the sheet; empty for a CSV file.
        heading_row: row of the headings, from 1.
        headings: the headings as the file has them.
        columns: field → column, counted from 0. The fields are those of `FIELDS`.
        sure: the fields whose heading is a known one, word for word; the others are guesses to be confirmed.
    """

    sheet: str
    heading_row: int
    headings: tuple[str, ...]
    columns: Mapping[str, int]
    sure: frozenset[str] = frozenset()

    @property
    def fingerprint(self) -> str:
        """The same for every file with these headings, whatever its rows (SHA-256, hexadecimal)."""
        return fingerprint(self.headings)

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields that a procedure cannot do without and that no column holds."""
        return tuple(field for field in ("code", "name") if field not in self.columns)

    def as_json(self) -> dict[str, Any]:
        """As a person can read and change it: field → letter of the column."""
        return {
            "sheet": self.sheet,
            "heading_row": self.heading_row,
            "headings": list(self.headings),
            "columns": {field: letter(column) for field, column in self.columns.items()},
            "sure": sorted(self.sure),
        }

    @staticmethod
    def from_json(value: object) -> ColumnMapping:
        """The opposite of `as_json`; a column may be named by its letter or by its heading.

        Raises:
            Invalid: a field or a column that does not exist, with the names that do.
        """
        if not isinstance(value, Mapping) or not isinstance(value.get("columns"), Mapping):
            raise Invalid("A column mapping is a JSON object with `headings` and `columns`: see --show-mapping.")
        headings = value.get("headings")
        row = value.get("heading_row", 1)
        if not isinstance(headings, list) or not isinstance(row, int) or isinstance(row, bool):
            raise Invalid("The column mapping needs `headings` (a list) and `heading_row` (a number).")
        names = tuple(str(heading or "") for heading in headings)
        columns: dict[str, int] = {}
        for field, where in value["columns"].items():
            if field not in FIELDS:
                raise Invalid(f"The column mapping: {field!r} is no field; fields are {', '.join(FIELDS)}.")
            columns[field] = _column(field, where, names)
        return ColumnMapping(str(value.get("sheet") or ""), row, names, columns, frozenset(columns))


def _column(field: str, where: object, headings: tuple[str, ...]) -> int:
    text = str(where or "").strip()
    for number, heading in enumerate(headings):
        if fold(heading) == fold(text) and text:
            return number
    if re.fullmatch(r"[A-Za-z]{1,2}", text):
        number = 0
        for char in text.upper():
            number = number * 26 + ord(char) - ord("A") + 1
        if number <= _workbook.MAX_COLUMNS:
            return number - 1
    raise Invalid(f"The column mapping: {field}: there is no column {text!r}; columns are {', '.join(headings)}.")


def fingerprint(headings: tuple[str, ...]) -> str:
    """Of headings, without regard to capitals, marks, spaces and empty columns at the end."""
    folded = [fold(heading) for heading in headings]
    while folded and not folded[-1]:
        folded.pop()
    return hashlib.sha256("\x1f".join(folded).encode()).hexdigest()


def guess(path: Path) -> ColumnMapping:
    """Guess the mapping of a file.

    Raises:
        Invalid: it cannot be read, or no row of it looks like headings.
    """
    with sheets(path) as found:
        best = max((guess_sheet(sheet) for sheet in found), key=weight, default=None)
    if best is None or not best.columns:
        raise Invalid(f"{path.name}: no row looks like the headings of a list of procedures.")
    return best


def sheets(path: Path) -> Any:
    """The sheets of a workbook or of a CSV file, as a context manager."""
    with path.open("rb") as raw:
        packed = raw.read(4) == b"PK\x03\x04"
    return _workbook.workbook(path) if packed else _OneSheet(_workbook.table_text(path))


class _OneSheet:
    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def __enter__(self) -> tuple[Sheet, ...]:
        return (self._sheet,)

    def __exit__(self, *_: object) -> None:
        return None


def guess_sheet(sheet: Sheet) -> ColumnMapping:
    """The best row of headings of one sheet; without columns when there is none."""
    best = ColumnMapping(sheet.name, 1, (), {})
    for row in first_rows(sheet):
        candidate = _read_headings(sheet.name, row)
        if weight(candidate) > weight(best):
            best = candidate
    return best


def first_rows(sheet: Sheet) -> Iterator[Row]:
    """The rows among which the headings may stand."""
    return islice(sheet.rows(), _LOOKED_AT)


def weight(mapping: ColumnMapping) -> tuple[int, int]:
    """How much a row of headings looks like those of a list of procedures."""
    return (2 - len(mapping.missing) if mapping.columns else -1, len(mapping.columns) + len(mapping.sure))


def _read_headings(sheet: str, row: Row) -> ColumnMapping:
    headings = tuple(row.text(number) for number in range(len(row.cells)))
    columns: dict[str, int] = {}
    sure: set[str] = set()
    for certain in (True, False):
        for number, heading in enumerate(headings):
            if number in columns.values() or len(heading) > 80:
                continue
            field = field_of(heading, certain=certain)
            if field is not None and field not in columns:
                columns[field] = number
                if certain:
                    sure.add(field)
    return ColumnMapping(sheet, row.number, headings, columns, frozenset(sure))


def data_rows(sheet: Sheet, mapping: ColumnMapping) -> Iterator[Row]:
    """The rows below the headings."""
    return (row for row in sheet.rows() if row.number > mapping.heading_row)
