"""The canonical JSONL of procedures: one JSON record a line, plain or gzipped.

It is what crawls and exports of the national database are brought to: `code, name, field, promulgator, levels,
executing_agencies, subjects, steps, methods, documents, conditions, results, legal_codes, …`. A record that
cannot be used is left out and named in the report; it never stops the others.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, cast

from pydantic import ValidationError

from knowledge.importers import _agencies
from knowledge.importers._clean import is_shouted, lines, one_line, quiet, tidy, without_attachment
from knowledge.importers._money import CHANNELS, fees, times
from knowledge.importers.report import Imported, Report, Severity
from knowledge.procedures import (
    Channel,
    DocumentCase,
    DocumentItem,
    OnlineLevel,
    OnlineValue,
    Procedure,
    Source,
)
from store.errors import Invalid

_CODE = re.compile(r"^\d\.\d{6}$")
_CODE_INSIDE = re.compile(r"^(\d\.\d{6})(?=\D)")
_TITLE = "Cơ sở dữ liệu quốc gia về thủ tục hành chính"
_PORTAL = "Cổng Dịch vụ công quốc gia"
_DECISION = re.compile(r"\d+[a-z]?/(?:\d{4}/)?QĐ-[\wĐđ.-]+", re.IGNORECASE)
_MAX_LINE = 8_000_000


class _Bad(Exception):
    """A record that cannot be taken; (field, message)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


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
    seen: dict[str, int] = {}
    digest = hashlib.sha256()
    try:
        with path.open("rb") as raw:
            for block in iter(lambda: raw.read(1 << 20), b""):
                digest.update(block)
            report.sha256 = digest.hexdigest()
            raw.seek(0)
            opened = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if path.suffix == ".gz" else raw
            for number, data in enumerate(opened, start=1):
                if not data.strip():
                    continue
                report.total += 1
                procedure = _one(number, data, report, seen, as_of)
                if procedure is not None:
                    report.accepted += 1
                    yield procedure
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Invalid(f"{path.name} is not a whole gzip file: {error}") from error
    except OSError as error:
        raise Invalid(f"{path.name} cannot be read: {error.strerror or error}") from error


def _one(number: int, data: bytes, report: Report, seen: dict[str, int], as_of: date | None) -> Procedure | None:
    code = ""
    try:
        if len(data) > _MAX_LINE:
            raise _Bad("record", f"the line is longer than {_MAX_LINE} bytes")
        record = json.loads(data.decode("utf-8"))
        if not isinstance(record, dict):
            raise _Bad("record", "the line is not a JSON object")
        code = str(record.get("code") or "")

        def note(field: str, severity: Severity, message: str) -> None:
            report.add(number, code, field, severity, message)

        code = _code(record, report, number)
        if code in seen:
            raise _Bad("code", f"duplicate of line {seen[code]}; the first one was kept")
        procedure = _procedure(record, code, note, as_of)
        seen[code] = number
        return procedure
    except _Bad as bad:
        report.add(number, code, bad.field, Severity.error, bad.message)
    except UnicodeDecodeError:
        report.add(number, code, "record", Severity.error, "the line is not UTF-8")
    except (json.JSONDecodeError, RecursionError) as error:
        report.add(number, code, "record", Severity.error, f"the line is not JSON: {error}")
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "record"
        report.add(number, code, where, Severity.error, first["msg"])
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        report.add(number, code, "record", Severity.error, f"a value of an unexpected shape: {error}")
    return None


def _code(record: Mapping[str, Any], report: Report, number: int) -> str:
    raw = record.get("code")
    if not isinstance(raw, str) or not raw.strip():
        raise _Bad("code", "the record has no code")
    code = tidy(raw)
    if _CODE.match(code):
        return code
    inside = _CODE_INSIDE.match(code)
    if inside and not re.match(r"^\d\.\d{7,}$", code):
        message = f"malformed code {code!r}: what follows {inside[1]} is kept apart from it"
        report.add(number, code, "code", Severity.warning, message)
        return code
    report.add(number, code, "code", Severity.warning, f"malformed code {code!r}: kept as it is, look it up")
    return code


def _procedure(record: Mapping[str, Any], code: str, note: Any, as_of: date | None) -> Procedure:
    methods = [m for m in record.get("methods") or [] if isinstance(m, Mapping)]
    decision = _decision(record.get("decision_no"))
    text = str(record.get("executing_agency_text") or "")
    agencies = [a for a in _strings(record.get("executing_agencies")) if a] or ([text] if text.strip() else [])
    reading = _agencies.read(agencies, _levels(record), decision)
    for name in reading.generalised:
        note("executing_agencies", Severity.fixed, f"another province's office, generalised: {name}")
    for name in reading.abolished:
        note("executing_agencies", Severity.warning, f"an office that no longer exists: {name}")
    if not reading.rules:
        note("receiving", Severity.warning, "no executing agency and no level: who receives is not held")
    names = reading.names
    channels = tuple(dict.fromkeys(CHANNELS[m["channel"]] for m in methods if m.get("channel") in CHANNELS))
    conditions = tidy(str(record.get("conditions") or ""))
    return Procedure(
        code=code,
        name=_name(record, note),
        field=one_line(str(record.get("field") or "")),
        promulgator=one_line(str(record.get("promulgator") or "")) or None,
        subjects=tuple(_strings(record.get("subjects"))),
        receiving=reading.rules,
        decided_by="; ".join(names) or None,
        online=_online(record, channels),
        channels=channels,
        documents=_documents(record, note),
        fees=fees(methods, note),
        times=times(methods, note),
        conditions=conditions if len(conditions) > 3 else None,
        steps=lines(str(record.get("steps") or "")),
        results=tuple(dict.fromkeys(_results(record))),
        legal=tuple(dict.fromkeys(one_line(c) for c in _strings(record.get("legal_codes")))),
        source=Source(title=_TITLE, url=_url(record.get("url")), decision=decision),
        checked=as_of,
    )


def _name(record: Mapping[str, Any], note: Any) -> str:
    raw = record.get("name")
    if not isinstance(raw, str) or not raw.strip():
        raise _Bad("name", "the record has no name")
    if "\n" in raw.strip():
        note("name", Severity.fixed, "a line break in the name")
    if "ƣ" in raw or "Ƣ" in raw:
        note("name", Severity.fixed, "the letter ƣ stands for ư")
    name = one_line(raw)
    if is_shouted(name):
        note("name", Severity.fixed, "written in capitals")
        name = quiet(name)
    return name


def _levels(record: Mapping[str, Any]) -> list[str]:
    levels = _strings(record.get("levels"))
    if levels:
        return levels
    name = str(record.get("name") or "").lower()
    named = [level for level in ("Cấp xã", "Cấp tỉnh") if level.lower() in name]
    # A commune of the province lists it among those that it takes in itself.
    return named or (["Cấp xã"] if record.get("in_an_giang_commune_list") is True else [])


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        value = [value]
    return [one_line(v) for v in value or [] if isinstance(v, str) and v.strip()]


def _decision(value: Any) -> str | None:
    text = one_line(str(value or ""))
    match = _DECISION.search(text)
    return match[0] if match else (text or None)


def _url(value: Any) -> str | None:
    text = str(value or "").strip()
    return text if text.startswith(("https://", "http://")) else None


def _online(record: Mapping[str, Any], channels: tuple[Channel, ...]) -> OnlineLevel | None:
    full = record.get("is_full_process_online")
    if full is True:
        value = OnlineValue.full
    elif Channel.online not in channels:
        return None
    else:
        # The source says that it can be sent online; only some records say how far.
        value = OnlineValue.partial if full is False else OnlineValue.unknown
    return OnlineLevel(scheme="ND42_2022", value=value, source=_PORTAL)


def _documents(record: Mapping[str, Any], note: Any) -> tuple[DocumentCase, ...]:
    cases = []
    for raw in record.get("documents") or []:
        if not isinstance(raw, Mapping):
            note("documents", Severity.warning, "a case that is not a record was left out")
            continue
        items = []
        for item in raw.get("items") or []:
            name = one_line(str(item.get("name") or "")) if isinstance(item, Mapping) else ""
            if len(name) < 2:
                continue
            short = without_attachment(name)
            if short != name:
                note("documents", Severity.fixed, "the file name of a form was glued to the name of a paper")
            items.append(
                DocumentItem(name=short, original=_count(item.get("original")), copy_count=_count(item.get("copy")))
            )
        if items:
            cases.append(DocumentCase(case=one_line(str(raw.get("case") or "")), items=tuple(items)))
    return tuple(cases)


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _results(record: Mapping[str, Any]) -> Iterator[str]:
    for raw in record.get("results") or []:
        name = one_line(str(raw.get("name") or "")) if isinstance(raw, Mapping) else one_line(str(raw))
        if name:
            yield name
