"""Answers of the portal's old REST gateway (`rest.jsp`, service `procedure_advanced_search_service_v2`).

Only seen in other people's code: keys in capitals, one flat record a procedure, no details.
"""

from __future__ import annotations

from knowledge.importers._clean import said
from knowledge.importers._intake import Format, Record
from knowledge.importers._notes import Notes


def _fits(record: Record) -> bool:
    return "PROCEDURE_CODE" in record


def _read(record: Record, _note: Notes) -> Record:
    return {
        "code": record.get("PROCEDURE_CODE"),
        "name": record.get("PROCEDURE_NAME"),
        "field": record.get("FIELD_NAME"),
        "promulgator": record.get("PUBLISHED_AGENCY"),
        "executing_agencies": said(record.get("IMPLEMENTATION_AGENCY")).replace(";", "\n").split("\n"),
    }


FORMAT = Format(
    "old_rest_gateway",
    _fits,
    _read,
    {
        "code": "PROCEDURE_CODE",
        "name": "PROCEDURE_NAME",
        "field": "FIELD_NAME",
        "promulgator": "PUBLISHED_AGENCY",
        "executing_agencies": "IMPLEMENTATION_AGENCY",
        "receiving": "IMPLEMENTATION_AGENCY",
    },
)
