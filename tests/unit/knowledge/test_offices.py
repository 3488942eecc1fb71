"""Which office a receiving rule means, for somebody from a place, on a day."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge.offices import PROVINCE, centre_of, office_for
from knowledge.places import Gazetteer, Place
from knowledge.procedures import OfficeKind, ReceivingRule

BEFORE, AFTER = date(2025, 6, 30), date(2025, 7, 1)


def _place(text: str, on: date) -> Place:
    match = Gazetteer.load().resolve(text, on).one
    assert match is not None
    return match.place


@pytest.mark.parametrize(
    ("kind", "on", "name"),
    [
        (OfficeKind.commune_centre, AFTER, "Trung tâm Phục vụ hành chính công xã Mỹ Hòa Hưng"),
        (OfficeKind.commune_police, AFTER, "Công an xã Mỹ Hòa Hưng"),
        (OfficeKind.commune_military, AFTER, "Ban Chỉ huy quân sự xã Mỹ Hòa Hưng"),
        (OfficeKind.province_centre, AFTER, f"Trung tâm Phục vụ hành chính công {PROVINCE}"),
        (OfficeKind.commune_centre, BEFORE, "Bộ phận Một cửa của UBND xã Mỹ Hòa Hưng"),
        (OfficeKind.district_centre, BEFORE, "Bộ phận Một cửa của UBND thành phố Long Xuyên"),
        (OfficeKind.district_police, BEFORE, "Công an thành phố Long Xuyên"),
    ],
)
def test_the_office_bears_the_name_of_the_place(kind: OfficeKind, on: date, name: str) -> None:
    office = office_for(ReceivingRule(office=kind), _place("xã Mỹ Hòa Hưng, Long Xuyên", on), on)
    assert office.name == name


def test_a_special_zone_and_a_ward_are_called_so() -> None:
    assert office_for(ReceivingRule(office=OfficeKind.commune_centre), _place("Phú Quốc", AFTER), AFTER).name.endswith(
        "đặc khu Phú Quốc"
    )
    assert office_for(
        ReceivingRule(office=OfficeKind.commune_police), _place("phường Châu Đốc", AFTER), AFTER
    ).name == ("Công an phường Châu Đốc")


@pytest.mark.parametrize("kind", list(OfficeKind))
@pytest.mark.parametrize("on", [BEFORE, AFTER])
def test_every_kind_has_a_name_with_and_without_a_place(kind: OfficeKind, on: date) -> None:
    rule = ReceivingRule(office=kind, name="Kho bạc" if kind is OfficeKind.other else None)
    for place in (None, _place("xã Mỹ Hòa Hưng, Long Xuyên", on)):
        office = office_for(rule, place, on)
        assert office.name
        assert office.kind is kind
        assert office.place is place


def test_without_a_place_it_is_that_of_where_one_lives() -> None:
    assert "nơi anh/chị ở" in centre_of(None, AFTER).name
    assert "nơi anh/chị ở" in centre_of(None, BEFORE).name


@pytest.mark.parametrize("kind", [OfficeKind.district_centre, OfficeKind.district_police])
def test_after_the_merger_no_district_is_made_of_the_province(kind: OfficeKind) -> None:
    office = office_for(ReceivingRule(office=kind), _place("xã Mỹ Hòa Hưng", AFTER), AFTER)
    assert "tỉnh" not in office.name
    assert "cấp huyện" in office.name


def test_a_name_of_the_rule_wins() -> None:
    rule = ReceivingRule(office=OfficeKind.commune_centre, name="Nhà văn hóa", decision="5/QĐ", note="chỉ thứ Hai")
    office = office_for(rule, _place("Mỹ Hòa Hưng", AFTER), AFTER)
    assert (office.name, office.decision, office.note) == ("Nhà văn hóa", "5/QĐ", "chỉ thứ Hai")


def test_since_the_merger_any_one_stop_centre_takes_papers_and_no_other_office_does() -> None:
    for kind in OfficeKind:
        rule = ReceivingRule(office=kind, name="x" if kind is OfficeKind.other else None)
        assert office_for(rule, None, AFTER).anywhere is (kind is OfficeKind.commune_centre)
        assert office_for(rule, None, BEFORE).anywhere is False
