"""The workbook that a commune keeps: one main sheet of procedures, and a sheet each for ways, steps, papers and laws.

The rows of the other sheets carry the procedure's code in their second column and their own cells from the fourth on.
They are gathered first (a few texts a procedure), because the main sheet has to be read with them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from typing import Any

from knowledge.importers._clean import said
from knowledge.importers._headings import fold
from knowledge.importers._intake import Format, Record, maps
from knowledge.importers._notes import Notes
from knowledge.importers._workbook import Row, Sheet
from knowledge.importers.page_form import method, subjects

# Sheet → its headings from the fourth column on, in the order in which communes keep them.
CHILDREN: dict[str, tuple[str, ...]] = {
    "cach thuc thuc hien": ("hinh thuc nop", "thoi gian", "phi le phi", "mo ta"),
    "trinh tu thuc hien": ("truong hop xu ly", "mo ta chi tiet"),
    "tphs": ("ma tphs", "ten giay to", "loai giay to", "co quan ban hanh", "ban chinh", "ban sao", "bm dien tu"),
    "kqth": ("ma ket qua", "ten ket qua", "co quan ban hanh", "mo ta"),
    "ccpl": ("so ky hieu", "trich yeu", "co quan ban hanh", "ngay ban hanh", "ngay hieu luc", "dia chi truy cap"),
}
_CODE = 1
_FIRST = 3
_NATIONAL_CONDITIONS = 15


def is_commune(sheets: Iterable[Sheet]) -> bool:
    """Whether these are the sheets of a commune's workbook."""
    return len({fold(sheet.name) for sheet in sheets} & set(CHILDREN)) >= 2


def children(sheets: Iterable[Sheet]) -> dict[str, dict[str, Any]]:
    """What the sheets beside the main one hold: code → parts of a canonical record."""
    found: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    conditions: dict[str, str] = {}
    for sheet in sheets:
        name = fold(sheet.name)
        if name == "tthc":
            for row in sheet.rows():
                if text := said(row.text(_NATIONAL_CONDITIONS)):
                    conditions[row.text(0).strip()] = text
        elif name in CHILDREN:
            places = _places(sheet, CHILDREN[name])
            for row in sheet.rows():
                code = row.text(_CODE).strip()
                if any(char.isdigit() for char in code):
                    found[code][name].append({key: said(row.text(place)) for key, place in places.items()})
    return {
        code: {"parts": dict(found.get(code, {})), "conditions": conditions.get(code, "")}
        for code in {*found, *conditions}
    }


def _places(sheet: Sheet, names: tuple[str, ...]) -> dict[str, int]:
    """Where each heading stands: looked for in the first rows, else the usual order."""
    for row in islice(sheet.rows(), 6):
        headings = {fold(row.text(number)): number for number in range(_FIRST, len(row.cells))}
        known = {name: headings[name] for name in names if name in headings}
        if len(known) >= 2:
            return known
    return {name: _FIRST + number for number, name in enumerate(names)}


def parts(child: Record, note: Notes) -> dict[str, Any]:
    """The canonical parts of one procedure's rows in the other sheets."""
    held = child["parts"]
    found: dict[str, Any] = {
        "methods": [
            method(r.get("hinh thuc nop"), r.get("thoi gian"), r.get("phi le phi"), r.get("mo ta"), note)
            for r in held.get("cach thuc thuc hien", [])
        ],
        "steps": "\n".join(
            " ".join(t for t in (r.get("truong hop xu ly"), r.get("mo ta chi tiet")) if t)
            for r in held.get("trinh tu thuc hien", [])
        ),
        "documents": [
            {
                "case": "",
                "items": [
                    {
                        "name": r.get("ten giay to"),
                        "original": _count(r.get("ban chinh")),
                        "copy": _count(r.get("ban sao")),
                    }
                    for r in held.get("tphs", [])
                ],
            }
        ],
        "results": [r.get("ten ket qua") for r in held.get("kqth", [])],
        "legal_codes": [r.get("so ky hieu") or r.get("trich yeu") for r in held.get("ccpl", [])],
        "conditions": child.get("conditions"),
    }
    return {field: value for field, value in found.items() if value and value != [{"case": "", "items": []}]}


def _count(value: object) -> int | None:
    """How many: a number, or a mark that one is wanted."""
    if isinstance(value, bool):
        return int(value)
    text = said(str(value) if isinstance(value, int | float) else value).lower()
    if text in {"x", "có", "true", "v", "✓"}:
        return 1
    digits = text.split(".")[0]
    return int(digits) if digits.isdigit() and len(digits) < 4 else None


def row_is_empty(row: Row) -> bool:
    """Whether a row of the main sheet only carries a running number."""
    return sum(1 for cell in row.cells if cell not in (None, "")) < 2


def _fits(record: Record) -> bool:
    return "ma_tthc" in record


def _read(record: Record, note: Notes) -> Record:
    """A procedure of the workbook as a commune's page keeps it in JSON."""
    return {
        "code": record.get("ma_tthc"),
        "name": record.get("ten"),
        "field": said(record.get("linh_vuc")),
        "promulgator": said(record.get("co_quan_ban_hanh")),
        "levels": [part.strip() for part in said(record.get("cap")).split(",") if part.strip()],
        "executing_agencies": said(record.get("co_quan_thuc_hien")).replace(";", "\n").split("\n"),
        "receiving_address": said(record.get("dia_chi_tiep_nhan")),
        "subjects": subjects(record.get("doi_tuong")),
        "decision_no": said(record.get("so_quyet_dinh")),
        "decision_date": record.get("ngay_quyet_dinh"),
        "status": record.get("trang_thai"),
        "steps": "\n".join(
            " ".join(t for t in (said(r.get("truong_hop")), said(r.get("mo_ta_chi_tiet"))) if t)
            for r in maps(record.get("trinh_tu"))
        ),
        "methods": [
            method(r.get("hinh_thuc_nop"), r.get("thoi_gian"), r.get("phi_le_phi"), r.get("mo_ta"), note)
            for r in maps(record.get("cach_thuc"))
        ],
        "documents": [
            {
                "case": "",
                "items": [
                    {
                        "name": r.get("ten_giay_to"),
                        "original": _count(r.get("ban_chinh")),
                        "copy": _count(r.get("ban_sao")),
                    }
                    for r in maps(record.get("tphs"))
                ],
            }
        ],
        "results": [said(r.get("ten_ket_qua")) for r in maps(record.get("kqth"))],
        "legal_codes": [said(r.get("so_ky_hieu")) for r in maps(record.get("ccpl"))],
        "conditions": said(record.get("yeu_cau_dieu_kien")),
    }


TITLE = "Danh mục thủ tục hành chính của xã"
FORMAT = Format(
    "commune_record",
    _fits,
    _read,
    {
        "code": "ma_tthc",
        "name": "ten",
        "executing_agencies": "co_quan_thuc_hien",
        "receiving": "dia_chi_tiep_nhan",
        "fees": "cach_thuc.phi_le_phi",
        "times": "cach_thuc.thoi_gian",
        "documents": "tphs",
        "decision_no": "so_quyet_dinh",
    },
    TITLE,
)
