"""The methods that put something into a chat."""

from __future__ import annotations

import math
import time
from typing import Any

from tests.fakes._platform import Refused, Upload
from tests.fakes.telegram.citizens import Citizens
from tests.fakes.telegram.markup import check_keyboard, text_of

_TEXT = 4096
_CAPTION = 1024
_PHOTO = 10 * 1024 * 1024
_DOCUMENT = 50 * 1024 * 1024


class Sending(Citizens):
    """Methods by `_on_` and their name in lower case."""

    async def _on_sendmessage(self, parameters: dict[str, Any]) -> dict[str, Any]:
        chat = self._chat(parameters)
        shown = text_of(parameters, "text", _TEXT)
        if not shown.strip():
            raise Refused(400, "Bad Request: message text is empty")
        return self._deliver(chat, parameters, shown, {"text": shown})

    async def _on_sendphoto(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return self._send_file(parameters, "photo", _PHOTO)

    async def _on_senddocument(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return self._send_file(parameters, "document", _DOCUMENT)

    async def _on_sendchataction(self, parameters: dict[str, Any]) -> bool:
        self._chat(parameters)
        return True

    async def _on_answercallbackquery(self, parameters: dict[str, Any]) -> bool:
        identity = str(parameters.get("callback_query_id"))
        if identity not in self._presses:
            raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self._presses.discard(identity)
        self.acknowledged.append(identity)
        return True

    async def _on_editmessagereplymarkup(self, parameters: dict[str, Any]) -> dict[str, Any]:
        chat = self._chat(parameters)
        message = self._find(chat, parameters.get("message_id"))
        if message is None:
            raise Refused(400, "Bad Request: message to edit not found")
        if message["from"]["id"] != self._me()["id"]:
            raise Refused(400, "Bad Request: message can't be edited")
        markup = parameters.get("reply_markup") or {}
        check_keyboard(markup, private=chat > 0)
        if (message.get("reply_markup") or {}) == markup:
            raise Refused(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly the "
                "same as a current content and reply markup of the message",
            )
        message.pop("reply_markup", None)
        if markup:
            message["reply_markup"] = markup
        return message

    def _send_file(self, parameters: dict[str, Any], kind: str, most: int) -> dict[str, Any]:
        chat = self._chat(parameters)
        caption = text_of(parameters, "caption", _CAPTION)
        given = parameters.get(kind)
        if isinstance(given, str) and given.startswith("attach://"):
            given = parameters.get(given.removeprefix("attach://"))
        name = kind
        if isinstance(given, Upload):
            if not given.content:
                raise Refused(400, "Bad Request: file must be non-empty")
            if len(given.content) > most:
                raise Refused(413, "Request Entity Too Large")
            name = given.name
            kept = self._keep_file(kind, name, given.content)
        elif given in self._files:
            kept = {"file_id": given, "file_unique_id": f"u{given}", "file_size": self._files[given][2]}
        elif not given:
            raise Refused(400, f"Bad Request: there is no {kind} in the request")
        else:
            raise Refused(400, "Bad Request: wrong file identifier/HTTP URL specified")
        content = [{**kept, "width": 90, "height": 60}] if kind == "photo" else {**kept, "file_name": name}
        shown = {kind: content, **({"caption": caption} if caption else {})}
        return self._deliver(chat, parameters, caption or f"[{name}]", shown)

    def _deliver(self, chat: int, parameters: dict[str, Any], shown: str, content: dict[str, Any]) -> dict[str, Any]:
        markup = parameters.get("reply_markup") or {}
        check_keyboard(markup, private=chat > 0)
        answered = self._answered(chat, parameters.get("reply_parameters") or {})
        if chat in self.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        self._check_flood(chat)
        message = {**self._message(chat), "from": self._me(), **content, **answered}
        if "inline_keyboard" in markup:
            message["reply_markup"] = markup
        if "keyboard" in markup:
            self.keyboards[chat] = markup
        elif markup.get("remove_keyboard"):
            self.keyboards.pop(chat, None)
        self._messages[chat, message["message_id"]] = message
        self._accept(chat, shown, message)
        return message

    def _answered(self, chat: int, wanted: dict[str, Any]) -> dict[str, Any]:
        if not wanted:
            return {}
        message = self._find(chat, wanted.get("message_id"))
        if message is not None:
            return {"reply_to_message": message}
        if wanted.get("allow_sending_without_reply"):
            return {}
        raise Refused(400, "Bad Request: message to be replied not found")

    def _find(self, chat: int, identity: Any) -> dict[str, Any] | None:
        return self._messages.get((chat, int(identity))) if str(identity).isdigit() else None

    def _check_flood(self, chat: int) -> None:
        if self.chat_rate is None:
            return
        now = time.monotonic()
        span = max(1.0, 1 / self.chat_rate)
        recent = [at for at in self._sent_at[chat] if now - at < span]
        if len(recent) >= max(1.0, self.chat_rate):
            wait = math.ceil(span - (now - recent[0]))
            raise Refused(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        self._sent_at[chat] = [*recent, now]
