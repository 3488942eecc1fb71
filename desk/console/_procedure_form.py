"""A procedure as a form: its lists as rows and lines that a person can edit, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from multidict import MultiMapping
from pydantic import ValidationError

from knowledge import diff
from knowledge.procedures import Channel, Procedure, TimeUnit
from knowledge.text import nfc
from store.errors import Invalid

LINES = ("everyday", "subjects", "steps", "results", "legal")
TEXTS = ("name", "field", "promulgator", "decided_by", "conditions")
CHANNELS = {"": "mọi cách nộp", "in_person": "trực tiếp", "online": "trực tuyến", "post": "bưu chính"}
UNITS = {
    "none": "(chỉ có lời)",
    "working_day": "ngày làm việc",
    "day": "ngày",
    "hour": "giờ",
    "month": "tháng",
}
_EMPTY_ROWS = 2
_MOST_ROWS = 60


def print_of(procedure: Procedure) -> str:
    """A mark of a record's content: another one means that somebody changed it meanwhile."""
    return hashlib.sha256(procedure.model_dump_json(exclude_defaults=True).encode()).hexdigest()


def shown(procedure: Procedure) -> dict[str, Any]:
    """The values of the form's fields."""
    blank_fee = {"text": "", "amount": "", "channel": "", "note": ""}
    blank_time = {"text": "", "value": "", "unit": "none", "channel": ""}
    return {
        **{name: getattr(procedure, name) or "" for name in TEXTS},
        **{name: "\n".join(" ".join(line.split()) for line in getattr(procedure, name)) for name in LINES},
        "channels": [channel.value for channel in procedure.channels],
        "confirmed": not procedure.starter,
        "checked": procedure.checked.isoformat() if procedure.checked else "",
        "source_title": procedure.source.title,
        "source_url": procedure.source.url or "",
        "source_decision": procedure.source.decision or "",
        "fees": [
            *(
                {
                    "text": fee.text,
                    "amount": "" if fee.amount is None else str(fee.amount),
                    "channel": fee.channel or "",
                    "note": fee.note or "",
                }
                for fee in procedure.fees
            ),
            *[blank_fee] * _EMPTY_ROWS,
        ],
        "times": [
            *(
                {
                    "text": time.text,
                    "value": "" if time.value is None else f"{time.value:g}",
                    "unit": time.unit,
                    "channel": time.channel or "",
                }
                for time in procedure.times
            ),
            *[blank_time] * _EMPTY_ROWS,
        ],
        "cases": [
            *(
                {"case": case.case, "items": "\n".join(_item_line(item) for item in case.items)}
                for case in procedure.documents
            ),
            {"case": "", "items": ""},
        ],
    }


def typed(form: MultiMapping[Any]) -> dict[str, Any]:
    """The form's fields as they were typed, to be corrected."""
    names = {
        "fees": ("text", "amount", "channel", "note"),
        "times": ("text", "value", "unit", "channel"),
    }
    rows = {
        key: [
            dict(zip(parts, row, strict=True))
            for row in _rows(form, tuple(f"{key.removesuffix('s')}_{p}" for p in parts))
        ]
        for key, parts in names.items()
    }
    return {
        **{name: _text(form, name) for name in (*TEXTS, "checked", "source_title", "source_url", "source_decision")},
        **{name: _raw(form, name) for name in LINES},
        "channels": _all(form, "channels"),
        "confirmed": form.get("confirmed") == "1",
        **rows,
        "cases": [{"case": case, "items": items} for case, items in _rows(form, ("case", "items"), lines=True)],
    }


def read(form: MultiMapping[Any], base: Procedure) -> Procedure:
    """The procedure that a form describes; what the form does not show stays as in `base`.

    Raises:
        Invalid: a field cannot be used; names each.
    """
    wrong: list[str] = []
    values: dict[str, Any] = base.model_dump(mode="json")
    for name in TEXTS:
        values[name] = _text(form, name) or ("" if name in {"name", "field"} else None)
    for name in LINES:
        values[name] = [line for raw in _raw(form, name).splitlines() if (line := " ".join(raw.split()))]
    values["channels"] = [channel.value for channel in Channel if channel.value in _all(form, "channels")]
    values["checked"] = _text(form, "checked") or None
    values["source"] = {
        **values["source"],
        "title": _text(form, "source_title"),
        "url": _text(form, "source_url") or None,
        "decision": _text(form, "source_decision") or None,
    }
    values["fees"] = _fees(form, values["fees"], wrong)
    values["times"] = _times(form, wrong)
    values["documents"] = _cases(form, wrong)
    # Whoever edits a record of the starter may confirm it; nobody makes a record into one.
    values["starter"] = base.starter and form.get("confirmed") != "1"
    url = values["source"]["url"]
    if url and not url.startswith(("https://", "http://")):
        wrong.append("Địa chỉ nguồn phải bắt đầu bằng https:// hoặc http://")
    if wrong:
        raise Invalid("; ".join(wrong) + ".")
    try:
        return Procedure.model_validate_json(json.dumps(values, ensure_ascii=False))
    except ValidationError as error:
        raise Invalid("; ".join(_said(item) for item in error.errors()[:5]) + ".") from None


def _fees(form: MultiMapping[Any], before: Sequence[dict[str, Any]], wrong: list[str]) -> list[dict[str, Any]]:
    found = []
    for place, (text, amount, channel, note) in enumerate(
        _rows(form, ("fee_text", "fee_amount", "fee_channel", "fee_note"))
    ):
        if not text and not amount:
            continue
        digits = amount.replace(".", "").replace(" ", "").removesuffix("đ").removesuffix("đồng")
        if digits and not (digits.isascii() and digits.isdigit() and len(digits) < 13):
            wrong.append(f"Số tiền “{amount[:30]}” phải là số đồng, ví dụ 50000")
            continue
        said = text or f"{int(digits):,} đồng".replace(",", ".")
        kept = before[place] if place < len(before) else {}
        found.append(
            {
                **kept,
                "text": said,
                "amount": int(digits) if digits else None,
                "channel": channel if channel in set(Channel) else None,
                "note": note or None,
            }
        )
    return found


def _times(form: MultiMapping[Any], wrong: list[str]) -> list[dict[str, Any]]:
    found = []
    for text, value, unit, channel in _rows(form, ("time_text", "time_value", "time_unit", "time_channel")):
        if not text and not value:
            continue
        number = None
        if value:
            try:
                number = float(value.replace(",", "."))
            except ValueError:
                number = -1.0
            if not 0 <= number < 10_000:
                wrong.append(f"Thời gian “{value[:30]}” phải là một số, ví dụ 5 hoặc 2,5")
                continue
        unit = unit if unit in set(TimeUnit) else "none"
        said = text or f"{value} {UNITS[unit]}"
        way = channel if channel in set(Channel) else None
        found.append({"text": said, "value": number, "unit": unit, "channel": way})
    return found


def _cases(form: MultiMapping[Any], wrong: list[str]) -> list[dict[str, Any]]:
    found = []
    for case, papers in _rows(form, ("case", "items"), lines=True):
        items = []
        for line in papers.splitlines():
            name, *counts = (part.strip() for part in line.split("|"))
            if not name and not any(counts):
                continue
            if not name or len(counts) > 2 or not all(c == "" or (c.isascii() and c.isdigit()) for c in counts):
                wrong.append(f"Dòng giấy tờ “{line[:50]}” cần viết: tên | số bản chính | số bản sao")
                continue
            number = [int(count[:4]) if count else None for count in (*counts, "", "")]
            items.append({"name": name, "original": number[0], "copy_count": number[1]})
        if items:
            found.append({"case": " ".join(case.split()), "items": items})
    return found


def _rows(form: MultiMapping[Any], names: Sequence[str], *, lines: bool = False) -> list[tuple[str, ...]]:
    columns = [_all(form, name, lines=lines)[:_MOST_ROWS] for name in names]
    most = max(map(len, columns), default=0)
    return [tuple(column[i] if i < len(column) else "" for column in columns) for i in range(most)]


def _all(form: MultiMapping[Any], name: str, *, lines: bool = False) -> list[str]:
    values = [value for value in form.getall(name, []) if isinstance(value, str)]
    return [_clean(value) if lines else " ".join(_clean(value).split()) for value in values]


def _raw(form: MultiMapping[Any], name: str) -> str:
    value = form.get(name, "")
    return _clean(value) if isinstance(value, str) else ""


def _text(form: MultiMapping[Any], name: str) -> str:
    return " ".join(_raw(form, name).split())


def _clean(text: str) -> str:
    return nfc("".join(char if char.isprintable() or char in "\n\t" else " " for char in text)).strip()


def _item_line(item: Any) -> str:
    counts = [item.original, item.copy_count]
    name = " ".join(item.name.replace("|", "/").split())
    if counts == [None, None]:
        return name
    return " | ".join([name, *("" if count is None else str(count) for count in counts)])


def _said(item: Any) -> str:
    name = str(item["loc"][0]) if item["loc"] else ""
    title = diff.TITLES.get(name, {"checked": "Ngày kiểm tra"}.get(name, name))
    return f"{title}: chưa dùng được ({item['msg']})"
