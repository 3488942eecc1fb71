"""Signing in and out."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from desk import staff
from desk.console._access import PERSON, anyone
from desk.console._frame import FORM, PARTS, TOKEN, field_of, page
from desk.console._guard import (
    give_form_cookie,
    give_session,
    new_form_token,
    take_session,
)
from desk.console._throttle import Throttle

_WINDOW_S = 900.0
_BY_NAME = web.AppKey("throttle_by_name", Throttle)
_BY_ADDRESS = web.AppKey("throttle_by_address", Throttle)


def add_routes(app: web.Application) -> None:
    """Pages of signing in and out."""
    # Counted for names that do not exist as well, so the answer tells nothing about them.
    app[_BY_NAME] = Throttle(8, _WINDOW_S)
    app[_BY_ADDRESS] = Throttle(60, _WINDOW_S)
    app.router.add_get("/sign-in", show)
    app.router.add_post("/sign-in", sign_in)
    app.router.add_post("/sign-out", sign_out)


@anyone
async def show(request: web.Request) -> web.StreamResponse:
    """The sign-in form."""
    if request.get(PERSON) is not None:
        raise web.HTTPSeeOther(_inside(request.query.get("to", "")))
    return await _form(request, to=request.query.get("to", ""))


@anyone
async def sign_in(request: web.Request) -> web.StreamResponse:
    """Check name and password."""
    form = request[FORM]
    name, password = field_of(form, "name", longest=100).lower(), form.get("password", "")
    to = field_of(form, "to", longest=2000)
    by_name, by_address = request.app[_BY_NAME], request.app[_BY_ADDRESS]
    address = request.remote or ""
    wait = max(by_name.wait(name), by_address.wait(address))
    if wait > 0:
        message = f"Sai quá nhiều lần. Anh/chị thử lại sau {int(wait // 60) + 1} phút."
        return await _form(request, to=to, name=name, message=message, status=429)
    # Counted before the check, so that attempts sent at the same time count as well.
    by_name.failed(name)
    by_address.failed(address)
    parts = request.app[PARTS]
    try:
        _, token = await staff.sign_in(
            parts.db, name, password if isinstance(password, str) else "", hours=parts.settings.session_hours
        )
    except staff.SignInRefused as error:
        return await _form(request, to=to, name=name, message=error.message, status=error.status)
    by_name.forget(name)
    response = web.Response(status=303, headers={"Location": _inside(to)})
    give_session(request, response, token)
    return response


@anyone
async def sign_out(request: web.Request) -> web.StreamResponse:
    """End the session."""
    if request.get(PERSON) is not None:
        await staff.sign_out(request.app[PARTS].db, request[TOKEN])
    response = web.Response(status=303, headers={"Location": "/sign-in"})
    take_session(response)
    return response


async def _form(
    request: web.Request, *, to: str, name: str = "", message: str = "", status: int = 200
) -> web.StreamResponse:
    fresh = "" if request[TOKEN] else new_form_token()
    if fresh:
        request[TOKEN] = fresh
    nobody = not await staff.list_(request.app[PARTS].db)
    response = page(
        request, "sign_in.html", status=status, title="Đăng nhập", to=to, name=name, message=message, nobody=nobody
    )
    give_form_cookie(request, response, request[TOKEN])
    return response


def _inside(to: str) -> str:
    """Where to go after signing in: a path of ours, never another site."""
    parts = urlsplit(to) if to.isprintable() else urlsplit("")
    fine = to.startswith("/") and not to.startswith("//") and "\\" not in to and not parts.netloc and not parts.scheme
    return to if fine else "/"
