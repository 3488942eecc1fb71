"""Takes in what a channel's citizens send: written down once, whatever the platform repeats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import structlog

from bot import conversations
from bot.channels.contract import Broken, Event, Reachability
from bot.inbox import Inbox
from bot.incoming import Incoming
from bot.metrics import Metrics
from bot.ratelimit import RateLimiter
from bot.settings import PushedSettings
from desk.causes import Cause, noted
from store.engine import Database

_log = structlog.get_logger(__name__)
_FLOODING = 10_000  # chats


class Receiver:
    """The receiving side of one channel, for its webhook and its polling alike.

    Args:
        backlog: unanswered messages past which nothing more is taken.
        no_room: whether there is no room to keep anything.
    """

    def __init__(
        self,
        name: str,
        settings: PushedSettings,
        inbox: Inbox,
        database: Database,
        metrics: Metrics,
        *,
        backlog: int,
        no_room: Callable[[], bool] = lambda: False,
    ) -> None:
        self.name = name
        self._inbox = inbox
        self._database = database
        self._metrics = metrics
        self._backlog = backlog
        self._no_room = no_room
        self._limits = RateLimiter(settings.chat_burst, settings.chat_inbound_rate)
        self._flooding: set[str] = set()

    async def full(self) -> bool:
        """Whether nothing more should be taken in: so much waits for an answer, or there is no room to keep it."""
        return self._no_room() or await self._inbox.waiting_roughly() >= self._backlog

    async def recall(self, key: str) -> str | None:
        """A value that `take(remember=…)` has kept."""
        return await self._inbox.recall(key)

    async def take(self, events: Sequence[Event], *, remember: tuple[str, str] | None = None) -> None:
        """Write down what came; when this returns, nothing of it can be lost.

        Args:
            remember: a (key, value) written in the same transaction, such as the offset up to which the platform need
                not repeat itself.
        """
        messages: list[Incoming] = []
        for event in events:
            match event:
                case Broken():
                    await self._keep_broken(event)
                case Reachability():
                    identity = conversations.conversation_id(self.name, event.sender)
                    await conversations.set_reachable(self._database, identity, event.reachable)
                case Incoming():
                    allowed = await self._within_limits(event)
                    messages += [allowed] if allowed is not None else []
        if not messages and remember is None:
            return
        receipts = await self._inbox.receive(*messages, remember=remember)
        for receipt in receipts:
            counter = self._metrics.duplicates if receipt.duplicate else self._metrics.messages_in
            counter.labels(self.name).inc()

    async def _keep_broken(self, event: Broken) -> None:
        self._metrics.failures.labels(f"{self.name}_unreadable").inc()
        _log.error("something cannot be read; kept and passed over", channel=self.name, external=event.external_id)
        body: dict[str, Any] = {"kind": "unreadable", "raw": event.raw}
        await self._inbox.set_aside(
            self.name, event.external_id, body, state="dead", error=noted(Cause.unreadable, event.reason)
        )

    async def _within_limits(self, message: Incoming) -> Incoming | None:
        if not self._limits.take(message.sender):
            self._flooding.discard(message.sender)
            return message
        self._metrics.failures.labels(f"{self.name}_flood").inc()
        if message.kind == "edit":
            # Nobody looks whether the message that was changed may be kept.
            message = replace(message, body={}, raw=None)
        if message.sender in self._flooding:
            await self._inbox.set_aside(
                self.name, message.external_id, message.stored(), state="dead", error=noted(Cause.flood, None)
            )
            return None
        if len(self._flooding) >= _FLOODING:
            # Whoever is forgotten is answered once more.
            self._flooding.clear()
        # The first one over the limit is answered, so that the citizen knows.
        self._flooding.add(message.sender)
        return Incoming(self.name, message.external_id, message.sender, "flood", message.body, message.raw)
