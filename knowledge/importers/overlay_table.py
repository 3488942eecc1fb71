"""Tables (CSV, XLSX) of facts that a province sets: which column means what, and what its cells say.

Columns are found by their headings, Vietnamese or English, with or without diacritics; title rows above are skipped.
Cells that spreadsheets have changed are repaired where that is certain ("1-2" that became the first of February, a
code that became a number), and the report says so. What a cell does not say is never guessed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from knowledge._overlay_model import Kind
from knowledge.importers import _agencies
from knowledge.importers._clean import one_line
from knowledge.importers._workbook import Row, Sheet
from knowledge.importers.report import Report, Severity
from knowledge.importers.table import sheets
from knowledge.places import Gazetteer
from knowledge.procedures import Channel, OfficeKind, OnlineValue
from knowledge.text import fold, nfc
from store.errors import Invalid

_HEADINGS: Mapping[str, str] = {
    "code": r"code|ma|ma so|ma tthc|ma thu tuc( hanh chinh)?|ma dvc|ma so tthc",
    "valid_from": r"valid from|from|tu ngay|ngay ap dung|hieu luc tu( ngay)?|ngay hieu luc",
    "valid_to": r"valid to|to|den ngay|het hieu luc( tu)?( ngay)?",
    "decision": r"decision|(so )?quyet dinh|so ky hieu|van ban|(so )?nghi quyet",
    "scheme": r"scheme|thang muc do|theo nghi dinh",
    "level": r"(online )?level|value|muc do( dvc(tt)?| dich vu cong( truc tuyen)?)?|muc do cung cap( dich vu cong)?.*",
    "office": r"office|noi (tiep nhan|nop)|co quan tiep nhan|bo phan tiep nhan",
    "accepts": r"accepts?|(co )?tiep nhan|thuc hien tiep nhan",
    "name": r"name|ten (co quan|noi tiep nhan)",
    "note": r"note|ghi chu",
    "amount": r"amount|muc thu|so tien|muc phi|muc le phi",
    "text": r"text|noi dung|phi|le phi|phi,? le phi",
    "channel": r"channel|kenh|hinh thuc( nop)?|cach thuc",
    "in": r"in|post in|(tiep nhan|nop)( ho so)? qua (bcci|buu chinh|buu dien).*",
    "out": r"out|post out|tra( ket qua)? qua (bcci|buu chinh|buu dien).*",
    "place": r"place|xa|phuong|xa,? phuong|dia ban|noi ap dung",
    "exempt": r"exempt|mien|ngoai le|khong tinh( ty le)? dung han",
}
_COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    Kind.online_level: ("level", "scheme"),
    Kind.receiving: ("office", "accepts", "name", "note"),
    Kind.fee: ("amount", "text", "channel", "note"),
    Kind.post: ("in", "out"),
    Kind.home_service: ("place", "text"),
    Kind.on_time_exempt: ("exempt",),
}
_NEEDED: Mapping[Kind, tuple[str, ...]] = {
    Kind.online_level: ("level",),
    Kind.receiving: ("office",),
    Kind.fee: ("amount", "text"),
    Kind.post: ("in", "out"),
    Kind.home_service: ("text",),
    Kind.on_time_exempt: (),
}
_TITLE_ROWS = 30

_YES = {"co", "x", "1", "true", "yes", "y", "dung", "tiep nhan", "co tiep nhan", "thuc hien tiep nhan", "ap dung"}
_NO = {"khong", "0", "false", "no", "n", "khong tiep nhan", "khong thuc hien tiep nhan", "khong ap dung"}
_UNKNOWN = {"", "unknown", "khong ro", "chua ro", "chua co", "chua xac dinh", "n/a", "na", "-", "?"}
_OLD_LEVELS = {
    "1": OnlineValue.level_1_2,
    "2": OnlineValue.level_1_2,
    "1-2": OnlineValue.level_1_2,
    "level_1_2": OnlineValue.level_1_2,
    "3": OnlineValue.level_3,
    "level_3": OnlineValue.level_3,
    "4": OnlineValue.level_4,
    "level_4": OnlineValue.level_4,
}
_NEW_LEVELS = {
    "toan trinh": OnlineValue.full,
    "full": OnlineValue.full,
    "mot phan": OnlineValue.partial,
    "partial": OnlineValue.partial,
    "information": OnlineValue.information,
    "thong tin": OnlineValue.information,
    "cung cap thong tin": OnlineValue.information,
    "cung cap thong tin truc tuyen": OnlineValue.information,
}
# Numbers that provinces' report software writes for the levels of Decree 42/2022; it has no 1.
_NEW_NUMBERS = {"2": OnlineValue.information, "3": OnlineValue.partial, "4": OnlineValue.full}
# What spreadsheets make of "1-2", the first of February or the second of January.
_FIRST_OF_FEBRUARY = re.compile(r"(?:01/02|02/01)/\d{4}|0?1[-./](?:Feb|Th2)|0?2[-./](?:Jan|Th1)", re.IGNORECASE)
_CHANNELS = {
    "truc tiep": Channel.in_person,
    "truc tuyen": Channel.online,
    "qua mang": Channel.online,
    "buu chinh": Channel.post,
    "qua buu chinh": Channel.post,
    "buu dien": Channel.post,
} | {channel.value: channel for channel in Channel}


@dataclass(frozen=True)
class Line:
    """One row of a table that holds a fact."""

    number: int
    code: str
    value: Mapping[str, Any]
    valid_from: date | None
    decision: str | None


class _Wrong(Exception):
    """A cell that cannot be used; (column, message)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class _Unsaid(Exception):
    """The row does not say the fact."""


def read(path: Path, kind: Kind, report: Report, scheme: str | None = None) -> list[Line]:
    """Read a whole table; rows that cannot be used are left out and named in the report.

    Args:
        path: a CSV or XLSX file.
        kind: what its rows set.
        report: gets the checksum, the number of rows and the remarks.
        scheme: what plain numbers of levels mean; ND43_2011 without it.

    Raises:
        Invalid: the file cannot be read as a table, or a column is missing.
    """
    try:
        with sheets(path) as found:
            report.sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            for sheet in found:
                headings = _headings(sheet, kind)
                if headings is not None:
                    return _lines(path, sheet, *headings, kind, report, scheme)
    except OSError as error:
        raise Invalid(f"{path.name} cannot be read: {error.strerror or error}") from error
    raise Invalid(f"{path.name} has no heading `code` (or `Mã TTHC`, `Mã số`, `Mã thủ tục`) in its first rows.")


def _lines(
    path: Path, sheet: Sheet, heading: int, columns: Mapping[str, int], kind: Kind, report: Report, scheme: str | None
) -> list[Line]:
    needed = _NEEDED[kind]
    if needed and not any(name in columns for name in needed):
        raise Invalid(f"{path.name}: a table of {kind} needs a column {' or '.join(needed)}; see --help.")
    out = []
    for row in sheet.rows():
        if row.number <= heading:
            continue
        report.total += 1
        note = _Notes(report, row.number)
        cell = {name: _cell(row.cells[at]) for name, at in columns.items() if at < len(row.cells)}
        try:
            note.code, repaired = _code(cell.get("code"))
            if repaired:
                note("code", Severity.warning, "the spreadsheet made a number of the code; check its last zeros")
            value = {**_VALUES[kind](cell, note, scheme), **_until(cell)}
            out.append(Line(row.number, note.code, value, _day(cell, "valid_from"), _said(cell, "decision")))
        except _Unsaid:
            note(kind.value, Severity.warning, "the row does not say it: stays unknown")
        except _Wrong as wrong:
            note(wrong.field, Severity.error, wrong.message)
    return out


@dataclass
class _Notes:
    """The remarks about one row."""

    report: Report
    line: int
    code: str = ""

    def __call__(self, field: str, severity: Severity, message: str) -> None:
        self.report.add(self.line, self.code, field, severity, message)


def _headings(sheet: Sheet, kind: Kind) -> tuple[int, dict[str, int]] | None:
    """The number of the row of headings, and which column means what; None when there is no such row."""
    for row in sheet.rows():
        if row.number > _TITLE_ROWS:
            break
        columns = _columns(row, kind)
        if "code" in columns:
            return row.number, columns
    return None


def _columns(row: Row, kind: Kind) -> dict[str, int]:
    columns: dict[str, int] = {}
    for at, cell in enumerate(row.cells):
        heading = re.sub(r"[\s_]+", " ", fold(nfc(str(cell or "")))).strip(" .:*")
        for name in ("code", *_COLUMNS[kind], "valid_from", "valid_to", "decision"):
            if name not in columns and re.fullmatch(_HEADINGS[name], heading):
                columns[name] = at
                break
    return columns


def _cell(value: Any) -> Any:
    return one_line(value) if isinstance(value, str) else value


def _said(cell: Mapping[str, Any], name: str) -> str | None:
    value = cell.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value is None else str(value).strip() or None


def _folded(cell: Mapping[str, Any], name: str) -> str:
    return fold(nfc(_said(cell, name) or "")).strip()


def _code(value: Any) -> tuple[str, bool]:
    if isinstance(value, float):
        return f"{value:.6f}", True
    code = str(value or "").strip()
    if not code:
        raise _Wrong("code", "the row has no code")
    if len(code) > 40:
        raise _Wrong("code", "longer than any code")
    return code, False


def _day(cell: Mapping[str, Any], name: str) -> date | None:
    text = _said(cell, name)
    if text is None:
        return None
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    raise _Wrong(name, f"{text!r} is not a day; write YYYY-MM-DD or DD/MM/YYYY")


def _until(cell: Mapping[str, Any]) -> dict[str, Any]:
    day = _day(cell, "valid_to")
    return {} if day is None else {"valid_to": day}


def _yes(cell: Mapping[str, Any], name: str) -> bool | None:
    text = _folded(cell, name)
    if text in _YES:
        return True
    if text in _NO:
        return False
    if text in _UNKNOWN:
        return None
    raise _Wrong(name, f"{_said(cell, name)!r} says neither yes nor no; write có or không")


Note = Callable[[str, Severity, str], None]


def _level(cell: Mapping[str, Any], note: Note, scheme: str | None) -> dict[str, Any]:
    named = (_said(cell, "scheme") or scheme or "").upper()
    if named not in {"", "ND43_2011", "ND42_2022"}:
        raise _Wrong("scheme", f"{named!r} is no scheme; write ND43_2011 or ND42_2022")
    raw = _said(cell, "level") or ""
    if _FIRST_OF_FEBRUARY.fullmatch(raw):
        note("level", Severity.fixed, "the spreadsheet made a day of 1-2")
        text = "1-2"
    else:
        text = re.sub(r"^(muc do|muc|level)\s+", "", _folded(cell, "level"))
        text = re.sub(r"\s*(,|;|/|-|–|va|&|\+)\s*", "-", text)
    if text in _UNKNOWN:
        raise _Unsaid
    if text in _NEW_LEVELS and named != "ND43_2011":
        return {"scheme": "ND42_2022", "value": _NEW_LEVELS[text]}
    table = _NEW_NUMBERS if named == "ND42_2022" else _OLD_LEVELS
    if text not in table:
        raise _Wrong("level", f"{raw!r} is no level of {named or 'a scheme that is known'}: stays unknown")
    return {"scheme": named or "ND43_2011", "value": table[text]}


def _receiving(cell: Mapping[str, Any], note: Note, _scheme: str | None) -> dict[str, Any]:
    said = _said(cell, "office")
    if said is None:
        raise _Wrong("office", "the row names no office")
    accepts = _yes(cell, "accepts") if "accepts" in cell else True
    if accepts is None:
        raise _Wrong("accepts", "the row does not say whether the office takes it; write có or không")
    value: dict[str, Any] = {"accepts": accepts}
    name = _said(cell, "name")
    if said in set(OfficeKind):
        value["office"] = said
    else:
        kinds = _agencies.kinds(said)
        if len(kinds) == 1:
            value["office"] = kinds[0].value
        else:
            value["office"], name = OfficeKind.other.value, name or said
            note("office", Severity.warning, f"{said!r} is no kind of office that is known; kept by its name")
    if name:
        value["name"] = name
    if text := _said(cell, "note"):
        value["note"] = text
    return value


def _fee(cell: Mapping[str, Any], note: Note, _scheme: str | None) -> dict[str, Any]:
    value: dict[str, Any] = {}
    said = _said(cell, "amount")
    if said is not None:
        digits = re.sub(r"[.,\s]", "", re.sub(r"\s*(đồng|đ|vnđ|vnd)$", "", said.lower()))
        if digits.isascii() and digits.isdigit():
            value["amount"] = int(digits)
        elif fold(nfc(said)) in {"mien phi", "khong thu", "khong"}:
            value["amount"] = 0
        else:
            value["text"] = said
            note("amount", Severity.warning, "not one plain number; kept as text")
    if text := _said(cell, "text"):
        value["text"] = text
    if not value:
        raise _Unsaid
    channel = _folded(cell, "channel")
    if channel and channel not in _CHANNELS:
        raise _Wrong(
            "channel", f"{_said(cell, 'channel')!r} is no way to hand in; write trực tiếp, trực tuyến, bưu chính"
        )
    if channel:
        value["channel"] = _CHANNELS[channel].value
    if text := _said(cell, "note"):
        value["note"] = text
    return value


def _post(cell: Mapping[str, Any], _note: Note, _scheme: str | None) -> dict[str, Any]:
    value = {name: _yes(cell, name) for name in ("in", "out") if name in cell}
    stated = {name: said for name, said in value.items() if said is not None}
    if not stated:
        raise _Unsaid
    return stated


def _home(cell: Mapping[str, Any], _note: Note, _scheme: str | None) -> dict[str, Any]:
    text = _said(cell, "text")
    if text is None:
        raise _Wrong("text", "the row does not say what the service is")
    place = _said(cell, "place")
    if place is None:
        return {"text": text}
    gazetteer = Gazetteer.load()
    try:
        return {"text": text, "place": gazetteer.get(place).code}
    except KeyError:
        matches = gazetteer.resolve(place).matches
    if len(matches) != 1:
        what = "is no place of the province" if not matches else "can be several places; write its code"
        raise _Wrong("place", f"{place!r} {what}")
    return {"text": text, "place": matches[0].place.code}


def _exempt(cell: Mapping[str, Any], _note: Note, _scheme: str | None) -> dict[str, Any]:
    said = _yes(cell, "exempt") if "exempt" in cell else True
    if said is None:
        raise _Unsaid
    return {"exempt": said}


_VALUES: Mapping[Kind, Callable[[Mapping[str, Any], Note, str | None], dict[str, Any]]] = {
    Kind.online_level: _level,
    Kind.receiving: _receiving,
    Kind.fee: _fee,
    Kind.post: _post,
    Kind.home_service: _home,
    Kind.on_time_exempt: _exempt,
}
