"""One update of the Zalo Bot API, read into what the inbox takes.

Source: https://bot.zaloplatforms.com/docs/webhook/. The body comes as `{"ok": …, "result": {…}}` or flat.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from bot.channels.contract import Broken, Event, Ignored
from bot.channels.zalo_bot.limits import NAME
from bot.incoming import MAX_TEXT, Incoming, clean

_TEXT = "message.text.received"
_IMAGE = "message.image.received"
_PREFIX = "message."
_LONGEST_ID = 150


def events(content: Any, bot: str) -> list[Event]:
    """What a webhook's body, or the result of `getUpdates`, means; what is ill-shaped is `Broken`.

    Args:
        bot: number of the bot; ids of messages are unique for it only.
    """
    update = content
    if isinstance(content, dict) and "event_name" not in content and isinstance(content.get("result"), dict):
        update = content["result"]
    try:
        return _read(update, bot)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return [Broken(f"{bot}:broken:{_digest(content)}", content, f"{type(error).__name__}: {error}")]


def _read(update: dict[str, Any], bot: str) -> list[Event]:
    name = str(update["event_name"])
    if not name.startswith(_PREFIX):
        return [Ignored("a kind of event that is not asked for")]
    message = update["message"]
    chat = message["chat"]
    if str(chat.get("chat_type", "PRIVATE")).upper() != "PRIVATE":
        return [Ignored("not a private chat")]
    if (message.get("from") or {}).get("is_bot"):
        return [Ignored("a word of a bot")]
    sender = _id(chat["id"])
    identity = f"{bot}:{_id(message['message_id'])}"
    if name == _TEXT:
        return [_text(message["text"], identity, sender, update)]
    photo = message.get("photo") or message.get("photo_url")
    if name == _IMAGE and isinstance(photo, str):
        wanted = {"url": photo, "name": "anh.jpg"}
        found: list[Event] = [Incoming(NAME, identity, sender, "file", {"text": "anh.jpg", "wanted": wanted}, update)]
        if isinstance(message.get("caption"), str) and clean(message["caption"]):
            found.append(_text(message["caption"], f"{identity}:caption", sender, update))
        return found
    return [Incoming(NAME, identity, sender, "unsupported", {}, update)]


def _text(written: Any, identity: str, sender: str, update: dict[str, Any]) -> Incoming:
    if not isinstance(written, str):
        raise ValueError("a text that is not one")
    text = clean(written)
    if not text:
        return Incoming(NAME, identity, sender, "unsupported", {}, update)
    body: dict[str, Any] = {"text": text[:MAX_TEXT].rstrip()}
    if len(text) > MAX_TEXT:
        body["cut"] = True
    return Incoming(NAME, identity, sender, "text", body, update)


def _id(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("an id that is not one")
    text = str(value)
    if not 0 < len(text) <= _LONGEST_ID or not text.isprintable():
        raise ValueError("an id that is not one")
    return text


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:32]
