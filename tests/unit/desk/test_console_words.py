"""Small parts of the console that need no server."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from desk.console._frame import day, field_of, number, url, when
from desk.console._values import _WORDS, lines
from desk.console._words import COLUMNS, in_vietnamese
from knowledge.importers._headings import FIELDS
from knowledge.procedures import Channel, OfficeKind, OnlineValue, TimeUnit
from store.errors import Conflict, Invalid, NotFound


def test_every_column_of_a_table_has_a_vietnamese_name() -> None:
    assert set(COLUMNS) == set(FIELDS)


@pytest.mark.parametrize(
    ("error", "begins"),
    [
        (NotFound("There is no version x of the catalogue."), "Không tìm thấy"),
        (Conflict("Another build is running."), "Có việc khác"),
        (
            Invalid("The golden questions are answered worse: “làm giấy khai sinh”. The live one stays."),
            "Chưa làm được",
        ),
        (Invalid("danh mục thủ tục.csv holds no record of a procedure."), "Chưa làm được"),
        (Invalid("Tệp x.yml rỗng."), "Tệp x.yml rỗng."),
    ],
)
def test_staff_read_vietnamese_whoever_raised_the_error(error: NotFound | Conflict | Invalid, begins: str) -> None:
    said = in_vietnamese(error)
    assert said.startswith(begins)
    assert error.message in said


def test_moments_days_and_numbers_are_written_as_in_viet_nam() -> None:
    assert when(datetime(2026, 7, 1, 18, 5, tzinfo=UTC)) == "01:05 02/07/2026"
    assert when(None) == ""
    assert day(date(2026, 7, 1)) == day("2026-07-01") == "01/07/2026"
    assert day("tháng 7") == "tháng 7"
    assert day(None) == ""
    assert number(1234567) == "1.234.567"
    assert number(1234.5) == "1.234,5"


def test_an_address_carries_only_what_is_set() -> None:
    assert url("/a", q="xã Mỹ", page=2, kind=None, text="") == "/a?q=x%C3%A3+M%E1%BB%B9&page=2"
    assert url("/a", q="") == "/a"


def test_a_field_that_is_missing_or_too_long_is_empty() -> None:
    assert field_of({"a": " x "}, "a") == "x"
    assert field_of({"a": "x" * 11}, "a", longest=10) == ""
    assert field_of({}, "a") == ""
    assert field_of({"a": b"x"}, "a") == ""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, ()),
        ([], ()),
        ("hai\ndòng", ("hai", "dòng")),
        (True, ("có",)),
        (
            [{"amount": 8000, "text": "8.000 đồng", "channel": "online"}],
            ("8.000 đồng; số tiền 8.000 đồng; khi nộp trực tuyến",),
        ),
        (
            {"office": "commune_centre", "accepts": False, "valid_from": "2025-07-01"},
            ("trung tâm hành chính công cấp xã; nhận hồ sơ không; từ 01/07/2025",),
        ),
        ({"value": 5.0, "unit": "working_day"}, ("5; tính bằng ngày làm việc",)),
        (
            [{"case": "Trẻ bị bỏ rơi", "items": [{"name": "Biên bản", "original": 1}]}],
            ("Trẻ bị bỏ rơi:", "Biên bản; bản chính 1"),
        ),
        ({"new_key": 1}, ("new_key 1",)),
    ],
)
def test_a_changed_field_is_read_in_vietnamese(value: object, said: tuple[str, ...]) -> None:
    assert lines(value) == said


def test_every_name_of_the_data_has_vietnamese_words() -> None:
    for kind in (OfficeKind, Channel, TimeUnit, OnlineValue):
        assert {each.value for each in kind} - {"other"} <= set(_WORDS), kind
