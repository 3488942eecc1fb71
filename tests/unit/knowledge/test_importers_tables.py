"""Workbooks and CSV files: the national lists, a commune's workbook, and tables whose columns an admin names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from knowledge.importers import read, table, unconfirmed
from knowledge.importers.report import Imported, Severity
from knowledge.importers.table import ColumnMapping
from knowledge.procedures import Channel, OfficeKind, TimeUnit
from store.errors import Invalid

NEW = ["Mã số", "Tên", "Cơ quan ban hành", "Cơ quan thực hiện", "Lĩnh vực"]
OLD = ["Mã TTHC", "Tên TTHC", "Lĩnh vực", "Đối tượng", "Cơ quan công khai", "Cấp thực hiện", "Tình trạng", "QĐ Công bố"]


def workbook(tmp_path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]], *, title: bool = False) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        if title:
            sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(rows[1]))
    file = tmp_path / "list.xlsx"
    book.save(file)
    return file


def text(tmp_path: Path, content: str, encoding: str = "utf-8") -> Path:
    file = tmp_path / "list.csv"
    file.write_bytes(content.encode(encoding))
    return file


def remarks(result: Imported) -> list[tuple[int, str, str]]:
    return [(r.line, r.column, r.trap) for r in result.report.remarks]


def test_the_national_list_is_read_below_its_title_and_remarks_name_row_and_column(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nDANH SÁCH THỦ TỤC HÀNH CHÍNH"],
        NEW,
        ["1.000001", "Cấp thẻ\nluật sư ", "Bộ Tư pháp", "Ủy ban nhân dân cấp tỉnh\nSở Tư pháp\n", "Luật sư"],
        [],
        ["1.000002", "THU HỒI THẺ LUẬT SƯ", "Bộ Tư pháp", None, "Luật sư"],
        [None, "Không mã", "Bộ Tư pháp", "Sở Tư pháp", "Luật sư"],
        ["1.000003", None, "Bộ Tư pháp", "Sở Tư pháp", "Luật sư"],
    ]
    file = workbook(tmp_path, {"Danh sách TTHC": rows}, title=True)
    result = read(file, as_of=date(2026, 7, 1))
    assert result.report.format == "national_excel_list"
    assert unconfirmed(file) is None
    assert [p.name for p in result.procedures] == ["Cấp thẻ luật sư", "Thu hồi thẻ luật sư"]
    first = result.procedures[0]
    assert (first.code, first.field, first.promulgator) == ("1.000001", "Luật sư", "Bộ Tư pháp")
    assert first.decided_by == "Ủy ban nhân dân cấp tỉnh; Sở Tư pháp"
    assert remarks(result) == [
        (3, "B", "name_line_break"),
        (5, "B", "name_capitals"),
        (5, "D", "no_receiving_office"),
        (6, "A", "code_missing"),
        (7, "B", "name_missing"),
    ]
    assert (result.report.total, result.report.accepted) == (4, 2)
    assert read(file, as_of=date(2026, 7, 1)).procedures == result.procedures


def test_the_older_list_is_known_by_its_columns_and_says_what_is_withdrawn(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Danh sách thủ tục"],
        ["", "Kết xuất ngày 01/02/2023"],
        ["STT", *OLD],
        [1, "1.001612.000.00.00.H01", "Đăng ký", "Hộ kinh doanh", "Công dân; Tổ chức", "UBND tỉnh An Giang",
         "Cấp xã", "Còn hiệu lực", "Quyết định số 12/QĐ-UBND"],
        [2, "2.000002", "Chấm dứt", "Hộ kinh doanh", "Công dân", "UBND tỉnh An Giang", "Cấp huyện", "Hết hiệu lực", ""],
    ]  # fmt: skip
    result = read(workbook(tmp_path, {"Sheet1": rows}))
    assert result.report.format == "old_national_excel_list"
    first, second = result.procedures
    assert (first.code, first.subjects, first.source.decision) == ("1.001612", ("Công dân", "Tổ chức"), "12/QĐ-UBND")
    assert [rule.office for rule in first.receiving] == [OfficeKind.commune_centre]
    assert second.receiving == ()
    assert [trap for *_, trap in remarks(result)] == ["code_suffix", "withdrawn_procedure", "no_receiving_office"]


def test_a_communes_workbook_is_put_together_from_its_sheets(tmp_path: Path) -> None:
    main = ["STT", "mã TTHC", "tên TTHC", "link truy cập", "số quyết định", "ngày quyết định", "cơ quan ban hành",
            "lĩnh vực", "cấp thực hiện", "đối tượng thực hiện", "cơ quan thực hiện", "trạng thái"]  # fmt: skip
    sheets: dict[str, Sequence[Sequence[Any]]] = {
        "TTHC2-CAPXA": [
            ["DANH MỤC"],
            [],
            main,
            [1, "1.000288", "Công nhận trường", "https://example.vn/1", "5756/QĐ-BGDDT", date(2018, 1, 9), "Bộ GD",
             "Giáo dục", "Cấp xã", "Tổ chức", "Ủy ban nhân dân cấp xã", "Đã công khai"],
            [2],
        ],
        "Cách thức thực hiện": [
            ["STT", "mã TTHC", "tên", "hình thức nộp", "thời gian", "phí lệ phí", "mô tả"],
            [1, "1.000288", "x", "Trực tiếp", "15 ngày làm việc", "Phí: 0 VNĐ", ""],
            [2, "1.000288", "x", "Bưu chính", "15 ngày làm việc", "Phí: 0 VNĐ", ""],
        ],
        "Trình tự thực hiện": [["1", "1.000288", "x", "Bước 1", "Nộp"], ["2", "1.000288", "x", "Bước 2", "Nhận"]],
        "TPHS": [
            ["", "mã TTHC", "", "mã TPHS", "tên giấy tờ", "loại giấy tờ", "cơ quan ban hành", "bản chính", "bản sao"],
            [1, "1.000288", "x", "000.00", "Báo cáo tự đánh giá", "", "", "x", 2],
            [2, "9.999999", "x", "000.00", "Giấy lạc", "", "", 1, 0],
        ],
        "KQTH": [["STT", "mã TTHC", "tên", "mã kết quả", "tên kết quả"], [1, "1.000288", "x", "KQ", "Bằng công nhận"]],
        "CCPL": [["STT", "mã TTHC", "tên", "số ký hiệu", "trích yếu"], [1, "1.000288", "x", "19/2018/TT-BGDĐT", "…"]],
        "TTHC": [["1.000288", *[None] * 14, "Trường có đủ phòng học"]],
    }  # fmt: skip
    file = workbook(tmp_path, sheets)
    result = read(file)
    assert unconfirmed(file) is None
    assert result.report.format == "commune_workbook"
    (procedure,) = result.procedures
    assert procedure.source.decided == date(2018, 1, 9)
    assert procedure.channels == (Channel.in_person, Channel.post)
    assert [(t.value, t.unit, t.channel) for t in procedure.times] == [(15, TimeUnit.working_day, None)]
    assert [fee.amount for fee in procedure.fees] == [0]
    assert procedure.steps == ("Bước 1 Nộp", "Bước 2 Nhận")
    assert [(i.name, i.original, i.copy_count) for i in procedure.documents[0].items] == [("Báo cáo tự đánh giá", 1, 2)]
    assert (procedure.results, procedure.legal) == (("Bằng công nhận",), ("19/2018/TT-BGDĐT",))
    assert procedure.conditions == "Trường có đủ phòng học"
    assert [(r.code, r.trap) for r in result.report.remarks] == [("9.999999", "orphan_row")]


CSV = """DANH SÁCH THỦ TỤC CỦA XÃ;;;;
STT;Mã TTHC (mới);Tên thủ tục;Thời hạn giải quyết;Mức thu;Cơ quan thực hiện
1;1,00422;Đăng ký thường trú;7 ngày làm việc;20.000 đồng;Công an xã
2;1.001193;"Đăng ký khai sinh; đúng hạn";1;Miễn phí;Ủy ban nhân dân cấp xã
"""


def test_columns_are_guessed_from_headings_and_the_guess_is_told(tmp_path: Path) -> None:
    file = text(tmp_path, CSV)
    found = unconfirmed(file)
    assert found is not None
    assert found.as_json()["columns"] == {
        "code": "B",
        "name": "C",
        "time": "D",
        "fee": "E",
        "executing_agencies": "F",
    }
    assert "code" not in found.sure
    assert "name" in found.sure
    result = read(file)
    assert [p.code for p in result.procedures] == ["1.004220", "1.001193"]
    assert [fee.amount for p in result.procedures for fee in p.fees] == [20_000, 0]
    assert [(t.value, t.unit) for t in result.procedures[0].times] == [(7, TimeUnit.working_day)]
    assert remarks(result) == [
        (2, "", "columns_guessed"),
        (3, "B", "code_as_number"),
        (4, "D", "time_without_unit"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_text_encodings_that_spreadsheets_write_are_read(tmp_path: Path, encoding: str) -> None:
    assert len(read(text(tmp_path, CSV, encoding)).procedures) == 2


def test_a_confirmed_mapping_is_followed_wherever_the_headings_stand(tmp_path: Path) -> None:
    plain = "\n".join(CSV.splitlines()[1:])
    mapping = ColumnMapping.from_json(
        {**table.guess(text(tmp_path, CSV)).as_json(), "columns": {"code": "b", "name": "Tên thủ tục", "results": "D"}}
    )
    result = read(text(tmp_path, plain), mapping=mapping.as_json())
    assert result.procedures[0].results == ("7 ngày làm việc",)
    assert result.procedures[0].times == ()
    assert "columns_guessed" not in result.report.traps()


def test_the_fingerprint_is_of_the_headings_alone(tmp_path: Path) -> None:
    one = table.guess(text(tmp_path, CSV))
    two = table.guess(text(tmp_path, CSV.upper().replace("1,00422", "2.000001")))
    other = table.guess(text(tmp_path, CSV.replace("Mức thu", "Ghi chú")))
    assert one.fingerprint == two.fingerprint
    assert one.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ([], "JSON object"),
        ({"columns": {"code": "A"}}, "headings"),
        ({"headings": ["a"], "columns": {"mã": "A"}}, "is no field"),
        ({"headings": ["a"], "columns": {"code": "không có"}}, "there is no column"),
        ({"headings": ["a"], "heading_row": True, "columns": {}}, "heading_row"),
    ],
)
def test_a_mapping_that_cannot_be_followed_says_why(value: Any, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        ColumnMapping.from_json(value)


def test_a_mapping_of_other_headings_or_without_a_code_is_refused(tmp_path: Path) -> None:
    file = text(tmp_path, CSV)
    with pytest.raises(Invalid, match="has the headings of the column mapping"):
        read(file, mapping={"headings": ["a", "b"], "columns": {"code": "A", "name": "B"}})
    with pytest.raises(Invalid, match="no column for code"):
        read(file, mapping={"headings": ["a", "b"], "columns": {"name": "B"}})


def test_cells_that_are_numbers_dates_and_errors_are_read_as_what_they_show(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Mã TTHC", "Tên TTHC", "Số quyết định", "Ngày quyết định", "Lĩnh vực", "Cấp thực hiện"],
        [1.00422, "Đăng ký", "11/QĐ-BCA", date(2026, 1, 16), "#REF!", "Cấp xã"],
    ]
    result = read(workbook(tmp_path, {"S": rows}))
    (procedure,) = result.procedures
    assert (procedure.code, procedure.field, procedure.source.decided) == ("1.004220", "", date(2026, 1, 16))
    assert {trap for *_, trap in remarks(result)} == {"columns_guessed", "code_as_number", "formula_error"}


def test_sheets_with_the_same_headings_are_read_together(tmp_path: Path) -> None:
    rows: dict[str, Any] = {
        name: [NEW, [f"1.00000{i}", f"Việc {name}", "Bộ Tư pháp", "Sở Tư pháp", "Luật"]] for i, name in enumerate("AB")
    }
    result = read(workbook(tmp_path, {**rows, "Ghi chú": [["Không phải danh sách"]]}))
    assert [p.code for p in result.procedures] == ["1.000000", "1.000001"]


def test_progress_is_told_and_ends_at_one(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        NEW,
        *[[f"1.{i:06}", f"Việc số {i}", "Bộ Tư pháp", "Sở Tư pháp", "Luật"] for i in range(200)],
    ]
    told: list[float] = []
    read(workbook(tmp_path, {"A": rows}), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 2


def test_remarks_of_fixed_things_weigh_least_in_the_report(tmp_path: Path) -> None:
    report = read(text(tmp_path, CSV)).report
    plain = report.as_json()
    assert plain["format"] == "table"
    assert plain["traps"] == {"columns_guessed": 1, "code_as_number": 1, "time_without_unit": 1}
    assert [issue["severity"] for issue in plain["issues"]] == ["warning", "warning", "fixed"]
    assert plain["issues"][1] | {"message": ""} == {
        "severity": Severity.warning,
        "line": 4,
        "column": "D",
        "code": "1.001193",
        "field": "times",
        "trap": "time_without_unit",
        "source": "",
        "message": "",
    }
