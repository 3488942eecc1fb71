"""The extension of a deadline: which may be extended, why, to when."""

from __future__ import annotations

from aiohttp import web

from desk import case_clocks, extension
from desk.access import sees
from desk.cases import CaseNotFound
from desk.console._access import needs, who
from desk.console._frame import FORM, PARTS, field_of, go, page
from store.errors import MotcuaError, NotFound


def add_routes(app: web.Application) -> None:
    """The page and its form."""
    app.router.add_get("/cases/{code}/extend", show)
    app.router.add_post("/cases/{code}/extend", extend)


@needs("cases.supervise")
async def show(request: web.Request) -> web.StreamResponse:
    """The running deadlines that the law lets be extended."""
    return await _page(request)


@needs("cases.supervise")
async def extend(request: web.Request) -> web.StreamResponse:
    """Grant an extension."""
    parts, form, code = request.app[PARTS], request[FORM], request.match_info["code"]
    seen = field_of(form, "version", longest=9)
    try:
        case = await extension.extend(
            parts.handling,
            who(request),
            code,
            field_of(form, "rule", longest=60),
            field_of(form, "reason"),
            expected=int(seen) if seen.isascii() and seen.isdigit() else None,
        )
    except NotFound:
        raise
    except MotcuaError as error:
        return await _page(request, error)
    raise go(request, f"/cases/{case.code}", "Đã gia hạn và báo người dân.")


async def _page(request: web.Request, error: MotcuaError | None = None) -> web.StreamResponse:
    parts, form = request.app[PARTS], request.get(FORM, {})
    case = await parts.cases.show(request.match_info["code"])
    if not sees(who(request), case):
        raise CaseNotFound("Không có phiếu này, hoặc phiếu không thuộc đơn vị của anh/chị.")
    return page(
        request,
        "extension.html",
        status=error.status if error else 200,
        title=f"Gia hạn {case.code}",
        message=error.message if error else "",
        case=case,
        clocks=[clock for clock in await case_clocks.explain(parts.db, case) if clock.may_extend],
        rule=field_of(form, "rule", longest=60),
        reason=field_of(form, "reason"),
    )
