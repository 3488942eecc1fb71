"""Taking a case in at the counter or by telephone."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from desk.cases import LONGEST_TEXT, Draft
from desk.console._access import needs, who
from desk.console._case_fields import procedure_of
from desk.console._desk_words import KINDS
from desk.console._frame import FORM, PARTS, field_of, go, page
from desk.kinds import Kind
from knowledge.places import Gazetteer
from store.errors import Invalid, MotcuaError

_FIELDS = ("kind", "subject", "text", "place_code", "procedure_code", "office", "contact", "agreed", "in_person", "key")


def add_routes(app: web.Application) -> None:
    """The form and what it does."""
    app.router.add_get("/cases/new", show)
    app.router.add_post("/cases/new", take_in)


@needs("cases.work")
async def show(request: web.Request) -> web.StreamResponse:
    """The empty form."""
    return _page(request, {"key": secrets.token_urlsafe(12)})


@needs("cases.work")
async def take_in(request: web.Request) -> web.StreamResponse:
    """Open the case; the next page tells code and PIN, once. What cannot be used comes back with what was written."""
    form, parts = request[FORM], request.app[PARTS]
    try:
        draft, key = _read(form, parts.gazetteer, await procedure_of(request, form))
        case, pin = await parts.handling.open_by_staff(who(request), draft, key=f"desk:{who(request).id}:{key}")
    except MotcuaError as error:
        return _page(request, {name: _given(form, name) for name in _FIELDS}, error)
    said = f"Đã lập phiếu {case.code}. PIN: {pin}. Anh/chị đọc hoặc ghi cả hai cho người dân; PIN chỉ hiện một lần này."
    raise go(request, f"/cases/{case.code}", said)


def _read(form: Mapping[str, Any], gazetteer: Gazetteer, procedure: str) -> tuple[Draft, str]:
    kind = field_of(form, "kind", longest=20)
    if kind not in KINDS:
        raise Invalid("Anh/chị chọn loại phiếu. Đơn tố cáo không lập ở đây: mời người dân vào trang tố cáo riêng.")
    subject, text = field_of(form, "subject", longest=200), field_of(form, "text", longest=LONGEST_TEXT)
    if not subject or not text:
        raise Invalid(f"Cần ghi việc gì (ngắn, dưới 200 ký tự) và nội dung (dưới {LONGEST_TEXT} ký tự).")
    contact = field_of(form, "contact", longest=120)
    if contact and form.get("agreed") != "yes":
        raise Invalid("Muốn ghi số điện thoại hoặc thư điện tử thì người dân phải đồng ý; đánh dấu khi họ đã đồng ý.")
    place = field_of(form, "place_code", longest=20)
    if place and place not in {one.code for one in gazetteer.communes()}:
        raise Invalid("Không có xã, phường, đặc khu nào như vậy; anh/chị chọn lại.")
    key = field_of(form, "key", longest=40)
    if not key:
        raise Invalid("Trang này đã cũ; anh/chị mở lại trang lập phiếu.")
    # Brought in person, Luật Tiếp công dân sets a time of its own for the reply on what becomes of it.
    detail = {"in_person": True} if form.get("in_person") == "yes" else {}
    if contact:
        detail["contact_agreed"] = True
    draft = Draft(
        kind=Kind(kind),
        subject=subject,
        text=text,
        place_code=place or None,
        place_text=gazetteer.get(place).name if place else None,
        procedure_code=procedure or None,
        office=field_of(form, "office", longest=200) or None,
        contact=contact or None,
        via="desk",
        detail=detail or None,
    )
    return draft, key


def _given(form: Mapping[str, Any], name: str) -> str:
    """What was written, also when it is too long to be taken."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _page(request: web.Request, values: Mapping[str, str], error: MotcuaError | None = None) -> web.StreamResponse:
    parts = request.app[PARTS]
    return page(
        request,
        "new_case.html",
        status=error.status if error else 200,
        title="Lập phiếu mới",
        values={name: values.get(name, "") for name in _FIELDS},
        message=error.message if error else "",
        kinds=KINDS,
        places=parts.gazetteer.communes(),
        longest=LONGEST_TEXT,
    )
