"""The console put together: its pages, what guards them, and the server that runs beside the front door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from desk.console import (
    account,
    accounts,
    apology,
    calendar,
    canned,
    case,
    case_forms,
    changes,
    channels,
    desk_reports,
    extension,
    files,
    filters,
    freshness,
    golden_questions,
    history,
    letters,
    live,
    new_case,
    office_map,
    personal_data,
    procedures,
    questions,
    queue,
    receiving,
    reports,
    sign_in,
    unit_list,
    uploads,
    vault,
    versions,
    vocabulary,
    work,
)
from desk.console._access import may, needs, who
from desk.console._frame import MENU, PARTS, STATIC, TEMPLATES, TOLD, WORKS, Told, templates
from desk.console._frame import Parts as Parts
from desk.console._guard import guard, protect
from desk.console._static import StaticFiles
from desk.console._work import Works
from store.errors import Conflict

PAGES = (
    sign_in,
    queue,
    filters,
    new_case,
    case,
    case_forms,
    apology,
    extension,
    files,
    live,
    vault,
    personal_data,
    desk_reports,
    versions,
    uploads,
    reports,
    changes,
    history,
    procedures,
    questions,
    vocabulary,
    golden_questions,
    receiving,
    office_map,
    freshness,
    accounts,
    unit_list,
    channels,
    letters,
    account,
    work,
    canned,
    calendar,
)
"""Modules of pages; the menu follows this order."""

_FORM_BYTES = 1024 * 1024
_CLOSE_S = 3.0


def console_app(parts: Parts) -> web.Application:
    """The console over these parts."""
    app = web.Application(middlewares=[guard], client_max_size=_FORM_BYTES)
    app[PARTS] = parts
    app[STATIC] = StaticFiles()
    app[TEMPLATES] = templates()
    app[MENU] = []
    app[TOLD] = Told()
    app[WORKS] = Works()
    app.on_response_prepare.append(protect)
    app.on_cleanup.append(_stop_work)
    app[STATIC].add_routes(app)
    app.router.add_get("/", _home)
    for module in PAGES:
        module.add_routes(app)
    return app


@asynccontextmanager
async def running(parts: Parts) -> AsyncIterator[str]:
    """The console, open inside the block; gives its address.

    Raises:
        Conflict: its port is taken.
    """
    settings = parts.settings
    runner = web.AppRunner(console_app(parts), access_log=None, handler_cancellation=False, shutdown_timeout=_CLOSE_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as error:
            raise Conflict(
                f"Cannot listen on {settings.host}:{settings.port} ({error.strerror or error}): stop what uses it, or "
                "set MOTCUA_DESK__CONSOLE__PORT to another port"
            ) from error
        address = runner.addresses[0]
        shown = f"[{address[0]}]" if ":" in str(address[0]) else address[0]
        yield f"http://{shown}:{address[1]}"
    finally:
        await runner.cleanup()


@needs("reader")
async def _home(request: web.Request) -> web.StreamResponse:
    """What the person works on first."""
    by = who(request)
    first = "/cases" if may(by, "cases.read") else "/vault" if may(by, "vault") else "/versions"
    raise web.HTTPSeeOther(first)


async def _stop_work(app: web.Application) -> None:
    await app[WORKS].close()
