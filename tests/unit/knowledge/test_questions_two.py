"""Two questions in one message are told from one with two parts; parts of codes from amounts."""

from __future__ import annotations

import pytest

from knowledge import questions
from knowledge.questions import Facet


@pytest.mark.parametrize(
    ("text", "first", "second", "plain", "more"),
    [
        ("làm khai sinh ở đâu và nhập hộ khẩu cần giấy gì", Facet.where, Facet.documents, True, False),
        ("lam khai sinh o dau roi nhap ho khau can giay gi", Facet.where, Facet.documents, True, False),
        ("đổi căn cước bao nhiêu tiền? tách hộ mất bao lâu? kết hôn ở đâu", Facet.fee, Facet.time, True, True),
        ("làm khai sinh với nhập hộ khẩu cần giấy gì", None, Facet.documents, False, False),
    ],
)
def test_two_questions_are_told_apart(text: str, first: Facet | None, second: Facet, plain: bool, more: bool) -> None:
    two = questions.two(questions.read(text))
    assert two is not None
    assert two.first.facets == ((first,) if first else ())
    assert two.second.facets == (second,)
    assert (two.plain, two.more) == (plain, more)


@pytest.mark.parametrize(
    "text",
    [
        "đăng ký kết hôn cần giấy tờ gì, nộp ở đâu",
        "đăng ký tạm trú nộp ở đâu, tôi ở xã Mỹ Hòa Hưng",
        "làm khai sinh",
        "1.001193 và kết hôn ở đâu",
        "và và và, , ,",
        "",
    ],
)
def test_one_question_is_not_cut(text: str) -> None:
    assert questions.two(questions.read(text)) is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("thủ tục 1.0011", ("1.0011",)),
        ("1.00119", ("1.00119",)),
        ("mã 001193 cần gì", ("001193",)),
        ("mã 1193", ("1193",)),
        ("thủ tục số 1001193", ("1.001193",)),
        ("thủ tục 1,001193", ("1.001193",)),
        ("1.001193", ()),
        ("vay 1.500.000 đồng", ()),
        ("đất 1.500 m2", ()),
        ("gọi 0912345678", ()),
        ("ngày 12/11/2026", ()),
    ],
)
def test_parts_of_codes_are_spotted_and_amounts_are_not(text: str, parts: tuple[str, ...]) -> None:
    assert questions.read(text).parts == parts


@pytest.mark.parametrize(
    ("part", "code", "named"),
    [
        ("1.0011", "1.001193", True),
        ("1193", "1.001193", True),
        ("001193", "2.001193", True),
        ("1.0011", "2.001193", False),
    ],
)
def test_a_part_names_the_codes_that_hold_it(part: str, code: str, named: bool) -> None:
    assert questions.named_by(part, code) is named
