"""Fees and processing times as the portal writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from knowledge.importers._clean import one_line
from knowledge.importers.report import Severity
from knowledge.procedures import Channel, Fee, ProcessingTime, TimeUnit

CHANNELS = {"truc_tiep": Channel.in_person, "truc_tuyen": Channel.online, "buu_chinh": Channel.post}
_UNITS = {
    "ngày làm việc": TimeUnit.working_day,
    "ngày": TimeUnit.day,
    "giờ": TimeUnit.hour,
    "tháng": TimeUnit.month,
}
_UNIT_TEXT = {
    TimeUnit.working_day: "ngày làm việc",
    TimeUnit.day: "ngày",
    TimeUnit.hour: "giờ",
    TimeUnit.month: "tháng",
}
_DONG = re.compile(r"^(?:(?:Phí|Lệ phí)\s*:\s*)?([\d.,]+)\s*(?:Việt Nam Đồng|VNĐ|VND|Đồng|đồng|đ)?$", re.IGNORECASE)
_ZERO = re.compile(r"^(?:(?:Phí|Lệ phí)\s*:\s*)?(?:0|không)\s*(?:đồng|vnđ)?$", re.IGNORECASE)
_NOTHING = re.compile(r"^(?:không có thông tin|không quy định|không)?\.?$", re.IGNORECASE)
# A "free of charge" of the portal's own making: the text beside it says that somebody sets a fee.
_SETS_A_FEE = re.compile(
    r"hội đồng nhân dân|hđnd|\d[\d.,]*\s*(?:đồng|đ\b|vnđ)|theo quy định (?:tại|của)|thông tư số", re.IGNORECASE
)
_FREE = re.compile(r"không (?:thu|mất|phải nộp)|miễn (?:phí|lệ phí)|không có", re.IGNORECASE)
# No fee of the state is smaller than this many đồng: a smaller number lost its zeros or its neighbour.
_LEAST = 1000

Note = Callable[[str, Severity, str], None]


def _texts(value: object) -> str:
    return one_line(value) if isinstance(value, str) else ""


def fees(methods: list[Mapping[str, Any]], note: Note) -> tuple[Fee, ...]:
    """The fees of all ways of handing in; a fee that is the same everywhere has no channel."""
    found: dict[tuple[int | None, str, str | None], list[Channel | None]] = {}
    channels = {CHANNELS.get(str(m.get("channel"))) for m in methods}
    for method in methods:
        channel = CHANNELS.get(str(method.get("channel")))
        for raw in method.get("fees") or []:
            if not isinstance(raw, Mapping):
                note("fees", Severity.warning, "a fee that is not a record was left out")
                continue
            fee = _fee(raw, bool(method.get("time_fee_glued")), _texts(method.get("description")), note)
            if fee is not None:
                found.setdefault((fee.amount, fee.text, fee.note), []).append(channel)
    out = []
    for (amount, text, remark), where in found.items():
        everywhere = {c for c in channels if c is not None} <= set(where)
        for channel in [None] if everywhere else dict.fromkeys(where):
            out.append(Fee(amount=amount, text=text, channel=channel, note=remark))
    return tuple(out)


def _fee(raw: Mapping[str, Any], glued: bool, description: str, note: Note) -> Fee | None:
    remark = _texts(raw.get("note"))
    if "value" in raw:
        return _from_api(raw, remark, note)
    amount = _texts(raw.get("amount"))
    if glued and amount:
        note("fees", Severity.fixed if remark else Severity.warning, "time and fee were glued in one cell")
        return Fee(text=remark) if remark else None
    if amount.lower() == "miễn phí" or _ZERO.match(amount):
        beside = f"{remark} {description if 'phí' in description.lower() else ''}"
        if _SETS_A_FEE.search(beside) and not _FREE.search(remark):
            note("fees", Severity.warning, "free of charge beside a text that sets a fee: the text was kept")
            return Fee(text=remark or description)
        return Fee(amount=0, text="Miễn phí", note=remark or None)
    if _NOTHING.match(amount):
        return Fee(text=remark) if remark and not _NOTHING.match(remark) else None
    match = _DONG.match(amount)
    if match:
        value = int(re.sub(r"[.,]", "", match[1]) or 0)
        if value >= _LEAST:
            return Fee(amount=value, text=f"{value:,} đồng".replace(",", "."), note=remark or None)
        note("fees", Severity.warning, f"a fee below {_LEAST} đồng is not one: its number was left out")
        return Fee(text=remark) if remark else None
    return Fee(text=amount, note=remark or None)


def _from_api(raw: Mapping[str, Any], remark: str, note: Note) -> Fee | None:
    try:
        value = float(raw.get("value") or 0)
    except (TypeError, ValueError):
        note("fees", Severity.warning, "a fee whose value is not a number was left out")
        return None
    currency = str(raw.get("currency") or "VND").upper()
    if value <= 0:
        return Fee(text=remark) if remark else Fee(amount=0, text="Miễn phí")
    if currency not in {"VND", "VNĐ", "ĐỒNG"} and "VIỆT NAM" not in currency:
        return Fee(text=f"{value:g} {currency}", note=remark or None)
    return Fee(amount=int(value), text=f"{int(value):,} đồng".replace(",", "."), note=remark or None)


def times(methods: list[Mapping[str, Any]], note: Note) -> tuple[ProcessingTime, ...]:
    """The processing times; one that is the same for every way of handing in has no channel."""
    found: dict[tuple[float | None, TimeUnit, str], list[Channel | None]] = {}
    channels = {CHANNELS.get(str(m.get("channel"))) for m in methods}
    for method in methods:
        value, unit, text = _time(method, note)
        if text:
            found.setdefault((value, unit, text), []).append(CHANNELS.get(str(method.get("channel"))))
    out = []
    for (value, unit, text), where in found.items():
        everywhere = {c for c in channels if c is not None} <= set(where)
        for channel in [None] if everywhere else dict.fromkeys(where):
            out.append(ProcessingTime(value=value, unit=unit, text=text, channel=channel))
    return tuple(out)


def _time(method: Mapping[str, Any], note: Note) -> tuple[float | None, TimeUnit, str]:
    raw_unit = _texts(method.get("time_unit"))
    description = _texts(method.get("description"))
    unit = _UNITS.get(raw_unit.lower(), TimeUnit.none)
    value: float | None = None
    raw_value = method.get("time_value")
    if raw_value not in (None, ""):
        try:
            # ".5 Giờ" beside "7": the cell was cut in the middle of 7.5.
            halves = re.match(r"^\.(\d)\s+(.+)$", raw_unit)
            number = f"{raw_value}.{halves[1]}" if halves else str(raw_value).replace(",", ".")
            if halves:
                unit = _UNITS.get(halves[2].lower(), TimeUnit.none)
                note("times", Severity.fixed, "a number was cut in two between value and unit")
            value = float(number)
        except ValueError:
            note("times", Severity.warning, "a time that is not a number: kept as text")
            return None, TimeUnit.none, one_line(f"{raw_value} {raw_unit}")
    if value is not None and value > 0 and unit is not TimeUnit.none:
        return value, unit, f"{value:g} {_UNIT_TEXT[unit]}"
    if value is not None and value > 0:
        note("times", Severity.warning, "time without a unit: kept as text")
        return None, TimeUnit.none, _deadline(description) or f"{value:g}"
    if len(raw_unit) > 15:
        return None, TimeUnit.none, raw_unit
    return None, TimeUnit.none, _deadline(description)


def _deadline(description: str) -> str:
    """The sentence of a description that speaks of a number of days, if it is short enough to be one."""
    for part in re.split(r"(?<=[.;])\s+|\n", description):
        if re.search(r"\d+ ?(?:\([^)]*\) )?(?:ngày|giờ|tháng)", part) and len(part) <= 250:
            return part.strip(" .;-*+")
    return ""
