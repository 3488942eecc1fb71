"""The national portal's own Excel lists: the one of 2026 ("Mã số, Tên, …") and the older one ("Mã TTHC, Tên TTHC, …").

Both put a title in merged cells above the headings; only the list, no details, no fees, no times.
"""

from __future__ import annotations

from knowledge.importers import _record
from knowledge.importers._headings import fold
from knowledge.importers.table import ColumnMapping

TABLE_TITLE = "Danh mục thủ tục hành chính do cơ quan cung cấp"
_NEW = {"ma so", "ten", "co quan ban hanh", "co quan thuc hien", "linh vuc"}
_OLD = {
    "ma tthc",
    "ten tthc",
    "linh vuc",
    "doi tuong",
    "co quan cong khai",
    "cap thuc hien",
    "tinh trang",
    "qd cong bo",
}


def recognise(mapping: ColumnMapping) -> tuple[str, str] | None:
    """(name of the format, what it is called to citizens) for a national list; None for any other table."""
    headings = {folded for heading in mapping.headings if (folded := fold(heading)) and folded != "stt"}
    if headings == _NEW:
        return "national_excel_list", _record.NATIONAL
    # The older export lets the user choose columns: six of the eight are enough.
    if headings <= _OLD and len(headings) >= 6:
        return "old_national_excel_list", _record.NATIONAL
    return None
