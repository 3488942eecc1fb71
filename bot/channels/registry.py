"""Which channels there are, and what each can carry, whether or not it runs here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bot.channels import telegram, zalo_bot, zalo_oa
from bot.channels.rendering import Capabilities, fit
from bot.replies import Reply

WEB = "web"


@dataclass(frozen=True, slots=True)
class Way:
    """How messages of a channel are written down, also where the channel itself does not run.

    Attributes:
        pushed: True when a sender has to carry them.
        fit: one reply as the messages that the channel can carry.
    """

    pushed: bool
    fit: Callable[[Reply], Sequence[Reply]]


def _pushed(can: Capabilities) -> Way:
    return Way(True, partial(fit, can=can))


WAYS: Mapping[str, Way] = {
    WEB: Way(False, lambda reply: (reply,)),
    telegram.NAME: _pushed(telegram.CAN),
    zalo_oa.NAME: _pushed(zalo_oa.CAN),
    zalo_bot.NAME: _pushed(zalo_bot.CAN),
}
