"""The page of long work: a bar that goes on by itself, with or without script."""

from __future__ import annotations

from aiohttp import web

from desk.console._access import needs
from desk.console._frame import WORKS, page
from desk.console._work import Work
from store.errors import NotFound


def add_routes(app: web.Application) -> None:
    """The page and what its script asks for."""
    app.router.add_get("/work/{id}.json", progress)
    app.router.add_get("/work/{id}", show)


@needs("reader")
async def show(request: web.Request) -> web.StreamResponse:
    """How far a piece of work is."""
    return page(request, "work.html", title="Đang làm", work=_work(request))


@needs("reader")
async def progress(request: web.Request) -> web.StreamResponse:
    """The same for the script."""
    work = _work(request)
    return web.json_response(
        {
            "state": work.state,
            "stage": work.stage,
            "percent": round(100 * work.share),
            "message": work.message,
            "link": work.link,
        },
        headers={"Cache-Control": "no-store"},
    )


def _work(request: web.Request) -> Work:
    work = request.app[WORKS].get(request.match_info["id"])
    if work is None:
        raise NotFound(
            "Không còn thông tin về việc này: máy chủ đã khởi động lại, hoặc việc đã xong lâu. "
            "Trang các bản danh mục cho biết kết quả."
        )
    return work
