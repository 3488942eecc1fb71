"""The province's layer laid over the national text: a pure function of both and of a day."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from knowledge._overlay_model import EVERY, Kind, Overlay
from knowledge.procedures import (
    Channel,
    Fee,
    HomeService,
    OfficeKind,
    OnlineLevel,
    OnlineValue,
    Procedure,
    Provenance,
    ReceivingRule,
)
from knowledge.text import fold, nfc

_DAY = timedelta(days=1)
# A national text that leaves the fee to the province's council.
_LEFT_TO_COUNCIL = re.compile(r"hoi dong nhan dan|\bhdnd\b")


def apply(procedures: Iterable[Procedure], overlays: Iterable[Overlay], on: date) -> tuple[Procedure, ...]:
    """Lay the province's facts over the national records.

    A fact holds from its `valid_from` to its `valid_to`; of two with the same key that which begins later holds.
    Receiving rules keep their days, so that they are right on every day of the version's life; all other facts
    are those of the day `on`. Facts of codes that are not among the procedures change nothing. Laying the same facts
    a second time changes nothing.

    Args:
        procedures: the national records.
        overlays: the rows that were not ended.
        on: the day the version is made for.
    """
    rows: dict[str, list[Overlay]] = defaultdict(list)
    for overlay in overlays:
        rows[overlay.code].append(overlay)
    every = rows.pop(EVERY, [])
    return tuple(
        _one(procedure, [*every, *rows.get(procedure.code, ())], on) if every or procedure.code in rows else procedure
        for procedure in procedures
    )


def next_change(overlays: Iterable[Overlay], after: date) -> date | None:
    """The next day on which other facts are in force than on `after`; a version made before it is out of date then."""
    days = {row.valid_from for row in overlays if row.valid_from} | {
        row.valid_to + _DAY for row in overlays if row.valid_to and row.valid_to < date.max
    }
    return min((day for day in days if day > after), default=None)


def _one(procedure: Procedure, rows: Sequence[Overlay], on: date) -> Procedure:
    changed: dict[str, Any] = {}
    said: list[Overlay] = []
    for kind, lay in _LAYERS.items():
        of_kind = [row for row in rows if row.kind is kind]
        used = of_kind if kind is Kind.receiving else _in_force(of_kind, on)
        if used:
            changed |= lay(procedure, used)
            said += used
    if not said:
        return procedure
    return procedure.model_copy(update={**changed, "overlays": tuple(_provenance(row) for row in said)})


def _order(row: Overlay) -> tuple[bool, date, int]:
    # What is said of the procedure itself goes before what is said of all.
    return (row.code != EVERY, row.valid_from or date.min, row.id)


def _in_force(rows: Iterable[Overlay], on: date) -> list[Overlay]:
    """The last word of each key on that day, the newest last."""
    last: dict[str, Overlay] = {}
    for row in sorted(rows, key=_order):
        if row.in_force(on):
            last[row.key] = row
    return sorted(last.values(), key=_order)


def _provenance(row: Overlay) -> Provenance:
    return Provenance(
        fact=row.kind.value,
        set_by=row.actor,
        source=row.source,
        decision=row.decision,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        overlay=row.id,
    )


def _online(_procedure: Procedure, rows: Sequence[Overlay]) -> dict[str, Any]:
    row = rows[-1]
    level = OnlineLevel(
        scheme=row.value["scheme"],
        value=OnlineValue(row.value["value"]),
        as_of=row.valid_from,
        source=row.decision or row.source,
    )
    return {"online": level}


def _receiving(procedure: Procedure, rows: Sequence[Overlay]) -> dict[str, Any]:
    own: list[ReceivingRule] = []
    by_key: dict[str, list[Overlay]] = defaultdict(list)
    for row in sorted(rows, key=_order):
        by_key[row.key].append(row)
    for chain in by_key.values():
        said: list[ReceivingRule] = []
        for row in reversed(chain):
            said += _carved(_rule(row), said)
        own += said
    national = [piece for rule in procedure.receiving for piece in _carved(rule, own)]
    return {"receiving": (*own, *national)}


def _rule(row: Overlay) -> ReceivingRule:
    return ReceivingRule(
        office=OfficeKind(row.value["office"]),
        name=row.value.get("name"),
        accepts=row.value["accepts"],
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        decision=row.decision,
        note=row.value.get("note"),
    )


def _carved(rule: ReceivingRule, own: Sequence[ReceivingRule]) -> list[ReceivingRule]:
    """What is left of a rule on the days on which those that go before it say nothing about that office."""
    pieces = [rule]
    for cut in own:
        if not _same_office(cut, rule):
            continue
        left: list[ReceivingRule] = []
        for piece in pieces:
            begin, end = piece.valid_from or date.min, piece.valid_to or date.max
            cut_begin, cut_end = cut.valid_from or date.min, cut.valid_to or date.max
            if cut_end < begin or end < cut_begin:
                left.append(piece)
                continue
            if begin < cut_begin:
                left.append(piece.model_copy(update={"valid_to": cut_begin - _DAY}))
            if cut_end < end:
                left.append(piece.model_copy(update={"valid_from": cut_end + _DAY}))
        pieces = left
    return pieces


def _same_office(cut: ReceivingRule, rule: ReceivingRule) -> bool:
    if cut.office is not rule.office:
        return False
    return cut.name is None or fold(nfc(cut.name)) == fold(nfc(rule.name or ""))


def _fees(procedure: Procedure, rows: Sequence[Overlay]) -> dict[str, Any]:
    own = [
        Fee(
            amount=row.value.get("amount"),
            text=row.value.get("text") or in_words(row.value["amount"]),
            channel=Channel(row.value["channel"]) if row.value.get("channel") else None,
            note=row.value.get("note"),
            decision=row.decision,
            valid_from=row.valid_from,
        )
        for row in rows
    ]
    channels = {fee.channel for fee in own}
    kept = [
        fee
        for fee in procedure.fees
        if None not in channels and fee.channel not in channels and not _LEFT_TO_COUNCIL.search(fold(nfc(fee.text)))
    ]
    return {"fees": (*own, *kept)}


def in_words(amount: int) -> str:
    """An amount in đồng as citizens read it."""
    return f"{amount:,} đồng".replace(",", ".") if amount else "Miễn phí"


def _post(procedure: Procedure, rows: Sequence[Overlay]) -> dict[str, Any]:
    value = rows[-1].value
    channels = procedure.channels
    if value.get("in") is True and Channel.post not in channels:
        channels = (*channels, Channel.post)
    elif value.get("in") is False:
        channels = tuple(channel for channel in channels if channel is not Channel.post)
    return {"post_in": value.get("in"), "post_out": value.get("out"), "channels": channels}


def _home(_procedure: Procedure, rows: Sequence[Overlay]) -> dict[str, Any]:
    return {"home_service": tuple(HomeService(place=row.value.get("place"), text=row.value["text"]) for row in rows)}


def _exempt(_procedure: Procedure, rows: Sequence[Overlay]) -> dict[str, Any]:
    return {"on_time_exempt": rows[-1].value["exempt"]}


_LAYERS = {
    Kind.online_level: _online,
    Kind.receiving: _receiving,
    Kind.fee: _fees,
    Kind.post: _post,
    Kind.home_service: _home,
    Kind.on_time_exempt: _exempt,
}
