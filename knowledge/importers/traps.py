"""The traps that catalogues of procedures hold, each with a name that never changes.

Each was met in a real export (docs/catalogue-format.md says where). A remark of a report carries the name, so that
an editor can filter by it and a test can count it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a remark weighs.

    `error`: the record was left out. `warning`: it was taken, and a person should look. `fixed`: it was
    taken after a repair that the message names.
    """

    error = "error"
    warning = "warning"
    fixed = "fixed"


class Trap(StrEnum):
    """Stable names of what can be wrong with a record."""

    code_missing = "code_missing"
    code_malformed = "code_malformed"
    code_suffix = "code_suffix"
    code_as_number = "code_as_number"
    code_not_unique = "code_not_unique"
    code_from_name = "code_from_name"
    record_repeated = "record_repeated"
    same_procedure_two_codes = "same_procedure_two_codes"
    same_name_two_levels = "same_name_two_levels"
    name_missing = "name_missing"
    name_capitals = "name_capitals"
    name_line_break = "name_line_break"
    letter_for_u_horn = "letter_for_u_horn"
    not_nfc = "not_nfc"
    html_in_text = "html_in_text"
    page_furniture = "page_furniture"
    glued_cells = "glued_cells"
    glued_time_and_fee = "glued_time_and_fee"
    glued_file_name = "glued_file_name"
    free_beside_a_fee = "free_beside_a_fee"
    fee_too_small = "fee_too_small"
    fee_unreadable = "fee_unreadable"
    time_without_unit = "time_without_unit"
    time_cut_in_two = "time_cut_in_two"
    time_unreadable = "time_unreadable"
    abolished_office = "abolished_office"
    other_province_office = "other_province_office"
    other_province_procedure = "other_province_procedure"
    internal_procedure = "internal_procedure"
    withdrawn_procedure = "withdrawn_procedure"
    foreign_details = "foreign_details"
    old_source = "old_source"
    no_receiving_office = "no_receiving_office"
    formula_error = "formula_error"
    macros_ignored = "macros_ignored"
    columns_guessed = "columns_guessed"
    orphan_row = "orphan_row"
    bad_encoding = "bad_encoding"
    bad_json = "bad_json"
    bad_shape = "bad_shape"
    too_long = "too_long"
    merged = "merged"


@dataclass(frozen=True)
class About:
    """What a trap is: how much it usually weighs, and what it is in English and in Vietnamese."""

    severity: Severity
    english: str
    vietnamese: str


_E, _W, _F = Severity.error, Severity.warning, Severity.fixed
ABOUT: dict[Trap, About] = {
    Trap.code_missing: About(_E, "no code", "thiếu mã thủ tục"),
    Trap.code_malformed: About(_W, "malformed code", "mã thủ tục sai dạng"),
    Trap.code_suffix: About(_F, "a suffix of a province on the code", "mã có đuôi của tỉnh, đã bỏ đuôi"),
    Trap.code_as_number: About(_F, "the sheet keeps the code as a number", "bảng tính lưu mã thành số, đã thêm số 0"),
    Trap.code_not_unique: About(_E, "one code, two procedures", "một mã, hai thủ tục khác nhau"),
    Trap.code_from_name: About(_W, "no code in the source", "nguồn không ghi mã, tra theo tên"),
    Trap.record_repeated: About(_E, "the same record again", "bản ghi lặp lại"),
    Trap.same_procedure_two_codes: About(_W, "the same procedure under two codes", "một thủ tục, hai mã"),
    Trap.same_name_two_levels: About(_W, "the same name at two levels", "cùng tên, khác cấp thực hiện"),
    Trap.name_missing: About(_E, "no name", "thiếu tên thủ tục"),
    Trap.name_capitals: About(_F, "name in capitals", "tên viết hoa toàn bộ"),
    Trap.name_line_break: About(_F, "line break in the name", "tên bị xuống dòng"),
    Trap.letter_for_u_horn: About(_F, "the letter ƣ stands for ư", "chữ ƣ thay cho ư"),
    Trap.not_nfc: About(_F, "text not in Unicode's composed form", "chữ có dấu tách rời (không phải NFC)"),
    Trap.html_in_text: About(_F, "HTML in the text", "còn thẻ HTML trong văn bản"),
    Trap.page_furniture: About(_F, "words of the page's buttons in the text", "lẫn chữ của nút bấm trên trang"),
    Trap.glued_cells: About(_F, "table cells glued together", "các ô của bảng dính vào nhau"),
    Trap.glued_time_and_fee: About(_W, "time and fee glued in one cell", "thời gian và lệ phí dính vào nhau"),
    Trap.glued_file_name: About(_F, "a file name glued to a paper's name", "tên tệp dính vào tên giấy tờ"),
    Trap.free_beside_a_fee: About(
        _W, "free of charge beside a text that sets a fee", "ghi miễn phí nhưng kèm quy định về mức thu"
    ),
    Trap.fee_too_small: About(_W, "a fee too small to be one", "số tiền quá nhỏ, không phải mức phí"),
    Trap.fee_unreadable: About(_W, "a fee that cannot be read", "mức phí không đọc được"),
    Trap.time_without_unit: About(_W, "time without a unit", "thời hạn không có đơn vị"),
    Trap.time_cut_in_two: About(_F, "a number cut in two", "con số bị cắt đôi"),
    Trap.time_unreadable: About(_W, "a time that is no number", "thời hạn không phải là số"),
    Trap.abolished_office: About(_W, "an office that no longer exists", "cơ quan không còn tồn tại"),
    Trap.other_province_office: About(_F, "another province's office", "cơ quan của tỉnh khác, đã ghi chung"),
    Trap.other_province_procedure: About(_W, "another province's own procedure", "thủ tục riêng của tỉnh khác"),
    Trap.internal_procedure: About(_W, "a procedure between offices", "thủ tục nội bộ giữa các cơ quan"),
    Trap.withdrawn_procedure: About(_W, "a procedure that was withdrawn", "thủ tục đã bãi bỏ hoặc hết hiệu lực"),
    Trap.foreign_details: About(_W, "details of another procedure or province", "chi tiết của thủ tục hoặc tỉnh khác"),
    Trap.old_source: About(_W, "older than the two-level government", "có trước chính quyền hai cấp (01/7/2025)"),
    Trap.no_receiving_office: About(_W, "nobody is named who receives", "không rõ cơ quan tiếp nhận"),
    Trap.formula_error: About(_W, "a cell holds an error of the sheet", "ô tính bị lỗi công thức"),
    Trap.macros_ignored: About(_W, "the workbook holds macros, never run", "tệp có macro, không được chạy"),
    Trap.columns_guessed: About(_W, "columns guessed from their headings", "cột được đoán theo tiêu đề"),
    Trap.orphan_row: About(_W, "a row of a procedure that the main sheet lacks", "dòng phụ không có thủ tục tương ứng"),
    Trap.bad_encoding: About(_E, "not UTF-8", "sai bảng mã (không phải UTF-8)"),
    Trap.bad_json: About(_E, "not JSON", "không phải JSON"),
    Trap.bad_shape: About(_E, "a value of an unexpected shape", "giá trị không đúng dạng"),
    Trap.too_long: About(_E, "too long", "quá dài"),
    Trap.merged: About(_F, "two sources merged", "gộp từ hai nguồn"),
}
