"""The province's layer: who takes which procedure in, and what else the province sets over the national text."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from desk.console import _uploads
from desk.console._access import needs, who
from desk.console._frame import FORM, PARTS, add_to_menu, field_of, go, page, url
from desk.console._lists import day_of, sheet, today
from desk.console._words import SEVERITIES
from knowledge import offices, overlays
from knowledge.overlays import Overlay
from knowledge.procedures import Channel, OfficeKind, ReceivingRule
from store.errors import Invalid

_A_PAGE = 100
KINDS = {
    "receiving": "nơi tiếp nhận",
    "online_level": "mức độ trực tuyến",
    "fee": "phí do tỉnh quy định",
    "post": "bưu chính",
    "home_service": "phục vụ tại nhà",
    "on_time_exempt": "không áp dụng 100 % đúng hạn",
}
LEVELS = {
    "ND42_2022 full": "toàn trình (Nghị định 42/2022)",
    "ND42_2022 partial": "một phần (Nghị định 42/2022)",
    "ND42_2022 information": "chỉ cung cấp thông tin (Nghị định 42/2022)",
    "ND43_2011 level_4": "mức độ 4 (Nghị định 43/2011)",
    "ND43_2011 level_3": "mức độ 3 (Nghị định 43/2011)",
    "ND43_2011 level_1_2": "mức độ 1–2 (Nghị định 43/2011)",
}
CHANNELS = {Channel.in_person: "trực tiếp", Channel.online: "trực tuyến", Channel.post: "bưu chính"}


def add_routes(app: web.Application) -> None:
    """Pages of the layer."""
    add_to_menu(app, "Phần riêng của tỉnh", "/receiving")
    app.router.add_get("/receiving", show)
    app.router.add_post("/receiving", add)
    app.router.add_post("/receiving/upload", upload)
    app.router.add_post("/receiving/{id:[0-9]{1,15}}/end", end)


@needs("reader")
async def show(request: web.Request) -> web.StreamResponse:
    """The facts in force, of one procedure or of all, with a form for each kind."""
    return await _page(request)


@needs("editor")
async def add(request: web.Request) -> web.StreamResponse:
    """Set one fact."""
    parts, form = request.app[PARTS], request[FORM]
    kind, code = field_of(form, "kind", longest=20), field_of(form, "code", longest=40)
    since, until = field_of(form, "valid_from", longest=10), field_of(form, "valid_to", longest=10)
    if (since and day_of(since) is None) or (until and day_of(until) is None):
        raise Invalid("Ngày viết theo dạng năm-tháng-ngày, ví dụ 2026-07-01.")
    value = _value(kind, form)
    if until:
        value["valid_to"] = until
    row = await overlays.add(
        parts.db,
        code,
        kind,
        value,
        actor=who(request).name,
        valid_from=day_of(since),
        decision=field_of(form, "decision", longest=200) or None,
        known=(await parts.catalogue.snapshot()).procedures.keys(),
    )
    said = f"Đã ghi cho {row.code}: {said_of(row)}. Có hiệu lực với người dân từ bản danh mục lập sau đây."
    raise go(request, url("/receiving", code=row.code), said)


@needs("editor")
async def end(request: web.Request) -> web.StreamResponse:
    """Take a fact back."""
    row = await overlays.end(request.app[PARTS].db, int(request.match_info["id"]), actor=who(request).name)
    raise go(request, url("/receiving", code=row.code), f"Đã gỡ của {row.code}: {said_of(row)}.")


@needs("editor", file=True)
async def upload(request: web.Request) -> web.StreamResponse:
    """Set the facts of a table, all of one kind."""
    parts = request.app[PARTS]
    taken = await _uploads.receive(request)
    try:
        report = await overlays.import_csv(
            parts.db,
            taken.path,
            kind=taken.fields.get("kind", ""),
            actor=who(request).name,
            valid_from=day_of(taken.fields.get("valid_from", "")),
            decision=taken.fields.get("decision", "")[:200] or None,
            source=taken.name,
            known=(await parts.catalogue.snapshot()).procedures.keys(),
        )
    finally:
        await asyncio.to_thread(_uploads.remove, taken)
    return await _page(request, report=report)


def said_of(row: Overlay) -> str:
    """A fact in words."""
    value = row.value
    if row.kind is overlays.Kind.receiving:
        verb = "nhận tại" if value.get("accepts", True) else "không nhận tại"
        note = f" ({value['note']})" if value.get("note") else ""
        return f"{verb} {value.get('name') or _office(value['office'])}{note}"
    if row.kind is overlays.Kind.online_level:
        return LEVELS.get(f"{value['scheme']} {value['value']}", f"{value['scheme']}: {value['value']}")
    if row.kind is overlays.Kind.fee:
        channel = f" ({CHANNELS[Channel(value['channel'])]})" if value.get("channel") else ""
        return str(value.get("text") or f"{value['amount']:,} đồng".replace(",", ".")) + channel
    if row.kind is overlays.Kind.post:
        ways = {"in": "nhận hồ sơ", "out": "trả kết quả"}
        return ", ".join(f"{said}: {'có' if value[key] else 'không'}" for key, said in ways.items() if key in value)
    if row.kind is overlays.Kind.home_service:
        return f"{value['text']}" + (f" (nơi có mã {value['place']})" if value.get("place") else "")
    return "không áp dụng 100 % đúng hạn" if value.get("exempt", True) else "áp dụng 100 % đúng hạn"


def _value(kind: str, form: Mapping[str, Any]) -> dict[str, Any]:
    """What the form of a kind says; what is left empty is left out."""
    if kind not in KINDS:
        raise Invalid("Anh/chị chọn loại thông tin cần ghi.")
    if kind == "receiving":
        value: dict[str, Any] = {"office": field_of(form, "office"), "accepts": form.get("accepts") != "no"}
        value |= {key: field_of(form, key, longest=300) for key in ("name", "note")}
    elif kind == "online_level":
        scheme, _, level = field_of(form, "level").partition(" ")
        value = {"scheme": scheme, "value": level}
    elif kind == "fee":
        amount = field_of(form, "amount", longest=20).replace(".", "")
        if amount and not (amount.isascii() and amount.isdigit()):
            raise Invalid("Số tiền là số đồng, ví dụ 50000.")
        value = {"amount": int(amount) if amount else None}
        value |= {key: field_of(form, key, longest=500) for key in ("text", "channel", "note")}
    elif kind == "post":
        said = {"yes": True, "no": False}
        value = {key: said.get(field_of(form, f"post_{key}")) for key in ("in", "out")}
    elif kind == "home_service":
        value = {key: field_of(form, key, longest=500) for key in ("place", "text")}
    else:
        value = {"exempt": form.get("exempt") != "no"}
    return {key: held for key, held in value.items() if held not in (None, "")}


async def _page(request: web.Request, *, report: Any = None) -> web.Response:
    parts = request.app[PARTS]
    code = request.query.get("code", "").strip()[:40]
    kind = request.query.get("kind", "")
    kind = kind if kind in KINDS else ""
    snapshot = await parts.catalogue.snapshot()
    rows = (await overlays.list_(parts.db, code or None, kind or None))[::-1]
    procedure = snapshot.procedures.get(code)
    on = today()
    places = [rule for rule in procedure.receiving if rule.in_force(on)] if procedure else []
    return page(
        request,
        "receiving.html",
        title="Phần riêng của tỉnh",
        sheet=sheet(rows, request.query.get("page", ""), _A_PAGE),
        said_of=said_of,
        code=code,
        kind=kind,
        kinds=KINDS,
        levels=LEVELS,
        channels=CHANNELS,
        procedure=procedure,
        places=[(rule, offices.office_for(rule, None, on).name) for rule in places],
        unknown=bool(code) and procedure is None and code != overlays.EVERY,
        offices=[(office.value, _office(office)) for office in OfficeKind if office is not OfficeKind.other],
        communes=sorted(parts.gazetteer.communes(on), key=lambda place: place.short),
        report=report,
        severities=SEVERITIES,
        query={"code": code, "kind": kind},
    )


def _office(kind: OfficeKind | str) -> str:
    try:
        office = OfficeKind(kind)
    except ValueError:
        return str(kind)
    return (
        "nơi khác"
        if office is OfficeKind.other
        else offices.office_for(ReceivingRule(office=office), None, today()).name
    )
