"""The two HTTP apps: the public web chat, and the private port for health and metrics."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from bot import sentences
from bot.embedding import Embedding
from bot.metrics import Metrics
from bot.settings import WebSettings
from store.errors import MotcuaError
from store.faults import is_no_space, is_outage, log_failure

Check = Callable[[], Awaitable[bool]]
"""Whether a part is ready; an exception means that it is not."""

_log = structlog.get_logger(__name__)
_MAX_BODY = 16 * 1024
_CHECK_S = 2.0
_OUTAGE_S = 5.0
_NO_SPACE_S = 60.0
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Refused(MotcuaError):
    """A request that is not taken.

    Args:
        status: HTTP status.
        code: stable name for programs.
        message: sentence for the citizen.
        retry_after_s: seconds after which it may be tried again.
    """

    def __init__(self, status: int, code: str, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s


def no_room() -> Refused:
    """What is answered while the disk has no room for anything new."""
    return Refused(503, "no_space", sentences.NO_SPACE, retry_after_s=_NO_SPACE_S)


def refusal_of(error: Exception) -> Refused | None:
    """What is answered when the database does not work at the moment; None when it is something else that is wrong."""
    if is_no_space(error):
        return no_room()
    if is_outage(error):
        return Refused(503, "unavailable", sentences.DATABASE_AWAY, retry_after_s=_OUTAGE_S)
    return None


def respond(data: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer that no cache keeps."""
    response = web.Response(body=_dumps(data).encode(), status=status, content_type="application/json", charset="utf-8")
    response.headers["Cache-Control"] = "no-store"
    if headers:
        response.headers.update(headers)
    return response


def security_headers(settings: WebSettings) -> dict[str, str]:
    """What every answer of the public side carries."""
    headers = {
        "Content-Security-Policy": _CSP,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if settings.https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


def public_app(settings: WebSettings, metrics: Metrics) -> web.Application:
    """An app with the protections of the public side and no routes yet.

    Every error is a JSON object; every answer carries the security headers; a POST from a foreign page is
    refused, but for the chat embedded in a page that may have it; a body over 16 KiB is refused.
    """
    embedding = Embedding(settings.allowed_origins)
    headers = security_headers(settings)

    @web.middleware
    async def guard(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            if request.method not in _SAFE_METHODS and not (own_origin(request) or embedding.may_post(request)):
                raise Refused(403, "foreign_origin", "Yêu cầu đến từ một trang khác nên không được nhận.")
            if request.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
                raise Refused(415, "packed", "Nội dung nén không được nhận.")
            return embedding.preflight(request) or await handler(request)
        except MotcuaError as error:
            metrics.refused.labels(error.code).inc()
            return _error(error)
        except web.HTTPRequestEntityTooLarge:
            metrics.refused.labels("too_large").inc()
            return _error(Refused(413, "too_large", sentences.TOO_LONG))
        except web.HTTPException as error:
            if error.status < 400:
                raise
            phrase = HTTPStatus(error.status).phrase
            refusal = Refused(error.status, phrase.lower().replace(" ", "_"), phrase)
            allow = error.headers.get("Allow")
            return _error(refusal, {"Allow": allow} if allow else None)
        except web.RequestPayloadError:
            metrics.refused.labels("broken_body").inc()
            return _error(Refused(400, "broken_body", "Yêu cầu gửi lên bị hỏng giữa chừng."))
        except (ConnectionResetError, asyncio.CancelledError):
            raise
        except Exception as error:
            outage = refusal_of(error)
            if outage is not None:
                metrics.refused.labels(outage.code).inc()
                log_failure(_log, "the database does not work", error, path=request.path)
                return _error(outage)
            metrics.failures.labels("http").inc()
            _log.exception("a request failed", path=request.path)
            return _error(Refused(500, "error", sentences.SERVER_ERROR))

    async def protect(request: web.Request, response: web.StreamResponse) -> None:
        embedding.mark(request, response)
        # A page may ask for more: a file of a case is shut in further than the chat.
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.pop("Server", None)

    app = web.Application(middlewares=[guard], client_max_size=_MAX_BODY)
    app.on_response_prepare.append(protect)
    return app


def own_origin(request: web.Request) -> bool:
    """Whether a request comes from our own page, or from a program that is no browser."""
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site", "same-origin") in {"same-origin", "none"}
    # The scheme is not compared: behind a proxy that ends TLS we see http where the page saw https.
    try:
        host = urlsplit(origin).netloc.lower()
    except ValueError:
        return False
    return bool(host) and host == (request.headers.get("Host") or "").lower()


def _error(error: MotcuaError, headers: Mapping[str, str] | None = None) -> web.Response:
    response = respond({"error": {"code": error.code, "message": error.message}}, status=error.status, headers=headers)
    wait = getattr(error, "retry_after_s", None)
    if wait is not None:
        response.headers["Retry-After"] = str(max(1, round(wait + 0.49)))
    return response


def private_app(
    metrics: Metrics,
    checks: Mapping[str, Check],
    waiting: Callable[[], Awaitable[int]],
    *,
    channels: Mapping[str, Check] | None = None,
) -> web.Application:
    """Health and metrics, for the machine itself and its operators only.

    Args:
        checks: what has to be ready, by name.
        waiting: how many messages are not answered yet.
        channels: what concerns one channel only, by its name: shown, but the others are served without it.
    """
    own = channels or {}

    async def live(_request: web.Request) -> web.Response:
        return respond({"live": True})

    async def ready(_request: web.Request) -> web.Response:
        parts, beside = await asyncio.gather(_states(checks), _states(own))
        good = "failed" not in parts.values()
        return respond({"ready": good, "checks": parts, "channels": beside}, status=200 if good else 503)

    async def measures(_request: web.Request) -> web.Response:
        metrics.inbox_waiting.set(await waiting())
        return web.Response(body=metrics.text(), content_type="text/plain", charset="utf-8")

    app = web.Application()
    app.router.add_get("/health/live", live)
    app.router.add_get("/health/ready", ready)
    app.router.add_get("/metrics", measures)
    return app


async def _states(checks: Mapping[str, Check]) -> dict[str, str]:
    results = await asyncio.gather(*(_check(name, check) for name, check in checks.items()))
    return {name: "ok" if fine else "failed" for name, fine in zip(checks, results, strict=True)}


async def _check(name: str, check: Check) -> bool:
    try:
        async with asyncio.timeout(_CHECK_S):
            return await check() is not False
    except Exception as error:
        _log.warning("a part is not ready", part=name, reason=type(error).__name__)
        return False
