"""Short commands mean one thing, with and without diacritics, and nothing longer is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.text import fold
from nlu.commands import read, step, wish
from nlu.reading import Asked
from nlu.reading import read as read_in_context

CODE = {"case_code": "MC-7K3Q9D"}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("xóa dữ liệu của tôi", "erasure"),
        ("Xoá hết dữ liệu của tui đi em", "erasure"),
        ("xóa toàn bộ thông tin cá nhân của tôi giùm", "erasure"),
        ("xóa số điện thoại của tôi", "erasure"),
        ("xóa dữ liệu", "erasure"),
        ("dữ liệu của tôi", "access"),
        ("cho tui xem dữ liệu của tui", "access"),
        ("rút lại đồng ý", "objection"),
        ("xóa đăng ký thường trú", None),
        ("dữ liệu đất đai của tôi sai", None),
        ("thông tin của tôi trên VNeID sai", None),
        ("tôi muốn xóa dữ liệu của công ty cũ trên cổng thuế thì làm sao", None),
        ("xóa án tích", None),
    ],
)
def test_one_s_own_data(text: str, meant: str | None) -> None:
    assert wish(text) == meant
    assert wish(fold(text)) == meant


@pytest.mark.parametrize(
    ("text", "entities", "meant"),
    [
        ("bổ sung MC-7K3Q9D: nay vẫn chưa sửa", CODE, ("add_case", {"case": "MC-7K3Q9D"})),
        ("bo sung vo phieu mc 7k3q9d 123456 la chua ai toi", CODE, ("add_case", {"case": "MC-7K3Q9D"})),
        ("bổ sung thêm cho phiếu hôm trước", {}, ("add_case", {})),
        ("mở lại MC-7K3Q9D: đường vẫn hư", CODE, ("reopen_case", {"case": "MC-7K3Q9D"})),
        ("mo lai phieu cua toi di", {}, ("reopen_case", {})),
        ("5 sao", {}, ("rate_case", {"rating": 5})),
        ("cho một sao nha", {}, ("rate_case", {"rating": 1})),
        ("đánh giá MC-7K3Q9D 4 sao", CODE, ("rate_case", {"case": "MC-7K3Q9D", "rating": 4})),
        ("chưa giải quyết", {}, ("solved_case", {"yes": False})),
        ("da giai quyet xong roi", {}, ("solved_case", {"yes": True})),
        ("bổ sung giấy tờ gì", {}, None),
        ("bổ sung hồ sơ hộ kinh doanh ở đâu", {}, None),
        ("khách sạn 5 sao cần giấy gì", {}, None),
        ("6 sao", {}, None),
        ("mở lại tài khoản VNeID", {}, None),
        ("MC-7K3Q9D tới đâu rồi", CODE, None),
    ],
)
def test_steps_of_a_case(text: str, entities: dict[str, str], meant: object) -> None:
    assert step(text, entities, question=False) == meant
    assert step(fold(text), entities, question=False) == meant


def test_a_question_whether_it_is_settled_settles_nothing() -> None:
    assert step("đã giải quyết xong chưa", {}, question=True) is None


@pytest.mark.parametrize(
    ("pending", "text", "intent"),
    [
        ("comment:MC-7K3Q9D", "cán bộ rất nhiệt tình", "inform"),
        ("comment:MC-7K3Q9D", "thôi", "stop"),
        ("comment:MC-7K3Q9D", "không", "deny"),
        ("add:MC-7K3Q9D", "đường vẫn hư nặng lắm", "inform"),
        ("reopen:MC-7K3Q9D", "tôi muốn khiếu nại tiếp chuyện này", "inform"),
        ("contact:MC-7K3Q9D", "0912 345 678", "inform"),
        ("data:erasure", "ừ", "affirm"),
        ("data:erasure", "không", "deny"),
        ("consent:MC-7K3Q9D", "đồng ý", "affirm"),
        ("consent:MC-7K3Q9D", "không đồng ý", "deny"),
    ],
)
def test_what_was_asked_beside_a_case_is_answered(pending: str, text: str, intent: str) -> None:
    reading = read_in_context(text, Asked(pending=pending), [("out_of_scope", 0.4)], {})
    assert reading is not None
    assert reading.intent == intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("đồng ý", "affirm"),
        ("dong y", "affirm"),
        ("không đồng ý", "deny"),
        ("bỏ qua", "deny"),
        ("hủy", "stop"),
        ("0912 345 678", "inform"),
        ("để coi", "inform"),
        ("đồng ý hay không cũng vậy", "inform"),
    ],
)
def test_only_a_plain_yes_is_consent(text: str, intent: str) -> None:
    reading = read_in_context(text, Asked(slot="case_consent"), [("affirm", 0.99)], {})
    assert reading is not None
    assert reading.intent == intent


@given(st.text(max_size=1_500))
def test_no_text_breaks_it(text: str) -> None:
    found = read(text, CODE, question=False)
    assert found is None or found[0]
