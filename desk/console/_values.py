"""A record's field as staff read it: plain Vietnamese instead of the names that the data use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from desk.console._frame import day, number

_KEYS = {
    "accepts": "nhận hồ sơ",
    "amount": "số tiền",
    "as_of": "tính đến",
    "case": "trường hợp",
    "channel": "khi nộp",
    "code": "mã",
    "copy_count": "bản sao",
    "decided": "ngày quyết định",
    "decision": "theo",
    "level": "cấp",
    "name": "tên",
    "note": "ghi chú",
    "office": "nơi",
    "original": "bản chính",
    "place": "ở",
    "scheme": "theo thang",
    "source": "nguồn",
    "text": "nội dung",
    "title": "tên",
    "unit": "tính bằng",
    "url": "địa chỉ",
    "valid_from": "từ",
    "valid_to": "đến hết",
    "value": "giá trị",
}
_WORDS = {
    "commune_centre": "trung tâm hành chính công cấp xã",
    "commune_police": "công an cấp xã",
    "commune_military": "quân sự cấp xã",
    "district_centre": "bộ phận một cửa cấp huyện (trước 7/2025)",
    "district_police": "công an cấp huyện (trước 7/2025)",
    "province_centre": "trung tâm hành chính công tỉnh",
    "province_police": "công an tỉnh",
    "province_military": "quân sự tỉnh",
    "land_office": "văn phòng đăng ký đất đai",
    "tax_office": "cơ quan thuế",
    "social_insurance": "bảo hiểm xã hội",
    "job_centre": "trung tâm dịch vụ việc làm",
    "notary": "tổ chức hành nghề công chứng",
    "school": "trường học",
    "health_facility": "cơ sở y tế",
    "court": "tòa án",
    "power_company": "điện lực",
    "border_guard": "biên phòng",
    "customs": "hải quan",
    "in_person": "trực tiếp",
    "online": "trực tuyến",
    "post": "qua bưu chính",
    "working_day": "ngày làm việc",
    "day": "ngày",
    "hour": "giờ",
    "month": "tháng",
    "full": "toàn trình",
    "partial": "một phần",
    "information": "chỉ cung cấp thông tin",
    "level_1_2": "mức 1, 2",
    "level_3": "mức 3",
    "level_4": "mức 4",
    "unknown": "chưa rõ",
    "none": "chưa rõ đơn vị",
    "ND42_2022": "Nghị định 42/2022",
    "ND43_2011": "Nghị định 43/2011",
}
# What names a thing goes first, without saying what it is.
_FIRST = ("text", "name", "title", "office", "value")


def lines(value: Any) -> tuple[str, ...]:
    """A field's value as lines of Vietnamese; none for what is not held."""
    if value is None or value in ("", [], ()):
        return ()
    if isinstance(value, list | tuple):
        return tuple(line for item in value for line in lines(item))
    if isinstance(value, Mapping):
        if "items" in value:
            return (*((f"{value['case']}:",) if value.get("case") else ()), *lines(value["items"]))
        first = next((key for key in _FIRST if value.get(key) not in (None, "")), None)
        rest = [_pair(key, held) for key, held in value.items() if key != first and held not in (None, "")]
        return ("; ".join(([_plain(value[first])] if first else []) + rest),)
    if isinstance(value, bool):
        return (_plain(value),)
    return tuple(line for line in _plain(value).splitlines() if line.strip())


def _pair(key: str, value: Any) -> str:
    if key == "amount":
        return f"số tiền {_plain(value)} đồng"
    return f"{_KEYS.get(key, key)} {_plain(value)}"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "có" if value else "không"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, list | tuple | Mapping):
        return ", ".join(lines(value))
    text = str(value)
    return _WORDS.get(text, day(text))
