"""What comes in from a citizen, checked and cleaned, before it is written down."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot import sentences
from knowledge.text import nfc

MAX_TEXT = 2000  # characters of one message, counted after cleaning

Kind = Literal["text", "button", "location", "command", "file", "edit", "unsupported", "flood"]

_KEEP = frozenset("\n\t")
# Controls, lone surrogates, unassigned and private characters cannot be stored or shown everywhere.
_DROP = frozenset({"Cc", "Cs", "Co", "Cn"})
# Marks that only change the direction of what follows: they can make text read as something else.
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message on its way into the inbox.

    Attributes:
        channel: "web", "telegram", "zalo_oa", "zalo_bot".
        external_id: the channel's own id of the message, unique in the channel.
        sender: the channel's id of the conversation (browser session, chat id).
        kind: what it is.
        body: its content: `text` (text, command), `payload` (command), `button` (short id),
            `lat`, `lon` (location, degrees), `cut` (the text was shortened); of a file its name (`text`), number
            (`file`) and `media_type`, the code of the case that has it (`case`), whether a form was open
            (`in_form`) and for how many `hours` it waits for a case; of a file that still lies with the platform how
            to get it there (`wanted`); `public` where others read along, in a group, with the address of a private
            chat (`private_url`).
        raw: the message as the channel gave it, kept where it cannot be asked for again.
        message_id: of words that may be changed later, the channel's id by which a change names them.
    """

    channel: str
    external_id: str
    sender: str
    kind: Kind
    body: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, Any] | None = None
    message_id: str | None = None

    def stored(self) -> dict[str, Any]:
        """The content as it goes into the inbox."""
        body: dict[str, Any] = {"kind": self.kind, **self.body}
        if self.raw is not None:
            body["raw"] = self.raw
        if self.message_id is not None:
            body["message_id"] = self.message_id
        return body


def to_fetch(body: Mapping[str, Any]) -> bool:
    """Whether a message is a file that still lies with the platform."""
    return body.get("kind") == "file" and "wanted" in body and "file" not in body


def clean(text: str) -> str:
    """NFC text without control characters, with plain line breaks and no blank ends."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in plain if c in _KEEP or (unicodedata.category(c) not in _DROP and c not in _DIRECTION))
    return nfc(kept).strip()


def coordinates(lat: object, lon: object) -> tuple[float, float] | None:
    """Latitude and longitude in degrees when both are real places on Earth."""
    if isinstance(lat, bool) or isinstance(lon, bool):
        return None
    if not isinstance(lat, int | float) or not isinstance(lon, int | float):
        return None
    try:
        north, east = float(lat), float(lon)
    except OverflowError:
        return None
    if not (math.isfinite(north) and math.isfinite(east)):
        return None
    return (round(north, 6), round(east, 6)) if abs(north) <= 90 and abs(east) <= 180 else None


def shown(body: dict[str, Any]) -> str:
    """What a message looks like in the history of its conversation."""
    match body.get("kind"):
        case "button":
            return str(body.get("title") or sentences.PRESSED)
        case "location":
            return sentences.LOCATION
        case "file":
            return sentences.FILE.format(name=body.get("text") or "")
        case "private":
            return sentences.PRIVATE
        case "unsupported" | "flood":
            return str(body.get("text") or sentences.ATTACHMENT)
        case _:
            return str(body.get("text") or "")
