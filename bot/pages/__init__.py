"""Pages for citizens beside the chat: following a case, and the sealed form for denunciations. They need no script."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from bot.metrics import Metrics
from bot.pages._frame import Desk, Pages
from bot.pages._passes import Passes
from bot.pages.sealed import Sealed
from bot.pages.track import Track
from bot.settings import WebSettings

__all__ = ["Desk", "add_pages"]


def add_pages(
    app: web.Application,
    desk: Desk,
    settings: WebSettings,
    metrics: Metrics,
    *,
    key: bytes,
    full: Callable[[], bool] = lambda: False,
) -> None:
    """Put the pages into the public app.

    Args:
        key: signs the cookie of a case and the tokens of forms.
        full: whether there is no room to keep anything.
    """
    pages = Pages(desk, settings, Passes(key, minutes=settings.case_minutes), metrics, full)
    pages.add_static(app)
    Track(pages).add_routes(app)
    Sealed(pages).add_routes(app)
