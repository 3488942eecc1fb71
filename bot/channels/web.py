"""The web chat: POST up, server-sent events down."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from bot import _address, conversations, outbox, sentences
from bot.channels.contract import Route
from bot.conversations import conversation_id
from bot.embedding import SCRIPT
from bot.history import client_id, event, history
from bot.http import Refused, no_room, respond
from bot.hub import Hub, Look, Said
from bot.inbox import Inbox
from bot.incoming import MAX_TEXT, Incoming, clean, coordinates
from bot.metrics import Metrics
from bot.ratelimit import RateLimiter
from bot.replies import Outgoing, Reply
from bot.sessions import COOKIE, Sessions
from bot.settings import WebSettings
from bot.static import StaticFiles
from store.engine import Database
from store.faults import is_outage

CHANNEL = "web"
PAGE = Path(__file__).parent.parent / "web"

MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,18}")
_STREAM_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    # A proxy that buffers would hold every answer back.
    "X-Accel-Buffering": "no",
}
_BODY_S = 10.0
_WRITE_S = 30.0
_CATCH_UP = 500
_AGAIN_S = 1.0
_BANNER_S = 1.0
_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class WebChat:
    """The public HTTP interface.

    Args:
        waiting: how many messages are not answered yet; over `backlog` new ones are refused.
        full: whether there is no room to keep anything.
        banner: what stands at the top of every chat now; looked at every second, so it must not block.
        closed: whether nothing is taken in at present.
    """

    def __init__(
        self,
        settings: WebSettings,
        database: Database,
        inbox: Inbox,
        hub: Hub,
        sessions: Sessions,
        metrics: Metrics,
        *,
        waiting: Callable[[], Awaitable[int]],
        backlog: int,
        full: Callable[[], bool] = lambda: False,
        banner: Callable[[], str | None] = lambda: None,
        closed: Callable[[], bool] = lambda: False,
        page: Path = PAGE,
    ) -> None:
        self._settings = settings
        self._database = database
        self._inbox = inbox
        self._hub = hub
        self._sessions = sessions
        self._metrics = metrics
        self._waiting = waiting
        self._backlog = backlog
        self._full = full
        self._banner = banner
        self._closed = closed
        self._files = StaticFiles(page)
        self._streams: dict[str, list[web.Request]] = {}
        self._by_session = RateLimiter(settings.session_burst, settings.session_rate)
        self._by_address = RateLimiter(settings.address_burst, settings.address_rate)
        self.route = Route(pushed=False, fit=_unchanged, client_id=client_id, deliver=hub.publish, look=hub.look)

    def add_routes(self, app: web.Application) -> None:
        """Put the interface into the public app."""
        app.router.add_post("/api/session", self._session)
        app.router.add_post("/api/messages", self._message)
        # A HEAD of a stream would never end.
        app.router.add_get("/api/stream", self._stream, allow_head=False)
        app.router.add_get("/api/history", self._history)
        app.router.add_get("/", self._index)
        app.router.add_get(SCRIPT, self._script)
        app.router.add_get("/static/{name:.+}", self._static)
        app.cleanup_ctx.append(self._watched)

    async def _watched(self, _app: web.Application) -> AsyncIterator[None]:
        watching = asyncio.create_task(self._watch(), name="banner")
        yield
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    async def _watch(self) -> None:
        # One look for all streams; they wake only when there is something to say.
        shown = self._banner()
        while True:
            await asyncio.sleep(_BANNER_S)
            if self._banner() != shown:
                shown = self._banner()
                self._hub.look_everywhere()

    async def _script(self, request: web.Request) -> web.Response:
        return self._files.response(request, "embed.js")

    async def _index(self, request: web.Request) -> web.Response:
        return self._files.response(request, "index.html")

    async def _static(self, request: web.Request) -> web.Response:
        return self._files.response(request, request.match_info["name"])

    async def _session(self, request: web.Request) -> web.Response:
        self._admit(request)
        session = self._sessions.read(request.cookies.get(COOKIE))
        messages: list[dict[str, Any]] = []
        last = 0
        person = False
        if session is None:
            # Nothing is written down until there is a message: visits alone cost no rows.
            session = self._sessions.new()
        else:
            messages, last = await self._told(session, 0)
            person = await conversations.with_a_person(self._database, conversation_id(CHANNEL, session))
        response = respond(
            {
                "history": messages,
                "last": last,
                "person": person,
                "banner": self._banner(),
                "session": self._sessions.mark(session),
            }
        )
        secure, cross_site = self._settings.https, self._settings.cross_site
        response.headers["Set-Cookie"] = self._sessions.header(session, secure=secure, cross_site=cross_site)
        return response

    async def _history(self, request: web.Request) -> web.Response:
        self._admit(request)
        session = self._required(request)
        messages, last = await self._told(session, _number(request.query.get("after", "0")))
        return respond({"messages": messages, "last": last, "banner": self._banner()})

    async def _message(self, request: web.Request) -> web.Response:
        self._admit(request)
        session = self._required(request)
        if request.content_type != "application/json":
            raise Refused(415, "not_json", "Yêu cầu phải là JSON (Content-Type: application/json).")
        message = _incoming(await _body(request), session)
        await self._pace(session)
        await self.take(message)
        return respond({"id": client_id(message.external_id), "accepted": True}, status=202)

    async def admit(self, request: web.Request) -> str:
        """The session of a request that may send something.

        Raises:
            Refused: it has none, or sends too fast, or too much waits already.
        """
        self._admit(request)
        session = self._required(request)
        await self._pace(session)
        return session

    async def _pace(self, session: str) -> None:
        if self._closed():
            raise Refused(503, "closed", self._banner() or sentences.BUSY, retry_after_s=30)
        if self._full():
            raise no_room()
        wait = self._by_session.take(session)
        if wait:
            raise Refused(429, "too_fast", sentences.TOO_FAST, retry_after_s=wait)
        if await self._waiting() >= self._backlog:
            raise Refused(503, "busy", sentences.BUSY, retry_after_s=10)

    async def take(self, message: Incoming) -> None:
        """Write a message down."""
        receipt = (await self._inbox.receive(message))[0]
        counter = self._metrics.duplicates if receipt.duplicate else self._metrics.messages_in
        counter.labels(CHANNEL).inc()

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        self._admit(request)
        conversation = conversation_id(CHANNEL, self._required(request))
        resumed = request.headers.get("Last-Event-ID", "")
        after: int | None = None
        if _NUMBER.fullmatch(resumed):
            after = int(resumed)
        elif "after" in request.query:
            after = _number(request.query["after"])
        if self._hub.open >= self._settings.streams_total:
            raise Refused(503, "busy", sentences.BUSY, retry_after_s=30)
        streams = self._streams.setdefault(conversation, [])
        # A connection that broke is noticed at the next write only; its transport is gone at once.
        if sum(other.transport is not None for other in streams) >= self._settings.streams_per_session:
            raise Refused(429, "too_many_streams", sentences.TOO_MANY_TABS, retry_after_s=10)
        response = web.StreamResponse(headers=_STREAM_HEADERS)
        # Listening begins before the database is read: what is said in between comes once, from the queue.
        with self._hub.listen(conversation) as queue:
            self._metrics.streams.set(self._hub.open)
            streams.append(request)
            try:
                if after is None:
                    after = (await self._told_last(conversation)) or 0
                await response.prepare(request)
                await _write(response, b"retry: 2000\n\n")
                await self._pass_on(response, conversation, queue, after)
            except (ConnectionResetError, TimeoutError):
                pass  # the client went away, or reads nothing: it comes back and reads on
            finally:
                streams.remove(request)
                if not streams:
                    self._streams.pop(conversation, None)
                self._metrics.streams.set(self._hub.open - 1)
        return response

    async def _pass_on(
        self,
        response: web.StreamResponse,
        conversation: str,
        queue: asyncio.Queue[Said],
        last: int,
    ) -> None:
        shown: str | None = None
        while True:
            if self._banner() != shown:
                shown = self._banner()
                await _write(response, f"event: banner\ndata: {_dumps({'text': shown})}\n\n".encode())
            # Also at each sign of life: another process may have written to this conversation.
            try:
                behind = await outbox.read(self._database, conversation, after=last, limit=_CATCH_UP)
            except Exception as error:
                if not is_outage(error):
                    raise
                # The stream is kept and reads on when the database is back.
                await _write(response, b": alive\n\n")
                await asyncio.sleep(_AGAIN_S)
                continue
            for message in behind:
                await _write(response, _frame(message))
                last = message.id
            if len(behind) == _CATCH_UP:
                continue
            while True:
                try:
                    async with asyncio.timeout(self._settings.heartbeat_s):
                        said = await queue.get()
                except TimeoutError:
                    break
                if said is None:
                    return
                if isinstance(said, Look):
                    break
                if said.id > last:
                    await _write(response, _frame(said))
                    last = said.id
            await _write(response, b": alive\n\n")

    async def _told(self, session: str, after: int) -> tuple[list[dict[str, Any]], int]:
        return await history(
            self._database, conversation_id(CHANNEL, session), after=after, limit=self._settings.history
        )

    async def _told_last(self, conversation: str) -> int:
        _, last = await history(self._database, conversation, after=0, limit=1)
        return last

    def _required(self, request: web.Request) -> str:
        session = self._sessions.read(request.cookies.get(COOKIE))
        if session is None:
            raise Refused(401, "no_session", sentences.NO_SESSION)
        return session

    def _admit(self, request: web.Request) -> None:
        wait = self._by_address.take(_address.of(request, forwarded=self._settings.trust_forwarded))
        if wait:
            raise Refused(429, "too_fast", sentences.TOO_FAST, retry_after_s=wait)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        async with asyncio.timeout(_BODY_S):
            content = await request.read()
    except TimeoutError:
        raise Refused(408, "too_slow", "Đường truyền quá chậm, tin chưa đến đủ.") from None
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        raise _bad("not_json", "Nội dung không phải JSON hợp lệ.") from None
    if not isinstance(body, dict):
        raise _bad("not_an_object", "Nội dung phải là một đối tượng JSON.")
    return body


def _incoming(body: dict[str, Any], session: str) -> Incoming:
    identity = body.get("id")
    if not isinstance(identity, str) or not MESSAGE_ID.fullmatch(identity):
        raise _bad("bad_id", "Thiếu mã tin nhắn (id) hợp lệ.")
    kinds = [kind for kind in ("text", "button", "location") if body.get(kind) is not None]
    if len(kinds) != 1:
        raise _bad("bad_message", "Mỗi tin chỉ có một trong ba: text, button, location.")
    external = f"{session}:{identity}"
    content = body[kinds[0]]
    match kinds[0]:
        case "text":
            return Incoming(CHANNEL, external, session, "text", {"text": _text(content)})
        case "button":
            if not isinstance(content, str) or not MESSAGE_ID.fullmatch(content):
                raise _bad("bad_button", "Mã nút bấm không hợp lệ.")
            return Incoming(CHANNEL, external, session, "button", {"button": content})
        case _:
            place = coordinates(content.get("lat"), content.get("lon")) if isinstance(content, dict) else None
            if place is None:
                raise _bad("bad_location", "Vị trí không hợp lệ.")
            return Incoming(CHANNEL, external, session, "location", {"lat": place[0], "lon": place[1]})


def _text(content: object) -> str:
    if not isinstance(content, str):
        raise _bad("bad_text", "Nội dung tin phải là chữ.")
    text = clean(content)
    if not text:
        raise _bad("empty", sentences.EMPTY)
    if len(text) > MAX_TEXT:
        raise Refused(413, "too_long", sentences.TOO_LONG)
    return text


def _number(value: str) -> int:
    if not _NUMBER.fullmatch(value):
        raise _bad("bad_after", "Tham số after phải là một số.")
    return int(value)


def _bad(code: str, message: str) -> Refused:
    return Refused(400, code, message)


def _frame(message: Outgoing) -> bytes:
    # JSON holds no line break of its own, so one data line is enough.
    return f"id: {message.id}\nevent: message\ndata: {_dumps(event(message))}\n\n".encode()


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(_WRITE_S):
        await response.write(data)


def _unchanged(reply: Reply) -> tuple[Reply, ...]:
    return (reply,)
