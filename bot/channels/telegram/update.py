"""One update of the Bot API, read into what the inbox takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.channels.contract import Broken, Event, Ignored, Reachability, Unreadable
from bot.channels.reading import said
from bot.channels.telegram.commands import meaning
from bot.channels.telegram.groups import GROUPS, Me, addressed, public, without_pin
from bot.channels.telegram.text import NAME
from bot.incoming import MAX_TEXT, Incoming, clean, coordinates

MOST_BYTES = 20 * 1024 * 1024  # what the Bot API gives back of a file
_GONE = frozenset({"kicked", "left"})
_QUOTED = frozenset({"reply_to_message", "quote", "external_reply"})  # other messages, which may be kept no more


def events(updates: Sequence[Any], me: Me) -> list[Event]:
    """What updates mean; one that cannot be read is `Broken`, one without a number `Ignored`."""
    found: list[Event] = []
    for update in updates:
        if number(update) is None:
            found.append(Ignored("an update without a number"))
            continue
        try:
            found += read(update, me)
        except Unreadable as error:
            found.append(Broken(f"{me.id}:{update['update_id']}", update, str(error)))
    return found


def number(update: Any) -> int | None:
    """The number of an update."""
    found = update.get("update_id") if isinstance(update, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def read(update: dict[str, Any], me: Me) -> list[Event]:
    """What an update means: a file with words under it is two messages.

    Args:
        me: the bot; update numbers are unique for it only.

    Raises:
        Unreadable: something in it is missing or of the wrong kind.
    """
    try:
        identity = f"{me.id}:{int(update['update_id'])}"
        if "message" in update:
            return _message(update["message"], identity, _alone(update, "message"), me)
        if "edited_message" in update:
            return [_edit(update["edited_message"], identity, _alone(update, "edited_message"))]
        if "callback_query" in update:
            return [_press(update["callback_query"], identity, update, me)]
        if "my_chat_member" in update:
            return [_member(update["my_chat_member"], identity, update, me)]
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error
    return [Ignored("a kind of update that is not asked for")]


def callback_id(update: dict[str, Any]) -> str | None:
    """The id under which a button press wants to be acknowledged."""
    query = update.get("callback_query")
    identity = query.get("id") if isinstance(query, dict) else None
    return identity if isinstance(identity, str) else None


def _message(message: dict[str, Any], identity: str, update: dict[str, Any], me: Me) -> list[Event]:
    chat, kind = _chat(message["chat"]), message["chat"].get("type")
    if kind in GROUPS:
        return [_in_group(message, chat, identity, me)]
    if kind != "private":
        return [Ignored("not a chat with people")]
    location = message.get("location") or (message.get("venue") or {}).get("location")
    if location is not None:
        place = coordinates(location["latitude"], location["longitude"])
        if place is None:
            raise Unreadable("a location off the Earth")
        return [Incoming(NAME, identity, chat, "location", {"lat": place[0], "lon": place[1]}, update)]
    if message.get("contact") is not None:
        return [_contact(message, chat, identity, update)]
    text, wanted = _written(message), _file(message)
    if wanted is not None:
        file = Incoming(NAME, identity, chat, "file", {"text": wanted["name"], "wanted": wanted}, update)
        caption = _words(text, chat, f"{identity}:caption", None, message_id=_message_id(message))
        return [file, caption] if text else [file]
    if not text:
        return [Incoming(NAME, identity, chat, "unsupported", {}, update)]
    return [_words(text, chat, identity, update, message_id=_message_id(message))]


def _in_group(message: dict[str, Any], chat: str, identity: str, me: Me) -> Event:
    if (message.get("from") or {}).get("is_bot"):
        return Ignored("a bot's words")
    words = addressed(message, me)
    text = clean(words) if words is not None else ""
    if words is None or (not text and "text" not in message):
        # Pictures and places in a group are not for the bot, even as an answer to it.
        return Ignored("a group's talk")
    # The message that is answered is named by what the inbox gives back to the outbox (`answered`).
    identity = f"{identity}:m{int(message['message_id'])}"
    return _words(without_pin(text) or "/start", chat, identity, None, public(me))


def answered(reply_to: object) -> int | None:
    """The message of a group that an outgoing one answers, by the external id of what it answers."""
    marks = str(reply_to or "").split(":")
    found = marks[2][1:] if len(marks) > 2 and marks[2].startswith("m") else ""
    return int(found) if found.isdecimal() else None


def _edit(message: dict[str, Any], identity: str, update: dict[str, Any]) -> Event:
    # A place that moves comes as edits too.
    text = "" if message.get("location") else _written(message)
    if message["chat"].get("type") != "private" or not text:
        return Ignored("an edit of nothing that is kept")
    body = {"text": text[:MAX_TEXT].rstrip()}
    return Incoming(NAME, identity, _chat(message["chat"]), "edit", body, update, _message_id(message))


def _press(query: dict[str, Any], identity: str, update: dict[str, Any], me: Me) -> Event:
    message = query["message"]
    chat, kind = _chat(message["chat"]), message["chat"].get("type")
    if kind != "private" and kind not in GROUPS:
        return Ignored("not a chat with people")
    data = query.get("data")
    if not isinstance(data, str):
        raise Unreadable("a press without data")
    more = public(me) if kind in GROUPS else {}
    return Incoming(NAME, identity, chat, "button", {"button": data, **more}, update)


def _member(change: dict[str, Any], identity: str, update: dict[str, Any], me: Me) -> Event:
    chat, kind = _chat(change["chat"]), change["chat"].get("type")
    here = change["new_chat_member"]["status"] not in _GONE
    was_here = (change.get("old_chat_member") or {}).get("status") not in _GONE
    if kind in GROUPS and here and not was_here:
        return _words("/start", chat, identity, update, public(me))
    return Reachability(chat, here)


def _contact(message: dict[str, Any], chat: str, identity: str, update: dict[str, Any]) -> Event:
    contact, sender = message["contact"], (message.get("from") or {}).get("id")
    phone = contact["phone_number"]
    if not isinstance(phone, str):
        raise Unreadable("a number that is not one")
    if sender is None or contact.get("user_id") != sender:
        # Another person's number: it is not kept, not even as it came.
        return Incoming(NAME, identity, chat, "unsupported", {"of": "contact"})
    digits = phone.removeprefix("+")
    return Incoming(
        NAME, identity, chat, "text", {"text": "0" + digits[2:] if digits.startswith("84") else phone}, update
    )


def _file(message: dict[str, Any]) -> dict[str, Any] | None:
    """How to get a picture or document at the platform."""
    if "document" in message:
        found = message["document"]
        name, media = found.get("file_name") or "tep", found.get("mime_type") or ""
    else:
        sizes = [each for each in message.get("photo") or () if int(each.get("file_size") or 0) <= MOST_BYTES]
        found = max(sizes, key=lambda each: int(each.get("width") or 0) * int(each.get("height") or 0), default={})
        name, media = "anh.jpg", "image/jpeg"
    identity = found.get("file_id")
    if not isinstance(identity, str):
        return None
    return {"file_id": identity, "name": str(name), "size": int(found.get("file_size") or 0), "media_type": str(media)}


def _written(message: dict[str, Any]) -> str:
    written = message.get("text", message.get("caption", ""))
    if not isinstance(written, str):
        raise Unreadable("a text that is not one")
    return clean(written)


def _alone(update: dict[str, Any], kind: str) -> dict[str, Any]:
    """The update without the messages that this one quotes."""
    return {**update, kind: {name: value for name, value in update[kind].items() if name not in _QUOTED}}


def _message_id(message: dict[str, Any]) -> str | None:
    found = message.get("message_id")
    return str(found) if isinstance(found, int) else None


def _words(
    text: str,
    chat: str,
    identity: str,
    update: dict[str, Any] | None,
    more: dict[str, Any] | None = None,
    message_id: str | None = None,
) -> Incoming:
    payload, words = meaning(text)
    if payload:
        body = {"text": text, "payload": payload, **(more or {})}
        return Incoming(NAME, identity, chat, "command", body, update, message_id)
    return Incoming(NAME, identity, chat, "text", {**said(words), **(more or {})}, update, message_id)


def _chat(chat: dict[str, Any]) -> str:
    identity = chat["id"]
    if isinstance(identity, bool) or not isinstance(identity, int):
        raise Unreadable("a chat without a number")
    return str(identity)
