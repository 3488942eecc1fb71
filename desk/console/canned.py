"""The standard answers: list, make, change, take out of use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from desk import canned, units
from desk.console._access import needs, who
from desk.console._desk_words import KINDS
from desk.console._frame import FORM, PARTS, add_to_menu, field_of, go, page
from desk.kinds import Kind
from store.errors import Invalid, MotcuaError

_EXAMPLE = {
    "ten": "anh/chị",
    "ma_phieu": "MC-ABC234",
    "viec": "Chờ lâu khi làm căn cước",
    "ngay_gui": "20/11/2026",
    "han": "16:30 27/11/2026",
    "don_vi": "Bộ phận kiểm soát thủ tục hành chính",
    "noi": "Xã Chợ Mới",
    "thu_tuc": "Đăng ký khai sinh",
    "can_bo": "lan",
    "lien_ket": "https://…/t/MC-ABC234",
}


def add_routes(app: web.Application) -> None:
    """The list with its form, and what the forms do."""
    add_to_menu(app, "Câu trả lời mẫu", "/canned", "desk.settings")
    app.router.add_get("/canned", show)
    app.router.add_post("/canned", add)
    app.router.add_post("/canned/{number}", change)
    app.router.add_post("/canned/{number}/end", end)


@needs("desk.settings")
async def show(request: web.Request) -> web.StreamResponse:
    """The standard answers, and a form that makes one or changes the one asked for."""
    asked = request.query.get("edit", "")
    edited = await canned.get(request.app[PARTS].db, _number(asked)) if asked else None
    values = {
        "title": edited.title if edited else "",
        "text": edited.text if edited else "",
        "unit": str(edited.unit_id or "") if edited else "",
        "kind": edited.kind.value if edited and edited.kind else "",
    }
    return await _page(request, values, edited.id if edited else None)


@needs("desk.settings")
async def add(request: web.Request) -> web.StreamResponse:
    """Make a standard answer; what cannot be used comes back with what was written."""
    form = request[FORM]
    try:
        made = await canned.add(request.app[PARTS].db, who(request), **_read(form))
    except MotcuaError as error:
        return await _page(request, _values(form), None, error)
    raise go(request, "/canned", f"Đã thêm câu trả lời mẫu “{made.title}”.")


@needs("desk.settings")
async def change(request: web.Request) -> web.StreamResponse:
    """Change a standard answer; what cannot be used comes back with what was written."""
    form, number = request[FORM], _number(request.match_info["number"])
    try:
        made = await canned.change(request.app[PARTS].db, who(request), number, **_read(form))
    except Invalid as error:
        return await _page(request, _values(form), number, error)
    raise go(request, "/canned", f"Đã sửa câu trả lời mẫu “{made.title}”.")


@needs("desk.settings")
async def end(request: web.Request) -> web.StreamResponse:
    """Take a standard answer out of use."""
    ended = await canned.end(request.app[PARTS].db, who(request), _number(request.match_info["number"]))
    raise go(request, "/canned", f"Đã bỏ câu trả lời mẫu “{ended.title}”.")


async def _page(
    request: web.Request, values: Mapping[str, str], number: int | None, error: MotcuaError | None = None
) -> web.StreamResponse:
    parts, by = request.app[PARTS], who(request)
    answers = await canned.list_(parts.db, unit_id=by.unit_id)
    return page(
        request,
        "canned.html",
        status=error.status if error else 200,
        title="Câu trả lời mẫu",
        answers=[(one, canned.fill(one.text, _EXAMPLE)) for one in answers],
        values=values,
        number=number,
        message=error.message if error else "",
        placeholders=canned.PLACEHOLDERS,
        kinds=KINDS,
        units=[one for one in await units.list_(parts.db) if by.unit_id in {None, one.id}],
        own=by.unit_id,
    )


def _read(form: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as `desk.canned` takes them.

    Raises:
        Invalid: one of them is no number or kind, or is too long to be meant.
    """
    text = form.get("text", "")
    if isinstance(text, str) and len(text) > 4 * canned.LONGEST_TEXT:
        raise Invalid("Nội dung dài quá; anh/chị viết ngắn lại.")
    unit, kind = field_of(form, "unit", longest=18), field_of(form, "kind", longest=20)
    if kind and kind not in KINDS:
        raise Invalid("Không có loại phiếu như vậy; anh/chị chọn lại.")
    return {
        "title": field_of(form, "title"),
        "text": field_of(form, "text", longest=4 * canned.LONGEST_TEXT),
        "unit_id": _number(unit) if unit else None,
        "kind": Kind(kind) if kind else None,
    }


def _values(form: Mapping[str, Any]) -> dict[str, str]:
    return {name: field_of(form, name, longest=4 * canned.LONGEST_TEXT) for name in ("title", "text", "unit", "kind")}


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise web.HTTPNotFound
    return int(text)
