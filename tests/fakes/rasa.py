"""A strict fake of the dialogue server's channel, with faults on demand.

It refuses what the contract forbids and answers a repeated (sender, message_id) with what it said before.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from aiohttp import web

Fault = Literal["500", "empty", "slow", "die", "400", "garbage", "not_a_list"]
Messages = Sequence[dict[str, Any]]

_SENDER = re.compile(r"[0-9a-f]{20}-[1-9][0-9]*")
_PAYLOAD = re.compile(r"/[a-z_]+(\{.*\})?", re.DOTALL)
_METADATA = {"conversation", "citizen", "channel", "place", "message_id"}


def echo(question: dict[str, Any]) -> Messages:
    """Says back what it got."""
    return [{"text": f"đã nhận: {question.get('payload') or question.get('message')}"}]


@dataclass
class FakeRasa:
    """The fake.

    Attributes:
        answer: what it says to a question.
        faults: taken one by one, one for each call, before anything is answered.
        token: what X-Motcua-Token has to be; None: nothing is wanted.
        slow_s: how long a `slow` call takes.
        calls: every call, in the order of arrival.
        worked: questions worked through, each once.
        broken: why a call broke the contract; tests look that it is empty.
    """

    answer: Callable[[dict[str, Any]], Messages] = echo
    faults: list[Fault] = field(default_factory=list)
    always: Fault | None = None
    token: str | None = None
    slow_s: float = 30.0
    delay_s: float = 0.0
    calls: list[dict[str, Any]] = field(default_factory=list)
    worked: list[dict[str, Any]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    port: int = 0
    _said: dict[tuple[str, str], Messages] = field(default_factory=dict)
    _busy: set[str] = field(default_factory=set)
    _runner: web.AppRunner | None = None
    _hold: asyncio.Event | None = None
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; again on the same port after a stop."""
        app = web.Application()
        app.router.add_get("/webhooks/motcua/", self._health)
        app.router.add_post("/webhooks/motcua/webhook", self._webhook)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop as a killed process does: calls under way are cut off."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self._busy.clear()

    def hold(self) -> None:
        """Let calls wait until `release`."""
        self._hold = asyncio.Event()

    def release(self) -> None:
        """Let waiting calls go on."""
        if self._hold is not None:
            self._hold.set()
            self._hold = None

    async def called(self, count: int) -> None:
        """Wait until there have been that many calls."""
        async with asyncio.timeout(10):
            while len(self.calls) < count:
                self._arrived.clear()
                await self._arrived.wait()

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _webhook(self, request: web.Request) -> web.StreamResponse:
        if self.token is not None and request.headers.get("X-Motcua-Token") != self.token:
            return web.json_response({"error": "auth"}, status=401)
        question = await request.json()
        self.calls.append(question)
        self._arrived.set()
        fault = self.faults.pop(0) if self.faults else self.always
        if self._hold is not None:
            await self._hold.wait()
        match fault:
            case "500":
                return web.json_response({"error": "action_failed"}, status=500)
            case "empty":
                return web.json_response([])
            case "400":
                return web.json_response({"error": "bad"}, status=400)
            case "garbage":
                return web.Response(body=b"\xff\xfe<html>", content_type="application/json")
            case "not_a_list":
                return web.json_response({"text": "x"})
            case "die":
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            case "slow":
                await asyncio.sleep(self.slow_s)
        wrong = _wrong(question)
        if wrong:
            self.broken.append(wrong)
            return web.json_response({"error": wrong}, status=400)
        key = (question["sender"], question["message_id"])
        if key not in self._said:
            if question["sender"] in self._busy:
                self.broken.append("two messages of one sender at once")
            self._busy.add(question["sender"])
            try:
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                self._said[key] = self.answer(question)
            finally:
                self._busy.discard(question["sender"])
            self.worked.append(question)
        return web.json_response(self._said[key], dumps=lambda data: json.dumps(data, ensure_ascii=False))


def _wrong(question: Any) -> str | None:
    if not isinstance(question, dict):
        return "not an object"
    if set(question) - {"sender", "message_id", "message", "payload", "metadata"}:
        return "unknown keys"
    if not _SENDER.fullmatch(str(question.get("sender"))):
        return "sender"
    if not isinstance(question.get("message_id"), str) or not question["message_id"]:
        return "message_id"
    if ("message" in question) == ("payload" in question):
        return "message or payload, one of them"
    if "payload" in question and not _PAYLOAD.fullmatch(question["payload"]):
        return "payload"
    if "message" in question:
        text = question["message"]
        if not isinstance(text, str) or not text.strip() or len(text) > 2000 or "\x00" in text:
            return "message"
        if text.startswith("/"):
            return "a text that would be a command"
    if set(question.get("metadata", {})) != _METADATA:
        return "metadata"
    if question["metadata"]["message_id"] != question["message_id"]:
        return "message_id of the metadata"
    return None
