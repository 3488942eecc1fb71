"""The desk at which every format hands its records in: one bad record never stops the rest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import ValidationError

from knowledge.importers import _codes, _record
from knowledge.importers._clean import one_line
from knowledge.importers._notes import BadRecord, Notes
from knowledge.importers.report import Report
from knowledge.importers.traps import Severity, Trap
from knowledge.procedures import Procedure

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Format:
    """One shape in which procedures come.

    Attributes:
        name: stable name, shown in reports.
        fits: whether a record has this shape.
        read: the record in the canonical shape; may add remarks, may raise BadRecord.
        columns: canonical field → where the source keeps it, for the report.
        title: what the source is called to citizens.
    """

    name: str
    fits: Callable[[Record], bool]
    read: Callable[[Record, Notes], Record]
    columns: Mapping[str, str] = field(default_factory=dict)
    title: str = _record.NATIONAL


@dataclass
class _Seen:
    line: int
    name: str
    promulgator: str


class Intake:
    """Takes records of any format, writes the report, keeps what is needed to see doubles.

    Args:
        report: counts and remarks go here.
        as_of: the day the data is of.
    """

    def __init__(self, report: Report, as_of: date | None) -> None:
        self._report = report
        self._as_of = as_of
        self._seen: dict[str, _Seen] = {}
        self._names: dict[tuple[str, str], tuple[str, int, frozenset[str]]] = {}

    def refuse(self, line: int, trap: Trap, message: str, *, field_: str = "record") -> None:
        """Count a record that could not even be read."""
        self._report.total += 1
        Notes(self._report, line)(trap, field_, message)

    def take(self, line: int, raw: object, format_: Format) -> Procedure | None:
        """The procedure of one record, or None when it was left out; never raises for what a record holds."""
        report = self._report
        report.total += 1
        note = Notes(report, line, columns=format_.columns)
        try:
            if not isinstance(raw, Mapping):
                raise BadRecord(Trap.bad_shape, "record", "the record is not a JSON object")
            record = format_.read(raw, note)
            code = self._code(record, note)
            note.code = code
            self._double(record, code, note)
            procedure = _record.procedure(record, code, note, self._as_of, format_.title)
            self._seen[code] = _Seen(line, name_key(procedure.name), procedure.promulgator or "")
            self._twins(procedure, note)
            report.accepted += 1
            return procedure
        except BadRecord as bad:
            note(bad.trap, bad.field, bad.message, severity=Severity.error)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "record"
            note(Trap.bad_shape, where, first["msg"], severity=Severity.error)
        except (TypeError, ValueError, AttributeError, KeyError, RecursionError, OverflowError) as error:
            message = f"a value of an unexpected shape: {error}"
            note(Trap.bad_shape, "record", message, severity=Severity.error)
        return None

    def _code(self, record: Record, note: Notes) -> str:
        raw = record.get("code")
        if raw not in (None, "") or not record.get("code_by_name"):
            return _codes.read(raw, note)
        name = one_line(str(record.get("name") or ""))
        if not name:
            raise BadRecord(Trap.name_missing, "name", "the record has neither code nor name")
        code = provisional(name)
        note.code = code
        note(Trap.code_from_name, "code", f"the source has no codes: {code} stands for it until it is merged by name")
        return code

    def _double(self, record: Record, code: str, note: Notes) -> None:
        known = self._seen.get(code)
        if known is None:
            return
        kept = f"duplicate of line {known.line}; the first one was kept"
        if name_key(str(record.get("name") or "")) == known.name:
            raise BadRecord(Trap.record_repeated, "code", kept)
        who = one_line(str(record.get("promulgator") or ""))
        if who and known.promulgator and who != known.promulgator:
            kept += f": it is of {known.promulgator}, this one of {who}"
        raise BadRecord(Trap.code_not_unique, "code", kept)

    def _twins(self, procedure: Procedure, note: Notes) -> None:
        key = (name_key(procedure.name), name_key(procedure.promulgator or ""))
        offices = frozenset(str(rule.office) for rule in procedure.receiving)
        twin = self._names.setdefault(key, (procedure.code, note.line, offices))
        if twin[0] == procedure.code:
            return
        # The same act at the commune's and at the province's office is two procedures with one name.
        trap = Trap.same_procedure_two_codes
        if offices and twin[2] and not offices & twin[2]:
            trap = Trap.same_name_two_levels
        note(trap, "name", f"the same name and promulgator as {twin[0]} (line {twin[1]})")


def maps(value: object) -> Iterator[Record]:
    """The records of a list; raises TypeError for what is neither a list nor nothing."""
    if value is None or value == "":
        return
    if not isinstance(value, list):
        raise TypeError(f"expected a list, found {str(value)[:40]!r}")
    for item in value:
        if not isinstance(item, Mapping):
            raise TypeError(f"expected an object in a list, found {str(item)[:40]!r}")
        yield item


def provisional(name: str) -> str:
    """The code that stands for a procedure whose source has none; the same for the same name."""
    return f"KM-{hashlib.sha256(name_key(name).encode()).hexdigest()[:10]}"


def name_key(name: str) -> str:
    """A name without capitals and punctuation, by which two sources are compared."""
    return re.sub(r"\W+", " ", one_line(name).lower()).strip()


def parse(data: bytes) -> Any:
    """JSON of one record; raises BadRecord with a name for what is wrong."""
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadRecord(Trap.bad_encoding, "record", "the line is not UTF-8") from None
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadRecord(Trap.bad_json, "record", f"the line is not JSON: {error}") from None
