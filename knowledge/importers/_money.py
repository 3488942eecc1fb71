"""Fees and processing times as the portal writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from knowledge.importers._clean import one_line
from knowledge.importers._notes import Notes
from knowledge.importers.traps import Severity, Trap
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
_SETS_A_FEE = re.compile(r"hội đồng nhân dân|hđnd|\d[\d.,]*\s*(?:đồng|đ\b|vnđ)", re.IGNORECASE)
_REFERS = re.compile(r"theo quy định (?:tại|của)|thông tư số", re.IGNORECASE)
_FREE = re.compile(r"không (?:thu|mất|phải nộp)|miễn (?:phí|lệ phí)|không có", re.IGNORECASE)
# No fee of the state is smaller than this many đồng: a smaller number lost its zeros or its neighbour.
_LEAST = 1000


def _texts(value: object) -> str:
    return one_line(value) if isinstance(value, str) else ""


def fees(methods: list[Mapping[str, Any]], note: Notes) -> tuple[Fee, ...]:
    """The fees of all ways of handing in; a fee that is the same everywhere has no channel."""
    found: dict[tuple[int | None, str, str | None], list[Channel | None]] = {}
    channels = {CHANNELS.get(str(m.get("channel"))) for m in methods}
    for method in methods:
        channel = CHANNELS.get(str(method.get("channel")))
        for raw in method.get("fees") or []:
            if not isinstance(raw, Mapping):
                note(Trap.fee_unreadable, "fees", "a fee that is not a record was left out")
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


def _fee(raw: Mapping[str, Any], glued: bool, description: str, note: Notes) -> Fee | None:
    remark = _texts(raw.get("note"))
    if "value" in raw:
        return _from_api(raw, remark, note)
    amount = _texts(raw.get("amount"))
    if glued and amount:
        note(
            Trap.glued_time_and_fee,
            "fees",
            "time and fee were glued in one cell",
            severity=Severity.fixed if remark else Severity.warning,
        )
        return Fee(text=remark) if remark else None
    if amount.lower() == "miễn phí" or _ZERO.match(amount):
        if _is_set(remark, description if "phí" in description.lower() else ""):
            note(Trap.free_beside_a_fee, "fees", "free of charge beside a text that sets a fee: the text was kept")
            return Fee(text=remark or description)
        return Fee(amount=0, text="Miễn phí", note=remark or None)
    if _NOTHING.match(amount):
        return Fee(text=remark) if remark and not _NOTHING.match(remark) else None
    match = _DONG.match(amount)
    if match:
        value = int(re.sub(r"[.,]", "", match[1]) or 0)
        if value >= _LEAST:
            return Fee(amount=value, text=f"{value:,} đồng".replace(",", "."), note=remark or None)
        note(Trap.fee_too_small, "fees", f"a fee below {_LEAST} đồng is not one: its number was left out")
        return Fee(text=remark) if remark else None
    return Fee(text=amount, note=remark or None)


def _is_set(remark: str, description: str) -> bool:
    """Whether the text beside "free of charge" says that there is a fee.

    "Mức lệ phí do Hội đồng nhân dân tỉnh quyết định. Miễn lệ phí cho hộ nghèo." frees some, not all; a text that begins
    with "không thu" frees all, whatever document it cites then.
    """
    if _FREE.match(remark.lstrip(" -+*(:")):
        return False
    beside = f"{remark} {description}"
    return bool(_SETS_A_FEE.search(beside) or (_REFERS.search(beside) and not _FREE.search(remark)))


def _from_api(raw: Mapping[str, Any], remark: str, note: Notes) -> Fee | None:
    try:
        value = None if raw.get("value") in (None, "") else float(raw["value"])
    except (TypeError, ValueError):
        note(Trap.fee_unreadable, "fees", "a fee whose value is not a number was left out")
        return None
    if value is None:
        # The API leaves out what nobody has filled in: that is not "free of charge".
        return Fee(text=remark) if remark and not _NOTHING.match(remark) else None
    currency = str(raw.get("currency") or "VND").upper()
    if value <= 0:
        if _is_set(remark, ""):
            note(Trap.free_beside_a_fee, "fees", "free of charge beside a text that sets a fee: the text was kept")
        return Fee(text=remark) if remark else Fee(amount=0, text="Miễn phí")
    if currency not in {"VND", "VNĐ", "ĐỒNG"} and "VIỆT NAM" not in currency:
        return Fee(text=f"{value:g} {currency}", note=remark or None)
    if value < _LEAST:
        note(Trap.fee_too_small, "fees", f"a fee below {_LEAST} đồng is not one: its number was left out")
        return Fee(text=remark) if remark else None
    return Fee(amount=int(value), text=f"{int(value):,} đồng".replace(",", "."), note=remark or None)


def split_time(text: str) -> tuple[str | None, str | None]:
    """A processing time in one cell as value and unit: ("7", "Ngày làm việc"); (None, text) where it is prose."""
    text = one_line(text)
    if re.match(r"^không (?:có thông tin|quy định|xác định)", text, re.IGNORECASE):
        return None, None
    match = re.match(r"^(\d{1,4}(?:[.,]\d{1,2})?)\s*([^\d]{0,30})$", text)
    if match is None:
        return None, text or None
    unit = match[2].strip(" .")
    return match[1], next((known for known in _UNITS if known == unit.lower()), unit or None)


def times(methods: list[Mapping[str, Any]], note: Notes) -> tuple[ProcessingTime, ...]:
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


def _time(method: Mapping[str, Any], note: Notes) -> tuple[float | None, TimeUnit, str]:
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
                note(Trap.time_cut_in_two, "times", "a number was cut in two between value and unit")
            value = float(number)
        except ValueError:
            note(Trap.time_unreadable, "times", "a time that is not a number: kept as text")
            prose = one_line(str(raw_value) if raw_unit in ("", "Khác") else f"{raw_value} {raw_unit}")
            return None, TimeUnit.none, _deadline(description) if prose.lower() == "theo mô tả" else prose
    if value is not None and value > 0 and unit is not TimeUnit.none:
        return value, unit, f"{value:g} {_UNIT_TEXT[unit]}"
    if value is not None and value > 0:
        note(Trap.time_without_unit, "times", "time without a unit: kept as text")
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
