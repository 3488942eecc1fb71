"""One's own account: password, second factor, where one is signed in."""

from __future__ import annotations

from aiohttp import web

from desk import second_factor, sign_in, staff, units
from desk.console._access import needs, who
from desk.console._frame import FORM, PARTS, TOKEN, field_of, go, page
from desk.console.sign_in import limits
from store.errors import Invalid, MotcuaError


def add_routes(app: web.Application) -> None:
    """The page of one's own account and its changes."""
    app.router.add_get("/account", show)
    app.router.add_post("/account/password", set_password)
    app.router.add_post("/account/recovery-codes", renew_codes)
    app.router.add_post("/account/sign-out-elsewhere", sign_out_elsewhere)


@needs("reader")
async def show(request: web.Request) -> web.StreamResponse:
    """One's own account."""
    return await _page(request)


@needs("reader")
async def set_password(request: web.Request) -> web.StreamResponse:
    """Give oneself another password; the session goes on, every other one ends."""
    parts, person, form = request.app[PARTS], who(request), request[FORM]
    old, new, again = (str(form.get(name, "")) for name in ("old", "new", "again"))
    try:
        if new != again:
            raise Invalid("Hai lần nhập mật khẩu mới không giống nhau.")
        if not await sign_in.is_password(parts.db, person, old, limits=limits(parts.settings)):
            raise Invalid("Mật khẩu đang dùng không đúng.")
        kept = sign_in.token_hash(request[TOKEN])
        await staff.set_password(parts.db, person.name, new, actor=person.name, keep_session=kept)
    except (Invalid, sign_in.TooManyAttempts) as error:
        return await _page(request, error)
    raise go(request, "/account", "Đã đổi mật khẩu. Ở máy khác, anh/chị phải đăng nhập lại.")


@needs("reader")
async def renew_codes(request: web.Request) -> web.StreamResponse:
    """Make other recovery codes; shown once."""
    parts, person = request.app[PARTS], who(request)
    try:
        codes = await second_factor.new_recovery_codes(
            parts.db, person, field_of(request[FORM], "code", longest=60), seal=parts.seal
        )
    except (second_factor.WrongCode, Invalid) as error:
        return await _page(request, error)
    return page(request, "recovery_codes.html", title="Mã dự phòng", codes=codes, onward="/account")


@needs("reader")
async def sign_out_elsewhere(request: web.Request) -> web.StreamResponse:
    """End one's other sessions."""
    ended = await sign_in.sign_out_elsewhere(request.app[PARTS].db, who(request), request[TOKEN])
    raise go(request, "/account", f"Đã đăng xuất {ended} nơi khác.")


async def _page(request: web.Request, error: MotcuaError | None = None) -> web.StreamResponse:
    parts, person = request.app[PARTS], who(request)
    return page(
        request,
        "account.html",
        status=error.status if error else 200,
        title="Tài khoản của tôi",
        message=error.message if error else "",
        unit=(await units.get(parts.db, person.unit_code)).name if person.unit_code else "",
        sessions=await sign_in.sessions(parts.db, person),
        this=sign_in.token_hash(request[TOKEN]),
        codes_left=await second_factor.recovery_left(parts.db, person),
    )
