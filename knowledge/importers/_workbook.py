"""Sheets of .xlsx workbooks and .csv files as rows of plain texts, read row by row and never trusted.

A workbook is a zip of XML: sizes are checked before anything is unpacked, entities are refused, macros and
formulas are never run (the values that the program which saved the file had computed are taken).
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from store.errors import Invalid

MAX_UNPACKED = 400_000_000
MAX_RATIO = 200
MAX_ENTRIES = 2_000
MAX_ROWS = 300_000
MAX_COLUMNS = 200
_SMALL = 1_000_000
_ERRORS = {"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"}
# csv's own limit, which it keeps for the whole process.
MAX_CELL = 131_072

Cell = str | float | None


@dataclass(frozen=True)
class Row:
    """One row: its number in the sheet (from 1), its cells, and the columns whose cell is an error of the sheet."""

    number: int
    cells: tuple[Cell, ...]
    errors: tuple[int, ...] = ()

    def text(self, column: int | None) -> str:
        """The text of a cell; empty where there is none."""
        value = self.cells[column] if column is not None and column < len(self.cells) else None
        return "" if value is None else f"{value:g}" if isinstance(value, float) else value


@dataclass(frozen=True)
class Sheet:
    """A sheet with its rows; `rows` can be iterated again and again. `size` is about how many there are, or 0."""

    name: str
    _make: Callable[[], Iterator[Row]]
    size: int = 0

    def rows(self) -> Iterator[Row]:
        """The rows that hold anything."""
        return self._make()


def letter(column: int) -> str:
    """The letter of a column, counted from 0."""
    return str(get_column_letter(column + 1))


def has_macros(path: Path) -> bool:
    """Whether a file is a workbook that carries macros."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.lower().endswith("vbaproject.bin") for name in archive.namelist())


@contextmanager
def workbook(path: Path) -> Iterator[tuple[Sheet, ...]]:
    """The sheets of a workbook.

    Raises:
        Invalid: it is not a whole workbook, is encrypted, or unpacks to more than a catalogue can be.
    """
    _check(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError, ParseError) as error:
        raise Invalid(f"{path.name} is not a workbook that can be read: {error}. Save it again as .xlsx.") from error
    try:
        yield tuple(Sheet(sheet.title, partial(_rows, path, sheet), sheet.max_row or 0) for sheet in book.worksheets)
    finally:
        book.close()


def _check(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if any(entry.flag_bits & 1 for entry in entries):
                raise Invalid(f"{path.name} is encrypted. Save it without a password.")
            if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
                raise Invalid(f"{path.name} unpacks to more than a catalogue can be: it was not read.")
            for entry in entries:
                if entry.file_size > _SMALL and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
                    raise Invalid(f"{path.name} unpacks to more than a catalogue can be: it was not read.")
                if entry.filename.endswith((".xml", ".rels")):
                    with archive.open(entry) as part:
                        head = part.read(4096)
                    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                        raise Invalid(f"{path.name} defines XML entities, which no spreadsheet does: it was not read.")
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, ValueError) as error:
        raise Invalid(f"{path.name} is not a whole workbook: {error}. Download or save it again.") from error


def _rows(path: Path, sheet: Any) -> Iterator[Row]:
    try:
        # Some programs write a wrong size into the sheet; without it, every row is read.
        sheet.reset_dimensions()
        for number, raw in enumerate(sheet.iter_rows(values_only=True), start=1):
            if number > MAX_ROWS:
                raise Invalid(f"{path.name}, sheet {sheet.title!r}: more than {MAX_ROWS} rows.")
            cells = tuple(_cell(value) for value in raw[:MAX_COLUMNS])
            if any(cell not in (None, "") for cell in cells):
                errors = tuple(i for i, value in enumerate(raw[:MAX_COLUMNS]) if value in _ERRORS)
                yield Row(number, cells, errors)
    except (zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError, OSError, EOFError) as error:
        raise Invalid(
            f"{path.name}, sheet {sheet.title!r} cannot be read to its end: {error}. Save it again."
        ) from error


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, bool):
        return None if value is None else ("Có" if value else "Không")
    if isinstance(value, datetime | date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return value
    text = str(value)
    return None if text in _ERRORS else text


def table_text(path: Path) -> Sheet:
    """A .csv or .tsv file as a sheet; the separator is the one that its first lines use most.

    Raises:
        Invalid: it is not UTF-8 or UTF-16 text.
    """
    encoding, lines = _encoding(path)
    separator = _separator(path, encoding)

    def rows() -> Iterator[Row]:
        with path.open(encoding=encoding, newline="") as file:
            try:
                reader = csv.reader(file, delimiter=separator)
                for number, raw in enumerate(reader, start=1):
                    if number > MAX_ROWS:
                        raise Invalid(f"{path.name}: more than {MAX_ROWS} rows.")
                    if any(cell.strip() for cell in raw):
                        yield Row(number, tuple(cell if cell.strip() else None for cell in raw[:MAX_COLUMNS]))
            except csv.Error as error:
                raise Invalid(f"{path.name}, line {reader.line_num} is not CSV: {error}") from error

    return Sheet(path.name, rows, lines)


def _encoding(path: Path) -> tuple[str, int]:
    encoding, lines = "utf-8-sig", 0
    try:
        with path.open("rb") as raw:
            if raw.read(2) in (b"\xff\xfe", b"\xfe\xff"):
                encoding = "utf-16"
        # The whole file, in pieces: a wrong letter in the last row is told before anything is taken.
        with path.open(encoding=encoding) as text:
            while piece := text.read(1 << 20):
                lines += piece.count("\n")
    except OSError as error:
        raise Invalid(f"{path.name} cannot be read: {error.strerror or error}") from error
    except UnicodeError as error:
        raise Invalid(f"{path.name} is not UTF-8 text. In Excel, save it as “CSV UTF-8”, or as .xlsx.") from error
    return encoding, lines


def _separator(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, newline="") as file:
        head = file.read(16_384)
    best, most = ",", 0
    for separator in (",", ";", "\t", "|"):
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(head), delimiter=separator)][:20]
        except csv.Error:
            continue
        # Commas inside sentences make ragged rows; columns make many rows of one width.
        score = max(((width - 1) * widths.count(width) for width in set(widths)), default=0)
        if score > most:
            best, most = separator, score
    return best
