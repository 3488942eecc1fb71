"""Every JSON shape in which procedures come gives the same kind of record, and its traps are named."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from knowledge.importers import read
from knowledge.importers.report import Imported, Severity
from knowledge.importers.traps import ABOUT, Trap
from knowledge.procedures import Channel, OfficeKind, OnlineValue, TimeUnit

DETAIL: dict[str, Any] = {
    "id": "019d2bfd-380b-73df-9a18-000000000001",
    "code": "1.000001",
    "codeNotation": "1.000001",
    "name": "Đăng ký nuôi ong",
    "executionSteps": [{"name": "Bước 1", "description": "Nộp hồ sơ"}, {"name": "", "description": "Nhận kết quả"}],
    "executionMethods": [
        {
            "submissionMethod": "DIRECT",
            "processingTime": 7,
            "processingTimeUnit": "WORKING_DAY",
            "description": "",
            "fees": [{"type": "FEE", "value": 20000, "currencyName": "Việt Nam Đồng", "description": ""}],
        },
        {"submissionMethod": "ONLINE", "processingTime": 5, "processingTimeUnit": "OTHER", "fees": None},
    ],
    "executionCases": [
        {"name": "* Giấy tờ phải nộp:", "profileComponents": [{"name": "Tờ khai", "originalQty": 1, "copyQty": 0}]}
    ],
    "isWard": True,
    "isProvince": False,
    "isFullProcess": True,
    "categoriesDetails": [{"name": "Chăn nuôi"}],
    "departmentPromulgateName": "Bộ Nông nghiệp và Môi trường",
    "unitGroupsExecuting": [{"name": "Ủy ban nhân dân cấp xã"}],
    "subjectTypesDetails": [{"name": "Công dân Việt Nam"}],
    "resultsDetails": [{"name": "Giấy xác nhận"}],
    "legalBasisesDetails": [{"name": "Luật Chăn nuôi", "code": "32/2018/QH14"}],
    "procedureProposal": {"proposalNumber": "11/QĐ-BNNMT", "decisionDate": 1768496400000},
    "state": "UPDATED",
}
ENTRY: dict[str, Any] = {
    "code": "1.000002",
    "codeNotation": "1.000002",
    "name": "Thả ong",
    "categories": ["Chăn nuôi"],
    "departments": ["Sở Nông nghiệp và Môi trường"],
    "departmentPromulgate": "UBND tỉnh Lào Cai",
    "formalityTargetType": ["Doanh nghiệp"],
}


def read_json(tmp_path: Path, value: Any, name: str = "source.json") -> Imported:
    file = tmp_path / name
    file.write_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return read(file, as_of=date(2026, 11, 1))


def traps(result: Imported) -> set[str]:
    return set(result.report.traps())


def test_an_answer_of_the_api_is_taken_over_with_every_fact(tmp_path: Path) -> None:
    result = read_json(tmp_path, DETAIL)
    (procedure,) = result.procedures
    assert result.report.format == "national_api_detail"
    assert (procedure.code, procedure.field, procedure.promulgator) == (
        "1.000001",
        "Chăn nuôi",
        "Bộ Nông nghiệp và Môi trường",
    )
    assert [rule.office for rule in procedure.receiving] == [OfficeKind.commune_centre]
    assert procedure.channels == (Channel.in_person, Channel.online)
    assert procedure.online is not None
    assert procedure.online.value is OnlineValue.full
    assert [(fee.amount, fee.channel) for fee in procedure.fees] == [(20_000, Channel.in_person)]
    assert [(t.value, t.unit, t.channel) for t in procedure.times] == [
        (7, TimeUnit.working_day, Channel.in_person),
        (None, TimeUnit.none, Channel.online),
    ]
    assert [(case.case, case.items[0].name, case.items[0].original) for case in procedure.documents] == [
        ("Giấy tờ phải nộp", "Tờ khai", 1)
    ]
    assert procedure.steps == ("Bước 1 Nộp hồ sơ", "Nhận kết quả")
    assert procedure.results == ("Giấy xác nhận",)
    assert procedure.legal == ("32/2018/QH14",)
    assert (procedure.source.decision, procedure.source.decided) == ("11/QĐ-BNNMT", date(2026, 1, 16))
    assert procedure.checked == date(2026, 11, 1)
    (remark,) = result.report.remarks
    assert (remark.trap, remark.line, remark.column) == (
        "time_without_unit",
        1,
        "executionMethods.processingTime",
    )


@pytest.mark.parametrize(
    "wrapped",
    [
        {"code": "OK", "data": DETAIL},
        [{"code": "OK", "data": DETAIL}],
        {"data": {"items": [DETAIL], "total": 1}},
        {"content": [DETAIL]},
        [[DETAIL]],
        json.dumps(DETAIL) + "\n" + json.dumps({"code": "OK", "data": {**DETAIL, "codeNotation": "1.000003"}}),
        "\ufeff" + json.dumps([DETAIL], indent=2),
    ],
)
def test_the_same_record_comes_out_of_every_wrapping(tmp_path: Path, wrapped: Any) -> None:
    expected = read_json(tmp_path, DETAIL).procedures[0]
    assert read_json(tmp_path, wrapped).procedures[0] == expected


def test_gzip_is_known_by_its_content_and_not_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    file.write_bytes(gzip.compress(json.dumps([DETAIL]).encode()))
    assert len(read(file).procedures) == 1


def test_an_entry_of_the_list_and_a_record_of_the_old_gateway_are_read(tmp_path: Path) -> None:
    old = {
        "PROCEDURE_CODE": "1.000009",
        "PROCEDURE_NAME": "Cấp thẻ",
        "PUBLISHED_AGENCY": "Bộ Công an",
        "IMPLEMENTATION_AGENCY": "Công an Xã",
        "FIELD_NAME": "Cư trú",
    }
    result = read_json(tmp_path, [ENTRY, old])
    entry, gateway = result.procedures
    assert result.report.format == "national_api_list, old_rest_gateway"
    assert entry.subjects == ("Doanh nghiệp",)
    assert [rule.office for rule in entry.receiving] == [OfficeKind.province_centre]
    assert (gateway.code, gateway.field) == ("1.000009", "Cư trú")
    assert [rule.office for rule in gateway.receiving] == [OfficeKind.commune_police]
    assert traps(result) == {"other_province_procedure"}


def test_free_in_numbers_beside_a_text_that_sets_a_fee_and_an_empty_fee_are_no_zero(tmp_path: Path) -> None:
    council = {"value": 0, "description": "Do Hội đồng nhân dân cấp tỉnh quyết định"}
    record = {
        **DETAIL,
        "executionMethods": [{"submissionMethod": "DIRECT", "fees": [council, {"value": None, "description": ""}]}],
    }
    result = read_json(tmp_path, record)
    assert [(fee.amount, fee.text) for fee in result.procedures[0].fees] == [(None, council["description"])]
    assert traps(result) == {"free_beside_a_fee"}


def test_foreign_money_is_kept_as_text_and_a_lost_thousand_is_no_fee(tmp_path: Path) -> None:
    fees = [{"value": 20, "currencyName": "USD", "description": "Ghi sổ"}, {"value": 45, "description": ""}]
    record = {**DETAIL, "executionMethods": [{"submissionMethod": "DIRECT", "fees": fees}]}
    result = read_json(tmp_path, record)
    assert [(fee.amount, fee.text) for fee in result.procedures[0].fees] == [(None, "20 USD")]
    assert traps(result) == {"fee_too_small"}


def test_one_bad_record_in_a_list_stops_no_other(tmp_path: Path) -> None:
    bad = ('{"name": "x" "code"}', '{"chào": 1}', '{"code": "OK", "data": null}')
    text = f"[{json.dumps(DETAIL)}, {bad[0]}, {json.dumps(ENTRY)}, {bad[1]}, {bad[2]}]"
    result = read_json(tmp_path, text)
    assert [p.code for p in result.procedures] == ["1.000001", "1.000002"]
    errors = [(r.line, r.trap) for r in result.report.remarks if r.severity is Severity.error]
    assert [trap for _, trap in errors] == ["bad_json", "bad_shape", "bad_shape"]
    assert (result.report.total, result.report.accepted) == (5, 2)


def test_a_page_with_glued_tables_is_cut_apart_and_told(tmp_path: Path) -> None:
    page = {
        "ma_thu_tuc": "1.000010",
        "ten_thu_tuc": "Đăng ký nuôi chim",
        "so_quyet_dinh": "12/QĐ-BNNMT",
        "cap_thuc_hien": "Cấp xã",
        "doi_tuong_thuc_hien": "Công dân Việt Nam, Tổ chức (không bao gồm doanh nghiệp, HTX)",
        "co_quan_thuc_hien": "Không có thông tin",
        "co_quan_co_tham_quyen": "Ủy ban Nhân dân xã, phường, thị trấn.",
        "trinh_tu_thuc_hien": "- Nộp hồ sơ\n- Nhận kết quả",
        "cach_thuc_thuc_hien": "Hình thức nộpThời gianPhí, lệ phíMô tảTrực tuyến7.5 GiờMiễn phí"
        "(Do (HĐND) tỉnh quyết định)Nộp qua cổngTrực tiếp3 Ngày làm việc10,000 Việt Nam Đồng(một bản)",
        "thanh_phan_ho_so": "* Phải nộp:Tên giấy tờMẫu đơn, tờ khaiSố lượng"
        "Tờ khai theo Thông tư 04/2020/TT-BTP1 bản chính"
        "Ảnh 4x60 bản chính,2 bản sao* Phải xuất trình:Tên giấy tờMẫu đơn, tờ khaiSố lượngThẻ căn cước1 bản chính",
        "can_cu_phap_ly": "Tên văn bản pháp lýMã văn bảnLuật Hộ tịch60/2014/QH13Nghị định123/2015/NĐ-CP",
        "ket_qua_xu_ly": "Giấy xác nhậnMã: KQ.G15.000031Từ khóaKhông có thông tinMô tảKhông có thông tin"
        "Chọn cơ quan thực hiệnTỉnh/ Thành phốNộp hồ sơ",
        "yeu_cau_dieu_kien": "Không có thông tin",
    }
    result = read_json(tmp_path, [page])
    (procedure,) = result.procedures
    assert [(t.value, t.unit, t.channel) for t in procedure.times] == [
        (7.5, TimeUnit.hour, Channel.online),
        (3, TimeUnit.working_day, Channel.in_person),
    ]
    assert [(fee.amount, fee.note) for fee in procedure.fees] == [(None, None), (10_000, "một bản")]
    assert [(c.case, [(i.name, i.original, i.copy_count) for i in c.items]) for c in procedure.documents] == [
        ("Phải nộp", [("Tờ khai theo Thông tư 04/2020/TT-BTP", 1, 0), ("Ảnh 4x6", 0, 2)]),
        ("Phải xuất trình", [("Thẻ căn cước", 1, 0)]),
    ]
    assert procedure.results == ("Giấy xác nhận",)
    assert procedure.legal == ("60/2014/QH13", "123/2015/NĐ-CP")
    assert procedure.subjects == ("Công dân Việt Nam", "Tổ chức (không bao gồm doanh nghiệp, HTX)")
    assert procedure.conditions is None
    assert [rule.office for rule in procedure.receiving] == [OfficeKind.commune_centre]
    assert traps(result) == {"glued_cells", "page_furniture", "free_beside_a_fee"}


def test_glued_cells_that_nobody_can_tell_apart_are_left_out_with_a_warning(tmp_path: Path) -> None:
    page = {
        "ma_thu_tuc": "1.000011",
        "ten_thu_tuc": "Khai thuế",
        "cach_thuc_thuc_hien": "Trực tuyếnKhông phải trả kết quả",
        "thanh_phan_ho_so": "Tờ khai",
    }
    result = read_json(tmp_path, [page])
    glued = [(r.field, r.severity) for r in result.report.remarks if r.trap == Trap.glued_cells]
    assert glued == [("methods", Severity.warning), ("documents", Severity.warning)]
    assert (result.procedures[0].times, result.procedures[0].documents) == ((), ())


def test_a_form_made_of_a_docx_is_read(tmp_path: Path) -> None:
    form = {
        "thu_tuc_id": "1.000012",
        "metadata": {
            "mã_thủ_tục": "1.000012",
            "tên_thủ_tục": "Phê duyệt kế hoạch",
            "số_quyết_định": "Quyết định số 6225/QĐ-BQP",
            "cấp_thực_hiện": "Cấp Tỉnh",
            "lĩnh_vực": "Môi trường",
        },
        "content": {
            "trình_tự_thực_hiện": "Bước 1: Nộp. Bước 2: Nhận.",
            "đối_tượng_thực_hiện": "Doanh nghiệp",
            "cơ_quan_thực_hiện": "Ủy ban nhân dân cấp tỉnh",
            "kết_quả_thực_hiện": "Quyết định",
            "yêu_cầu_điều_kiện_thực_hiện": "Không có thông tin",
        },
        "tables": {
            "hinh_thuc_nop": [
                {"hinh_thuc": "Trực tiếp", "thoi_han_giai_quyet": "30 Ngày làm việc", "phi_le_phi": "Phí : 0 Đồng"}
            ],
            "thanh_phan_ho_so": [
                {"ten_giay_to": "Kế hoạch", "so_luong": "m.doc", "ghi_chu": "Bản chính: 1\nBản sao: 2"}
            ],
            "can_cu_phap_ly": [{"so_ky_hieu": "12", "trich_yeu": "Nghị định số 12/2021/NĐ-CP"}],
        },
    }
    (procedure,) = read_json(tmp_path, form).procedures
    assert procedure.steps == ("Bước 1: Nộp.", "Bước 2: Nhận.")
    assert procedure.source.decision == "6225/QĐ-BQP"
    assert [(t.value, t.unit) for t in procedure.times] == [(30, TimeUnit.working_day)]
    assert [fee.amount for fee in procedure.fees] == [0]
    assert [(i.name, i.original, i.copy_count) for i in procedure.documents[0].items] == [("Kế hoạch", 1, 2)]
    assert procedure.legal == ("12/2021/NĐ-CP",)
    assert [rule.office for rule in procedure.receiving] == [OfficeKind.province_centre]


def test_a_page_of_2021_has_no_code_and_is_told_to_be_old(tmp_path: Path) -> None:
    page = {
        "title": "Đăng ký thường trú",
        "Trình tự thực hiện": "Bước 1: nộp hồ sơ.</p> \n&nbsp;Bước 2: nhận <b>kết quả</b>.",
        "Cách thức thực hiện": [
            {
                "Hình thức nộp": "Trực tiếp",
                "Thời hạn giải quyết": "07 Ngày làm việc",
                "Phí, lệ phí": "Phí: ĐồngXem chi tiết",
                "Mô tả": "",
            }
        ],
        "Thành phần hồ sơ": [
            {"Tên giấy tờ": "- Tờ khai;", "Số lượng - bản chính": "Bản chính: 1 - Bản sao: 0"},
        ],
        "Cơ quan thực hiện": "Công an huyện",
    }
    result = read_json(tmp_path, [page])
    (procedure,) = result.procedures
    assert procedure.code.startswith("KM-")
    assert procedure.steps == ("Bước 1: nộp hồ sơ.", "Bước 2: nhận kết quả.")
    assert [(t.value, t.unit) for t in procedure.times] == [(7, TimeUnit.working_day)]
    assert procedure.fees == ()
    assert [(i.name, i.original, i.copy_count) for i in procedure.documents[0].items] == [("Tờ khai", 1, 0)]
    assert traps(result) == {"old_source", "code_from_name", "html_in_text", "page_furniture", "abolished_office"}
    assert read_json(tmp_path, [page]).procedures == result.procedures


def test_a_record_of_a_commune_is_read(tmp_path: Path) -> None:
    record = {
        "ma_tthc": "1.000288",
        "ten": "Công nhận trường đạt chuẩn",
        "so_quyet_dinh": "5756/QĐ-BGDDT",
        "ngay_quyet_dinh": "09/01/2018",
        "cap": "Cấp tỉnh, Cấp xã",
        "dia_chi_tiep_nhan": "Ủy ban nhân dân cấp xã; Sở giáo dục và đào tạo",
        "trang_thai": "Bãi bỏ",
        "cach_thuc": [{"hinh_thuc_nop": "Bưu chính", "thoi_gian": "Khác", "phi_le_phi": "Phí: 0 VNĐ"}],
        "tphs": [{"ten_giay_to": "Báo cáo", "ban_chinh": True}],
        "kqth": [{"ten_ket_qua": "Bằng công nhận"}],
        "ccpl": [{"so_ky_hieu": "19/2018/TT-BGDĐT"}],
    }
    result = read_json(tmp_path, {"note": "…", "record": record})
    (procedure,) = result.procedures
    assert procedure.source.decided == date(2018, 1, 9)
    assert procedure.channels == (Channel.post,)
    assert [rule.office for rule in procedure.receiving] == [OfficeKind.commune_centre, OfficeKind.province_centre]
    assert procedure.documents[0].items[0].original == 1
    assert traps(result) == {"withdrawn_procedure"}


@pytest.mark.parametrize(
    ("code", "kept", "trap"),
    [
        ("1.001612.000.00.00.H01", "1.001612", "code_suffix"),
        ("1.012753.H19", "1.012753", "code_suffix"),
        (1.00422, "1.004220", "code_as_number"),
        ("1.0133611", "1.0133611", "code_malformed"),
        ("1.014955-Xoa", "1.014955-Xoa", "code_malformed"),
    ],
)
def test_codes_are_repaired_only_where_that_is_sure(tmp_path: Path, code: Any, kept: str, trap: str) -> None:
    result = read_json(tmp_path, [{"code": code, "name": "Một thủ tục", "levels": ["Cấp xã"]}])
    assert [p.code for p in result.procedures] == [kept]
    assert traps(result) == {trap}


def test_doubles_are_told_apart(tmp_path: Path) -> None:
    base = {"code": "1.000001", "name": "Đăng ký", "promulgator": "UBND tỉnh An Giang", "levels": ["Cấp xã"]}
    result = read_json(
        tmp_path,
        [
            base,
            base,
            {**base, "name": "Hỗ trợ", "promulgator": "UBND tỉnh Kiên Giang"},
            {**base, "code": "1.000002", "name": "ĐĂNG KÝ"},
            {**base, "code": "1.000003", "levels": ["Cấp tỉnh"]},
        ],
    )
    found = [(r.line, r.trap) for r in result.report.remarks if not r.trap.startswith("name_")]
    assert found == [
        (2, "record_repeated"),
        (3, "code_not_unique"),
        (4, "same_procedure_two_codes"),
        (5, "same_name_two_levels"),
    ]


def test_details_of_another_procedure_are_dropped_and_the_offices_kept(tmp_path: Path) -> None:
    record = {
        "code": "3.000001",
        "name": "Khóa tài khoản định danh",
        "field": "Người có công",
        "promulgator": "Bộ Công an",
        "executing_agencies": ["Công an cấp Xã"],
        "decision_no": "99/QĐ-UBND",
        "steps": "Nộp qua motcua.tinhkhac.gov.vn",
        "methods": [{"channel": "truc_tiep", "time_value": 5, "time_unit": "Ngày"}],
        "documents": [{"case": "", "items": [{"name": "Đơn trồng cây"}]}],
    }
    by_host = {**record, "code": "3.000002", "name": "Mở khóa", "decision_no": "5/QĐ-BCA"}
    own = {**record, "code": "3.000003", "name": "Khóa thẻ", "decision_no": "5/QĐ-BCA", "steps": "Nộp tại xã"}
    result = read_json(tmp_path, [record, by_host, own])
    assert [(r.code, r.trap) for r in result.report.remarks] == [
        ("3.000001", "foreign_details"),
        ("3.000002", "foreign_details"),
    ]
    first, _, kept = result.procedures
    assert (first.steps, first.times, first.documents, first.field, first.source.decision) == ((), (), (), "", None)
    assert [rule.office for rule in first.receiving] == [OfficeKind.commune_police]
    assert kept.steps == ("Nộp tại xã",)


def test_letters_of_other_alphabets_and_split_marks_are_told_once_a_field(tmp_path: Path) -> None:
    split = "Cấp thẻ cho ngu\u031bo\u031b\u0300i dân"
    result = read_json(tmp_path, [{"code": "1.000001", "name": split, "steps": "đƣợc\nđƣợc", "levels": ["Cấp xã"]}])
    assert result.procedures[0].name == "Cấp thẻ cho người dân"
    assert [(r.field, r.trap, r.severity) for r in result.report.remarks] == [
        ("name", "not_nfc", Severity.fixed),
        ("steps", "letter_for_u_horn", Severity.fixed),
    ]


def test_every_trap_is_explained_in_both_languages() -> None:
    assert set(ABOUT) == set(Trap)
    assert all(about.english and about.vietnamese for about in ABOUT.values())
