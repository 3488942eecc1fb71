"""One update of the Zalo Bot API, read into what the inbox takes.

Source: https://bot.zaloplatforms.com/docs/webhook/. The body comes as `{"ok": …, "result": {…}}` or flat.
"""

from __future__ import annotations

from typing import Any

from bot.channels.contract import Event, Ignored
from bot.channels.reading import ILL_SHAPED, broken, identifier, said
from bot.channels.zalo_bot.limits import NAME
from bot.incoming import Incoming, clean

_TEXT = "message.text.received"
_IMAGE = "message.image.received"
_PREFIX = "message."


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
    except ILL_SHAPED as error:
        return [broken(content, error, f"{bot}:")]


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
    sender = identifier(chat["id"])
    identity = f"{bot}:{identifier(message['message_id'])}"
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
    return Incoming(NAME, identity, sender, "text", said(text), update)
