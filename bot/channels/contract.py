"""What every channel does, in the same words: read what comes in, check that it is genuine, send what goes out.

A channel is a folder (or module) of this package and knows its platform; nothing else does. Receiving, sending,
webhooks and polling are written once, in the modules beside this one, over these types.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from bot.channels.rendering import Capabilities
from bot.incoming import Incoming
from bot.replies import Outgoing, Reply
from desk.attachments import Upload
from desk.causes import Cause


@dataclass(frozen=True, slots=True)
class Reachability:
    """The citizen blocked the bot, or let it write again.

    Attributes:
        sender: the channel's id of the conversation.
    """

    sender: str
    reachable: bool


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something that asks for nothing; it is not kept."""

    reason: str


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that is not shaped as the platform says; it is kept with the reason, and passed over.

    Attributes:
        external_id: under which it is kept.
        raw: as it came.
    """

    external_id: str
    raw: Any
    reason: str


Event = Incoming | Reachability | Ignored | Broken


class Unreadable(ValueError):
    """What came in is not shaped as the platform says."""


class Forged(Exception):
    """A webhook's request does not prove that it comes from the platform."""


class NotFetched(Exception):
    """A file that a citizen sent could not be fetched from the platform.

    Attributes:
        for_good: trying again will not help.
    """

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a send ended.

    Attributes:
        state: `sent`; `retry` (certainly not delivered, may work later); `unknown` (cut off after it had
            left); `dead` (will never work).
        error: details, for the record; never a token or what was said.
        cause: why it was not sent.
        wait_s: seconds the platform asks us to wait for this chat; 0.0 when it does not say.
        blocked: the citizen does not want to hear from the bot.
        pause_s: seconds in which nothing may be sent to anybody, since the platform limits us as a whole or our
            access has to be put right first.
    """

    state: Literal["sent", "retry", "unknown", "dead"]
    error: str | None = None
    cause: Cause | None = None
    wait_s: float = 0.0
    blocked: bool = False
    pause_s: float = 0.0


class Door(Protocol):
    """The webhook of a channel."""

    path: str

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Check that the platform sent this.

        Raises:
            Forged: it did not, or nothing proves it.
        """

    def parse(self, content: Any) -> Sequence[Event]:
        """What a webhook's body (parsed JSON) means. Raises nothing: what is ill-shaped is `Broken`."""


Work = Callable[[], Coroutine[Any, Any, None]]
"""Something that a channel does until it is cancelled."""


class Channel(Protocol):
    """A way to citizens and back; entered with `async with` before use.

    Attributes:
        name: `telegram`, `zalo_oa`, `zalo_bot`.
        can: what its messages can carry.
        door: its webhook, None when it polls.
        works: what has to run beside sending, by name; only where the channel is led (`store.leader`).
    """

    name: str
    can: Capabilities
    door: Door | None
    works: Mapping[str, Work]

    async def send(self, to: str, body: Mapping[str, Any]) -> Outcome:
        """Send one row of the outbox to a conversation; raises nothing but cancellation."""

    async def has_arrived(self, to: str, body: Mapping[str, Any], since: datetime) -> bool | None:
        """Whether a row whose end is not known has reached the conversation, as the platform tells.

        Args:
            since: when its send began.

        Returns:
            None where the platform does not tell. Raises nothing but cancellation.
        """

    def pace(self, to: str) -> float:
        """Messages a second that this conversation may get."""

    async def fetch(self, wanted: Mapping[str, Any]) -> Upload:
        """A file that a citizen sent, by what `parse` put into the message's `wanted`.

        Raises:
            NotFetched: the platform does not give it.
        """

    async def taken(self, events: Sequence[Event]) -> None:
        """Told of what was written down, such as to stop a pressed button from waiting. Best effort."""


def _nothing(_conversation: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Route:
    """The way out of one channel, as the worker and the desk's post see it.

    Attributes:
        pushed: True when a sender carries messages there from the outbox.
        fit: one reply as the messages that the channel can carry.
        client_id: the channel's own id of a message from the inbox's.
        deliver: told of new rows of the outbox after they are written.
        look: told of a conversation in whose outbox somebody else has written.
        fetch: fetches a file that a citizen sent; None where files come with the message.
    """

    pushed: bool
    fit: Callable[[Reply], Sequence[Reply]]
    client_id: Callable[[str], str]
    deliver: Callable[[Sequence[Outgoing]], None]
    look: Callable[[str], None] = _nothing
    fetch: Callable[[Mapping[str, Any]], Awaitable[Upload]] | None = None


Routes = Mapping[str, Route]


class Switches(Protocol):
    """Whether channels are switched off at present (`desk.switchboard`)."""

    def mode(self, channel: str) -> str:
        """`open`; `banner` (the bot answers the banner only); `closed` (nothing comes in or goes out)."""

    def banner(self, channel: str) -> str:
        """What the bot says instead of answering."""


@dataclass(frozen=True, slots=True)
class AllOpen:
    """Switches of a program without any."""

    text: str = field(default="")

    def mode(self, channel: str) -> str:
        """Every channel works."""
        return "open"

    def banner(self, channel: str) -> str:
        """There is nothing to say."""
        return self.text
