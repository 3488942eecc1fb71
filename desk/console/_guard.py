"""What stands before every page: the session, the right to be there, the token of the form, the error pages."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from desk import sign_in
from desk.console._access import PERSON, Forbidden, Right, may
from desk.console._frame import FORM, HALF, PARTS, TOKEN, csrf_token, page, url
from desk.console._words import in_vietnamese
from store.errors import MotcuaError
from store.faults import is_outage

SESSION_COOKIE = "motcua_console"
FORM_COOKIE = "motcua_console_form"
CSRF_FIELD = "csrf"
_LONGEST_TOKEN = 100
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TITLES = {
    400: "Dữ liệu gửi lên chưa dùng được",
    403: "Không được phép",
    404: "Không tìm thấy",
    405: "Không được phép",
    409: "Có việc khác đang làm",
    413: "Tệp hoặc nội dung quá lớn",
    415: "Không nhận kiểu dữ liệu này",
    429: "Thử quá nhiều lần",
    500: "Có lỗi trong chương trình",
    503: "Chưa sẵn sàng",
}
_MESSAGES = {
    404: "Trang hoặc dữ liệu này không có, hoặc đã được gỡ.",
    405: "Địa chỉ này không nhận thao tác như vậy. Anh/chị quay lại trang trước và bấm nút ở đó.",
    413: "Nội dung vượt quá giới hạn. Anh/chị chia nhỏ rồi gửi lại.",
    500: "Việc vừa rồi chưa làm được; dữ liệu đang dùng không thay đổi. Chi tiết nằm trong nhật ký của máy chủ.",
    503: "Cơ sở dữ liệu đang không trả lời. Việc vừa rồi chưa được ghi; anh/chị thử lại sau ít phút.",
}
_log = structlog.get_logger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class StaleForm(MotcuaError):
    """A form came without the token of its session."""

    code = "stale_form"
    status = 403


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request through to its page, or answer why not."""
    try:
        return await _pass(request, handler)
    except MotcuaError as error:
        return _error(request, error.status, in_vietnamese(error))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _error(request, error.status, _MESSAGES.get(error.status, error.reason), error.headers.get("Allow"))
    except (ConnectionResetError, asyncio.CancelledError):
        raise
    except Exception as error:
        if is_outage(error):
            _log.error("console_without_database", path=request.path, reason=type(error).__name__)
            return _error(request, 503, _MESSAGES[503])
        _log.exception("console_request_failed", path=request.path)
        return _error(request, 500, _MESSAGES[500])


async def protect(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on every answer."""
    # A file of a case is shut in further than a page.
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.pop("Server", None)


async def _pass(request: web.Request, handler: Handler) -> web.StreamResponse:
    token = request.cookies.get(SESSION_COOKIE, "")
    session = None
    if 0 < len(token) <= _LONGEST_TOKEN:
        session = await sign_in.of_session(request.app[PARTS].db, token)
    person = session.person if session is not None and session.stage == "full" else None
    if session is None:
        request[TOKEN] = request.cookies.get(FORM_COOKIE, "")[:_LONGEST_TOKEN]
    elif person is not None:
        request[PERSON], request[TOKEN] = person, token
    else:
        request[HALF], request[TOKEN] = session, token
    if isinstance(request.match_info.http_exception, web.HTTPException):
        raise request.match_info.http_exception
    marked = request.match_info.handler
    if not hasattr(marked, "right"):
        _log.error("console_handler_without_right", path=request.path)
        raise Forbidden("Trang này chưa được khai báo ai được xem; hãy báo người quản trị.")
    right: Right | None = marked.right
    if right is not None:
        if person is None:
            return _to_sign_in(request)
        if not may(person, right):
            raise Forbidden("Tài khoản của anh/chị không có quyền làm việc này. Hãy nhờ người có quyền.")
    if request.method not in {"GET", "HEAD"}:
        await _check_form(request, bool(getattr(marked, "file", False)))
    return await handler(request)


async def _check_form(request: web.Request, file: bool) -> None:
    if not _own_origin(request):
        raise StaleForm("Yêu cầu đến từ một trang khác nên không được nhận.")
    kind = request.content_type
    if file:
        if kind != "multipart/form-data":
            raise web.HTTPUnsupportedMediaType
        # `_uploads.receive` checks the token, which is the first part of the form.
        return
    if kind not in {"application/x-www-form-urlencoded", "application/octet-stream"}:
        raise web.HTTPUnsupportedMediaType
    form = await request.post()
    check_token(request, form.get(CSRF_FIELD))
    request[FORM] = form


def _own_origin(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site", "same-origin") in {"same-origin", "none"}
    # The scheme is not compared: behind a proxy that ends TLS we see http where the page saw https.
    try:
        return urlsplit(origin).netloc.lower() == (request.headers.get("Host") or "").lower()
    except ValueError:
        return False


def check_token(request: web.Request, given: object) -> None:
    """Make sure that a form came from a page of this session.

    Raises:
        StaleForm: it did not.
    """
    token = request[TOKEN]
    if not token or not isinstance(given, str) or not hmac.compare_digest(given.encode(), csrf_token(token).encode()):
        raise StaleForm("Trang này đã cũ hoặc phiên làm việc đã hết. Anh/chị tải lại trang rồi làm lại.")


def give_form_cookie(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Let the sign-in form be checked before there is a session."""
    _set(request, response, FORM_COOKIE, token, 3600)


def new_form_token() -> str:
    """A secret for the sign-in form's cookie."""
    return secrets.token_urlsafe(24)


def give_session(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Send the session's cookie."""
    _set(request, response, SESSION_COOKIE, token, int(request.app[PARTS].settings.session_hours * 3600))
    response.del_cookie(FORM_COOKIE, path="/")


def take_session(response: web.StreamResponse) -> None:
    """Have the browser forget the session."""
    response.del_cookie(SESSION_COOKIE, path="/")


def _set(request: web.Request, response: web.StreamResponse, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=request.app[PARTS].settings.https,
    )


def _to_sign_in(request: web.Request) -> web.Response:
    if request.path.endswith(".json"):
        return web.json_response({"error": "signed_out"}, status=401)
    wanted = request.path_qs if request.method == "GET" and request.path != "/" else ""
    step = "/sign-in" if request.get(HALF) is None else "/second-factor"
    return web.Response(status=303, headers={"Location": url(step, to=wanted)})


def _error(request: web.Request, status: int, message: str, allow: str | None = None) -> web.Response:
    if request.path.endswith(".json"):
        return web.json_response({"error": message}, status=status)
    title = _TITLES.get(status, _TITLES[400] if status < 500 else _TITLES[500])
    response = page(request, "error.html", status=status, title=title, message=message, number=status)
    if allow:
        response.headers["Allow"] = allow
    return response
