"""A strict fake of the public HTTP API with faults on demand: it refuses what the real front door refuses.

The page meets here what is hard to bring about with the real stack: lost sessions, refusals, silent streams.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

WEB = Path(__file__).resolve().parents[2] / "bot" / "web"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Permissions-Policy": "geolocation=(self)",
    "X-Content-Type-Options": "nosniff",
}
ANSWER = (
    "Anh/chị nộp tại **Trung tâm Phục vụ hành chính công xã Mỹ Hòa Hưng**.\n"
    "Thủ tục: **Đăng ký khai sinh**.\n\n"
    "- Nộp trực tiếp, hoặc nộp trên https://dichvucong.gov.vn.\n"
    "- Điện thoại hỏi thêm: (0296) 3 123 456.\n\n"
    "Nguồn: mã 1.001193, số 3412/QĐ-UBND, kiểm tra ngày 01/07/2025."
)


@dataclass
class Front:
    """The state of the fake. `faults` are answers to the next posts (0: the line is cut after taking one)."""

    answer: str = ANSWER
    delay: float = 0.05
    faults: list[int] = field(default_factory=list)
    stream: str = "ok"  # "ok" | "refuse" | "silent"
    silent: bool = False  # take messages, answer none (a person owns the conversation)
    banner: str | None = None
    person: bool = False  # what a fresh session is told about that
    sessions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    accepted: list[dict[str, Any]] = field(default_factory=list)
    posts: int = 0
    resumed: list[str] = field(default_factory=list)
    outbox_id: int = 0
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    streams: list[web.Request] = field(default_factory=list)

    def _session(self, request: web.Request) -> str:
        token = request.cookies.get("motcua_session", "")
        if token not in self.sessions:
            raise _error(401, "no_session", "Phiên đã hết hạn.")
        return token

    async def say(self, token: str, text: str, **more: Any) -> None:
        """Puts one message of the bot (or of staff) into a conversation."""
        self.outbox_id += 1
        row: dict[str, Any] = {
            "id": self.outbox_id,
            "reply_to": None,
            "from": "bot",
            "text": text,
            "buttons": [],
            "final": True,
        }
        async with self.news:
            self.sessions[token].append(row | {"at": datetime.now(UTC).isoformat()} | more)
            self.news.notify_all()

    async def hang(self, banner: str | None) -> None:
        """Changes what stands at the top of every chat."""
        async with self.news:
            self.banner = banner
            self.news.notify_all()

    async def open_session(self, request: web.Request) -> web.Response:
        token = request.cookies.get("motcua_session", "")
        fresh = token not in self.sessions
        if fresh:
            token = secrets.token_hex(8)
            self.sessions[token] = []
        history = self.sessions[token]
        last = max((m["id"] for m in history if m["from"] != "citizen"), default=0)
        about = {"history": history, "last": last, "person": self.person, "banner": self.banner, "session": token[:12]}
        response = web.json_response(about)
        if fresh:
            response.set_cookie("motcua_session", token, httponly=True, samesite="Lax", path="/")
        return response

    async def post(self, request: web.Request) -> web.Response:
        self.posts += 1
        token = self._session(request)
        if request.content_type != "application/json":
            raise _error(415, "type", "Chỉ nhận JSON.")
        body = await request.json()
        fault = self.faults.pop(0) if self.faults else 202
        if fault not in (0, 202):
            raise _error(fault, "fault", "Nội dung này không gửi được.")
        kinds = set(body) - {"id"}
        if not UUID.fullmatch(str(body.get("id"))) or len(kinds) != 1 or not kinds <= {"text", "button", "location"}:
            raise _error(400, "bad", "Tin không hợp lệ.")
        if len(str(body.get("text", "x"))) > 2000 or not str(body.get("text", "x")).strip():
            raise _error(413, "long", "Tin dài quá.")
        if body["id"] not in [m["id"] for m in self.sessions[token]]:
            self.accepted.append(body)
            shown = body.get("text") or body.get("button") or "Đã gửi vị trí"
            self.sessions[token].append(
                {"id": body["id"], "from": "citizen", "text": shown, "buttons": [], "at": datetime.now(UTC).isoformat()}
            )
            if not self.silent:
                asyncio.get_running_loop().call_later(
                    self.delay, lambda: asyncio.ensure_future(self._reply(token, body["id"]))
                )
        if fault == 0:
            if request.transport is not None:
                request.transport.close()
            raise web.HTTPInternalServerError
        return web.json_response({"id": body["id"], "accepted": True}, status=202)

    async def _reply(self, token: str, uuid: str) -> None:
        await self.say(token, "Tôi đã nhận câu hỏi.", reply_to=uuid, final=False)
        chips = [{"id": secrets.token_hex(4), "title": t} for t in ("Giấy tờ cần có", "Lệ phí", "Thời gian")]
        await self.say(token, self.answer, reply_to=uuid, buttons=chips)

    async def events(self, request: web.Request) -> web.StreamResponse:
        token = self._session(request)
        if self.stream == "refuse":
            raise _error(503, "busy", "Bận.")
        resumed = request.headers.get("Last-Event-ID", "")
        self.resumed.append(resumed)
        after = int(resumed or request.query.get("after", "0"))
        response = web.StreamResponse(headers=HEADERS | {"Cache-Control": "no-store"})
        response.content_type = "text/event-stream"
        await response.prepare(request)
        await response.write(b"retry: 300\n\n")
        self.streams.append(request)
        hung: str | None = None
        try:
            while True:
                if self.banner != hung:
                    hung = self.banner
                    await response.write(f"event: banner\ndata: {json.dumps({'text': hung})}\n\n".encode())
                async with self.news:
                    rows = [m for m in self.sessions.get(token, []) if m["from"] != "citizen" and m["id"] > after]
                    if not rows or self.stream == "silent":
                        await self.news.wait()
                        continue
                for row in rows:
                    after = row["id"]
                    data = json.dumps(row, ensure_ascii=False)
                    await response.write(f"id: {after}\nevent: message\ndata: {data}\n\n".encode())
        finally:
            self.streams.remove(request)

    def cut_streams(self) -> None:
        """Breaks every open stream as a lost line does."""
        for request in list(self.streams):
            if request.transport is not None:
                request.transport.close()

    async def history(self, request: web.Request) -> web.Response:
        rows = self.sessions[self._session(request)]
        after = int(request.query.get("after", "0"))
        told = [m for m in rows if m["from"] == "citizen" or m["id"] > after]
        return web.json_response({"messages": told, "banner": self.banner})

    async def page(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(WEB / "index.html", headers=HEADERS)

    def app(self) -> web.Application:
        """The aiohttp application of this fake."""
        app = web.Application(client_max_size=64 * 1024)
        app.add_routes(
            [
                web.get("/", self.page),
                web.static("/static", WEB),
                web.post("/api/session", self.open_session),
                web.post("/api/messages", self.post),
                web.get("/api/stream", self.events),
                web.get("/api/history", self.history),
            ]
        )
        return app


def _error(status: int, code: str, message: str) -> web.HTTPException:
    kinds = {400: web.HTTPBadRequest, 401: web.HTTPUnauthorized, 415: web.HTTPUnsupportedMediaType}
    text = json.dumps({"error": {"code": code, "message": message}})
    if status == 413:
        return web.HTTPRequestEntityTooLarge(2000, 2001, text=text, content_type="application/json")
    kind = kinds.get(status, web.HTTPTooManyRequests if status == 429 else web.HTTPServiceUnavailable)
    return kind(text=text, content_type="application/json")
