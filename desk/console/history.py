"""Who did what with the catalogue, when, from which file."""

from __future__ import annotations

from aiohttp import web

from desk.console._access import needs
from desk.console._frame import PARTS, add_to_menu, page
from desk.console._words import EVENTS

_SHOWN = 500


def add_routes(app: web.Application) -> None:
    """The page of the history."""
    add_to_menu(app, "Lịch sử", "/history")
    app.router.add_get("/history", show)


@needs("reader")
async def show(request: web.Request) -> web.StreamResponse:
    """The newest events, each with its version's source."""
    catalogue = request.app[PARTS].catalogue
    events = await catalogue.events(limit=_SHOWN)
    versions = {version.id: version for version in await catalogue.list()}
    return page(request, "history.html", title="Lịch sử danh mục", events=events, versions=versions, event_names=EVENTS)
