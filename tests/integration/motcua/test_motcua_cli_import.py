"""`motcua catalogue import`: several files, tables whose columns are confirmed, and the report."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest

from tests.integration.motcua.conftest import Run

CSV = """Mã TTHC (mới);Tên thủ tục;Mức thu;Cơ quan thực hiện
1.000001;ĐĂNG KÝ NUÔI ONG MẬT;20.000 đồng;Ủy ban nhân dân cấp xã
1.000002;=Cấp lại thẻ nuôi ong;Miễn phí;Công an huyện
1.000003;;Miễn phí;Công an xã
"""


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    file = tmp_path / "xa.csv"
    file.write_text(CSV, encoding="utf-8-sig")
    return file


def national(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    for row in (
        ["DANH SÁCH"],
        ["Mã số", "Tên", "Cơ quan ban hành", "Cơ quan thực hiện", "Lĩnh vực"],
        ["1.000001", "Đăng ký nuôi ong mật", "Bộ Nông nghiệp và Môi trường", "Sở Nông nghiệp", "Chăn nuôi"],
        ["1.000009", "Đăng ký nuôi cá", "Bộ Nông nghiệp và Môi trường", "Sở Nông nghiệp", "Thủy sản"],
    ):
        book.worksheets[0].append(row)
    file = tmp_path / "bo.xlsx"
    book.save(file)
    return file


def test_guessed_columns_want_to_be_confirmed_once(motcua: Run, sheet: Path, tmp_path: Path) -> None:
    refused = motcua("catalogue", "import", str(sheet))
    assert refused.code == 2
    assert "Mã TTHC (mới)" in refused.out
    assert "--show-mapping" in refused.err
    report = tmp_path / "report.csv"
    taken = motcua("catalogue", "import", "--yes", "--report", str(report), str(sheet))
    assert taken.code == 0, taken.err
    assert "xa.csv (table): 2 of 3 records taken" in taken.out
    assert "abolished_office" in taken.out
    assert "2 procedures from xa.csv, live" in taken.out
    with report.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["trap"] for row in rows} == {"name_capitals", "abolished_office", "name_missing"}
    assert [(row["line"], row["column"], row["severity"]) for row in rows if row["trap"] == "name_missing"] == [
        ("4", "B", "error")
    ]
    whole = tmp_path / "report.json"
    again = motcua("catalogue", "import", "--no-publish", "--report", str(whole), str(sheet))
    assert again.code == 0, again.err
    assert "columns as guessed" not in again.out
    written = json.loads(whole.read_text(encoding="utf-8"))
    assert written["traps"]["name_missing"] == 1
    assert len(written["issues"]) == sum(written["counts"].values())
    staged = motcua("catalogue", "list", "--json").json[0]
    difference = motcua("catalogue", "diff", "--json", staged["id"]).json
    assert not any(difference[name] for name in ("added", "removed", "changed"))


def test_a_mapping_that_was_shown_can_be_corrected_and_given_back(motcua: Run, sheet: Path, tmp_path: Path) -> None:
    shown = motcua("catalogue", "import", "--show-mapping", str(sheet))
    (mapping,) = shown.json
    assert mapping["columns"] == {"code": "A", "name": "B", "fee": "C", "executing_agencies": "D"}
    mapping["columns"] = {"code": "A", "name": "B", "results": "Mức thu"}
    file = tmp_path / "mapping.json"
    file.write_text(json.dumps([mapping]), encoding="utf-8")
    done = motcua("catalogue", "import", "--json", "--mapping", str(file), str(sheet))
    assert done.code == 0, done.err
    procedure = motcua("catalogue", "show", "1.000001").json
    assert procedure["results"] == ["20.000 đồng"]
    assert "fees" not in procedure


def test_files_are_merged_and_the_live_ones_kept_when_wanted(motcua: Run, sheet: Path, tmp_path: Path) -> None:
    both = motcua("catalogue", "import", "--yes", str(sheet), str(national(tmp_path)))
    assert both.code == 0, both.err
    assert "merged" in both.out
    merged = motcua("catalogue", "show", "1.000001").json
    assert (merged["field"], merged["fees"][0]["amount"]) == ("Chăn nuôi", 20_000)
    third = tmp_path / "one.jsonl"
    third.write_text(
        json.dumps({"code": "1.000077", "name": "Đăng ký nuôi dê", "levels": ["Cấp xã"]}), encoding="utf-8"
    )
    kept = motcua("catalogue", "import", "--keep", "--json", str(third))
    assert kept.json["procedures"] == 4


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("mapping.json", "{", "is not JSON"),
        ("mapping.json", "{}", "column mapping"),
        ("mapping.json", '{"headings": ["x"], "columns": {"code": "A", "name": "A"}}', "has the headings"),
    ],
)
def test_a_wrong_mapping_is_refused(
    motcua: Run, sheet: Path, tmp_path: Path, name: str, content: str, sentence: str
) -> None:
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    done = motcua("catalogue", "import", "--mapping", str(file), str(sheet))
    assert (done.code, sentence in done.err) == (2, True)


def test_a_report_of_an_unknown_kind_is_refused_before_anything_is_read(motcua: Run, tmp_path: Path) -> None:
    done = motcua("catalogue", "import", "--report", str(tmp_path / "report.pdf"), str(tmp_path / "none.json"))
    assert done.code == 2
    assert ".csv or .json" in done.err
    missing = motcua("catalogue", "import", "--report", str(tmp_path / "no" / "r.csv"), str(tmp_path / "none.json"))
    assert missing.code == 2
    assert "no folder" in missing.err
