"""Offices: what each kind is called, at which level it sits, and the one of a given place.

Since 1 July 2025 a province has communes only (Resolution 202/2025/QH15); the one-stop centres of the province and of
every commune take papers from anywhere within the province (Decree 118/2025/NĐ-CP). Before that the levels were
province, district and commune, with the receiving lists of decisions 2377, 3208 and 3209/QĐ-UBND of An Giang.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from knowledge.places import Gazetteer, Place
from knowledge.procedures import OfficeKind, ReceivingRule

TWO_TIERS_SINCE = date(2025, 7, 1)
PROVINCE = "tỉnh An Giang"


@dataclass(frozen=True)
class Office:
    """A place to hand papers in.

    Attributes:
        kind: what kind of office it is.
        name: its name as on the door, with the place where that is known.
        place: the unit it serves, None when the citizen's place is not known.
        decision: number of the document that says it receives, if held.
        note: what the rule says besides.
        anywhere: any office of the kind in the province takes it, not only that of one's own place.
    """

    kind: OfficeKind
    name: str
    place: Place | None = None
    decision: str | None = None
    note: str | None = None
    anywhere: bool = False


_COMMUNE = {
    OfficeKind.commune_centre: "Trung tâm Phục vụ hành chính công",
    OfficeKind.commune_police: "Công an",
    OfficeKind.commune_military: "Ban Chỉ huy quân sự",
}
_COMMUNE_BEFORE = {
    OfficeKind.commune_centre: "Bộ phận Một cửa của UBND",
    OfficeKind.commune_police: "Công an",
    OfficeKind.commune_military: "Ban Chỉ huy quân sự",
}
_DISTRICT = {
    OfficeKind.district_centre: "Bộ phận Một cửa của UBND",
    OfficeKind.district_police: "Công an",
}
_FIXED = {
    OfficeKind.province_centre: f"Trung tâm Phục vụ hành chính công {PROVINCE}",
    OfficeKind.province_police: f"Công an {PROVINCE}",
    OfficeKind.province_military: f"Bộ Chỉ huy quân sự {PROVINCE}",
    OfficeKind.land_office: "Chi nhánh Văn phòng đăng ký đất đai phụ trách nơi có đất",
    OfficeKind.tax_office: "Cơ quan thuế quản lý (Thuế cơ sở)",
    OfficeKind.social_insurance: "Bảo hiểm xã hội nơi anh/chị ở (BHXH cơ sở)",
    OfficeKind.job_centre: f"Trung tâm Dịch vụ việc làm {PROVINCE}",
    OfficeKind.notary: "Tổ chức hành nghề công chứng",
    OfficeKind.school: "Trường học",
    OfficeKind.health_facility: "Cơ sở khám bệnh, chữa bệnh",
    OfficeKind.court: "Tòa án nhân dân khu vực",
    OfficeKind.power_company: "Công ty Điện lực",
    OfficeKind.border_guard: "Bộ đội Biên phòng (đồn hoặc trạm phụ trách)",
    OfficeKind.customs: "Cơ quan Hải quan",
}


def office_for(rule: ReceivingRule, place: Place | None, on: date) -> Office:
    """The office that a receiving rule means for somebody from `place` on that day.

    Args:
        rule: one receiving rule of a procedure.
        place: the citizen's commune, or None when it is not known.
        on: the day of the answer.

    Returns:
        The office; when the place is not known its name says "nơi anh/chị ở".
    """
    return Office(
        kind=rule.office,
        name=rule.name or _name(rule.office, place, on),
        place=place,
        decision=rule.decision,
        note=rule.note,
        anywhere=rule.office is OfficeKind.commune_centre and on >= TWO_TIERS_SINCE,
    )


def centre_of(place: Place | None, on: date) -> Office:
    """The one-stop desk to ask when the catalogue does not say who receives."""
    return office_for(ReceivingRule(office=OfficeKind.commune_centre), place, on)


def _name(kind: OfficeKind, place: Place | None, on: date) -> str:
    if kind in _COMMUNE:
        label = (_COMMUNE if on >= TWO_TIERS_SINCE else _COMMUNE_BEFORE)[kind]
        where = _lower_first(place.name) if place else "xã, phường, đặc khu nơi anh/chị ở"
        return f"{label} {where}"
    if kind in _DISTRICT:
        district = Gazetteer.load().get(place.parent) if place and place.parent else None
        # A commune of today has the province above it.
        is_one = district is not None and district.level == "district"
        where = _lower_first(district.name) if district and is_one else "cấp huyện nơi anh/chị ở"
        return f"{_DISTRICT[kind]} {where}"
    return _FIXED[kind]


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]
