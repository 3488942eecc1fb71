"""From a record in the canonical shape to a procedure, with every trap on the way told to the report."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from knowledge.importers import _agencies
from knowledge.importers._clean import has_html, is_shouted, lines, one_line, quiet, said, texts, without_attachment
from knowledge.importers._money import CHANNELS, fees, times
from knowledge.importers._notes import BadRecord, Notes
from knowledge.importers.traps import Severity, Trap
from knowledge.procedures import (
    Channel,
    DocumentCase,
    DocumentItem,
    OnlineLevel,
    OnlineValue,
    Procedure,
    Source,
)

NATIONAL = "Cơ sở dữ liệu quốc gia về thủ tục hành chính"
PORTAL = "Cổng Dịch vụ công quốc gia"
_DECISION = re.compile(r"\d+[a-z]?/(?:\d{4}/)?QĐ-[\wĐđ.-]+", re.IGNORECASE)
_DATE = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$|^(\d{4})-(\d{2})-(\d{2})")
_PROVINCIAL = re.compile(r"UBND|ủy ban nhân dân|hđnd|hội đồng nhân dân|\btỉnh\b|thành phố", re.IGNORECASE)
_OWN = re.compile(r"an giang|kiên giang", re.IGNORECASE)
_OTHER_HOST = re.compile(r"\bmotcua\.(?!angiang|kiengiang)[a-z]+\.gov\.vn", re.IGNORECASE)
_WITHDRAWN = re.compile(r"bãi bỏ|hết hiệu lực|hủy công khai|^(?:deleted|inactive|abolished|expired|revoked)$", re.I)
# What comes from a page or a form, and is dropped when that page was of another procedure.
_DETAILS = (
    "steps", "methods", "documents", "conditions", "results", "legal_codes", "decision_no", "decision_date", "field",
    "levels", "is_full_process_online", "receiving_address", "executing_agency_text",
)  # fmt: skip


def procedure(record: Mapping[str, Any], code: str, note: Notes, as_of: date | None, title: str) -> Procedure:
    """Build the procedure of one canonical record (docs/catalogue-format.md).

    Args:
        record: the record; keys that are not of the canonical shape are ignored.
        code: its code, already read.
        note: takes the remarks.
        as_of: the day the data is of.
        title: what the source is called to citizens.

    Raises:
        BadRecord: it has no name.
        pydantic.ValidationError, TypeError, ValueError: a value has an unexpected shape.
    """
    _scan(record, note)
    name = _name(record, note)
    if _foreign(record):
        note(
            Trap.foreign_details,
            "record",
            f"details by decision {one_line(str(record.get('decision_no')))} are not of this procedure of "
            f"{record.get('promulgator')}: only name, code and offices were kept",
        )
        record = {key: value for key, value in record.items() if key not in _DETAILS}
    _warn(record, note)
    methods = [m for m in record.get("methods") or [] if isinstance(m, Mapping)]
    decision = _decision(record.get("decision_no"))
    reading = _agencies.read(_offices(record), _levels(record), decision)
    for office in reading.generalised:
        note(Trap.other_province_office, "executing_agencies", f"another province's office, generalised: {office}")
    for office in reading.abolished:
        note(Trap.abolished_office, "executing_agencies", f"an office that no longer exists: {office}")
    if not reading.rules:
        note(Trap.no_receiving_office, "receiving", "no executing agency and no level: who receives is not held")
    channels = tuple(dict.fromkeys(CHANNELS[m["channel"]] for m in methods if m.get("channel") in CHANNELS))
    conditions = said(record.get("conditions"))
    return Procedure(
        code=code,
        name=name,
        everyday=tuple(_strings(record.get("everyday"))),
        field=one_line(str(record.get("field") or "")),
        promulgator=one_line(str(record.get("promulgator") or "")) or None,
        subjects=tuple(_strings(record.get("subjects"))),
        receiving=reading.rules,
        decided_by="; ".join(reading.names) or None,
        online=_online(record, channels),
        channels=channels,
        documents=_documents(record, note),
        fees=fees(methods, note),
        times=times(methods, note),
        conditions=conditions if len(conditions) > 3 else None,
        steps=lines(str(record.get("steps") or "")),
        results=tuple(dict.fromkeys(_results(record))),
        legal=tuple(dict.fromkeys(one_line(c) for c in _strings(record.get("legal_codes")))),
        source=Source(
            title=title, url=_url(record.get("url")), decision=decision, decided=day(record.get("decision_date"))
        ),
        checked=as_of,
    )


def day(value: object) -> date | None:
    """A date as sources write it: 09/01/2018, 2018-01-09, or a date; None for anything else."""
    if isinstance(value, date):
        return value
    match = _DATE.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    try:
        if match[4]:
            return date(int(match[4]), int(match[5]), int(match[6]))
        return date(int(match[3]), int(match[2]), int(match[1]))
    except ValueError:
        return None


def _scan(record: Mapping[str, Any], note: Notes) -> None:
    """Tell of what the cleaning will repair in any text of the record, once a field."""
    for field, value in record.items():
        found = [text for text in texts(value) if text]
        if any(not unicodedata.is_normalized("NFC", text) for text in found):
            note(Trap.not_nfc, field)
        if any("ƣ" in text or "Ƣ" in text for text in found):
            note(Trap.letter_for_u_horn, field)
        if any(has_html(text) for text in found):
            note(Trap.html_in_text, field)


def _warn(record: Mapping[str, Any], note: Notes) -> None:
    promulgator = str(record.get("promulgator") or "")
    if re.search(r"UBND (?:tỉnh|thành phố)", promulgator, re.IGNORECASE) and not _OWN.search(promulgator):
        note(Trap.other_province_procedure, "promulgator", f"a procedure of {one_line(promulgator)}")
    if record.get("internal") is True:
        note(Trap.internal_procedure, "record")
    state = one_line(str(record.get("status") or ""))
    if state and _WITHDRAWN.search(state):
        note(Trap.withdrawn_procedure, "status", f"the source says: {state}")


def _foreign(record: Mapping[str, Any]) -> bool:
    """Whether the details came from another procedure's page.

    A ministry's procedure is announced by the ministry: a decision of a province's committee, or steps that lead to the
    portal of another province, were carried over from a neighbouring page by whoever collected them.
    """
    promulgator = str(record.get("promulgator") or "")
    if not promulgator or _PROVINCIAL.search(promulgator):
        return False
    decision = str(record.get("decision_no") or "")
    if re.search(r"QĐ-(?:CT)?UBND|NQ-HĐND", decision, re.IGNORECASE):
        return True
    return _OTHER_HOST.search(str(record.get("steps") or "")) is not None


def _name(record: Mapping[str, Any], note: Notes) -> str:
    raw = record.get("name")
    if not isinstance(raw, str) or not raw.strip():
        raise BadRecord(Trap.name_missing, "name", "the record has no name")
    if "\n" in raw.strip():
        note(Trap.name_line_break, "name", "a line break in the name")
    name = one_line(raw)
    if is_shouted(name):
        note(Trap.name_capitals, "name", "written in capitals")
        name = quiet(name)
    return name


def _offices(record: Mapping[str, Any]) -> list[str]:
    named = _strings(record.get("executing_agencies"))
    if named:
        return named
    text = said(record.get("executing_agency_text"))
    if text:
        return [text]
    return _strings(re.split(r"[;\n]", str(record.get("receiving_address") or "")))


def _levels(record: Mapping[str, Any]) -> list[str]:
    levels = _strings(record.get("levels"))
    if levels:
        return [level[:4] + level[4:].lower() for level in levels]
    name = str(record.get("name") or "").lower()
    named = [level for level in ("Cấp xã", "Cấp tỉnh") if level.lower() in name]
    # A commune of the province lists it among those that it takes in itself.
    return named or (["Cấp xã"] if record.get("in_an_giang_commune_list") is True else [])


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        value = [value]
    return [line for v in value or [] if isinstance(v, str) and (line := one_line(said(v)))]


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
    return OnlineLevel(scheme="ND42_2022", value=value, source=PORTAL)


def _documents(record: Mapping[str, Any], note: Notes) -> tuple[DocumentCase, ...]:
    cases = []
    for raw in record.get("documents") or []:
        if not isinstance(raw, Mapping):
            note(Trap.bad_shape, "documents", "a case that is not a record was left out", severity=Severity.warning)
            continue
        items = []
        for item in raw.get("items") or []:
            name = one_line(str(item.get("name") or "")) if isinstance(item, Mapping) else ""
            if len(name) < 2:
                continue
            short = without_attachment(name)
            if short != name:
                note(Trap.glued_file_name, "documents", "the file name of a form was glued to the name of a paper")
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
