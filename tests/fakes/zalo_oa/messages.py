"""What may be in a message to a citizen, and how it is shown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from tests.fakes._platform import Refused

_TEXT = 2000
_BUTTONS = 5
_TITLE = 100
_PAYLOAD = 1000
_SUBTITLE = 500
_LINK = re.compile(r"https?://[^\s/]+\S*")
_PHONE = re.compile(r"84\d{8,10}")
_KEYS = {"text", "attachment", "quote_message_id"}

Known = Callable[[str], bool]
"""Whether an uploaded file is there under its token."""


def shown(message: Any, known: Known) -> str:
    """The text that a citizen sees.

    Raises:
        Refused: Zalo does not take the message.
    """
    if not isinstance(message, dict) or not message or set(message) - _KEYS:
        _wrong("message is invalid")
    attachment = message.get("attachment")
    if attachment is None:
        return _text(message.get("text"), "text")
    if not isinstance(attachment, dict) or not isinstance(attachment.get("payload"), dict):
        _wrong("attachment is invalid")
    payload = attachment["payload"]
    match attachment.get("type"), payload.get("template_type"):
        case "file", None:
            return _file(message, payload, known)
        case "template", None:
            _buttons(payload.get("buttons"))
            return _text(message.get("text"), "text")
        case "template", "media":
            return _media(message, payload, known)
        case "template", "request_user_info":
            return _asking(message, payload)
        case _:
            raise Refused(-233, "Message type is invalid or not support")


def buttons(message: dict[str, Any]) -> Sequence[dict[str, Any]]:
    """The buttons under a message that was taken."""
    found = message.get("attachment", {}).get("payload", {}).get("buttons", [])
    assert isinstance(found, list)
    return found


def _file(message: dict[str, Any], payload: dict[str, Any], known: Known) -> str:
    if "text" in message:
        _wrong("a file carries no text")
    if set(payload) != {"token"} or not isinstance(payload["token"], str):
        _wrong("token is invalid")
    _need(payload["token"], known)
    return f"[file {payload['token']}]"


def _media(message: dict[str, Any], payload: dict[str, Any], known: Known) -> str:
    element = _element(payload)
    if element.get("media_type") not in ("image", "gif", "sticker"):
        _wrong("media_type is invalid")
    if isinstance(element.get("attachment_id"), str):
        _need(element["attachment_id"], known)
    elif not _is_link(element.get("url")):
        _wrong("url is invalid")
    return _text(message["text"], "text") if "text" in message else f"[{element['media_type']}]"


def _asking(message: dict[str, Any], payload: dict[str, Any]) -> str:
    element = _element(payload)
    if "text" in message:
        _wrong("the template carries no text")
    if not _is_link(element.get("image_url")):
        _wrong("image_url is invalid")
    _text(element.get("subtitle"), "subtitle", _SUBTITLE)
    return _text(element.get("title"), "title", _TITLE)


def _element(payload: dict[str, Any]) -> dict[str, Any]:
    elements = payload.get("elements")
    if not isinstance(elements, list) or len(elements) != 1 or not isinstance(elements[0], dict):
        _wrong("elements is invalid")
    return elements[0]


def _buttons(given: Any) -> None:
    if not isinstance(given, list) or not 1 <= len(given) <= _BUTTONS:
        _wrong("buttons is invalid")
    for button in given:
        if not isinstance(button, dict):
            _wrong("button is invalid")
        _text(button.get("title"), "button title", _TITLE)
        payload = button.get("payload")
        match button.get("type"):
            case "oa.query.show" | "oa.query.hide":
                _text(payload, "button payload", _PAYLOAD)
            case "oa.open.url":
                if not isinstance(payload, dict) or not _is_link(payload.get("url")):
                    _wrong("button url is invalid")
            case "oa.open.phone":
                number = payload.get("phone_code") if isinstance(payload, dict) else None
                if not isinstance(number, str) or not _PHONE.fullmatch(number):
                    _wrong("button phone_code is invalid")
            case _:
                _wrong("button type is invalid")


def _text(value: Any, name: str, most: int = _TEXT) -> str:
    if not isinstance(value, str) or not value.strip() or len(unicodedata.normalize("NFC", value)) > most:
        _wrong(f"{name} is invalid")
    return value


def _is_link(value: Any) -> bool:
    return isinstance(value, str) and bool(_LINK.fullmatch(value))


def _need(token: str, known: Known) -> None:
    if not known(token):
        raise Refused(-100, "Attachment is not existed or expired")


def _wrong(why: str) -> NoReturn:
    raise Refused(-201, f"Params is invalid: {why}")
