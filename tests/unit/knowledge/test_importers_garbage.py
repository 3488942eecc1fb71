"""What is no catalogue is refused with a sentence that says what to do; nothing hangs, unpacks without end or runs."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import openpyxl
import pytest

from knowledge.importers import _stream, _workbook, read, unconfirmed
from store.errors import Invalid

RECORD = json.dumps({"code": "1.000001", "name": "Đăng ký", "levels": ["Cấp xã"]}, ensure_ascii=False)


def put(tmp_path: Path, name: str, data: bytes) -> Path:
    file = tmp_path / name
    file.write_bytes(data)
    return file


def xlsx(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_part(data: bytes, name: str, part: bytes) -> bytes:
    """A workbook with one more part, or another one in place of its own."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, part)
    return out.getvalue()


LIST = xlsx([["Mã số", "Tên"], ["1.000001", "Đăng ký"]])
SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.xlsx", b"", "is empty"),
        ("a.json", b" \n\t ", "is empty"),
        ("a.xlsx", b"<!DOCTYPE html><html><body>502 Bad Gateway", "is a web page"),
        ("a.json", b"\xef\xbb\xbf  <html>", "is a web page"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old .xls"),
        ("a.pdf", b"%PDF-1.7 ...", "is a PDF"),
        ("a.xlsx", LIST[: len(LIST) // 2], "not a whole workbook"),
        ("a.xlsx", b"PK\x03\x04" + b"rubbish" * 50, "not a whole workbook"),
        ("a.csv", "Mã số;Tên\n1;Đăng ký".encode("cp1258", errors="replace"), "not UTF-8"),
        ("a.csv", b"\xff\xfeM\x00\xe3", "not UTF-8"),
        ("a.csv", b"con meo, con cho\n1,2\n", "no row looks like the headings"),
        ("a.csv", "Tên thủ tục;Lĩnh vực\nx;y\n".encode(), "no column for code"),
        ("a.csv", "Mã số;Tên\n".encode(), "no rows below"),
        ("a.bin", b"\x01\x00\x02\x03" * 40, "of no known format"),
        ("a.json", b"[1, 2, 3]", "holds no record"),
        ("a.json", b"[]", "holds no record"),
        ("a.json", b"null", "no row looks like the headings"),
        ("a.csv.gz", gzip.compress("Mã số;Tên\n".encode(), mtime=0), "unpack it first"),
        ("a.json.gz", gzip.compress(RECORD.encode() * 50, mtime=0)[:40], "not a whole gzip"),
        ("a.jsonl.gz", b"not gzip at all", "not a whole gzip"),
        ("a.csv", b'"' + b"x" * (_workbook.MAX_CELL + 9), "is not CSV"),
    ],
)
def test_garbage_is_refused_with_a_sentence(tmp_path: Path, name: str, data: bytes, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence) as refused:
        read(put(tmp_path, name, data))
    assert name in refused.value.message
    assert str(tmp_path) not in refused.value.message


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        read(tmp_path / "none.xlsx")
    with pytest.raises(Invalid, match="cannot be read"):
        unconfirmed(tmp_path / "none.csv")


def test_an_empty_workbook_and_an_empty_sheet_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no row looks like the headings"):
        read(put(tmp_path, "a.xlsx", xlsx([])))
    with pytest.raises(Invalid, match="no rows below"):
        read(put(tmp_path, "b.xlsx", xlsx([["Mã số", "Tên"]])))


def test_a_word_file_and_an_archive_are_named_as_such(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(Invalid, match="Word document"):
        read(put(tmp_path, "a.docx", out.getvalue()))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("list.csv", "x")
    with pytest.raises(Invalid, match="archive"):
        read(put(tmp_path, "a.xlsx", out.getvalue()))


def test_macros_are_told_and_never_run(tmp_path: Path) -> None:
    result = read(put(tmp_path, "a.xlsm", with_part(LIST, "xl/vbaProject.bin", b"Sub AutoOpen()")))
    assert [p.code for p in result.procedures] == ["1.000001"]
    assert "macros_ignored" in result.report.traps()


def test_a_workbook_that_unpacks_without_end_is_not_unpacked(tmp_path: Path) -> None:
    bomb = with_part(LIST, SHEET, b"<worksheet>" + b" " * 30_000_000 + b"</worksheet>")
    assert len(bomb) < 100_000
    with pytest.raises(Invalid, match="more than a catalogue"):
        read(put(tmp_path, "a.xlsx", bomb))


def test_entities_in_a_sheet_are_refused(tmp_path: Path) -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
    with pytest.raises(Invalid, match="XML entities"):
        read(put(tmp_path, "a.xlsx", with_part(LIST, SHEET, laughs)))


def test_a_sheet_that_breaks_off_is_refused_and_not_half_taken(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(LIST)) as archive:
        sheet = archive.read(SHEET)
    with pytest.raises(Invalid, match="cannot be read"):
        read(put(tmp_path, "a.xlsx", with_part(LIST, SHEET, sheet[:-60])))


def test_a_gzip_that_unpacks_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_stream, "MAX_UNPACKED", 1_000_000)
    for name in ("a.json.gz", "a.jsonl.gz"):
        with pytest.raises(Invalid, match="unpacks to more than"):
            read(put(tmp_path, name, gzip.compress(b"[" + b" " * 3_000_000 + b"]")))


def test_a_record_without_end_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_stream, "MAX_RECORD", 2_000)
    long = json.dumps({"code": "1.000002", "name": "x" * 5_000})
    for name, text in (("a.jsonl", f"{long}\n{RECORD}\n"), ("a.json", f"[{RECORD}, {long[:-9]}")):
        result = read(put(tmp_path, name, text.encode()))
        assert [p.code for p in result.procedures] == ["1.000001"]
        assert [r.trap for r in result.report.remarks if r.severity == "error"] in (["too_long"], ["bad_json"])


@pytest.mark.parametrize(
    "broken",
    [
        '{"code": "1.000002", "name": "nửa chừng',
        '{"code": "1.000002", "name": {"a": 1}}',
        '{"code": ["1.000002"], "name": "x"}',
        '{"code": "1.000002", "name": "x", "executionSteps": 7, "executionMethods": {"a": [1]}}',
        '{"code": "1.000002", "name": null, "codeNotation": {}}',
        '{"ma_thu_tuc": 7, "cach_thuc_thuc_hien": [1]}',
        '{"thu_tuc_id": null, "metadata": [], "content": 3, "tables": "x"}',
        '{"title": 3, "Trình tự thực hiện": {}}',
        '{"PROCEDURE_CODE": null}',
        '{"a": ' + "[" * 3_000 + "]" * 3_000 + "}",
        '{"code": 1e400, "name": "vô cùng"}',
        '{"code": "' + "9" * 500 + '", "name": "dài"}',
    ],
)
def test_no_record_of_any_shape_stops_the_one_before_it(tmp_path: Path, broken: str) -> None:
    result = read(put(tmp_path, "a.json", f"[{RECORD},\n{broken}\n]".encode()))
    assert [p.code for p in result.procedures] == ["1.000001"]
    assert result.report.counts()["error"] == 1
    lines = read(put(tmp_path, "a.jsonl", f"{broken}\n{RECORD}\n".encode()))
    assert [p.code for p in lines.procedures] == ["1.000001"]
    assert lines.report.counts()["error"] == 1
