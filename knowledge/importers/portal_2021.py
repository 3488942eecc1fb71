"""Pages of the national portal scraped in 2021: labels as keys, no code at all, rests of HTML.

They describe the three-level government that ended on 30 June 2025, so each record is told to be old. The code is
looked up by the procedure's name when the source is merged with one that has codes.
"""

from __future__ import annotations

from knowledge.importers._clean import said
from knowledge.importers._intake import Format, Record, maps
from knowledge.importers._notes import Notes
from knowledge.importers.page_form import counts, method, subjects
from knowledge.importers.traps import Trap


def _fits(record: Record) -> bool:
    return "title" in record and ("Trình tự thực hiện" in record or "Cách thức thực hiện" in record)


def _read(record: Record, note: Notes) -> Record:
    note(Trap.old_source, "record", "the page of 2021 describes offices and papers from before 1 July 2025")
    return {
        "code": record.get("Mã thủ tục"),
        "code_by_name": True,
        "name": record.get("title"),
        "field": said(record.get("Lĩnh vực")),
        "executing_agencies": said(record.get("Cơ quan thực hiện")).replace(";", "\n").split("\n"),
        "subjects": subjects(record.get("Đối tượng thực hiện")),
        "decision_no": said(record.get("Số quyết định")),
        "steps": record.get("Trình tự thực hiện"),
        "methods": [
            method(
                row.get("Hình thức nộp"),
                row.get("Thời hạn giải quyết") or row.get("Thời gian"),
                row.get("Phí, lệ phí"),
                row.get("Mô tả"),
                note,
            )
            for row in maps(record.get("Cách thức thực hiện"))
        ],
        "documents": [
            {
                "case": "",
                "items": [
                    {
                        "name": said(row.get("Tên giấy tờ")).lstrip("-+ "),
                        **counts(row.get("Số lượng - bản chính"), row.get("Số lượng")),
                    }
                    for row in maps(record.get("Thành phần hồ sơ"))
                ],
            }
        ],
        "conditions": said(record.get("Yêu cầu, điều kiện")),
        "results": [said(record.get("Kết quả thực hiện") or record.get("Kết quả xử lý"))],
        "legal_codes": [],
    }


FORMAT = Format(
    "portal_2021_scrape",
    _fits,
    _read,
    {
        "code": "Mã thủ tục",
        "name": "title",
        "executing_agencies": "Cơ quan thực hiện",
        "receiving": "Cơ quan thực hiện",
        "fees": "Cách thức thực hiện.Phí, lệ phí",
        "times": "Cách thức thực hiện.Thời hạn giải quyết",
        "documents": "Thành phần hồ sơ",
        "steps": "Trình tự thực hiện",
    },
    title="Cổng Dịch vụ công quốc gia (trang năm 2021)",
)
