"""The real exports come in whole, name their traps, and are the same when they are read again."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from knowledge.importers import merge, read
from knowledge.importers.report import Imported

SHARED = Path(os.environ.get("MOTCUA_SHARED_DATA") or Path(__file__).parents[4] / "shared" / "data")
EXPORTS = SHARED / "exports"
pytestmark = pytest.mark.skipif(not EXPORTS.is_dir(), reason="the shared data are not here")

SAMPLES = {
    "1a_new_national_api_list.3.json": ("national_api_list", 3, {}),
    "1b_new_national_api_detail.3.json": (
        "national_api_detail",
        3,
        {"time_without_unit": 1, "free_beside_a_fee": 1, "not_nfc": 2},
    ),
    "2_new_national_excel_list.3.json": ("national_excel_list", 3, {}),
    "3_portal_page_text_scrape.3.json": (
        "portal_page_scrape",
        3,
        {"time_without_unit": 3, "free_beside_a_fee": 3, "glued_cells": 6, "page_furniture": 3},
    ),
    "4_portal_2021_scrape.3.json": (
        "portal_2021_scrape",
        3,
        {"old_source": 3, "code_from_name": 3, "html_in_text": 3, "page_furniture": 1},
    ),
    "5_portal_docx_derived.3.json": ("portal_docx_form", 3, {}),
    "6_old_rest_gateway_SEEN_IN_CODE.1.json": ("old_rest_gateway", 1, {}),
    "7_commune_workbook_nui_cam_an_giang.1.json": ("commune_record", 1, {}),
}
# Rows of each workbook, and the traps that its rows hold.
WORKBOOKS = {
    "danh-sach-tthc-BoCongAn.xlsx": (339, {"no_receiving_office", "abolished_office", "same_procedure_two_codes"}),
    "danh-sach-tthc-BoTaiChinh.xlsx": (706, {"not_nfc", "name_line_break", "other_province_office"}),
    "danh-sach-tthc-BoTuPhap.xlsx": (271, {"not_nfc", "no_receiving_office"}),
    "danh-sach-tthc-BoXayDung.xlsx": (525, {"name_line_break", "not_nfc", "same_procedure_two_codes"}),
    "danh-sach-tthc-NganhangNhanuocVietNam.xlsx": (261, {"no_receiving_office"}),
    "danh-sach-tthc-NongNghiepvaMoiTruong.xlsx": (537, {"not_nfc", "other_province_office", "same_name_two_levels"}),
    "toa-an-nhan-dan.xlsx": (3, {"abolished_office"}),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_comes_in_whole_with_its_traps(name: str) -> None:
    format_, records, traps = SAMPLES[name]
    result = read(EXPORTS / name)
    assert (result.report.format, result.report.total, result.report.accepted) == (format_, records, records)
    assert result.report.traps() == traps
    assert all(procedure.receiving for procedure in result.procedures)
    assert read(EXPORTS / name).procedures == result.procedures


@pytest.mark.parametrize("name", WORKBOOKS)
def test_every_workbook_comes_in_whole_with_its_traps(name: str) -> None:
    rows, traps = WORKBOOKS[name]
    file = EXPORTS / "national_portal_excel_lists" / name
    result = read(file)
    assert (result.report.format, result.report.total, result.report.accepted) == ("national_excel_list", rows, rows)
    assert traps <= set(result.report.traps())
    assert all(remark.line >= 3 and remark.column for remark in result.report.remarks)
    again = read(file)
    assert (again.procedures, again.report.as_json()) == (result.procedures, result.report.as_json())


def test_the_raw_answers_of_the_api_come_in_whole_with_their_traps() -> None:
    result = read(EXPORTS / "national_api_details_502.raw.jsonl.gz")
    report = result.report
    assert (report.format, report.total, report.accepted) == ("national_api_detail", 502, 502)
    assert {
        "free_beside_a_fee",
        "other_province_office",
        "other_province_procedure",
        "time_without_unit",
        "same_name_two_levels",
        "same_procedure_two_codes",
        "name_line_break",
        "fee_too_small",
    } <= set(report.traps())
    # 403 of the 502 are provinces' own procedures, none of them An Giang's.
    assert report.traps()["other_province_procedure"] == 403
    assert all(procedure.source.decided for procedure in result.procedures)
    assert report.as_read["times"] >= 490
    again = read(EXPORTS / "national_api_details_502.raw.jsonl.gz")
    assert again.procedures == result.procedures


def test_details_of_other_procedures_in_the_provinces_catalogue_are_dropped(tmp_path: Path) -> None:
    # Only what can be meant at all, to save the time of reading everything.
    result = _some(tmp_path, "province_2754.jsonl.gz", b"-UBND", b"motcua.")
    foreign = {remark.code for remark in result.report.remarks if remark.trap == "foreign_details"}
    assert len(foreign) == 17
    known = {"3.000283", "3.000284", "3.000243", "3.000244", "3.000226"}
    assert known <= foreign
    held = {procedure.code: procedure for procedure in result.procedures}
    assert all(not held[code].documents and not held[code].steps for code in foreign)
    assert all(held[code].receiving for code in known)


def test_the_one_code_of_two_provinces_is_told(tmp_path: Path) -> None:
    result = _some(tmp_path, "national_5775.jsonl.gz", b'"1.014325"')
    assert [(r.line, r.code, r.trap) for r in result.report.remarks if r.severity == "error"] == [
        (2, "1.014325", "code_not_unique")
    ]


def _some(tmp_path: Path, name: str, *marks: bytes) -> Imported:
    """The records of a catalogue in whose line one of the marks stands."""
    with gzip.open(SHARED / "catalogue" / name, "rb") as lines:
        some = [line for line in lines if any(mark in line for mark in marks)]
    file = tmp_path / "some.jsonl"
    file.write_bytes(b"".join(some))
    return read(file)


def test_a_list_and_the_details_of_the_same_procedures_make_one_record_each() -> None:
    details = read(EXPORTS / "1b_new_national_api_detail.3.json")
    entries = read(EXPORTS / "1a_new_national_api_list.3.json")
    old = read(EXPORTS / "4_portal_2021_scrape.3.json")
    result = merge(merge(details, entries), old)
    codes = [procedure.code for procedure in result.procedures]
    assert len(codes) == len(set(codes))
    assert sum(code.startswith("KM-") for code in codes) < 3
    birth = next(procedure for procedure in result.procedures if procedure.code == "1.001193")
    assert birth.documents == next(p for p in details.procedures if p.code == "1.001193").documents
