"""One message being answered: what the channel, the processor and the tracker store share about it."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


class TurnFailed(Exception):
    """The message could not be answered; nothing of it may be kept.

    ``status`` is the HTTP status for the front door: 502 when an action failed, 500 for all else.
    """

    def __init__(self, message: str, *, status: int = 500) -> None:
        """Keep the reason, in English, for the log and the caller."""
        super().__init__(message)
        self.status = status


@dataclass
class Turn:
    """A message on its way through Rasa.

    Attributes:
        sender: Rasa's conversation id.
        message_id: the front door's id of the message.
        replies: what the bot has said so far.
        finished: set once the bot has said all; only then may the tracker store write.
        saved: set by the tracker store when turn and replies are on disk.
        first: nothing was said in this conversation before.
    """

    sender: str
    message_id: str
    replies: list[dict[str, Any]] = field(default_factory=list)
    finished: bool = False
    saved: bool = False
    first: bool = False

    @property
    def private(self) -> bool:
        """Whether an action says that the citizen's words must not be kept here."""
        told = [(reply.get("custom") or {}).get("motcua", {}) for reply in self.replies]
        return any(ours.get("private") is True or ours.get("forget") is True for ours in told)


# Each message is worked on in a task of its own, so the variable is private to it.
current: ContextVar[Turn | None] = ContextVar("current", default=None)
