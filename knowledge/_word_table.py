"""The table in which admins keep words: read from CSV or TSV as spreadsheets write it, and written."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from knowledge.text import codes, fold
from store.errors import Invalid

LARGEST_FILE = 5_000_000
MOST_LINES = 20_000
HEADINGS = ("cách nói của người dân", "tên chính thức", "mơ hồ", "ghi chú")

_MEANS = {
    "everyday": ("cach noi cua nguoi dan", "cach noi", "everyday", "colloquial", "tu dan gian", "tu ngu"),
    "official": ("ten chinh thuc", "official", "nghia la", "nghia", "ten thu tuc"),
    "code": ("ma thu tuc", "ma", "code", "codes", "ma tthc", "ma so"),
    "ambiguous": ("mo ho", "ambiguous"),
    "note": ("ghi chu", "note", "cau hoi lai", "question"),
}
_YES = frozenset({"x", "co", "1", "true", "yes", "mo ho", "dung"})
_MARKED = re.compile(r"^\s*\(\s*m[ơo] h[ồo]\s*\)\s*", re.IGNORECASE)
_CODE_IN_NOTE = re.compile(r"\bma=(\d\.\d{6})\b")
_ASK_IN_NOTE = re.compile(r"^H[ỎO]I L[ẠA]I\s*:?\s*", re.IGNORECASE)
# A cell that begins so is a formula to a spreadsheet; what a citizen wrote must not be one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Line:
    """One row of the table; `number` is its line in a spreadsheet, the heading being line 1."""

    number: int
    everyday: str
    official: str
    ambiguous: bool
    note: str


@dataclass(frozen=True)
class WordTable:
    """What a file holds."""

    sha256: str
    lines: tuple[Line, ...]


def read(path: Path) -> WordTable:
    """Read a table.

    Raises:
        Invalid: it cannot be read, is too large, is no text, or lacks a needed column; says what to do.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise Invalid(f"{path.name} lớn quá {LARGEST_FILE // 1_000_000} MB; hãy chia thành nhiều tệp.")
        data = path.read_bytes()
    except OSError as error:
        raise Invalid(f"Không đọc được {path.name}: {error.strerror or error}.") from error
    text = _text(path.name, data)
    first = text.partition("\n")[0]
    delimiter = max("\t;,", key=first.count)
    quoting: Literal[0, 3] = csv.QUOTE_NONE if delimiter == "\t" and '"' not in text else csv.QUOTE_MINIMAL
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)
    try:
        heading = next(rows, [])
        columns = _columns(path.name, heading)
        lines: list[Line] = []
        for number, row in enumerate(rows, start=2):
            if not any(cell.strip() for cell in row):
                continue
            if len(lines) >= MOST_LINES:
                raise Invalid(f"{path.name} có hơn {MOST_LINES:,} dòng; hãy chia thành nhiều tệp.")
            lines.append(_line(number, row, columns))
    except csv.Error as error:
        raise Invalid(f"{path.name} không phải là bảng CSV: {error}.") from error
    return WordTable(hashlib.sha256(data).hexdigest(), tuple(lines))


def written(rows: Iterable[tuple[str, str, bool, str]]) -> bytes:
    """Rows (everyday, official, ambiguous, note) as CSV with a heading, UTF-8 with its mark for spreadsheets."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for everyday, official, ambiguous, note in rows:
        writer.writerow([_harmless(everyday), _harmless(official), "x" if ambiguous else "", _harmless(note)])
    return ("\ufeff" + out.getvalue()).encode()


def _text(name: str, data: bytes) -> str:
    try:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return data.decode("utf-16")
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(f"{name} không phải chữ UTF-8; trong Excel hãy lưu dạng “CSV UTF-8”.") from error
    if "\0" in text:
        raise Invalid(f"{name} không phải là tệp chữ; hãy xuất bảng thành CSV rồi tải lên.")
    return text


def _columns(name: str, heading: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, cell in enumerate(heading):
        folded = " ".join(fold(cell).replace("_", " ").split())
        for meaning, names in _MEANS.items():
            if folded in names:
                found.setdefault(meaning, place)
    missing = [HEADINGS[i] for i, meaning in enumerate(("everyday", "official")) if meaning not in found]
    if missing:
        raise Invalid(f"{name} thiếu cột “{missing[0]}” ở dòng đầu; các cột cần có: {', '.join(HEADINGS)}.")
    return found


def _line(number: int, row: list[str], columns: dict[str, int]) -> Line:
    cells = {meaning: row[place].removeprefix("'") if place < len(row) else "" for meaning, place in columns.items()}
    official, note = cells["official"], cells.get("note", "")
    ambiguous = fold(cells.get("ambiguous", "")).strip() in _YES or bool(_MARKED.match(official))
    official = _MARKED.sub("", official)
    if ambiguous:
        note = _ASK_IN_NOTE.sub("", note)
    else:
        named = codes(cells.get("code", "")) or _CODE_IN_NOTE.findall(note)
        if named and not codes(official):
            official = f"{official} ({'; '.join(named)})"
    return Line(number, cells["everyday"], official, ambiguous, note)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
