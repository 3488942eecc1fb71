"""Rows of a table, CSV or XLSX, whoever wrote it: any delimiter, any of the usual encodings, within bounds."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from store.errors import Invalid

MAX_BYTES = 64_000_000
MAX_UNPACKED = 512_000_000
MAX_ROWS = 200_000
MAX_COLUMNS = 200
_ENCODINGS = ("utf-8-sig", "cp1258")
_DELIMITERS = ",;\t|"


def rows(path: Path) -> Iterator[tuple[int, list[Any]]]:
    """Each row that is not empty with its number (from 1); of a workbook its first sheet that holds anything.

    Raises:
        Invalid: the file is missing, too large, or neither CSV nor XLSX.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Invalid(f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB; split it.")
        with path.open("rb") as file:
            head = file.read(8)
        if head.startswith(b"PK"):
            yield from _bounded(path, _workbook(path))
        elif head.startswith(b"\xd0\xcf\x11\xe0"):
            raise Invalid(f"{path.name} is a workbook of the old kind (.xls); save it as .xlsx or .csv.")
        else:
            yield from _bounded(path, _text(path))
    except OSError as error:
        raise Invalid(f"{path.name} cannot be read: {error.strerror or error}") from error


def _bounded(path: Path, found: Iterator[tuple[int, list[Any]]]) -> Iterator[tuple[int, list[Any]]]:
    for number, cells in found:
        if number > MAX_ROWS:
            raise Invalid(f"{path.name} has more than {MAX_ROWS} rows; split it.")
        if any(cell not in (None, "") for cell in cells):
            yield number, cells[:MAX_COLUMNS]


def _workbook(path: Path) -> Iterator[tuple[int, list[Any]]]:
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MAX_UNPACKED:
                raise Invalid(f"{path.name} unpacks to more than {MAX_UNPACKED // 1_000_000} MB.")
        with warnings.catch_warnings():
            # openpyxl warns about decorations that it leaves out.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                for sheet in book.worksheets:
                    empty = True
                    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
                        empty = empty and all(cell is None for cell in cells)
                        yield number, list(cells)
                    if not empty:
                        return
            finally:
                book.close()
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, SyntaxError, EOFError) as error:
        raise Invalid(f"{path.name} is not a workbook that can be read: {error}") from error


def _text(path: Path) -> Iterator[tuple[int, list[Any]]]:
    data = path.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\0" in data[:4096]:
        raise Invalid(f"{path.name} is neither CSV nor XLSX.")
    else:
        encodings = _ENCODINGS
    for encoding in encodings:
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Invalid(f"{path.name} is not UTF-8; save it as CSV UTF-8 or as XLSX.")
    sample = "\n".join(text.splitlines()[:20])
    delimiter = max(_DELIMITERS, key=sample.count)
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1):
            yield number, list(cells)
    except csv.Error as error:
        raise Invalid(f"{path.name} is not CSV that can be read: {error}") from error
