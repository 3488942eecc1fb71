"""What every page is made with: the parts, the templates, the errors, the counting of who sends how much."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bot import _address, sentences
from bot.http import Refused, no_room, refusal_of
from bot.metrics import Metrics
from bot.pages._passes import Passes
from bot.ratelimit import RateLimiter
from bot.settings import WebSettings
from bot.static import StaticFiles
from desk.attachments import Attachments
from desk.cases import Cases
from desk.sealing import Seal
from desk.settings import DeliverySettings
from desk.texts import VIET_NAM
from store.engine import Database
from store.errors import MotcuaError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HERE = Path(__file__).parent
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_LINK = re.compile(r"(https?://[^\s<>\"']*[^\s<>\"'.,;:!?)])")
_log = structlog.get_logger(__name__)
_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Desk:
    """The desk's side of the pages.

    Attributes:
        database: where cases are.
        cases: what citizens may do with them.
        seal: closes the identity of who denounces.
        files: the files of cases.
        delivery: for how long channels carry replies.
    """

    database: Database
    cases: Cases
    seal: Seal
    files: Attachments
    delivery: DeliverySettings = field(default_factory=DeliverySettings)

    async def file_of(self, number: int) -> tuple[str, str, bytes]:
        """Name, media type and content of an attachment.

        Raises:
            NotFound: there is none of that number, or its content is gone.
        """
        file, content = await self.files.open_(number)
        return file.name, file.media_type, content


@dataclass
class Pages:
    """What the pages share.

    Attributes:
        desk: the desk's side.
        settings: of the web side.
        passes: cookies and tokens.
        metrics: counts what was refused.
        full: whether there is no room to keep anything.
    """

    desk: Desk
    settings: WebSettings
    passes: Passes
    metrics: Metrics
    full: Callable[[], bool] = lambda: False
    pins: RateLimiter = field(init=False)
    forms: RateLimiter = field(init=False)
    views: RateLimiter = field(init=False)

    def __post_init__(self) -> None:
        web_ = self.settings
        self.pins = RateLimiter(web_.pin_burst, web_.pins_an_hour / 3600)
        self.forms = RateLimiter(web_.form_burst, web_.forms_an_hour / 3600)
        self.views = RateLimiter(web_.address_burst, web_.address_rate)

    @cached_property
    def templates(self) -> Environment:
        """The templates: everything put into them is escaped, a name they do not get is an error."""
        made = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        made.filters.update(rich=rich, when=when, size=size)
        return made

    @cached_property
    def static(self) -> StaticFiles:
        """The pages' own files."""
        return StaticFiles(_HERE / "static")

    def admit(self, request: web.Request, limit: RateLimiter) -> str:
        """Count a request of an address, and give the address.

        Raises:
            Refused: there were too many.
        """
        address = _address.of(request, forwarded=self.settings.trust_forwarded)
        wait = limit.take(address)
        if wait:
            minutes = int(wait // 60) + 1
            raise Refused(
                429,
                "too_fast",
                f"Từ mạng của anh/chị vừa gửi quá nhiều lần. Anh/chị thử lại sau {minutes} phút.",
                retry_after_s=wait,
            )
        return address

    def page(self, template: str, *, status: int = 200, **context: Any) -> web.Response:
        """A page that no cache keeps."""
        body = self.templates.get_template(template).render(**context)
        response = web.Response(text=body, status=status, content_type="text/html")
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Security-Policy"] = _CSP
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    def guarded(self, handler: Handler) -> Handler:
        """A handler whose errors are pages, and of whose failures no word of a citizen gets into a log."""

        async def run(request: web.Request) -> web.StreamResponse:
            try:
                self.admit(request, self.views)
                if request.method == "POST" and self.full():
                    raise no_room()
                return await handler(request)
            except MotcuaError as error:
                return self._sorry(error)
            except (web.HTTPException, ConnectionResetError):
                raise
            except Exception as error:
                refusal = refusal_of(error)
                if refusal is not None:
                    return self._sorry(refusal)
                self.metrics.failures.labels("http").inc()
                # Neither the text of the error nor the path: both may say what must stay sealed.
                _log.error("a page failed", error=type(error).__name__, where=_where(error))
                return self.page("sorry.html", status=500, message=sentences.SERVER_ERROR)

        return run

    def _sorry(self, error: MotcuaError) -> web.Response:
        self.metrics.refused.labels(error.code).inc()
        response = self.page("sorry.html", status=error.status, message=error.message)
        wait = getattr(error, "retry_after_s", None)
        if wait is not None:
            response.headers["Retry-After"] = str(max(1, round(wait + 0.49)))
        return response

    def add_static(self, app: web.Application) -> None:
        """Serve the pages' own files."""

        async def file(request: web.Request) -> web.Response:
            return self.static.response(request, request.match_info["name"])

        app.router.add_get("/pages/{name}", file)


def rich(text: str) -> Markup:
    """A text for a page: escaped, with **bold** and links."""
    bold = _BOLD.sub(r"<strong>\1</strong>", str(escape(text)))
    return Markup(_LINK.sub(r'<a href="\1" rel="noreferrer nofollow">\1</a>', bold))  # noqa: S704 - escaped above


def when(moment: Any) -> str:
    """A moment in Viet Nam's time."""
    return f"{moment.astimezone(VIET_NAM):%H:%M ngày %d/%m/%Y}"


def size(count: int) -> str:
    """Bytes as people read them."""
    return f"{count / 1024 / 1024:.1f} MB".replace(".", ",") if count >= 1024 * 1024 else f"{max(1, count // 1024)} KB"


def _where(error: BaseException) -> str:
    trace, last = error.__traceback__, ""
    while trace is not None:
        last = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return last
