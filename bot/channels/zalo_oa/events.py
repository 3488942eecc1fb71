"""One event of a Zalo Official Account, read into what the inbox takes.

Source: https://developers.zalo.me/docs/official-account/webhook/. All ids and timestamps are texts. A pressed button
arrives as a text that is the button's payload.
"""

from __future__ import annotations

from typing import Any

from bot.buttons import SHORT_ID
from bot.channels.contract import Event, Ignored, Reachability
from bot.channels.reading import ILL_SHAPED, broken, identifier, said
from bot.channels.zalo_oa.limits import NAME, PRESS
from bot.incoming import Incoming, clean, coordinates

_LONGEST_NAME = 200
_FILES = frozenset({"image", "file"})
_GREETING = "/greet"


def events(content: Any, app_id: str) -> list[Event]:
    """What a webhook's body means; what is ill-shaped is `Broken`.

    Args:
        app_id: of our app; events of another are not ours.
    """
    try:
        if str(content["app_id"]) != app_id:
            return [Ignored("an event of another app")]
        return _read(content)
    except ILL_SHAPED as error:
        return [broken(content, error)]


def _read(event: dict[str, Any]) -> list[Event]:
    name = str(event["event_name"])
    match name:
        case "follow":
            sender = identifier(event["follower"]["id"])
            identity = f"follow:{sender}:{identifier(event['timestamp'])}"
            greeting = Incoming(NAME, identity, sender, "command", {"text": "", "payload": _GREETING}, event)
            return [Reachability(sender, True), greeting]
        case "unfollow":
            return [Reachability(identifier(event["follower"]["id"]), False)]
        case "user_submit_info":
            return _form(event)
        case "user_send_text":
            return [_text(event["message"]["text"], _identity(event), identifier(event["sender"]["id"]), event)]
        case "user_send_location":
            return [_location(event)]
        case _ if name.startswith("user_send_"):
            return _attachments(event)
        case _:
            # The account's own messages come as well, and kinds that are not asked for.
            return [Ignored("an event that asks for nothing")]


def _text(written: Any, identity: str, sender: str, event: dict[str, Any]) -> Incoming:
    if not isinstance(written, str):
        raise ValueError("a text that is not one")
    text = clean(written)
    if text.startswith(PRESS) and SHORT_ID.fullmatch(text.removeprefix(PRESS)):
        return Incoming(NAME, identity, sender, "button", {"button": text.removeprefix(PRESS)}, event)
    if not text:
        return Incoming(NAME, identity, sender, "unsupported", {}, event)
    return Incoming(NAME, identity, sender, "text", said(text), event)


def _location(event: dict[str, Any]) -> Incoming:
    payload = event["message"]["attachments"][0]["payload"]
    # Seen in both shapes.
    where = payload.get("coordinates") or payload
    place = coordinates(float(where["latitude"]), float(where["longitude"]))
    if place is None:
        raise ValueError("a location off the Earth")
    body = {"lat": place[0], "lon": place[1]}
    return Incoming(NAME, _identity(event), identifier(event["sender"]["id"]), "location", body, event)


def _attachments(event: dict[str, Any]) -> list[Event]:
    message, identity, sender = event["message"], _identity(event), identifier(event["sender"]["id"])
    found: list[Event] = []
    for number, attachment in enumerate(message.get("attachments") or []):
        payload = attachment.get("payload") or {}
        own = identity if not number else f"{identity}:{number}"
        if attachment.get("type") in _FILES and isinstance(payload.get("url"), str):
            name = clean(str(payload.get("name") or ""))[:_LONGEST_NAME] or "anh.jpg"
            body = {"text": name, "wanted": {"url": payload["url"], "name": name}}
            found.append(Incoming(NAME, own, sender, "file", body, event))
        else:
            found.append(Incoming(NAME, own, sender, "unsupported", {}, event))
    if not found:
        found.append(Incoming(NAME, identity, sender, "unsupported", {}, event))
    words = message.get("text")
    if isinstance(words, str) and clean(words):
        found.append(_text(words, f"{identity}:text", sender, event))
    return found


def _form(event: dict[str, Any]) -> list[Event]:
    """A form that was asked for: the telephone number counts as the citizen's answer."""
    sender = identifier(event["sender"]["id"])
    phone = clean(str(event["info"].get("phone") or ""))
    identity = f"info:{sender}:{identifier(event['timestamp'])}"
    # The address in the form is of whoever owns the telephone; where something happened is asked for by itself.
    return [_text(phone, identity, sender, event)]


def _identity(event: dict[str, Any]) -> str:
    return identifier(event["message"]["msg_id"])
