"""What in the live catalogue has grown old."""

from __future__ import annotations

from aiohttp import web

from desk.console._access import needs
from desk.console._frame import PARTS, add_to_menu, page
from desk.console._lists import Last, sheet, today
from knowledge import freshness

_A_PAGE = 100
_MONTHS = (3, 6, 12, 18, 24, 36)
_DEFAULT = 12
# Every record is read from disk: a second for 2,754 of them.
_FOUND = web.AppKey("freshness", Last[freshness.Freshness])


def add_routes(app: web.Application) -> None:
    """The page."""
    app[_FOUND] = Last()
    add_to_menu(app, "Độ mới", "/freshness")
    app.router.add_get("/freshness", show)


@needs("reader")
async def show(request: web.Request) -> web.StreamResponse:
    """Records nobody has checked for months, records that cite what is no longer law, records without an office."""
    asked = request.query.get("months", "")
    months = int(asked) if asked in map(str, _MONTHS) else _DEFAULT
    kind = request.query.get("kind", "")
    snapshot = await request.app[PARTS].catalogue.snapshot()
    on = today()
    found = await request.app[_FOUND].get(
        (snapshot.version, on, months),
        lambda: freshness.look(snapshot.procedures.values(), on, taken=snapshot.day, months=months),
    )
    lists = {"citing": found.citing, "homeless": found.homeless, "aged": found.aged}
    kind = kind if kind in lists else next((name for name, rows in lists.items() if rows), "citing")
    return page(
        request,
        "freshness.html",
        title="Độ mới của danh mục",
        months=months,
        choices=_MONTHS,
        kind=kind,
        counts={name: len(rows) for name, rows in lists.items()},
        sheet=sheet(lists[kind], request.query.get("page", ""), _A_PAGE),
        total=len(snapshot.procedures),
        taken=snapshot.day,
        query={"kind": kind, "months": months},
        table=len(freshness.replaced()),
    )
