"""The words of an apology and its sheet of paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt

from desk import texts
from desk._case_rows import Case
from desk._clock_steps import spoken
from desk.calendar import VIET_NAM

TITLE = "PHIẾU XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ"
_LINE = "…" * 20
_NO_REASON = "(cán bộ ghi lý do)"


@dataclass(frozen=True)
class Letter:
    """A letter of apology.

    Attributes:
        code: of the case.
        unit: who writes.
        body: its paragraphs.
        year: of its date, whose day and number are filled in by hand.
    """

    code: str
    unit: str
    body: tuple[str, ...]
    year: int


def write(case: Case, unit: str, reason: str, due_at: datetime | None, new_due_at: datetime, *, on: datetime) -> Letter:
    """The letter about a case.

    Args:
        unit: name of the unit that has it.
        reason: why it is late; empty in a draft.
        due_at: the deadline that is missed.
        new_due_at: the new date.
        on: when it is written.
    """
    received = f"{case.created_at.astimezone(VIET_NAM):%d/%m/%Y}"
    new = new_due_at.astimezone(VIET_NAM)
    first = f"Ngày {received}, {unit} nhận {texts.KIND[case.kind].lower()} của ông/bà, mã phiếu {case.code}"
    # The subject of a denunciation stays in the vault, whoever carries the letter.
    first += "." if case.secret else f", về việc: {case.subject}."
    body = [first]
    if due_at is not None:
        body.append(f"Thời hạn giải quyết là {spoken(due_at.astimezone(VIET_NAM).date())}.")
    body += [
        f"Đến nay việc chưa giải quyết xong. Lý do: {(reason or _NO_REASON).rstrip('.')}.",
        f"{unit} xin lỗi ông/bà về sự chậm trễ này và hẹn trả kết quả chậm nhất {new:%H:%M} {spoken(new.date())}.",
        "Đây là lần hẹn lại duy nhất.",
    ]
    return Letter(case.code, unit, tuple(body), on.astimezone(VIET_NAM).year)


def message(letter: Letter) -> str:
    """The same for the citizen's chat and page."""
    return "\n".join([f"**Xin lỗi và hẹn lại, phiếu {letter.code}**", *letter.body]).replace("ông/bà", "anh/chị")


def docx(letter: Letter) -> bytes:
    """The letter as a DOCX file in the form of administrative papers (Nghị định 30/2020/NĐ-CP, Phụ lục I)."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin, section.right_margin = Cm(3), Cm(1.5)
    section.top_margin = section.bottom_margin = Cm(2)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(13)
    document.core_properties.title = f"{TITLE.capitalize()} {letter.code}"
    document.core_properties.author = letter.unit
    head = document.add_table(rows=2, cols=2)
    cells = (
        (0, 0, (letter.unit.upper(),)),
        (0, 1, ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")),
        (1, 0, (f"Số: {_LINE[:6]}/PXL",)),
        (1, 1, (f"{_LINE[:8]}, ngày {_LINE[:3]} tháng {_LINE[:3]} năm {letter.year}",)),
    )
    for row, column, lines in cells:
        cell = head.cell(row, column)
        for number, line in enumerate(lines):
            paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            run = paragraph.add_run(line)
            run.bold, run.italic, run.font.size = row == 0, row == 1 and column == 1, Pt(12)
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_before = title.paragraph_format.space_after = Pt(18)
    title.add_run(TITLE).bold = True
    document.add_paragraph(f"Kính gửi: Ông/bà {_LINE}{_LINE}")
    for text in letter.body:
        paragraph = document.add_paragraph(text)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        paragraph.paragraph_format.first_line_indent = Cm(1)
        paragraph.paragraph_format.space_after = Pt(6)
    signed = document.add_table(rows=1, cols=2)
    for column, (first, second) in enumerate(
        (("Nơi nhận:", "Như trên; lưu hồ sơ phiếu."), ("THỦ TRƯỞNG CƠ QUAN", "(Ký, ghi rõ họ tên, đóng dấu)"))
    ):
        cell = signed.cell(0, column)
        cell.paragraphs[0].add_run(first).bold = True
        cell.add_paragraph().add_run(second).italic = True
        if column == 1:
            for paragraph in cell.paragraphs:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    written = BytesIO()
    document.save(written)
    return written.getvalue()
