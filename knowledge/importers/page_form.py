"""The page of one procedure as people save it: scraped texts by label (2026), and the form derived from its .docx.

Both are records of labels; the scrape has its tables glued into one text each, the form keeps them as tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from knowledge.importers import _glued
from knowledge.importers._clean import said
from knowledge.importers._intake import Format, Record, maps
from knowledge.importers._money import split_time
from knowledge.importers._notes import Notes
from knowledge.importers.traps import Severity, Trap

_COUNTS = re.compile(r"bản (chính|sao)\s*:?\s*(\d+)", re.IGNORECASE)


def _is_scrape(record: Record) -> bool:
    return "ma_thu_tuc" in record


def _is_form(record: Record) -> bool:
    return "thu_tuc_id" in record or ("metadata" in record and "content" in record)


def _scrape(record: Record, note: Notes) -> Record:
    results = said(record.get("ket_qua_xu_ly"))
    if _glued.without_furniture(results) != results:
        note(Trap.page_furniture, "results", "the page's keywords and buttons were cut from the results")
    url = record.get("detail_url")
    return {
        "code": record.get("ma_thu_tuc"),
        "name": record.get("ten_thu_tuc"),
        "field": said(record.get("linh_vuc")),
        "levels": _comma(record.get("cap_thuc_hien")),
        "executing_agencies": _one_of(record, "co_quan_thuc_hien", "co_quan_co_tham_quyen"),
        "subjects": subjects(record.get("doi_tuong_thuc_hien")),
        "decision_no": said(record.get("so_quyet_dinh")),
        "steps": said(record.get("trinh_tu_thuc_hien")),
        "methods": _cut(record, "cach_thuc_thuc_hien", "methods", _glued.methods, note),
        "documents": _cut(record, "thanh_phan_ho_so", "documents", _glued.documents, note),
        "conditions": said(record.get("yeu_cau_dieu_kien")),
        "results": _glued.results(results),
        "legal_codes": _glued.laws(said(record.get("can_cu_phap_ly"))),
        "receiving_address": said(record.get("dia_chi_tiep_nhan")),
        "url": url if isinstance(url, str) else None,
    }


def _cut(record: Record, key: str, field: str, cut: Any, note: Notes) -> Any:
    """A table that was glued into one text, cut apart; empty when that fails, which is told."""
    text = said(record.get(key))
    if not text:
        return []
    found = cut(text)
    if found is None:
        note(Trap.glued_cells, field, "table cells glued together could not be told apart", severity=Severity.warning)
        return []
    note(Trap.glued_cells, field, "table cells were glued together: cut apart")
    return found


def _form(record: Record, note: Notes) -> Record:
    about, content, tables = (_labels(record.get(key)) for key in ("metadata", "content", "tables"))
    return {
        "code": about.get("mã_thủ_tục") or record.get("thu_tuc_id"),
        "name": about.get("tên_thủ_tục"),
        "field": said(about.get("lĩnh_vực")),
        "levels": _comma(about.get("cấp_thực_hiện")),
        "executing_agencies": _one_of(content, "cơ_quan_thực_hiện", "cơ_quan_có_thẩm_quyền"),
        "subjects": subjects(content.get("đối_tượng_thực_hiện")),
        "decision_no": said(about.get("số_quyết_định")),
        "steps": re.sub(r"(?<=[.;:])\s+(?=Bước \d)", "\n", said(content.get("trình_tự_thực_hiện"))),
        "methods": [
            method(row.get("hinh_thuc"), row.get("thoi_han_giai_quyet"), row.get("phi_le_phi"), row.get("mo_ta"), note)
            for row in maps(tables.get("hinh_thuc_nop"))
        ],
        "documents": [
            {
                "case": "",
                "items": [
                    {"name": row.get("ten_giay_to"), **counts(row.get("ghi_chu"), row.get("so_luong"))}
                    for row in maps(tables.get("thanh_phan_ho_so"))
                ],
            }
        ],
        "conditions": said(content.get("yêu_cầu_điều_kiện_thực_hiện")),
        "results": [said(content.get("kết_quả_thực_hiện"))],
        "legal_codes": [_law(row) for row in maps(tables.get("can_cu_phap_ly"))],
        "receiving_address": said(content.get("địa_chỉ_tiếp_nhận_hs")),
    }


def method(channel: object, time: object, fee: object, description: object, note: Notes) -> dict[str, Any]:
    """One row of the table of ways to hand in, in the canonical shape."""
    value, unit = split_time(said(time))
    text = said(fee)
    short = _glued.without_furniture(text)
    if short != text:
        note(Trap.page_furniture, "fees", "the page's button was cut from the fee")
    amount = re.sub(r"^(?:Phí|Lệ phí)\s*:\s*(?:Đồng)?$", "", short)
    return {
        "channel": _glued.CHANNELS.get(said(channel).lower()),
        "time_value": value,
        "time_unit": unit,
        "fees": [{"amount": amount, "note": ""}] if amount else [],
        "description": said(description),
    }


def counts(*cells: object) -> dict[str, int | None]:
    """How many originals and copies: "Bản chính: 1 - Bản sao: 0"."""
    found: dict[str, int | None] = {"original": None, "copy": None}
    for cell in cells:
        for kind, number in _COUNTS.findall(said(cell)):
            found["original" if kind.lower() == "chính" else "copy"] = int(number[:4])
    return found


def subjects(value: object) -> list[str]:
    """Kinds of people in one cell; the comma in "(không bao gồm doanh nghiệp, HTX)" separates none."""
    return [part.strip() for part in re.split(r"[,;\n]\s*(?![^()]*\))", said(value)) if part.strip()]


def _law(row: Record) -> str:
    """The number of a legal basis; where the table cut it down to "12", the one in its title."""
    number = said(row.get("so_ky_hieu"))
    if "/" in number:
        return number
    return next(iter(_glued.laws(said(row.get("trich_yeu")))), number)


def _labels(value: object) -> Record:
    return value if isinstance(value, Mapping) else {}


def _comma(value: object) -> list[str]:
    return [part.strip() for part in said(value).split(",") if part.strip()]


def _one_of(record: Record, *keys: str) -> list[str]:
    """The offices of the first label that names any."""
    for key in keys:
        if text := said(record.get(key)):
            return [part for part in text.replace(";", "\n").split("\n") if part.strip()]
    return []


SCRAPE = Format(
    "portal_page_scrape",
    _is_scrape,
    _scrape,
    {
        "code": "ma_thu_tuc",
        "name": "ten_thu_tuc",
        "field": "linh_vuc",
        "executing_agencies": "co_quan_thuc_hien",
        "receiving": "co_quan_thuc_hien",
        "methods": "cach_thuc_thuc_hien",
        "fees": "cach_thuc_thuc_hien",
        "times": "cach_thuc_thuc_hien",
        "documents": "thanh_phan_ho_so",
        "results": "ket_qua_xu_ly",
        "legal_codes": "can_cu_phap_ly",
        "steps": "trinh_tu_thuc_hien",
        "conditions": "yeu_cau_dieu_kien",
    },
)
FORM = Format(
    "portal_docx_form",
    _is_form,
    _form,
    {
        "code": "metadata.mã_thủ_tục",
        "name": "metadata.tên_thủ_tục",
        "field": "metadata.lĩnh_vực",
        "executing_agencies": "content.cơ_quan_thực_hiện",
        "receiving": "content.cơ_quan_thực_hiện",
        "methods": "tables.hinh_thuc_nop",
        "fees": "tables.hinh_thuc_nop.phi_le_phi",
        "times": "tables.hinh_thuc_nop.thoi_han_giai_quyet",
        "documents": "tables.thanh_phan_ho_so",
        "legal_codes": "tables.can_cu_phap_ly",
        "steps": "content.trình_tự_thực_hiện",
    },
)
