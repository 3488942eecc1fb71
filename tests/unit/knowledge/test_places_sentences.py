"""Names in a sentence: a misspelt one is asked about, another province is told from where somebody comes from."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge.places import Gazetteer

PLACES = Gazetteer.load()
NOW = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("làm khai sinh ở xã Mỹ Hòa Hưn cần giấy gì", "Xã Mỹ Hòa Hưng"),
        ("lam khai sinh o xa my hoa hunng", "Xã Mỹ Hòa Hưng"),
        ("tôi ở Mỹ Hòa Hưn, làm khai sinh ở đâu", "Xã Mỹ Hòa Hưng"),
        ("đăng ký tạm trú ở phường Long Xuyênh", "Phường Long Xuyên"),
        ("khai tử ở xã Bình Thạnh Đôn", "Xã Bình Thạnh Đông"),
    ],
)
def test_a_misspelt_name_in_a_sentence_is_suggested_and_taken_for_no_other(text: str, place: str) -> None:
    (mention,) = PLACES.find(text, NOW)
    assert mention.resolution.matches == ()
    assert place in [match.place.name for match in mention.resolution.suggestions]


@pytest.mark.parametrize("text", ["tôi ở xã Mỹ Hòa cần giấy gì", "ở xã Vĩnh Thạnh trong tỉnh", "ở xã Mỹ Đức, cần gì"])
def test_what_stands_behind_a_right_name_is_no_part_of_it(text: str) -> None:
    (mention,) = PLACES.find(text, NOW)
    assert mention.resolution.matches


@pytest.mark.parametrize(
    ("text", "province"),
    [
        ("đăng ký kết hôn ở Hà Nội", "Thành phố Hà Nội"),
        ("dang ky ket hon o ha noi", "Thành phố Hà Nội"),
        ("đăng ký khai sinh tại TP HCM", "Thành phố Hồ Chí Minh"),
        ("làm khai sinh ở tỉnh Khánh Hòa", "Tỉnh Khánh Hòa"),
        ("đăng ký kết hôn Hà Nội", "Thành phố Hà Nội"),
        ("làm ở sài gòn được không", "Thành phố Hồ Chí Minh"),
    ],
)
def test_another_province_where_it_is_to_be_done_is_told(text: str, province: str) -> None:
    mention = PLACES.outside(text)
    assert mention is not None
    assert mention.resolution.elsewhere is not None
    assert mention.resolution.elsewhere.name == province
    assert text[mention.start : mention.end] == mention.text


@pytest.mark.parametrize(
    "text",
    [
        "hộ khẩu ở Cần Thơ",
        "tôi sinh ở Hà Nội",
        "người Hà Nội cưới vợ An Giang",
        "làm ở Khánh Hòa",
        "tôi ở An Giang",
        "đăng ký kết hôn",
        "",
        "ở",
        "\ud800 ở Hà",
    ],
)
def test_where_somebody_comes_from_and_what_is_ours_is_not_outside(text: str) -> None:
    assert PLACES.outside(text) is None
