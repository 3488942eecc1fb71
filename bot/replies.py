"""What goes back to a citizen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Asks = Literal["location", "contact"]


@dataclass(frozen=True, slots=True)
class Button:
    """A choice under a reply.

    Attributes:
        title: what the citizen reads.
        payload: what the dialogue gets when it is pressed (`/intent{json}`); never leaves our side.
    """

    title: str
    payload: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One text to the citizen, with its choices. Markup: line breaks and **bold** only.

    Attributes:
        numbers: in a numbered menu, the number that stands for each button; empty when they are only pressed.
        asks: what the phone may give with one press: its place, or its owner's telephone number.
        file: number of an attachment that goes with it (`desk.attachments`).
    """

    text: str
    buttons: tuple[Button, ...] = ()
    numbers: tuple[int, ...] = ()
    asks: Asks | None = None
    file: int | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """All that the dialogue says to one message.

    Attributes:
        replies: at least one.
        in_form: whether a form is open after it; None when the dialogue does not say.
        private: whether the message it answers must not be kept (a denunciation told in the open chat).
        earlier: rows of the inbox of which the same holds, if they are of this conversation.
    """

    replies: tuple[Reply, ...]
    in_form: bool | None = None
    private: bool = False
    earlier: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A row of the outbox as a channel sees it.

    Attributes:
        id: row number; grows within a conversation.
        reply_to: the channel's own id of the message this answers, None when nothing was asked.
        sender: "bot", "staff", or "notice" for a word on who has the conversation.
        buttons: (short id, title) pairs.
        final: whether it is the last one to that message.
        at: ISO 8601 time, UTC.
        notice: for a notice "person" (from now on a person answers) or "bot" (the bot answers again).
    """

    id: int
    conversation_id: str
    reply_to: str | None
    sender: str
    text: str
    buttons: tuple[tuple[str, str], ...] = ()
    final: bool = True
    at: str = ""
    notice: str | None = None
