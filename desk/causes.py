"""Why a message did not arrive or was not answered: what `error` of a row of the outbox or the inbox begins with."""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """What went wrong, whichever the channel."""

    blocked = "blocked"
    """The citizen does not want messages of ours."""
    window = "window"
    """The platform carries messages only for a while after the citizen last wrote."""
    unpaid = "unpaid"
    """It would cost money, and settings do not pay."""
    limited = "limited"
    """The platform takes no more messages for now."""
    refused = "refused"
    """The platform does not take this message."""
    access = "access"
    """The account, its token or its package has to be put right."""
    unreachable = "unreachable"
    """There was no connection to the platform."""
    fault = "fault"
    """The platform said that something went wrong on its side."""
    no_answer = "no_answer"
    """It had left, and no answer came that could be read."""
    ended = "ended"
    """The program ended while it had the message."""
    file = "file"
    """A file could not be had."""
    flood = "flood"
    """The chat wrote more than is taken from one."""
    unreadable = "unreadable"
    """It was not shaped as the platform says."""
    dialogue = "dialogue"
    """The dialogue refused the message."""


def noted(cause: Cause | None, detail: str | None) -> str:
    """A cause and its details as a row keeps them."""
    return ": ".join(filter(None, (cause, detail)))


def parsed(error: str | None) -> tuple[Cause | None, str]:
    """Cause and details of what a row keeps; no cause where it begins with none."""
    head, _, rest = (error or "").partition(": ")
    return (Cause(head), rest) if head in Cause.__members__ else (None, error or "")
