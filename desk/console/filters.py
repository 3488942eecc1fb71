"""Keeping a filter of the queues under a name, and forgetting it."""

from __future__ import annotations

from urllib.parse import urlencode

from aiohttp import web

from desk import saved_filters
from desk.console._access import needs, who
from desk.console._frame import FORM, PARTS, field_of, go, url
from desk.console.queue import query_of
from desk.queues import Filters
from store.errors import Invalid

_KEPT = ("queue", "q", *Filters.__dataclass_fields__)


def add_routes(app: web.Application) -> None:
    """The two forms of the queues' page."""
    app.router.add_post("/cases/filters", save)
    app.router.add_post("/cases/filters/{number}/remove", remove)


@needs("cases.read")
async def save(request: web.Request) -> web.StreamResponse:
    """Keep the filter of the page that the form stands on."""
    form = request[FORM]
    query = query_of({name: field_of(form, name, longest=200) for name in _KEPT})
    if not set(query) - {"queue"}:
        raise Invalid("Chưa có điều kiện lọc nào để lưu; anh/chị chọn điều kiện rồi bấm Lọc trước.")
    await saved_filters.save(request.app[PARTS].db, who(request), field_of(form, "name", longest=200), urlencode(query))
    raise go(request, url("/cases", **query), "Đã lưu bộ lọc.")


@needs("cases.read")
async def remove(request: web.Request) -> web.StreamResponse:
    """Forget a filter."""
    number = request.match_info["number"]
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        raise web.HTTPNotFound
    await saved_filters.remove(request.app[PARTS].db, who(request), int(number))
    raise go(request, "/cases", "Đã bỏ bộ lọc.")
