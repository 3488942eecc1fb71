"""A row of a table in the canonical shape."""

from __future__ import annotations

import re
from typing import Any

from knowledge.importers import _glued
from knowledge.importers._clean import said
from knowledge.importers._codes import is_code
from knowledge.importers._intake import Format, Record
from knowledge.importers._notes import Notes
from knowledge.importers._workbook import Row, letter
from knowledge.importers.page_form import method, subjects
from knowledge.importers.table import ColumnMapping
from knowledge.importers.traps import Trap

_LINES = re.compile(r"\s*[\n;]+\s*")


def format_of(name: str, mapping: ColumnMapping, title: str) -> Format:
    """The format of a table with this mapping; its records are `{"row": Row, "mapping": …}`."""
    letters = {field: letter(column) for field, column in mapping.columns.items()}
    where = {
        **letters,
        "fees": letters.get("fee", ""),
        "times": letters.get("time", ""),
        "receiving": letters.get("executing_agencies", ""),
        "methods": letters.get("channels", ""),
    }
    return Format(name, lambda record: "row" in record, lambda record, note: _read(record, note, mapping), where, title)


def _read(record: Record, note: Notes, mapping: ColumnMapping) -> Record:
    row: Row = record["row"]

    def cell(field: str) -> str:
        return said(row.text(mapping.columns.get(field)))

    for column in row.errors:
        field = next((name for name, number in mapping.columns.items() if number == column), "")
        if field:
            note(Trap.formula_error, field)
    offices = cell("executing_agencies") or cell("authority")
    return {
        "code": _code(row, mapping),
        "name": row.text(mapping.columns.get("name")),
        "everyday": [part for part in re.split(r"[,;\n]", cell("everyday")) if part.strip()],
        "field": cell("field"),
        "promulgator": cell("promulgator"),
        "levels": [part for part in re.split(r"\s*[,;\n]\s*", cell("levels")) if part],
        "executing_agencies": [part for part in _LINES.split(offices) if part],
        "subjects": subjects(cell("subjects")),
        "decision_no": cell("decision_no"),
        "decision_date": cell("decision_date"),
        "status": cell("status"),
        "url": cell("url"),
        "receiving_address": cell("receiving_address"),
        "steps": cell("steps"),
        "methods": _methods(cell("channels"), cell("time"), cell("fee"), cell("description"), note),
        "documents": [{"case": "", "items": [{"name": name} for name in _papers(cell("documents"))]}],
        "conditions": cell("conditions"),
        "results": [part for part in _LINES.split(cell("results")) if part],
        "legal_codes": _glued.laws(cell("legal_codes")) or _LINES.split(cell("legal_codes")),
        **record.get("more", {}),
    }


def _code(row: Row, mapping: ColumnMapping) -> Any:
    column = mapping.columns.get("code")
    value = row.cells[column] if column is not None and column < len(row.cells) else None
    if isinstance(value, str) and re.fullmatch(r"\s*\d[.,]\d{1,6}\s*", value) and not is_code(value.strip()):
        # A CSV that went through a spreadsheet lost the zeros at the end; some write the point as a comma.
        return float(value.replace(",", "."))
    return value


def _papers(text: str) -> list[str]:
    return [part.strip(" -+*•") for part in re.split(r"\n|;\s", text) if part.strip(" -+*•")]


def _methods(channels: str, time: str, fee: str, description: str, note: Notes) -> list[dict[str, Any]]:
    """The ways to hand in of one cell; time and fee of the row hold for each of them."""
    named = [part for part in re.split(r"\s*[,;\n/]\s*", channels.lower()) if part in _glued.CHANNELS]
    if not (named or time or fee):
        return []
    return [method(channel, time, fee, description, note) for channel in dict.fromkeys(named or [""])]
