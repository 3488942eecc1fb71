"""Channels: how messages come in and go out, each with the limits of its own world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.replies import Outgoing, Reply


def _nothing(_conversation: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Route:
    """The way out of one channel.

    Attributes:
        pushed: True when a sender carries messages there from the outbox.
        fit: one reply as the messages that the channel can carry.
        client_id: the channel's own id of a message from the inbox's.
        deliver: told of new rows of the outbox after they are written.
        look: told of a conversation in whose outbox somebody else has written.
    """

    pushed: bool
    fit: Callable[[Reply], Sequence[Reply]]
    client_id: Callable[[str], str]
    deliver: Callable[[Sequence[Outgoing]], None]
    look: Callable[[str], None] = _nothing


Routes = Mapping[str, Route]
