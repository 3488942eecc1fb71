"""Units that take cases in: the list, a new one, another name, an end. A page of administrators."""

from __future__ import annotations

from aiohttp import web

from desk import units
from desk.console._access import needs, who
from desk.console._frame import FORM, PARTS, add_to_menu, field_of, go, page
from store.errors import Conflict, Invalid, MotcuaError


def add_routes(app: web.Application) -> None:
    """The list and its changes."""
    add_to_menu(app, "Đơn vị", "/units", "accounts")
    app.router.add_get("/units", show)
    app.router.add_post("/units", add)
    app.router.add_post("/units/{code}", change)


@needs("accounts")
async def show(request: web.Request) -> web.StreamResponse:
    """Every unit."""
    return await _page(request)


@needs("accounts")
async def add(request: web.Request) -> web.StreamResponse:
    """Make a unit."""
    form = request[FORM]
    try:
        unit = await units.add(
            request.app[PARTS].db,
            field_of(form, "code", longest=100),
            field_of(form, "name", longest=300),
            place_code=field_of(form, "place", longest=20) or None,
            actor=who(request).name,
        )
    except (Invalid, Conflict) as error:
        return await _page(request, error)
    raise go(request, "/units", f"Đã thêm {unit.name}.")


@needs("accounts")
async def change(request: web.Request) -> web.StreamResponse:
    """Give a unit another name, or end it."""
    form, db, by = request[FORM], request.app[PARTS].db, who(request).name
    code = request.match_info["code"]
    try:
        if "end" in form:
            unit = await units.end(db, code, actor=by)
            told = f"{unit.name} không nhận phiếu mới nữa."
        else:
            unit = await units.rename(db, code, field_of(form, "name", longest=300), actor=by)
            told = f"Đã đổi tên thành {unit.name}."
    except (Invalid, Conflict) as error:
        return await _page(request, error)
    raise go(request, "/units", told)


async def _page(request: web.Request, error: MotcuaError | None = None) -> web.StreamResponse:
    form = request.get(FORM, {})
    parts = request.app[PARTS]
    return page(
        request,
        "units.html",
        status=error.status if error else 200,
        title="Đơn vị",
        message=error.message if error else "",
        units=await units.list_(parts.db, ended=True),
        control=units.CONTROL,
        places=sorted((place.name, place.code) for place in parts.gazetteer.communes()),
        code=field_of(form, "code", longest=100),
        name=field_of(form, "name", longest=300),
        place=field_of(form, "place", longest=20),
    )
