"""What is said in a group: whether it is meant for the bot, and what is left when its name is taken out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bot.channels.telegram.links import link
from desk.cases import CODE, PIN

GROUPS = frozenset({"group", "supergroup"})
_FROM_GROUP = "nhom"
_CODE_OR_PIN = re.compile(rf"{CODE.pattern}|{PIN.pattern}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Me:
    """The bot itself.

    Attributes:
        id: its number, as in the token.
        username: its name without @; empty while it is not known.
    """

    id: str
    username: str = ""


def addressed(message: dict[str, Any], me: Me) -> str | None:
    """The words of a group's message without the bot's name; None when it is not meant for the bot."""
    captioned = "text" not in message
    text = message.get("caption" if captioned else "text") or ""
    named = [
        each
        for each in message.get("caption_entities" if captioned else "entities") or ()
        if _names(each, _piece(text, each), me)
    ]
    if not named and str(((message.get("reply_to_message") or {}).get("from") or {}).get("id")) != me.id:
        return None
    for each in sorted(named, key=lambda entity: -int(entity["offset"])):
        text = _cut(text, each)
    return " ".join(text.split(" ")).strip(" ,:;")


def public(me: Me) -> dict[str, Any]:
    """What the inbox is told of a message that others read along."""
    return {"public": True, **({"private_url": link(me.username, _FROM_GROUP)} if me.username else {})}


def without_pin(text: str) -> str:
    """The words as they are kept: a group has read a PIN, behind a case's code or alone; the inbox need not hold it."""
    if CODE.search(text) is None and PIN.fullmatch(text.strip()) is None:
        return text
    return _CODE_OR_PIN.sub(lambda found: found[0] if found[1] else "••••••", text)


def _names(entity: dict[str, Any], piece: str, me: Me) -> bool:
    if entity["type"] == "text_mention":
        return str(entity["user"]["id"]) == me.id
    name = f"@{me.username}".lower()
    if not me.username:
        return False
    if entity["type"] == "bot_command":
        return piece.lower().endswith(name)
    return entity["type"] == "mention" and piece.lower() == name


def _piece(text: str, entity: dict[str, Any]) -> str:
    start, end = _span(entity)
    return text.encode("utf-16-le")[start:end].decode("utf-16-le", "replace")


def _cut(text: str, entity: dict[str, Any]) -> str:
    """The text without the name: all of a mention, the end of a command."""
    raw, (start, end) = text.encode("utf-16-le"), _span(entity)
    if entity["type"] == "bot_command":
        start += len(_piece(text, entity).partition("@")[0].encode("utf-16-le"))
    return (raw[:start] + raw[end:]).decode("utf-16-le", "replace")


def _span(entity: dict[str, Any]) -> tuple[int, int]:
    # Telegram counts in UTF-16 units, each two bytes.
    start, length = int(entity["offset"]), int(entity["length"])
    if start < 0 or length < 0:
        raise ValueError("a span outside the text")
    return 2 * start, 2 * (start + length)
