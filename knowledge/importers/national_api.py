"""The national portal's JSON API: an entry of its list, and the full answer about one procedure.

The answer is wrapped as `{"code": "OK", "data": {…}}`; crawls keep it with or without the wrapper.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from knowledge.importers._clean import said
from knowledge.importers._intake import Format, Record, maps
from knowledge.importers._notes import Notes

_PAGE = "https://dichvucong.gov.vn/thu-tuc-hanh-chinh/"
_CHANNELS = {"DIRECT": "truc_tiep", "ONLINE": "truc_tuyen", "POSTAL": "buu_chinh"}
_UNITS = {"WORKING_DAY": "Ngày làm việc", "DAY": "Ngày", "HOUR": "Giờ", "MONTH": "Tháng", "OTHER": "Khác"}
_LEVELS = {
    "isMinistry": "Cấp bộ",
    "isProvince": "Cấp tỉnh",
    "isWard": "Cấp xã",
    "isVertical": "Ngành dọc",
    "isOtherAgency": "Cơ quan khác",
}
# Days of the API are midnights in Vietnam, which keeps no summer time.
_HANOI = timezone(timedelta(hours=7))


def unwrapped(record: Record) -> Record:
    """The answer inside the API's envelope, or the record itself."""
    data = record.get("data")
    return data if isinstance(data, Mapping) and "code" in record and "name" not in record else record


def _is_detail(record: Record) -> bool:
    record = unwrapped(record)
    return "executionSteps" in record or "executionMethods" in record


def _is_entry(record: Record) -> bool:
    return "codeNotation" in record or "departmentPromulgate" in record


def _detail(record: Record, _note: Notes) -> Record:
    record = unwrapped(record)
    proposal = record.get("procedureProposal")
    proposal = proposal if isinstance(proposal, Mapping) else {}
    return {
        "code": _code(record),
        "name": record.get("name"),
        "field": next(_names(record.get("categoriesDetails")), "") or next(_names([record.get("category") or {}]), ""),
        "promulgator": record.get("departmentPromulgateName"),
        "levels": [level for key, level in _LEVELS.items() if record.get(key) is True],
        "executing_agencies": _agencies(record),
        "subjects": list(_names(record.get("subjectTypesDetails"))),
        "decision_no": proposal.get("proposalNumber") or record.get("decisionNo"),
        "decision_date": _day(proposal.get("decisionDate")),
        "steps": "\n".join(_steps(record.get("executionSteps"))),
        "methods": [_method(method) for method in maps(record.get("executionMethods"))],
        "documents": [_case(case) for case in maps(record.get("executionCases"))],
        "conditions": record.get("requirementsAndConditions"),
        "results": list(_names(record.get("resultsDetails"))),
        "legal_codes": [said(basis.get("code")) for basis in maps(record.get("legalBasisesDetails"))],
        "receiving_address": record.get("dossierReceivingAddresses"),
        "is_full_process_online": record.get("isFullProcess"),
        "internal": record.get("isInternal"),
        "status": record.get("state"),
        "url": _url(record),
    }


def _entry(record: Record, _note: Notes) -> Record:
    return {
        "code": _code(record),
        "name": record.get("name"),
        "field": next(_words(record.get("categories")), ""),
        "promulgator": record.get("departmentPromulgate"),
        "executing_agencies": list(_words(record.get("departments"))),
        "subjects": list(_words(record.get("formalityTargetType"))),
        "status": record.get("state"),
        "url": _url(record),
    }


def _code(record: Record) -> Any:
    return record.get("codeNotation") or record.get("code")


def _agencies(record: Record) -> list[str]:
    """Kinds of office before single offices: a group is the same in every province."""
    groups = [*_names(record.get("unitGroupsExecuting")), *_names(record.get("departmentsExecuting"))]
    text = record.get("executingAgencies")
    named = groups or ([text] if isinstance(text, str) else list(_words(text)))
    return named or [*_names(record.get("unitGroupsAuthority")), *_names(record.get("departmentsAuthority"))]


def _steps(value: object) -> Iterator[str]:
    for step in maps(value):
        yield " ".join(part for part in (said(step.get("name")), said(step.get("description"))) if part)


def _method(method: Record) -> dict[str, Any]:
    unit = str(method.get("processingTimeUnit") or "")
    return {
        "channel": _CHANNELS.get(str(method.get("submissionMethod"))),
        "time_value": method.get("processingTime"),
        "time_unit": _UNITS.get(unit, unit),
        "description": said(method.get("description")),
        "fees": [
            {"value": fee.get("value"), "currency": fee.get("currencyName"), "note": said(fee.get("description"))}
            for fee in maps(method.get("fees"))
        ],
    }


def _case(case: Record) -> dict[str, Any]:
    items = [
        {"name": part.get("name"), "original": part.get("originalQty"), "copy": part.get("copyQty")}
        for part in maps(case.get("profileComponents"))
    ]
    return {"case": said(case.get("name")).strip("*: -"), "items": items}


def _names(value: object) -> Iterator[str]:
    for item in maps(value):
        if name := said(item.get("name")):
            yield name


def _words(value: object) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if word := said(item.get("name") if isinstance(item, Mapping) else item):
            yield word


def _day(value: object) -> date | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value / 1000, UTC).astimezone(_HANOI).date()
    except (OverflowError, OSError, ValueError):
        return None


def _url(record: Record) -> str | None:
    identity = record.get("id")
    return f"{_PAGE}{identity}" if isinstance(identity, str) and re.fullmatch(r"[0-9a-f-]{36}", identity) else None


DETAIL = Format(
    "national_api_detail",
    _is_detail,
    _detail,
    {
        "code": "codeNotation",
        "name": "name",
        "field": "categoriesDetails",
        "promulgator": "departmentPromulgateName",
        "executing_agencies": "unitGroupsExecuting",
        "receiving": "unitGroupsExecuting",
        "fees": "executionMethods.fees",
        "times": "executionMethods.processingTime",
        "methods": "executionMethods",
        "documents": "executionCases.profileComponents",
        "steps": "executionSteps",
        "results": "resultsDetails",
        "legal_codes": "legalBasisesDetails",
        "conditions": "requirementsAndConditions",
        "decision_no": "procedureProposal.proposalNumber",
        "status": "state",
    },
)
LIST = Format(
    "national_api_list",
    _is_entry,
    _entry,
    {
        "code": "codeNotation",
        "name": "name",
        "field": "categories",
        "promulgator": "departmentPromulgate",
        "executing_agencies": "departments",
        "receiving": "departments",
        "subjects": "formalityTargetType",
        "status": "state",
    },
)
