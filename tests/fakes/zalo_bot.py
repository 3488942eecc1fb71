"""A strict fake of the Zalo Bot API (https://bot.zaloplatforms.com/docs/)."""

from __future__ import annotations

import itertools
import time
import unicodedata
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

from tests.fakes._hook import Hook
from tests.fakes._platform import Platform, Refused, form

TOKEN = "987654:TEST-token_of-the-zalo-bot"
PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 32


@dataclass(kw_only=True)
class FakeZaloBot(Platform[str]):
    """The fake.

    Attributes:
        flat: webhooks carry the event itself, not `{"ok": …, "result": …}`.
        statuses: errors come with their code as the HTTP status, not with 200.
        picture: name of the field with a picture's address; clients differ in it.
        blocked: chats whose people blocked the bot.
        chats: chats that have written to the bot; others are unknown to it.
        files: content by path of what citizens have sent.
        secret: what is sent with each webhook.
        waiting: updates that were not given yet; one that is given is gone.
    """

    token: str = TOKEN
    flat: bool = False
    statuses: bool = False
    picture: Literal["photo", "photo_url"] = "photo"
    blocked: set[str] = field(default_factory=set)
    chats: set[str] = field(default_factory=set)
    files: dict[str, bytes] = field(default_factory=dict)
    secret: str = ""
    waiting: list[dict[str, Any]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.hook = Hook(lambda _body: {"X-Bot-Api-Secret-Token": self.secret})

    # ---- the citizen's side ----

    async def write(self, text: str, chat: str = "z7") -> dict[str, Any]:
        """A citizen writes a text."""
        return await self.push("message.text.received", chat, text=text)

    async def send_image(self, chat: str = "z7", content: bytes = PICTURE, caption: str = "") -> dict[str, Any]:
        """A citizen sends a picture."""
        name = f"{next(self._numbers)}.png"
        self.files[name] = content
        more = {"caption": caption} if caption else {}
        return await self.push("message.image.received", chat, **{self.picture: f"{self.url}/files/{name}"}, **more)

    async def send_sticker(self, chat: str = "z7") -> dict[str, Any]:
        """A citizen sends a sticker."""
        return await self.push("message.sticker.received", chat, sticker="bfe458bf64fa8da4d4eb")

    async def send_other(self, chat: str = "z7") -> dict[str, Any]:
        """A citizen sends something that bots do not get to see."""
        return await self.push("message.unsupported.received", chat)

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
        if self.webhook:
            self.hook.push(chat, self._body(update))
        else:
            self.waiting.append(update)
            await self.notify()
        return update

    def _body(self, update: dict[str, Any]) -> dict[str, Any]:
        return update if self.flat else {"ok": True, "result": update}

    def texts(self, chat: str = "z7") -> list[str]:
        """What a chat shows from the bot."""
        return [text for to, text, _ in self.sent if to == chat]

    # ---- the API ----

    def _add_routes(self, app: web.Application) -> None:
        app.router.add_route("*", "/bot{token}/{method}", self._handle)
        app.router.add_get("/files/{name}", self._file)

    def _success(self, result: Any) -> web.Response:
        return web.json_response({"ok": True, "result": result})

    def _refusal(self, error: Refused) -> web.Response:
        body = {"ok": False, "error_code": error.code, "description": error.description}
        return web.json_response(body, status=error.code if self.statuses else 200)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"].lower()
        try:
            if request.match_info["token"] != self.token:
                raise Refused(401, "Unauthorized")
            parameters = await form(request)
        except Refused as error:
            return self._refusal(error)

        async def work() -> Any:
            if method == "getupdates":
                return await self._next(request, parameters)
            found = getattr(self, f"_on_{method}", None)
            if found is None:
                raise Refused(404, "Not Found")
            return await found(parameters)

        return await self._serve(request, method, parameters, str(parameters.get("chat_id")), work)

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

    async def _next(self, request: web.Request, parameters: dict[str, Any]) -> dict[str, Any]:
        if self.webhook:
            raise Refused(409, "Conflict: can't use getUpdates method while webhook is active")
        try:
            wait = float(parameters.get("timeout") or 0)
        except ValueError:
            raise Refused(400, "Bad Request: wrong timeout") from None
        try:
            # To somebody who has hung up nothing is given.
            await self.until(lambda: bool(self.waiting) or _gone(request), wait or 0.01)
        except TimeoutError:
            raise Refused(408, "Request timeout") from None
        if not self.waiting or _gone(request):
            raise Refused(408, "Request timeout")
        # There is no offset: what was given once is gone.
        return self.waiting.pop(0)

    async def _on_setwebhook(self, parameters: dict[str, Any]) -> dict[str, Any]:
        secret = str(parameters.get("secret_token") or "")
        url = str(parameters.get("url") or "")
        if not url.startswith(("https://", "http://127.0.0.1")):
            raise Refused(400, "Bad Request: invalid webhook url")
        if not 8 <= len(secret) <= 256:
            raise Refused(400, "Bad Request: secret_token must be 8 to 256 characters")
        self.secret, self.webhook = secret, url
        while self.waiting:
            update = self.waiting.pop(0)
            self.hook.push(update["message"]["chat"]["id"], self._body(update))
        return {"url": url, "updated_at": int(time.time() * 1000)}

    async def _on_deletewebhook(self, _parameters: dict[str, Any]) -> dict[str, Any]:
        self.webhook = ""
        return {"url": "", "updated_at": int(time.time() * 1000)}

    async def _on_getwebhookinfo(self, _parameters: dict[str, Any]) -> dict[str, Any]:
        return {"url": self.webhook, "updated_at": int(time.time() * 1000)}

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
        self._accept(chat, shown, {**message, **content})
        return message

    def _chat(self, parameters: dict[str, Any]) -> str:
        chat = str(parameters.get("chat_id") or "")
        if chat not in self.chats:
            raise Refused(400, "Bad Request: chat not found")
        return chat


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
