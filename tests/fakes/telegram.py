"""A strict fake of Telegram's Bot API: it refuses what the real one refuses, in the same words."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Self

from aiohttp import web

from tests.fakes._platform import Fault, cut, take

TOKEN = "123456:TEST-token_of-the-fake-bot-0123456789"
_TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "a", "blockquote"}
_ENTITIES = {"lt", "gt", "amp", "quot"}
_JSON_FIELDS = ("reply_markup", "allowed_updates", "commands", "entities", "link_preview_options")
_KNOWN = {"message", "callback_query", "my_chat_member", "edited_message", "inline_query"}


class Refused(Exception):
    """An answer with ok=false."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


@dataclass
class FakeTelegram:
    """The fake.

    Attributes:
        updates: what is not confirmed yet.
        sent: messages that reached a chat, as (chat, text as shown, whole message).
        calls: (method, parameters) of every call.
        faults: by method in lower case, taken one by one.
        blocked: chats whose people blocked the bot.
        chats: chats that have written to the bot; others are unknown to it.
    """

    token: str = TOKEN
    updates: list[dict[str, Any]] = field(default_factory=list)
    sent: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    blocked: set[int] = field(default_factory=set)
    chats: set[int] = field(default_factory=set)
    acknowledged: list[str] = field(default_factory=list)
    webhook: str = ""
    port: int = 0
    _update_id: int = 1000
    _message_id: int = 0
    _presses: set[str] = field(default_factory=set)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _poller: int = 0
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05, handler_cancellation=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    # ---- the citizen's side ----

    async def write(self, text: str, chat: int = 7, **more: Any) -> dict[str, Any]:
        """A citizen writes a text."""
        message = {**self._message(chat), "text": text, **more}
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        return await self.push({"message": message})

    async def share(self, lat: float, lon: float, chat: int = 7) -> dict[str, Any]:
        """A citizen shares a place."""
        return await self.push({"message": {**self._message(chat), "location": {"latitude": lat, "longitude": lon}}})

    async def press(self, title: str, chat: int = 7) -> dict[str, Any]:
        """A citizen presses the newest button of their chat with this title."""
        for to, _, message in reversed(self.sent):
            rows = message.get("reply_markup", {}).get("inline_keyboard", []) if to == chat else []
            for row in rows:
                for button in row:
                    if button["text"] == title:
                        return await self.press_data(button["callback_data"], chat, message)
        raise LookupError(title)

    async def press_data(self, data: str, chat: int = 7, message: dict[str, Any] | None = None) -> dict[str, Any]:
        """A press of a button that carries `data`."""
        identity = f"press-{self._update_id}"
        self._presses.add(identity)
        shown = message or {**self._message(chat), "text": "cũ", "from": self._me()}
        return await self.push(
            {
                "callback_query": {
                    "id": identity,
                    "from": _person(chat),
                    "message": shown,
                    "chat_instance": "1",
                    "data": data,
                }
            }
        )

    async def push(self, content: dict[str, Any]) -> dict[str, Any]:
        """An update of any shape."""
        self._update_id += 1
        update = {"update_id": self._update_id, **content}
        self.updates.append(update)
        await self._notify()
        return update

    def texts(self, chat: int = 7) -> list[str]:
        """What a chat shows from the bot."""
        return [text for to, text, _ in self.sent if to == chat]

    async def until(self, condition: Callable[[], bool], timeout_s: float = 10) -> None:
        """Wait until something holds; looked at after each call."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(condition)

    # ---- the Bot API ----

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            if request.match_info["token"] != self.token:
                raise Refused(401, "Unauthorized")
            method = request.match_info["method"].lower()
            parameters = await self._parameters(request)
            self.calls.append((method, parameters))
            work = getattr(self, f"_on_{method}", None)
            if work is None:
                raise Refused(404, "Not Found")
            fault = take(self.faults.get(method, []), parameters.get("chat_id"))
            if fault and fault.code:
                raise Refused(fault.code, fault.description, **fault.parameters)
            if fault and fault.cut == "before":
                return cut(request)
            result = await work(parameters)
            await self._notify()
            if fault and fault.cut == "after":
                return cut(request)
            if fault and fault.hang_s:
                await asyncio.sleep(fault.hang_s)
            return web.json_response({"ok": True, "result": result})
        except Refused as error:
            await self._notify()
            body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
            if error.parameters:
                body["parameters"] = error.parameters
            return web.json_response(body, status=error.code)

    async def _parameters(self, request: web.Request) -> dict[str, Any]:
        parameters: dict[str, Any] = dict(request.query)
        if request.content_type == "application/json":
            if request.can_read_body:
                parameters.update(await request.json())
        elif request.can_read_body:
            for name, value in (await request.post()).items():
                parameters[name] = value if isinstance(value, str) else "(file)"
        for name in _JSON_FIELDS:
            if isinstance(parameters.get(name), str):
                try:
                    parameters[name] = json.loads(parameters[name])
                except ValueError:
                    raise Refused(400, f"Bad Request: can't parse {name} JSON object") from None
        return parameters

    async def _on_getme(self, _parameters: dict[str, Any]) -> dict[str, Any]:
        return {
            **self._me(),
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    async def _on_getupdates(self, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        if self.webhook:
            raise Refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete "
                "the webhook first",
            )
        self._poller += 1
        me = self._poller
        await self._notify()
        offset = int(parameters.get("offset") or 0)
        limit = int(parameters.get("limit") or 100)
        if not 1 <= limit <= 100:
            limit = 100
        if offset < 0:
            self.updates = self.updates[offset:]
        elif offset:
            self.updates = [update for update in self.updates if update["update_id"] >= offset]
        allowed = set(parameters.get("allowed_updates") or _KNOWN)
        timeout = float(parameters.get("timeout") or 0)
        with_news = asyncio.timeout(timeout)
        try:
            async with with_news, self._changed:
                await self._changed.wait_for(lambda: me != self._poller or self._matching(allowed))
        except TimeoutError:
            pass
        if me != self._poller:
            raise Refused(
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            )
        return self._matching(allowed)[:limit]

    def _matching(self, allowed: set[str]) -> list[dict[str, Any]]:
        # What a shape we do not know carries is delivered: the caller has to live with it.
        return [u for u in self.updates if not (set(u) & _KNOWN) or set(u) & allowed]

    async def _on_sendmessage(self, parameters: dict[str, Any]) -> dict[str, Any]:
        chat = self._chat(parameters)
        text = str(parameters.get("text") or "")
        shown = _from_html(text) if str(parameters.get("parse_mode", "")).upper() == "HTML" else text
        if not shown.strip():
            raise Refused(400, "Bad Request: message text is empty")
        if len(shown.encode("utf-16-le")) // 2 > 4096:
            raise Refused(400, "Bad Request: message is too long")
        markup = parameters.get("reply_markup") or {}
        _check_keyboard(markup)
        if chat in self.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        message = {**self._message(chat), "from": self._me(), "text": shown}
        if markup:
            message["reply_markup"] = markup
        self.sent.append((chat, shown, message))
        return message

    async def _on_answercallbackquery(self, parameters: dict[str, Any]) -> bool:
        identity = str(parameters.get("callback_query_id"))
        if identity not in self._presses:
            raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self._presses.discard(identity)
        self.acknowledged.append(identity)
        return True

    async def _on_sendchataction(self, parameters: dict[str, Any]) -> bool:
        self._chat(parameters)
        return True

    async def _on_setwebhook(self, parameters: dict[str, Any]) -> bool:
        self.webhook = str(parameters.get("url") or "")
        return True

    async def _on_deletewebhook(self, parameters: dict[str, Any]) -> bool:
        self.webhook = ""
        if str(parameters.get("drop_pending_updates", "")).lower() == "true":
            self.updates.clear()
        return True

    def _chat(self, parameters: dict[str, Any]) -> int:
        given = str(parameters.get("chat_id", ""))
        if not given:
            raise Refused(400, "Bad Request: chat_id is empty")
        if not re.fullmatch(r"-?\d+", given) or int(given) not in self.chats:
            raise Refused(400, "Bad Request: chat not found")
        return int(given)

    def _message(self, chat: int) -> dict[str, Any]:
        self._message_id += 1
        self.chats.add(chat)
        return {
            "message_id": self._message_id,
            "date": int(time.time()),
            "chat": {"id": chat, "type": "private", "first_name": "An"},
            "from": _person(chat),
        }

    def _me(self) -> dict[str, Any]:
        return {"id": 123456, "is_bot": True, "first_name": "Một cửa", "username": "motcua_test_bot"}

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _person(chat: int) -> dict[str, Any]:
    return {"id": chat, "is_bot": False, "first_name": "An", "language_code": "vi"}


def _check_keyboard(markup: dict[str, Any]) -> None:
    rows = markup.get("inline_keyboard", [])
    if sum(len(row) for row in rows) > 100:
        raise Refused(400, "Bad Request: reply markup is too long")
    for row in rows:
        if len(row) > 8:
            raise Refused(400, "Bad Request: BUTTON_COUNT_INVALID")
        for button in row:
            if not str(button.get("text", "")).strip():
                raise Refused(400, "Bad Request: can't parse inline keyboard button: Text must be non-empty")
            data = button.get("callback_data")
            if data is None:
                raise Refused(400, "Bad Request: Text buttons are unallowed in the inline keyboard")
            if not 1 <= len(data.encode()) <= 64:
                raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")


class _Html(HTMLParser):
    """Reads the few tags that Telegram knows, and complains as it does."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.shown: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            _unreadable(f'Unsupported start tag "{tag}"')
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            _unreadable(f'Unmatched end tag, found "</{tag}>"')

    def handle_data(self, data: str) -> None:
        self.shown.append(data)

    def handle_entityref(self, name: str) -> None:
        if name not in _ENTITIES:
            _unreadable(f"Unsupported entity {name}")
        self.shown.append({"lt": "<", "gt": ">", "amp": "&", "quot": '"'}[name])

    def handle_charref(self, name: str) -> None:
        self.shown.append(chr(int(name[1:], 16) if name[:1] in "xX" else int(name)))


def _unreadable(why: str) -> None:
    raise Refused(400, f"Bad Request: can't parse entities: {why}")


def _from_html(text: str) -> str:
    # A bare "<" that begins no tag is an error for Telegram, while Python's parser shows it as text.
    for match in re.finditer(r"<(?!/?[A-Za-z])", text):
        _unreadable(f'Unsupported start tag "" at byte offset {len(text[: match.start()].encode())}')
    reader = _Html()
    reader.feed(text)
    reader.close()
    if reader.open:
        _unreadable(f'Can\'t find end tag corresponding to start tag "{reader.open[-1]}"')
    if text.count("<") != len(re.findall(r"</?[A-Za-z][^<>]*>", text)):
        _unreadable("Unclosed start tag")
    return "".join(reader.shown)
