"""Signing in: name and password, the code of the second factor, setting that up; signing out."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from desk import second_factor, sign_in, staff
from desk.console._access import PERSON, anyone
from desk.console._frame import FORM, HALF, PARTS, TOKEN, field_of, page, url
from desk.console._guard import give_form_cookie, give_session, new_form_token, take_session
from desk.settings import ConsoleSettings
from desk.sign_in import Limits, Session
from desk.staff import Person
from store.errors import MotcuaError


def add_routes(app: web.Application) -> None:
    """Pages of signing in and out."""
    app.router.add_get("/sign-in", show)
    app.router.add_post("/sign-in", with_password)
    app.router.add_get("/second-factor", show_code)
    app.router.add_post("/second-factor", with_code)
    app.router.add_get("/second-factor/setup", show_setup)
    app.router.add_post("/second-factor/setup", confirm)
    app.router.add_post("/sign-out", sign_out)


@anyone
async def show(request: web.Request) -> web.StreamResponse:
    """The sign-in form."""
    to = request.query.get("to", "")
    if request.get(PERSON) is not None:
        raise web.HTTPSeeOther(_inside(to))
    return await _form(request, to=to)


@anyone
async def with_password(request: web.Request) -> web.StreamResponse:
    """Check name and password."""
    form, parts = request[FORM], request.app[PARTS]
    name, password = field_of(form, "name", longest=100).lower(), form.get("password", "")
    to = field_of(form, "to", longest=2000)
    try:
        person, token, stage = await sign_in.with_password(
            parts.db,
            name,
            password if isinstance(password, str) else "",
            hours=parts.settings.session_hours,
            always=parts.settings.totp == "required",
            address=address_of(request),
            limits=limits(parts.settings),
        )
    except (sign_in.SignInRefused, sign_in.TooManyAttempts) as error:
        return await _form(request, to=to, name=name, message=error.message, status=error.status)
    if stage == "full":
        path = _inside(to)
    else:
        path = url("/second-factor" if person.has_totp else "/second-factor/setup", to=to)
    response = web.Response(status=303, headers={"Location": path})
    give_session(request, response, token)
    return response


@anyone
async def show_code(request: web.Request) -> web.StreamResponse:
    """The form for the code."""
    to = request.query.get("to", "")
    half = _half(request, to)
    if not half.person.has_totp:
        raise web.HTTPSeeOther(url("/second-factor/setup", to=to))
    return page(request, "second_factor.html", title="Mã xác nhận", half=half.person, to=to, message="")


@anyone
async def with_code(request: web.Request) -> web.StreamResponse:
    """Check the code."""
    parts, to = request.app[PARTS], field_of(request[FORM], "to", longest=2000)
    half = _half(request, to)
    try:
        _, token = await sign_in.with_code(
            parts.db,
            request[TOKEN],
            field_of(request[FORM], "code", longest=60),
            seal=parts.seal,
            hours=parts.settings.session_hours,
            address=address_of(request),
            limits=limits(parts.settings),
        )
    except sign_in.SignInRefused:
        raise web.HTTPSeeOther(url("/sign-in", to=to)) from None
    except (second_factor.WrongCode, sign_in.TooManyAttempts) as error:
        return page(
            request,
            "second_factor.html",
            status=error.status,
            title="Mã xác nhận",
            half=half.person,
            to=to,
            message=error.message,
        )
    response = web.Response(status=303, headers={"Location": _inside(to)})
    give_session(request, response, token)
    return response


@anyone
async def show_setup(request: web.Request) -> web.StreamResponse:
    """The QR code for an authenticator app."""
    to = request.query.get("to", "")
    person = _setting_up(request, to)
    if person.has_totp:
        raise web.HTTPSeeOther(url("/second-factor", to=to) if request.get(PERSON) is None else "/account")
    return await _setup(request, person, to)


@anyone
async def confirm(request: web.Request) -> web.StreamResponse:
    """Take the first code, and show the recovery codes, once."""
    parts, to = request.app[PARTS], field_of(request[FORM], "to", longest=2000)
    person = _setting_up(request, to)
    try:
        codes = await second_factor.confirm(
            parts.db, person, field_of(request[FORM], "code", longest=60), seal=parts.seal
        )
    except second_factor.WrongCode as error:
        return await _setup(request, person, to, error)
    token = ""
    if request.get(PERSON) is None:
        _, token = await sign_in.complete(
            parts.db, request[TOKEN], hours=parts.settings.session_hours, address=address_of(request)
        )
        # The page that is shown now belongs to the new session.
        request[TOKEN], request[PERSON] = token, person
    response = page(request, "recovery_codes.html", title="Mã dự phòng", codes=codes, onward=_inside(to))
    if token:
        give_session(request, response, token)
    return response


@anyone
async def sign_out(request: web.Request) -> web.StreamResponse:
    """End the session, or the sign-in that is half done."""
    if request.get(PERSON) is not None or request.get(HALF) is not None:
        await sign_in.sign_out(request.app[PARTS].db, request[TOKEN])
    response = web.Response(status=303, headers={"Location": "/sign-in"})
    take_session(response)
    return response


def limits(settings: ConsoleSettings) -> Limits:
    """How often signing in may fail."""
    return Limits(settings.lock_after, settings.lock_address_after, settings.lock_minutes)


def address_of(request: web.Request) -> str:
    """Where a request comes from."""
    address = request.remote or ""
    if request.app[PARTS].settings.trust_forwarded:
        # The last entry is the one our own proxy wrote; those before it are the client's to invent.
        address = request.headers.get("X-Forwarded-For", address).rpartition(",")[2].strip()
    return address[:60]


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
    if request.get(HALF) is None:
        give_form_cookie(request, response, request[TOKEN])
    return response


async def _setup(request: web.Request, person: Person, to: str, error: MotcuaError | None = None) -> web.StreamResponse:
    secret = await second_factor.begin(request.app[PARTS].db, person, seal=request.app[PARTS].seal)
    return page(
        request,
        "second_factor_setup.html",
        status=error.status if error else 200,
        title="Cài ứng dụng tạo mã",
        half=person,
        to=to,
        message=error.message if error else "",
        picture=second_factor.picture(person.name, secret),
        uri=second_factor.uri(person.name, secret),
        secret=second_factor.grouped(secret),
    )


def _half(request: web.Request, to: str) -> Session:
    """Who has given the password; everybody else goes where they can go on."""
    half: Session | None = request.get(HALF)
    if half is None:
        raise web.HTTPSeeOther(_inside(to) if request.get(PERSON) is not None else url("/sign-in", to=to))
    return half


def _setting_up(request: web.Request, to: str) -> Person:
    """Who may set the second factor up: after the password, or later of their own accord."""
    person = request.get(PERSON)
    return person if person is not None else _half(request, to).person


def _inside(to: str) -> str:
    """Where to go after signing in: a path of ours, never another site."""
    parts = urlsplit(to) if to.isprintable() else urlsplit("")
    fine = to.startswith("/") and not to.startswith("//") and "\\" not in to and not parts.netloc and not parts.scheme
    return to if fine else "/"
