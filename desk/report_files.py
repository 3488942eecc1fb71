"""A report as tables, and these as an XLSX workbook or as CSV.

Names of offices are citizens' words: no cell begins with what a spreadsheet takes for a formula.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from desk.kinds import Kind
from desk.reports import Grouping, Report, Sums
from desk.texts import VIET_NAM

Cell = str | int | float | None
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS = {
    Kind.question: "Câu hỏi",
    Kind.feedback: "Phản ánh, kiến nghị",
    Kind.complaint: "Khiếu nại",
    Kind.data_request: "Yêu cầu về dữ liệu cá nhân",
}
GROUPINGS: dict[Grouping, str] = {
    "unit": "Đơn vị",
    "place": "Xã, phường, đặc khu",
    "procedure": "Thủ tục",
    "office": "Cơ quan được nhắc tới",
}
REASONS = {"asked": "người dân yêu cầu", "failed": "máy không hiểu", "angry": "người dân bức xúc"}
VERDICTS = {"unanswered": "không trả lời được", "asked_back": "phải hỏi lại", "wrong": "người dân báo sai"}
SUMS = (
    "Tiếp nhận",
    "Trả lời",
    "Đúng hạn",
    "Quá hạn",
    "Đúng hạn (%)",
    "Đóng",
    "Mở lại",
    "Lượt đánh giá",
    "Điểm trung bình (1–5)",
)
_FORMULA = re.compile(r"^[\s'\"]*[=+\-@\uff1d\uff0b\uff0d\uff20]")


@dataclass(frozen=True)
class Table:
    """A table: its title, its heading, its rows."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def tables(report: Report) -> tuple[Table, ...]:
    """Everything that a report says, as tables."""
    about = report.unit or "Toàn tỉnh"
    made = f"{report.made_at.astimezone(VIET_NAM):%H:%M %d/%m/%Y}"
    waits, backlog = report.waits, report.backlog
    found = [
        Table(
            "Thông tin",
            ("Mục", "Nội dung"),
            (
                ("Phạm vi", about),
                ("Kỳ báo cáo", str(report.period)),
                ("Lập lúc", made),
                ("Đang xử lý lúc lập báo cáo", backlog.open),
                ("Trong đó quá hạn", backlog.overdue),
                ("Ghi chú", "Số liệu không gồm tố cáo. Phiếu mở lại và trả lời lần nữa được tính cả hai lần trả lời."),
            ),
        ),
        _sums("Theo loại", "Loại", [(KINDS[kind], sums) for kind, sums in report.kinds.items()], report.total),
        _sums("Theo thời gian", "Thời gian", list(report.steps), report.total),
    ]
    for grouping, groups in report.groups.items():
        rows = [(group.name, group.sums) for group in groups]
        found.append(_sums(f"Theo {GROUPINGS[grouping].lower()}", GROUPINGS[grouping], rows))
    found.append(
        Table(
            "Gặp cán bộ",
            ("Mục", "Số"),
            (
                ("Lượt chờ gặp cán bộ", waits.asked),
                ("Được cán bộ tiếp", waits.taken),
                ("Người dân thôi chờ", waits.left),
                ("Một nửa chờ không quá (phút)", _minutes(waits.median_s)),
                ("Chín phần mười chờ không quá (phút)", _minutes(waits.tenth_s)),
                *((f"Lý do: {REASONS.get(reason, reason)}", number) for reason, number in waits.reasons.items()),
            ),
        )
    )
    if report.questions is not None:
        asked = report.questions
        found.append(
            Table(
                "Câu hỏi chưa đáp",
                ("Mục", "Số"),
                (
                    *((said, asked.verdicts.get(verdict, 0)) for verdict, said in VERDICTS.items()),
                    ("đã xử lý", asked.closed),
                ),
            )
        )
    return tuple(found)


def as_xlsx(report: Report) -> bytes:
    """The tables as a workbook, one a sheet."""
    book = Workbook(write_only=True)
    for table in tables(report):
        sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", table.title)[:31])
        sheet.freeze_panes = "A2"
        sheet.column_dimensions["A"].width = 44
        for column in "BCDEFGHIJ":
            sheet.column_dimensions[column].width = 16
        for number, row in enumerate((table.head, *table.rows)):
            cells = []
            for value in row:
                text = isinstance(value, str)
                cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("", str(value)) if text else value)
                if text:
                    # Otherwise a text that begins with “=” would become a formula.
                    cell.data_type = "s"
                    cell.quotePrefix = bool(_FORMULA.match(str(value)))
                if number == 0:
                    cell.font = Font(bold=True)
                cells.append(cell)
            sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_csv(report: Report) -> bytes:
    """The tables as one CSV in UTF-8 with its mark, by which Excel knows it; the first column names the table."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for table in tables(report):
        for row in (table.head, *table.rows):
            writer.writerow([_plain(value) for value in (table.title, *row)])
    return out.getvalue().encode("utf-8-sig", "replace")


def file_name(report: Report, ending: str) -> str:
    """A name for the file."""
    return f"bao-cao-{report.period.since.isoformat()}-{report.period.until.isoformat()}.{ending}"


def cells(sums: Sums) -> tuple[Cell, ...]:
    """The numbers under `SUMS`."""
    share, rating = sums.on_time_share, sums.rating
    return (
        sums.received,
        sums.answered,
        sums.on_time,
        sums.late,
        None if share is None else round(100 * share, 1),
        sums.closed,
        sums.reopened,
        sums.ratings,
        None if rating is None else round(rating, 2),
    )


def _sums(title: str, first: str, rows: Sequence[tuple[str, Sums]], total: Sums | None = None) -> Table:
    made: list[tuple[Cell, ...]] = [(name, *cells(sums)) for name, sums in rows]
    if total is not None:
        made.append(("Tổng", *cells(total)))
    return Table(title, (first, *SUMS), tuple(made))


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 60, 1)


def _plain(value: Cell) -> Cell:
    """What may stand in a CSV: a text that a spreadsheet would compute gets a mark before it."""
    if not isinstance(value, str):
        return value
    clean = "".join(char if char.isprintable() else " " for char in value)
    return f"'{clean}" if _FORMULA.match(clean) else clean
