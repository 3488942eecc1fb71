"""Places: every unit answers to its names, old ones lead to new ones, and sentences give few false alarms."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.places import Gazetteer, Place, PlaceNotCovered, Resolution
from knowledge.text import fold

NOW = date(2026, 11, 22)
THEN = date(2024, 6, 1)
PLACES = Gazetteer.load()
COMMUNES = PLACES.communes(NOW)
OLD = PLACES.communes(THEN)
SHARED = Path(os.environ.get("MOTCUA_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))


def shared(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"shared data {name} is not here")
    return path


def names(found: Resolution) -> list[str]:
    return [match.place.name for match in found.matches]


def address(place: Place, district: Place) -> str:
    return f"{place.name}, {district.name}"


def test_the_counts_are_those_of_the_resolutions() -> None:
    assert Counter(place.type for place in COMMUNES) == {"Xã": 85, "Phường": 14, "Đặc khu": 3}
    provinces = Counter(PLACES.get(PLACES.get(place.parent or "").parent or "").short for place in OLD)
    assert provinces == {"An Giang": 156, "Kiên Giang": 143}
    assert len({place.parent for place in OLD}) == 11 + 15
    assert all(place.lat and place.lon and place.area_km2 for place in COMMUNES)


def test_every_old_commune_became_something_and_every_new_one_was_something() -> None:
    assert all(PLACES.successors(place.code, NOW) for place in OLD)
    assert all(PLACES.predecessors(place.code) for place in COMMUNES)
    divided = {place.short for place in OLD if len(PLACES.successors(place.code, NOW)) > 1}
    assert divided == {"Vĩnh Châu", "Phú Hội", "Phước Hưng"}
    same = [new for new in COMMUNES if {old.name for old in PLACES.predecessors(new.code)} == {new.name}]
    assert {place.short for place in same} == {
        "Mỹ Hòa Hưng",
        "Bình Giang",
        "Bình Sơn",
        "Hòn Nghệ",
        "Sơn Hải",
        "Tiên Hải",
    }


@pytest.mark.parametrize("form", [str, fold, str.upper, str.lower])
def test_every_new_commune_answers_to_its_name_with_its_old_district(form: type[str]) -> None:
    for place in COMMUNES:
        for code in {old.parent for old in PLACES.predecessors(place.code)}:
            found = PLACES.resolve(form(address(place, PLACES.get(code or ""))), NOW)
            assert found.matches, place.name
            assert found.matches[0].place == place, (place.name, names(found))
            # An old commune of the same name, type and district went elsewhere: nobody can tell which is meant.
            others = {match.via.name for match in found.matches[1:] if match.via}
            assert found.one or others == {place.name} or form is fold, (place.name, names(found))


@pytest.mark.parametrize("form", [str, fold, str.upper, str.lower])
def test_every_old_commune_answers_to_its_name_with_its_district_and_leads_to_what_it_became(form: type[str]) -> None:
    for place in OLD:
        wanted = set(PLACES.successors(place.code, NOW))
        text = form(address(place, PLACES.get(place.parent or "")))
        now = PLACES.resolve(text, NOW)
        assert wanted <= {match.place for match in now.matches}, (text, names(now))
        then = PLACES.resolve(text, THEN)
        assert place in [match.place for match in then.matches], (text, names(then))
        if form is not fold:
            assert then.one, (text, names(then))


def test_every_new_name_alone_comes_first_among_its_matches() -> None:
    for place in COMMUNES:
        for text in (
            place.name,
            place.short,
            f"{place.type.lower()} {place.short.lower()}",
            f"{place.name}, tỉnh An Giang",
        ):
            assert PLACES.resolve(text, NOW).matches[0].place == place, text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("My Hoa Hung, TP Long Xuyen", "Xã Mỹ Hòa Hưng"),
        ("dạ em ở xã mỹ hòa hưng ạ", "Xã Mỹ Hòa Hưng"),
        ("mỹ hoà hưng", "Xã Mỹ Hòa Hưng"),
        ("Mỷ Hòa Hưng", "Xã Mỹ Hòa Hưng"),
        ("myhoahung", "Xã Mỹ Hòa Hưng"),
        ("phường châu đốc", "Phường Châu Đốc"),
        ("p.Bình Khánh", "Phường Bình Đức"),
        ("f. my binh", "Phường Long Xuyên"),
        ("p mỹ bình long xuyên", "Phường Long Xuyên"),
        ("12 Trần Hưng Đạo, phường Mỹ Bình, TP Long Xuyên", "Phường Long Xuyên"),
        ("ấp 3, xã Tấn Mỹ, huyện Chợ Mới", "Xã Cù Lao Giêng"),
        ("thị trấn chợ mới", "Xã Chợ Mới"),
        ("TT. Cái Dầu", "Xã Châu Phú"),
        ("ô long vĩ", "Xã Thạnh Mỹ Tây"),
        ("O Long Vy", "Xã Thạnh Mỹ Tây"),
        ("Vĩnh Nguơn", "Phường Châu Đốc"),
        ("tân hiệp a", "Xã Thạnh Đông"),
        ("thị trấn Thứ 11", "Xã An Minh"),
        ("Thị trấn Nhà Bàn", "Phường Thới Sơn"),
        ("xã Núi Voi", "Phường Chi Lăng"),
        ("phú quốc", "Đặc khu Phú Quốc"),
        ("Thổ Chu", "Đặc khu Thổ Châu"),
        ("phường Đông Xuyên", "Phường Long Xuyên"),
        ("xã thạnh đông cũ", "Xã Tân Hiệp"),
        ("xã thạnh đông mới", "Xã Thạnh Đông"),
        ("Phú Thạnh", "Xã Chợ Vàm"),
    ],
)
def test_a_name_in_any_dress_is_one_place(text: str, place: str) -> None:
    one = PLACES.resolve(text, NOW).one
    assert one is not None
    assert one.place.name == place


def test_marks_tell_phu_thanh_from_phu_thanh_and_without_them_both_are_offered() -> None:
    assert [match.place.name for match in PLACES.resolve("Phú Thạnh", THEN).matches] == ["Xã Phú Thạnh"]
    assert [match.place.name for match in PLACES.resolve("xã Phú Thành", THEN).matches] == ["Xã Phú Thành"]
    unmarked = PLACES.resolve("phu thanh", THEN)
    assert unmarked.several
    assert set(names(unmarked)) == {"Xã Phú Thạnh", "Xã Phú Thành"}
    today = PLACES.resolve("phu thanh", NOW)
    assert {match.via.short for match in today.matches if match.via} == {"Phú Thạnh", "Phú Thành"}


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("Xã Phú Hội, huyện An Phú", {"Xã An Phú", "Xã Nhơn Hội"}),
        ("vĩnh châu", {"Phường Châu Đốc", "Phường Vĩnh Tế"}),
        ("Phước Hưng", {"Xã An Phú", "Xã Nhơn Hội", "Xã Phú Hữu"}),
    ],
)
def test_a_divided_commune_asks_for_the_hamlet(text: str, places: set[str]) -> None:
    found = PLACES.resolve(text, NOW)
    assert set(names(found)) == places
    assert all(match.hamlet_needed and match.via is not None for match in found.matches)
    assert found.one is None


def test_a_name_that_repeats_in_the_province_asks_which() -> None:
    found = PLACES.resolve("xã An Phú", NOW)
    assert names(found) == ["Xã An Phú", "Phường Tịnh Biên"]
    one = PLACES.resolve("xã An Phú, huyện Tịnh Biên", NOW).one
    assert one is not None
    assert (one.place.name, one.via and one.via.name) == ("Phường Tịnh Biên", "Phường An Phú")
    assert PLACES.resolve("phường An Phú", NOW).one is not None
    assert set(names(PLACES.resolve("Vĩnh Phú", NOW))) == {"Xã Định Mỹ", "Xã Vĩnh Điều", "Xã Long Thạnh"}
    assert PLACES.resolve("binh thanh", NOW).several


def test_an_old_district_alone_offers_its_communes_the_one_of_the_same_name_first() -> None:
    found = PLACES.resolve("chợ mới", NOW)
    assert set(names(found)) == {
        f"Xã {x}" for x in ("Chợ Mới", "Cù Lao Giêng", "Hội An", "Long Điền", "Nhơn Mỹ", "Long Kiến")
    }
    assert names(found)[0] == "Xã Chợ Mới"
    assert found.one is None
    assert found.district is not None
    assert found.district.name == "Huyện Chợ Mới"
    assert found.matches[0].via is None
    assert all(match.via == found.district for match in found.matches[1:])
    assert [match.score for match in found.matches] == sorted((m.score for m in found.matches), reverse=True)
    only = PLACES.resolve("xã Chợ Mới", NOW)
    assert names(only) == ["Xã Chợ Mới"]
    assert only.district is None
    assert len(PLACES.resolve("châu thành", NOW).districts) == 2
    assert names(PLACES.resolve("huyện Châu Thành, Kiên Giang", NOW)) == ["Xã Châu Thành", "Xã Bình An", "Xã Thạnh Lộc"]


def test_before_the_reform_the_answers_are_old_units() -> None:
    assert names(PLACES.resolve("chợ mới", THEN)) == ["Thị trấn Chợ Mới", "Huyện Chợ Mới"]
    district = PLACES.resolve("huyện chợ mới", THEN).one
    assert district is not None
    assert district.place.level == "district"
    later = PLACES.resolve("Cù Lao Giêng", THEN)
    assert later.several
    assert all(match.via and match.via.short == "Cù Lao Giêng" for match in later.matches)
    last, first = date(2025, 6, 30), date(2025, 7, 1)
    assert names(PLACES.resolve("xã Tấn Mỹ", last)) == ["Xã Tấn Mỹ"]
    assert names(PLACES.resolve("xã Tấn Mỹ", first)) == ["Xã Cù Lao Giêng"]


@pytest.mark.parametrize("text", ["mỹ hòa hưg", "my hoa hug, long xuyen", "xa My Hao Hung", "mi hoa hunng"])
def test_a_typing_error_gives_no_match_but_a_suggestion(text: str) -> None:
    found = PLACES.resolve(text, NOW)
    assert found.matches == ()
    assert found.suggestions[0].place.name == "Xã Mỹ Hòa Hưng"
    assert found.suggestions[0].score <= 0.5


def test_a_commune_in_the_wrong_district_is_only_suggested() -> None:
    found = PLACES.resolve("xã An Bình, huyện Châu Phú", NOW)
    assert found.matches == ()
    assert found.suggestions


@pytest.mark.parametrize("text", ["Cần Thơ", "tỉnh Đồng Tháp", "TP HCM", "xã An Phú, TP Hồ Chí Minh", "Sóc Trăng"])
def test_another_province_is_noticed_and_matches_nothing(text: str) -> None:
    found = PLACES.resolve(text, NOW)
    assert found.matches == ()
    assert found.elsewhere is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "abc",
        "làm giấy khai sinh",
        "thứ ba",
        "2",
        "cho mọi người",
        "An Giang",
        "\x00\ud800😀",
        "xã",
        "xã xã xã",
        "ở",
        "a" * 500,
    ],
)
def test_what_names_no_commune_gives_nothing(text: str) -> None:
    assert PLACES.resolve(text, NOW).matches == ()


@given(
    st.text(st.characters(exclude_categories=()), max_size=80)
    | st.lists(
        st.sampled_from(
            ["xã", "phường", "an", "phú", "chợ", "mới", "cũ", "ở", ",", "huyện", "tp", "An", "Giang", "thứ", "ba", "."]
        ),
        max_size=12,
    ).map(" ".join)
)
@settings(max_examples=500, deadline=None)
def test_any_text_is_read_without_an_error_and_answers_are_in_force(text: str) -> None:
    for day in (NOW, THEN):
        found = PLACES.resolve(text, day)
        assert all(match.place.valid(day) and 0 < match.score <= 1 for match in found.matches)
        end = 0
        for mention in PLACES.find(text, day):
            assert end <= mention.start < mention.end
            assert text[mention.start : mention.end] == mention.text
            end = mention.end


@pytest.mark.parametrize(
    ("sentence", "part", "first"),
    [
        ("lam giay khai sinh cho con o dau, em o xa my hoa hung", "xa my hoa hung", "Xã Mỹ Hòa Hưng"),
        ("đăng ký hộ kinh doanh ở Châu Đốc", "Châu Đốc", "Phường Châu Đốc"),
        ("xin giấy phép xây nhà ở chợ mới nộp chỗ nào", "chợ mới", "Xã Chợ Mới"),
        ("xin giay phep xay nha o cho moi nop cho nao", "cho moi", "Xã Chợ Mới"),
        ("Em ở p.Bình Khánh TP.Long Xuyên muốn làm cccd", "p.Bình Khánh TP.Long Xuyên", "Phường Bình Đức"),
        ("nộp ở xã Vĩnh Hòa (Tân Châu) được không", "xã Vĩnh Hòa (Tân Châu", "Xã Vĩnh Xương"),
        ("lam ho chieu long xuyen", "long xuyen", "Phường Long Xuyên"),
        ("UBND xã Hội An huyện Chợ Mới", "xã Hội An huyện Chợ Mới", "Xã Hội An"),
        ("sang tên đất Vĩnh Thạnh Trung", "Vĩnh Thạnh Trung", "Xã Vĩnh Thạnh Trung"),
        ("quê tôi Thoại Sơn", "Thoại Sơn", "Xã Thoại Sơn"),
    ],
)
def test_a_place_in_a_sentence_is_found_where_it_stands(sentence: str, part: str, first: str) -> None:
    mentions = PLACES.find(sentence, NOW)
    assert [mention.text for mention in mentions] == [part]
    assert sentence[mentions[0].start : mentions[0].end] == part
    assert mentions[0].resolution.matches[0].place.name == first


@pytest.mark.parametrize(
    "sentence",
    [
        "xa hoi an toan", "bảo hiểm xã hội an toàn", "phuong an phu hop", "giay to cho moi nguoi", "an toan dien",
        "nguoi thu ba", "cả nhà hòa thuận bình an", "tinh Phu Tho", "làm việc với bên thứ ba", "sống ở Cần Thơ",
    ],
)  # fmt: skip
def test_ordinary_words_are_no_places(sentence: str) -> None:
    assert PLACES.find(sentence, NOW) == ()


@pytest.mark.parametrize("form", [str, fold, str.lower, str.upper])
def test_names_of_procedures_hardly_ever_look_like_places(form: type[str]) -> None:
    with gzip.open(shared("catalogue/province_2754.jsonl.gz"), "rt", encoding="utf-8") as lines:
        procedures = [json.loads(line)["name"] for line in lines]
    assert len(procedures) == 2754
    assert sum(bool(PLACES.find(form(name), NOW)) for name in procedures) <= 3


def test_the_shipped_units_agree_with_the_shared_list() -> None:
    lines = shared("units/an_giang_communes_2025_102.jsonl").read_text(encoding="utf-8").splitlines()
    for unit in map(json.loads, lines):
        place = PLACES.get(unit["code"])
        assert (place.name, place.lat, place.lon, place.area_km2) == (
            unit["name"], unit["lat"], unit["lon"], unit["area_km2"]
        )  # fmt: skip


def test_a_shared_location_gives_the_nearest_commune() -> None:
    for commune in COMMUNES:
        assert commune.lat is not None
        assert commune.lon is not None
        place, km = PLACES.nearest(commune.lat + 0.001, commune.lon, NOW)
        assert place == commune
        assert km == pytest.approx(0.111, abs=0.002)
    assert PLACES.nearest(10.3861, 105.4352, NOW)[0].name == "Phường Long Xuyên"
    assert PLACES.nearest(10.3861, 105.4352, THEN)[0].name == "Thành phố Long Xuyên"


@pytest.mark.parametrize(
    ("lat", "lon"), [(21.03, 105.85), (10.77, 106.7), (0, 0), (float("nan"), 105.0), (10.0, float("inf")), (91, 105)]
)
def test_a_location_outside_is_refused_with_a_sentence(lat: float, lon: float) -> None:
    with pytest.raises(PlaceNotCovered) as refused:
        PLACES.nearest(lat, lon, NOW)
    assert refused.value.message.endswith(".")


def test_a_very_long_text_is_read_to_its_end() -> None:
    found = PLACES.find("nộp ở xã hội an toàn phú tân " * 30_000 + "ở xã Mỹ Hòa Hưng", NOW)
    assert found[-1].resolution.one is not None
    assert found[-1].resolution.one.place.short == "Mỹ Hòa Hưng"
