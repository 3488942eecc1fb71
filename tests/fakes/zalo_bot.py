"""A strict fake of the Zalo Bot API (https://bot.zaloplatforms.com/docs/)."""

from __future__ import annotations

import asyncio
import itertools
import time
import unicodedata
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

from tests.fakes._hook import Hook
from tests.fakes._platform import Fault, Watched, cut, take

TOKEN = "987654:TEST-token_of-the-zalo-bot"
PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 32


class Refused(Exception):
    """An answer with ok=false."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


@dataclass
class FakeZaloBot(Watched):
    """The fake.

    Attributes:
        flat: webhooks carry the event itself, not `{"ok": …, "result": …}`.
        sent: what reached a chat, as (chat, text, whole message).
        calls: (method, parameters) of every call.
        faults: by method in lower case, taken one by one.
        blocked: chats whose people blocked the bot.
        files: content by path of what citizens have sent.
    """

    token: str = TOKEN
    flat: bool = False
    sent: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    chats: set[str] = field(default_factory=set)
    files: dict[str, bytes] = field(default_factory=dict)
    secret: str = ""
    port: int = 0
    waiting: list[dict[str, Any]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _runner: web.AppRunner | None = None

    def __post_init__(self) -> None:
        self.hook = Hook(lambda body: {"X-Bot-Api-Secret-Token": self.secret})

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._handle)
        app.router.add_get("/files/{name}", self._file)
        # A request that has arrived is worked on, whether or not its sender still waits.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05, handler_cancellation=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.hook.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # ---- the citizen's side ----

    async def write(self, text: str, chat: str = "z7") -> dict[str, Any]:
        """A citizen writes a text."""
        return await self.push("message.text.received", chat, text=text)

    async def send_image(self, chat: str = "z7", content: bytes = PICTURE, caption: str = "") -> dict[str, Any]:
        """A citizen sends a picture."""
        name = f"{next(self._numbers)}.png"
        self.files[name] = content
        more = {"caption": caption} if caption else {}
        return await self.push("message.image.received", chat, photo=f"{self.url}/files/{name}", **more)

    async def push(self, event: str, chat: str, **content: Any) -> dict[str, Any]:
        """An event of any kind."""
        self.chats.add(chat)
        update = {
            "event_name": event,
            "message": {
                "message_id": f"m{next(self._numbers)}",
                "date": int(time.time() * 1000),
                "chat": {"id": chat, "chat_type": "PRIVATE"},
                "from": {"id": chat, "display_name": "An", "is_bot": False},
                **content,
            },
        }
        if self.hook.url:
            self.hook.push(chat, update if self.flat else {"ok": True, "result": update})
        else:
            self.waiting.append(update)
            await self.notify()
        return update

    def texts(self, chat: str = "z7") -> list[str]:
        """What a chat shows from the bot."""
        return [text for to, text, _ in self.sent if to == chat]

    # ---- the API ----

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"].lower()
        parameters: dict[str, Any] = dict(request.query)
        try:
            if request.can_read_body:
                as_json = request.content_type == "application/json"
                parameters |= await request.json() if as_json else dict(await request.post())
            self.calls.append((method, parameters))
            if request.match_info["token"] != self.token:
                raise Refused(401, "Unauthorized")
            work = getattr(self, f"_on_{method}", None)
            if work is None:
                raise Refused(404, "Not Found")
            fault = take(self.faults.get(method, []), parameters.get("chat_id"))
            if fault and fault.http:
                return web.Response(status=fault.http, text="<html>")
            if fault and fault.code:
                raise Refused(fault.code, fault.description)
            if fault and fault.cut == "before":
                return cut(request)
            result = await work(parameters)
            await self.notify()
            if fault and fault.cut == "after":
                return cut(request)
            if fault and fault.hang_s:
                await asyncio.sleep(fault.hang_s)
            return web.json_response({"ok": True, "result": result})
        except Refused as error:
            await self.notify()
            return web.json_response({"ok": False, "error_code": error.code, "description": error.description})

    async def _file(self, request: web.Request) -> web.Response:
        content = self.files.get(request.match_info["name"])
        return web.Response(status=404) if content is None else web.Response(body=content, content_type="image/png")

    async def _on_getme(self, _parameters: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": self.token.partition(":")[0],
            "account_name": "bot.motcua",
            "account_type": "BASIC",
            "can_join_groups": False,
            "display_name": "Bot Một cửa",
        }

    async def _on_getupdates(self, parameters: dict[str, Any]) -> dict[str, Any]:
        if self.hook.url:
            raise Refused(409, "Conflict: can't use getUpdates method while webhook is active")
        try:
            await self.until(lambda: bool(self.waiting), float(parameters.get("timeout") or 0) or 0.01)
        except TimeoutError:
            raise Refused(408, "Request timeout") from None
        # There is no offset: what was given once is gone.
        return self.waiting.pop(0)

    async def _on_setwebhook(self, parameters: dict[str, Any]) -> dict[str, Any]:
        secret = str(parameters.get("secret_token") or "")
        url = str(parameters.get("url") or "")
        if not url.startswith(("https://", "http://127.0.0.1")):
            raise Refused(400, "Bad Request: invalid webhook url")
        if not 8 <= len(secret) <= 256:
            raise Refused(400, "Bad Request: secret_token must be 8 to 256 characters")
        self.secret, self.hook.url = secret, url
        while self.waiting:
            update = self.waiting.pop(0)
            body = update if self.flat else {"ok": True, "result": update}
            self.hook.push(update["message"]["chat"]["id"], body)
        return {"url": url, "updated_at": int(time.time() * 1000)}

    async def _on_deletewebhook(self, _parameters: dict[str, Any]) -> dict[str, Any]:
        self.hook.url = ""
        return {"url": "", "updated_at": int(time.time() * 1000)}

    async def _on_getwebhookinfo(self, _parameters: dict[str, Any]) -> dict[str, Any]:
        return {"url": self.hook.url, "updated_at": int(time.time() * 1000)}

    async def _on_sendmessage(self, parameters: dict[str, Any]) -> dict[str, Any]:
        text = str(parameters.get("text") or "")
        if not text.strip():
            raise Refused(400, "Bad Request: text is empty")
        if len(unicodedata.normalize("NFC", text)) > 2000:
            raise Refused(400, "Bad Request: text is too long")
        return self._sent(parameters, text, text=text)

    async def _on_sendphoto(self, parameters: dict[str, Any]) -> dict[str, Any]:
        photo = str(parameters.get("photo") or "")
        if not photo.startswith(("http://", "https://")):
            raise Refused(400, "Bad Request: photo must be an address")
        caption = str(parameters.get("caption") or "")
        if len(caption) > 2000:
            raise Refused(400, "Bad Request: caption is too long")
        return self._sent(parameters, caption, photo=photo)

    async def _on_sendchataction(self, parameters: dict[str, Any]) -> bool:
        self._chat(parameters)
        if parameters.get("action") not in {"typing", "upload_photo"}:
            raise Refused(400, "Bad Request: wrong action")
        return True

    def _sent(self, parameters: dict[str, Any], shown: str, **content: Any) -> dict[str, Any]:
        chat = self._chat(parameters)
        if chat in self.blocked:
            raise Refused(403, "Forbidden: the user has blocked the bot")
        message = {"message_id": f"s{next(self._numbers)}", "date": int(time.time() * 1000)}
        self.sent.append((chat, shown, {**message, **content}))
        return message

    def _chat(self, parameters: dict[str, Any]) -> str:
        chat = str(parameters.get("chat_id") or "")
        if chat not in self.chats:
            raise Refused(400, "Bad Request: chat not found")
        return chat
