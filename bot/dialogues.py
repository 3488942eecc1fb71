"""The dialogue servers: which one has a conversation, and which of them are out of reach.

A conversation always goes to the same server, which keeps its memory. When the list of servers changes, only the
conversations of those that went or came change theirs (rendezvous hashing).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from bot.dialogue import Dialogue, Question
from bot.replies import Turn
from bot.settings import DialogueSettings

# That many calls in a row that did not reach a server mean that it is down, not that one message is bad.
_DOWN_AFTER = 3
PROBE_S = 0.5


class Server:
    """One dialogue server.

    Attributes:
        name: where it is.
        waits: why a message of its conversations waits while it is down.
        held: whether such messages may be waiting.
    """

    def __init__(self, url: str, settings: DialogueSettings) -> None:
        self.client = Dialogue(url, settings)
        self.name = urlsplit(url).netloc
        self.waits = f"waits for {self.name}"
        self.held = True
        self._unreached = 0
        self._probing = False
        self._next_probe = 0.0

    async def ask(self, question: Question) -> Turn:
        """What the dialogue says; raises as `Dialogue.ask` does."""
        try:
            return await self.client.ask(question)
        finally:
            self._probing = False

    @property
    def down(self) -> bool:
        """Whether it is held to be out of reach."""
        return self._unreached >= _DOWN_AFTER

    def reached(self) -> bool:
        """Note that it has answered; True when it was down."""
        was_down = self.down
        self._unreached = 0
        return was_down

    def missed(self) -> bool:
        """Note that it did not; True when it is down from now on."""
        self._unreached += 1
        return self._unreached == _DOWN_AFTER

    def probe_due(self) -> bool:
        """Whether a message may try again whether it is there."""
        return not self._probing and time.monotonic() >= self._next_probe

    def take_probe(self) -> bool:
        """The same, for the message that then tries: the others wait until it knows."""
        if not self.probe_due():
            return False
        self._probing = True
        self._next_probe = time.monotonic() + PROBE_S
        return True


class Dialogues:
    """All dialogue servers, their connections kept open inside the block."""

    def __init__(self, settings: DialogueSettings) -> None:
        self.servers = tuple(Server(url, settings) for url in settings.addresses)
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for server in self.servers:
            await self._open.enter_async_context(server.client)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    def of(self, conversation: str) -> Server:
        """The server that has a conversation."""
        return max(self.servers, key=lambda server: hashlib.sha256(f"{server.name} {conversation}".encode()).digest())

    @property
    def down(self) -> bool:
        """Whether none can be reached."""
        return all(server.down for server in self.servers)

    def checks(self) -> dict[str, Callable[[], Awaitable[bool]]]:
        """For each server, whether it answers now; by a name that says which."""
        if len(self.servers) == 1:
            return {"dialogue": self.servers[0].client.ready}
        return {f"dialogue {server.name}": server.client.ready for server in self.servers}
