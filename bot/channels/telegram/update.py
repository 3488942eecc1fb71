"""One update of the Bot API, read into what the inbox takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.channels.contract import Broken, Event, Ignored, Reachability, Unreadable
from bot.channels.telegram.text import NAME
from bot.incoming import MAX_TEXT, Incoming, clean, coordinates

_COMMANDS = {"start": "/greet", "help": "/capabilities", "huy": "/stop", "cancel": "/stop"}


def events(updates: Sequence[Any], bot: str) -> list[Event]:
    """What updates mean; one that cannot be read is `Broken`, one without a number `Ignored`."""
    found: list[Event] = []
    for update in updates:
        if number(update) is None:
            found.append(Ignored("an update without a number"))
            continue
        try:
            found.append(read(update, bot))
        except Unreadable as error:
            found.append(Broken(f"{bot}:{update['update_id']}", update, str(error)))
    return found


def number(update: Any) -> int | None:
    """The number of an update."""
    found = update.get("update_id") if isinstance(update, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def read(update: dict[str, Any], bot: str) -> Event:
    """What an update means.

    Args:
        bot: number of the bot; update numbers are unique for it only.

    Raises:
        Unreadable: something in it is missing or of the wrong kind.
    """
    try:
        identity = f"{bot}:{int(update['update_id'])}"
        if "message" in update:
            return _message(update["message"], identity, update)
        if "callback_query" in update:
            return _press(update["callback_query"], identity, update)
        if "my_chat_member" in update:
            change = update["my_chat_member"]
            reachable = change["new_chat_member"]["status"] not in {"kicked", "left"}
            return Reachability(_chat(change["chat"]), reachable)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error
    return Ignored("a kind of update that is not asked for")


def callback_id(update: dict[str, Any]) -> str | None:
    """The id under which a button press wants to be acknowledged."""
    query = update.get("callback_query")
    identity = query.get("id") if isinstance(query, dict) else None
    return identity if isinstance(identity, str) else None


def _message(message: dict[str, Any], identity: str, update: dict[str, Any]) -> Event:
    if message["chat"].get("type") != "private":
        return Ignored("not a private chat")
    chat = _chat(message["chat"])
    location = message.get("location") or (message.get("venue") or {}).get("location")
    if location is not None:
        place = coordinates(location["latitude"], location["longitude"])
        if place is None:
            raise Unreadable("a location off the Earth")
        return Incoming(NAME, identity, chat, "location", {"lat": place[0], "lon": place[1]}, update)
    written = message.get("text", message.get("caption", ""))
    if not isinstance(written, str):
        raise Unreadable("a text that is not one")
    text = clean(written)
    if not text:
        return Incoming(NAME, identity, chat, "unsupported", {}, update)
    payload = _command(text)
    if payload:
        return Incoming(NAME, identity, chat, "command", {"text": text, "payload": payload}, update)
    body: dict[str, Any] = {"text": text[:MAX_TEXT].rstrip()}
    if len(text) > MAX_TEXT:
        body["cut"] = True
    return Incoming(NAME, identity, chat, "text", body, update)


def _press(query: dict[str, Any], identity: str, update: dict[str, Any]) -> Event:
    chat = _chat(query["message"]["chat"])
    if query["message"]["chat"].get("type") != "private":
        return Ignored("not a private chat")
    data = query.get("data")
    if not isinstance(data, str):
        raise Unreadable("a press without data")
    return Incoming(NAME, identity, chat, "button", {"button": data}, update)


def _chat(chat: dict[str, Any]) -> str:
    identity = chat["id"]
    if isinstance(identity, bool) or not isinstance(identity, int):
        raise Unreadable("a chat without a number")
    return str(identity)


def _command(text: str) -> str | None:
    if not text.startswith("/"):
        return None
    # "/start@our_bot code" is "/start" too; what follows it is a deep link's code.
    word = text[1:].split(maxsplit=1)[0] if len(text) > 1 and not text[1].isspace() else ""
    return _COMMANDS.get(word.partition("@")[0].lower())
