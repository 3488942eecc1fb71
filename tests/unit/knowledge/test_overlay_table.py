"""Tables of a province's facts, as offices write them: what is read, what is repaired, what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from knowledge.importers import overlay_table
from knowledge.importers.report import Report
from knowledge.overlays import Kind
from store.errors import Invalid


def csv(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "table.csv"
    path.write_bytes(text.encode(encoding))
    return path


def book(folder: Path, *rows: tuple[Any, ...]) -> Path:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    path = folder / "table.xlsx"
    made.save(path)
    made.close()
    return path


def read(path: Path, kind: str, scheme: str | None = None) -> tuple[list[tuple[str, dict[str, Any]]], Report]:
    report = Report(source=path.name)
    found = overlay_table.read(path, Kind(kind), report, scheme)
    return [(line.code, dict(line.value)) for line in found], report


def levels(path: Path, scheme: str | None = None) -> tuple[list[tuple[str, str]], Report]:
    found, report = read(path, "online_level", scheme)
    return [(value["scheme"], value["value"]) for _, value in found], report


OLD, NEW = "ND43_2011", "ND42_2022"


def test_the_levels_of_the_four_level_scheme_are_read_as_they_are_written(tmp_path: Path) -> None:
    table = "Mã TTHC;Mức độ\n" + "".join(f"1.{n:06d};{text}\n" for n, text in enumerate(
        ("1-2", "1, 2", "Mức độ 1", "mức 2", "3", "Mức độ 4", "1 và 2")))  # fmt: skip
    found, report = levels(csv(tmp_path, table))
    expected = ["level_1_2"] * 4 + ["level_3", "level_4", "level_1_2"]
    assert found == [(OLD, value) for value in expected]
    assert report.remarks == []


def test_words_are_the_levels_of_the_newer_scheme_and_numbers_only_when_told_so(tmp_path: Path) -> None:
    words = csv(tmp_path, "code,level\na,Toàn trình\nb,một phần\nc,Cung cấp thông tin trực tuyến\n")
    assert levels(words)[0] == [(NEW, "full"), (NEW, "partial"), (NEW, "information")]
    numbers = csv(tmp_path, "code,level,scheme\na,4,\nb,3,ND43_2011\nc,1,\n")
    found, report = levels(numbers, NEW)
    assert found == [(NEW, "full"), (OLD, "level_3")]
    assert [(remark.line, remark.severity.value) for remark in report.remarks] == [(4, "error")]


@pytest.mark.parametrize("cell", ["", "?", "chưa rõ", "unknown", "-"])
def test_an_unknown_level_stays_unknown(tmp_path: Path, cell: str) -> None:
    found, report = levels(csv(tmp_path, f"code,online_level\n1.000001,{cell}\n1.000002,3\n"))
    assert found == [(OLD, "level_3")]
    assert [(r.code, r.severity.value) for r in report.remarks] == [("1.000001", "warning")]
    assert report.total == 2


@pytest.mark.parametrize("cell", ["5", "0", "cao", "3-4", "10", "level", "toan phan"])
def test_what_is_no_level_is_refused_and_the_rest_is_taken(tmp_path: Path, cell: str) -> None:
    found, report = levels(csv(tmp_path, f"code,level\n1.000001,{cell}\n1.000002,4\n"))
    assert found == [(OLD, "level_4")]
    assert [(r.line, r.field, r.severity.value) for r in report.remarks] == [(2, "level", "error")]


def test_what_a_spreadsheet_did_to_cells_is_repaired_and_told(tmp_path: Path) -> None:
    path = book(
        tmp_path,
        ("DANH MỤC THỦ TỤC", None, None),
        (None, None, None),
        ("Mã số", "Mức độ DVC", "Ngày áp dụng"),
        (1.00451, date(2026, 2, 1), date(2019, 12, 31)),
        ("1.000002", 3.0, "31/12/2019"),
        ("1.000003", date(2026, 5, 7), None),
    )
    report = Report(source=path.name)
    found = overlay_table.read(path, Kind.online_level, report)
    assert [(line.number, line.code, line.value["value"], line.valid_from) for line in found] == [
        (4, "1.004510", "level_1_2", date(2019, 12, 31)),
        (5, "1.000002", "level_3", date(2019, 12, 31)),
    ]
    told = [(remark.line, remark.field, remark.severity.value) for remark in report.remarks]
    assert told == [(4, "code", "warning"), (4, "level", "fixed"), (6, "level", "error")]


def test_receiving_rules_say_yes_and_no_with_office_and_decision(tmp_path: Path) -> None:
    table = (
        "Mã TTHC,Cơ quan tiếp nhận,Tiếp nhận,Quyết định,Từ ngày,Đến ngày,Ghi chú\n"
        "1.000001,province_centre,có,2377/QĐ-UBND,27/09/2018,30/06/2025,quầy 2\n"
        "1.000001,Ủy ban nhân dân cấp xã,không tiếp nhận,3209/QĐ-UBND,,,\n"
        "1.000002,Nhà ông Ba,x,,,,\n"
        "1.000003,,có,,,,\n"
        "1.000004,court,có lẽ,,,,\n"
        "1.000005,court,,,,,\n"
    )
    report = Report(source="t")
    found = overlay_table.read(csv(tmp_path, table), Kind.receiving, report)
    assert [(line.value["office"], line.value["accepts"], line.decision) for line in found] == [
        ("province_centre", True, "2377/QĐ-UBND"),
        ("commune_centre", False, "3209/QĐ-UBND"),
        ("other", True, None),
    ]
    assert found[0].value["valid_to"] == date(2025, 6, 30)
    assert found[2].value["name"] == "Nhà ông Ba"
    told = [(remark.line, remark.field, remark.severity.value) for remark in report.remarks]
    assert told == [(4, "office", "warning"), (5, "office", "error"), (6, "accepts", "error"), (7, "accepts", "error")]


def test_fees_are_numbers_where_they_are_one_number_and_text_else(tmp_path: Path) -> None:
    table = (
        "code\tMức thu\tHình thức\n1\t8.000 đồng\ttrực tuyến\n2\tMiễn phí\t\n3\t5.000 - 8.000 đồng\t\n"
        "4\t\t\n5\t10000\tbồ câu\n6\t15000\tqua bưu chính\n"
    )
    found, report = read(csv(tmp_path, table), "fee")
    assert found == [
        ("1", {"amount": 8000, "channel": "online"}),
        ("2", {"amount": 0}),
        ("3", {"text": "5.000 - 8.000 đồng"}),
        ("6", {"amount": 15000, "channel": "post"}),
    ]
    told = [(remark.line, remark.severity.value) for remark in report.remarks]
    assert told == [(4, "warning"), (5, "warning"), (6, "error")]


def test_post_home_service_and_exemption_are_read(tmp_path: Path) -> None:
    post, _ = read(csv(tmp_path, "code,Tiếp nhận qua BCCI,Trả kết quả qua BCCI\n1,x,\n2,không,có\n3,,\n"), "post")
    assert post == [("1", {"in": True}), ("2", {"in": False, "out": True})]
    home, report = read(
        csv(tmp_path, "code,Xã,Nội dung\n*,My Hoa Hung,Đến tận nhà\n*,,Cả tỉnh\n*,Phú Hội,?\n*,Atlantis,?\n"),
        "home_service",
    )
    assert [value["text"] for _, value in home] == ["Đến tận nhà", "Cả tỉnh"]
    assert "place" not in home[1][1]
    assert [remark.field for remark in report.remarks] == ["place", "place"]
    exempt, _ = read(csv(tmp_path, "code\n1.000001\n1.000002\n"), "on_time_exempt")
    assert exempt == [("1.000001", {"exempt": True}), ("1.000002", {"exempt": True})]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_delimiter_and_usual_encoding_will_do(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = f"Mã thủ tục{delimiter}Mức độ\r\n1.000001{delimiter}4\r\n"
    assert levels(csv(tmp_path, text, encoding))[0] == [(OLD, "level_4")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no heading"),
        (b"a,b\n1,2\n", "no heading"),
        (b"code,color\n1,2\n", "needs a column level"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "is not UTF-8"),
        (b"PK\x03\x04 broken", "not a whole workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is not UTF-8"),
        (b"\xff\xfe\x00", "is not UTF-8"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_a_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(Invalid, match=message):
        read(path, "online_level")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(Invalid, match="cannot be read"):
            read(path, "online_level")
