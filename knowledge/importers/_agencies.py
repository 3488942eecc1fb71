"""From the names of executing agencies to kinds of receiving offices.

The national list names who carries a procedure out, with every spelling of thirty years and with the name of
whichever province typed it first. Since 1 July 2025 there are two levels: papers for a commune's committee are
taken in at the commune's service centre, those for a province's department at the province's centre.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from knowledge.procedures import OfficeKind, ReceivingRule

TWO_LEVELS = date(2025, 7, 1)
_DISTRICTS_END = date(2025, 6, 30)
_DISTRICT_POLICE_END = date(2025, 2, 28)

_K = OfficeKind
# Tried from top to bottom; what a pattern matched is taken out before the next one looks.
_PATTERNS: tuple[tuple[OfficeKind | None, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (_K.land_office, r"(?:chi nhánh )?văn phòng đăng ký (?:quyền sử dụng )?đất(?: đai)?"),
        (_K.land_office, r"cơ quan đăng ký đất đai|tổ chức đăng ký đất đai"),
        (_K.commune_centre, r"cơ quan quản lý đất đai cấp xã|cơ quan chuyên môn[^,;]*cấp xã"),
        (_K.border_guard, r"biên phòng"),
        (_K.customs, r"hải quan"),
        (_K.tax_office, r"\bthuế\b"),
        (_K.social_insurance, r"bảo hiểm xã hội|bhxh"),
        (_K.district_police, r"công an (?:cấp )?(?:huyện|quận)"),
        (_K.province_police, r"công an (?:cấp |các )?(?:tỉnh|thành phố)"),
        (_K.commune_police, r"công an (?:cấp |các )?(?:xã|phường|đặc khu)"),
        (_K.province_police, r"phòng (?:cảnh sát|quản lý xuất nhập cảnh|xuất nhập cảnh|an ninh|pc\d+)"),
        (_K.commune_military, r"ban (?:chỉ huy quân sự|chqs) (?:cấp )?(?:xã|phường)"),
        (_K.province_military, r"bộ (?:chỉ huy quân sự|chqs) (?:cấp )?(?:tỉnh|thành phố)|bộ tư lệnh thủ đô hà nội"),
        (_K.job_centre, r"trung tâm dịch vụ việc làm"),
        (_K.notary, r"(?:tổ chức hành nghề|văn phòng|phòng) công chứng"),
        (_K.court, r"tòa án|toà án"),
        (_K.power_company, r"điện lực|bán lẻ điện"),
        (_K.health_facility, r"cơ sở khám bệnh|cơ sở khám, chữa bệnh|bệnh viện|trạm y tế|cơ sở y tế"),
        (_K.school, r"cơ sở giáo dục|trường (?:mầm non|tiểu học|trung học|phổ thông)|nhà trường"),
        (_K.district_centre, r"(?:chủ tịch )?(?:ủy ban nhân dân|ubnd) (?:cấp )?(?:huyện|quận)[^;]*"),
        (_K.district_centre, r"phòng [^,;]*(?:cấp huyện|huyện)"),
        (
            _K.commune_centre,
            r"(?:chủ tịch )?(?:ủy ban nhân dân|ubnd) (?:cấp )?xã(?:, phường)?(?:, (?:thị trấn|đặc khu))?",
        ),
        (_K.province_centre, r"(?:giám đốc )?(?<!cơ )\bsở\b[^,;]*"),
        (_K.province_centre, r"(?:cục|chi cục) [^,;]*(?:tỉnh|cấp tỉnh)|chi cục (?:kiểm lâm|thủy sản|chăn nuôi|bảo vệ)"),
        (_K.province_centre, r"(?:chủ tịch |hội đồng nhân dân, )?(?:ủy ban nhân dân|ubnd)[^,;]*(?:tỉnh|thành phố)"),
        (_K.province_centre, r"ban quản lý[^;]*(?:khu|kkt)|văn phòng (?:ủy ban nhân dân|ubnd)"),
        (
            _K.province_centre,
            r"(?:cơ quan|tổ chức|đơn vị)[^;]*cấp tỉnh|trung tâm phục vụ hành chính công(?: cấp)? tỉnh",
        ),
        (_K.commune_centre, r"trung tâm phục vụ hành chính công(?: cấp)? xã|\bcấp xã\b"),
        (_K.province_centre, r"hội đồng nhân dân cấp tỉnh|\bcấp tỉnh\b"),
    )
)
_OF_A_DISTRICT = re.compile(r"\b(?:cấp )?(?:huyện|quận)\b", re.IGNORECASE)
_OTHER_PROVINCE = re.compile(
    r"\s*[-–]?\s*(?:tại )?(?:Thành phố|thành phố|TP\.?|tp\.?|[Tt]ỉnh)\s*"
    r"(Hà Nội|Hà nội|Hải Phòng|Hồ Chí Minh|HCM|Đà Nẵng|Huế|Cần Thơ|Tây Ninh|Lâm Đồng|Đồng Nai|Đồng Tháp|Cà Mau|"
    r"Vĩnh Long|Gia Lai|Khánh Hòa|Đắk Lắk|Quảng Ngãi|Quảng Trị|Hà Tĩnh|Nghệ An|Thanh Hóa|Ninh Bình|Hưng Yên|"
    r"Bắc Ninh|Phú Thọ|Thái Nguyên|Lào Cai|Tuyên Quang|Cao Bằng|Lạng Sơn|Quảng Ninh|Sơn La|Lai Châu|Điện Biên)"
    r"(?:\s*-\s*Bộ [^,;]*)?"
)


@dataclass(frozen=True)
class Reading:
    """What the agencies' names say.

    Attributes:
        rules: receiving rules, the offices nearest to the citizen first.
        names: the agencies' names without another province's name.
        generalised: names that lost another province's name.
        abolished: names of offices that no longer exist.
        unknown: names kept as office kind `other`.
    """

    rules: tuple[ReceivingRule, ...]
    names: tuple[str, ...]
    generalised: tuple[str, ...]
    abolished: tuple[str, ...]
    unknown: tuple[str, ...]


_ORDER = [
    _K.commune_centre, _K.commune_police, _K.commune_military, _K.land_office, _K.school, _K.health_facility,
    _K.social_insurance, _K.tax_office, _K.job_centre, _K.notary, _K.power_company, _K.province_centre,
    _K.province_police, _K.province_military, _K.border_guard, _K.customs, _K.court, _K.other,
    _K.district_centre, _K.district_police,
]  # fmt: skip


def kinds(name: str) -> tuple[OfficeKind, ...]:
    """The kinds of office an agency's name speaks of; empty when none is known."""
    text = re.sub(r"\s+", " ", name.lower().replace("uỷ", "ủy").replace("toà", "tòa")).strip(" .")
    found: list[OfficeKind] = []
    for kind, pattern in _PATTERNS:
        text, hits = pattern.subn(" ", text)
        if hits and kind is not None and kind not in found:
            found.append(kind)
    return tuple(found)


def read(agencies: list[str], levels: list[str], decision: str | None) -> Reading:
    """Derive receiving rules from the agencies' names, and from the levels when no agency is named.

    Args:
        agencies: names as the source has them.
        levels: "Cấp xã", "Cấp tỉnh", … as the source has them.
        decision: number of the decision that announces the procedure; carried by each rule.
    """
    rules: dict[tuple[OfficeKind, str | None], ReceivingRule] = {}
    names: list[str] = []
    generalised: list[str] = []
    abolished: list[str] = []
    unknown: list[str] = []
    for raw in agencies:
        name = _OTHER_PROVINCE.sub("", raw).strip(" -–,.")
        if name != raw.strip(" -–,."):
            generalised.append(raw)
        if name and name not in names:
            names.append(name)
        found = kinds(raw)
        if _OF_A_DISTRICT.search(raw) and not {_K.district_centre, _K.district_police} & set(found):
            # "Tòa án nhân dân cấp huyện": the kind of office lives on, the one of a district does not.
            abolished.append(raw)
        if not found and name:
            unknown.append(name)
            rules[_K.other, name] = ReceivingRule(office=_K.other, name=name, decision=decision)
        for kind in found:
            if kind in (_K.district_centre, _K.district_police):
                abolished.append(raw)
                end = _DISTRICTS_END if kind is _K.district_centre else _DISTRICT_POLICE_END
                rules[kind, None] = ReceivingRule(office=kind, valid_to=end, decision=decision)
            else:
                rules[kind, None] = ReceivingRule(office=kind, valid_from=TWO_LEVELS, decision=decision)
    if not rules:
        for level, kind in (("Cấp xã", _K.commune_centre), ("Cấp tỉnh", _K.province_centre)):
            if level in levels:
                rules[kind, None] = ReceivingRule(office=kind, valid_from=TWO_LEVELS, decision=decision)
    ordered = sorted(rules.values(), key=lambda rule: _ORDER.index(rule.office))
    return Reading(tuple(ordered), tuple(names), tuple(generalised), tuple(abolished), tuple(unknown))
