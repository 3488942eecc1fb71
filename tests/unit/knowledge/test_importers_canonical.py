"""The canonical JSONL: each trap of real data is survived and named."""

from __future__ import annotations

import gzip
import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from knowledge.importers import canonical
from knowledge.importers._agencies import kinds
from knowledge.importers.report import Imported, Severity
from knowledge.procedures import Channel, OfficeKind, OnlineValue, TimeUnit
from store.errors import Invalid

SHARED = Path(os.environ.get("MOTCUA_SHARED_DATA") or Path(__file__).parents[4] / "shared" / "data")
BASE: dict[str, Any] = {
    "code": "1.001193",
    "name": "Thủ tục đăng ký khai sinh",
    "field": "Hộ tịch",
    "promulgator": "Bộ Tư pháp",
    "levels": ["Cấp xã"],
    "executing_agencies": ["Ủy ban nhân dân cấp xã"],
    "subjects": ["Công dân Việt Nam"],
    "decision_no": "Quyết định số 163/QĐ-BTP",
}


def method(**values: Any) -> dict[str, Any]:
    base = {"channel": "truc_tiep", "time_value": "7", "time_unit": "Ngày làm việc", "fees": [], "description": ""}
    return {**base, **values}


def imported(tmp_path: Path, *records: dict[str, Any] | str) -> Imported:
    file = tmp_path / "records.jsonl"
    lines = [r if isinstance(r, str) else json.dumps({**BASE, **r}, ensure_ascii=False) for r in records]
    file.write_text("\n".join(lines), encoding="utf-8")
    return canonical.load(file)


def remarks(result: Imported, field: str) -> list[tuple[Severity, str]]:
    return [(r.severity, r.message) for r in result.report.remarks if r.field == field]


def test_a_plain_record_is_taken_over_with_every_fact(tmp_path: Path) -> None:
    result = imported(
        tmp_path,
        {
            "methods": [
                method(fees=[{"amount": "70,000 Việt Nam Đồng", "note": "một bản"}]),
                method(channel="truc_tuyen", fees=[{"amount": "70,000 Việt Nam Đồng", "note": "một bản"}]),
            ],
            "documents": [{"case": "", "items": [{"name": "Tờ khai", "original": 1, "copy": 0}]}],
            "results": [{"name": "Giấy khai sinh", "code": "KQ"}],
            "steps": "Bước 1: nộp\nBước 2: nhận",
            "is_full_process_online": True,
            "url": "https://example.vn/1",
        },
    )
    (procedure,) = result.procedures
    assert procedure.source.decision == "163/QĐ-BTP"
    assert [(f.amount, f.text, f.channel) for f in procedure.fees] == [(70_000, "70.000 đồng", None)]
    assert [(t.value, t.unit, t.channel) for t in procedure.times] == [(7, TimeUnit.working_day, None)]
    assert procedure.channels == (Channel.in_person, Channel.online)
    assert procedure.online is not None
    assert procedure.online.value is OnlineValue.full
    assert procedure.documents[0].items[0].original == 1
    assert procedure.results == ("Giấy khai sinh",)
    assert len(procedure.steps) == 2
    assert [(r.office, r.valid_from) for r in procedure.receiving] == [(OfficeKind.commune_centre, date(2025, 7, 1))]
    assert not result.report.remarks


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("{not json", "record"),
        ("[1, 2]", "record"),
        ('{"name": "không mã"}', "code"),
        ('{"code": "1.000001", "name": "   "}', "name"),
        ('{"code": "1.000001", "name": "A", "methods": 3}', "record"),
        ('{"code": "1.000001", "name": "A", "documents": [{"items": 4}]}', "record"),
    ],
)
def test_a_bad_record_is_named_with_line_and_field_and_stops_no_other(tmp_path: Path, line: str, field: str) -> None:
    result = imported(tmp_path, line, {"code": "2.000002"})
    assert [p.code for p in result.procedures] == ["2.000002"]
    (error,) = [r for r in result.report.remarks if r.severity is Severity.error]
    assert (error.line, error.field) == (1, field)
    assert (result.report.total, result.report.accepted) == (2, 1)


def test_bytes_that_are_no_text_stop_only_their_own_line(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_bytes(b"\xff\xfe\n" + json.dumps(BASE).encode() + b"\n")
    result = canonical.load(file)
    assert result.report.counts()["error"] == 1
    assert len(result.procedures) == 1


@pytest.mark.parametrize("code", ["1.0133611", "1.014955-Xoa", "2.009182739"])
def test_a_malformed_code_is_kept_as_it_is_and_reported(tmp_path: Path, code: str) -> None:
    result = imported(tmp_path, {"code": code})
    assert result.procedures[0].code == code
    assert remarks(result, "code")[0][0] is Severity.warning


def test_the_second_record_of_a_code_is_an_error_that_names_the_first_line(tmp_path: Path) -> None:
    result = imported(tmp_path, {}, {"code": "2.000002"}, {"name": "khác"})
    assert [p.name for p in result.procedures] == ["Thủ tục đăng ký khai sinh"] * 2
    assert remarks(result, "code") == [(Severity.error, "duplicate of line 1; the first one was kept")]


def test_names_are_repaired_and_each_repair_is_told(tmp_path: Path) -> None:
    result = imported(
        tmp_path,
        {"code": "1.000001", "name": "HƯỞNG CHẾ ĐỘ THAI SẢN CÔNG TY TNHH"},
        {"code": "1.000002", "name": "Cấp\ngiấy  phép."},
        {"code": "1.000003", "name": "Cơ sở đƣợc chỉ định"},
    )
    assert [p.name for p in result.procedures] == [
        "Hưởng chế độ thai sản công ty TNHH",
        "Cấp giấy phép",
        "Cơ sở được chỉ định",
    ]
    assert [severity for severity, _ in remarks(result, "name")] == [Severity.fixed] * 3


def test_time_and_fee_glued_in_one_cell_give_no_invented_number(tmp_path: Path) -> None:
    glued = method(time_value=None, time_unit="Khác", time_fee_glued=True, fees=[{"amount": "120,000 VNĐ", "note": ""}])
    result = imported(tmp_path, {"methods": [glued]})
    assert result.procedures[0].fees == ()
    assert remarks(result, "fees") == [(Severity.warning, "time and fee were glued in one cell")]


def test_free_of_charge_beside_a_text_that_sets_a_fee_keeps_the_text(tmp_path: Path) -> None:
    fee = {"amount": "Miễn phí", "note": "Hội đồng nhân dân cấp tỉnh quyết định mức thu"}
    result = imported(tmp_path, {"methods": [method(fees=[fee])]})
    assert [(f.amount, f.text) for f in result.procedures[0].fees] == [(None, fee["note"])]
    assert remarks(result, "fees")[0][0] is Severity.warning


def test_plainly_free_is_zero_and_no_information_is_not_held(tmp_path: Path) -> None:
    fees = [{"amount": "Miễn phí", "note": ""}]
    none = [{"amount": "Không có thông tin", "note": ""}]
    result = imported(
        tmp_path,
        {"methods": [method(fees=fees)]},
        {"code": "1.000002", "methods": [method(fees=none)]},
    )
    assert [f.amount for f in result.procedures[0].fees] == [0]
    assert result.procedures[1].fees == ()


def test_a_time_without_a_unit_is_kept_as_text_only(tmp_path: Path) -> None:
    result = imported(
        tmp_path, {"methods": [method(time_value="5", time_unit="Khác", description="Trong vòng 5 ngày làm việc.")]}
    )
    (time,) = result.procedures[0].times
    assert (time.value, time.unit, time.text) == (None, TimeUnit.none, "Trong vòng 5 ngày làm việc")
    assert remarks(result, "times") == [(Severity.warning, "time without a unit: kept as text")]


def test_the_file_name_of_a_form_is_cut_from_the_name_of_a_paper(tmp_path: Path) -> None:
    name = "Đơn đề nghị theo Mẫu số 03 Phụ lục II.Mẫu số 03.docx"
    result = imported(tmp_path, {"documents": [{"case": "", "items": [{"name": name, "original": 1, "copy": 0}]}]})
    assert result.procedures[0].documents[0].items[0].name == "Đơn đề nghị theo Mẫu số 03 Phụ lục II"
    assert remarks(result, "documents")[0][0] is Severity.fixed


@pytest.mark.parametrize(
    ("agency", "office"),
    [
        ("Ủy ban Nhân dân xã, phường, thị trấn.", OfficeKind.commune_centre),
        ("Chủ tịch UBND cấp xã", OfficeKind.commune_centre),
        ("Công an cấp Xã", OfficeKind.commune_police),
        ("Cục cảnh sát quản lý hành chính về trật tự, xã hội, Công an tỉnh", OfficeKind.province_police),
        ("Phòng quản lý xuất nhập cảnh", OfficeKind.province_police),
        ("Văn phòng đăng ký đất đai, Chi nhánh Văn phòng đăng ký đất đai", OfficeKind.land_office),
        ("Ban quản lý khu công nghiệp, khu kinh tế, khu chế xuất", OfficeKind.province_centre),
        ("Chủ tịch ủy ban nhân dân cấp tỉnh", OfficeKind.province_centre),
        ("Thuế cơ sở", OfficeKind.tax_office),
        ("Bảo hiểm xã hội tỉnh", OfficeKind.social_insurance),
        ("Chi cục Hải quan khu vực", OfficeKind.customs),
        ("Đội Thủ tục Biên phòng cửa khẩu cảng", OfficeKind.border_guard),
        ("Ban chỉ huy quân sự cấp Xã", OfficeKind.commune_military),
        ("Trung tâm Dịch vụ việc làm", OfficeKind.job_centre),
    ],
)
def test_an_agency_means_one_kind_of_office(agency: str, office: OfficeKind) -> None:
    assert kinds(agency) == (office,)


def test_renting_is_not_the_tax_office() -> None:
    assert kinds("Đơn vị cho thuê nhà ở") == ()


def test_another_provinces_office_is_generalised_and_told(tmp_path: Path) -> None:
    result = imported(tmp_path, {"executing_agencies": ["Sở Văn hóa và Thể thao Thành phố Hà Nội"]})
    assert [r.office for r in result.procedures[0].receiving] == [OfficeKind.province_centre]
    assert result.procedures[0].decided_by == "Sở Văn hóa và Thể thao"
    assert remarks(result, "executing_agencies")[0][0] is Severity.fixed


def test_an_abolished_office_has_an_end_and_is_told(tmp_path: Path) -> None:
    result = imported(tmp_path, {"executing_agencies": ["Công an huyện"]})
    (rule,) = result.procedures[0].receiving
    assert (rule.office, rule.valid_to) == (OfficeKind.district_police, date(2025, 2, 28))
    assert not result.procedures[0].receives(date(2026, 1, 1))
    assert remarks(result, "executing_agencies")[0][0] is Severity.warning


def test_an_unknown_agency_keeps_its_name_and_none_at_all_is_said(tmp_path: Path) -> None:
    result = imported(
        tmp_path,
        {"executing_agencies": ["Kho bạc nhà nước các cấp"]},
        {"code": "1.000002", "executing_agencies": [], "levels": []},
    )
    assert [(r.office, r.name) for r in result.procedures[0].receiving] == [
        (OfficeKind.other, "Kho bạc nhà nước các cấp")
    ]
    assert result.procedures[1].receiving == ()
    assert remarks(result, "receiving")[0][0] is Severity.warning


def test_gzip_is_read_and_half_a_gzip_is_refused_with_a_sentence(tmp_path: Path) -> None:
    packed = gzip.compress(("\n".join([json.dumps(BASE)] * 1)).encode())
    whole, half = tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"
    whole.write_bytes(packed)
    half.write_bytes(packed[: len(packed) // 2])
    assert len(canonical.load(whole).procedures) == 1
    with pytest.raises(Invalid, match="not a whole gzip"):
        canonical.load(half)
    with pytest.raises(Invalid, match="cannot be read"):
        canonical.load(tmp_path / "none.jsonl")


def test_online_level_is_unknown_when_only_the_way_is_known(tmp_path: Path) -> None:
    result = imported(
        tmp_path,
        {"methods": [method(channel="truc_tuyen")], "is_full_process_online": None},
        {"code": "1.000002", "methods": [method(channel="truc_tuyen")], "is_full_process_online": False},
        {"code": "1.000003", "methods": [method()]},
    )
    levels = [p.online.value if p.online else None for p in result.procedures]
    assert levels == [OnlineValue.unknown, OnlineValue.partial, None]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
@pytest.mark.parametrize(
    ("name", "accepted", "held"), [("province_2754.jsonl.gz", 2754, 0.94), ("national_5775.jsonl.gz", 5774, 0.94)]
)
def test_the_real_catalogues_come_in_and_nearly_all_say_who_receives(name: str, accepted: int, held: float) -> None:
    result = canonical.load(SHARED / "catalogue" / name)
    assert result.report.accepted == accepted
    assert len(result.procedures) == accepted
    assert result.report.as_read["receiving"] / accepted >= held
    assert json.dumps(result.report.as_json())
