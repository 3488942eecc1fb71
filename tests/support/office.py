"""A conversation worker's surroundings: an inbox over a database, and what is delivered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.channels.contract import Route
from bot.conversations import SessionRules
from bot.dialogues import Dialogues
from bot.inbox import Inbox
from bot.incoming import Incoming
from bot.metrics import Metrics
from bot.replies import Outgoing
from bot.settings import WorkerSettings
from store.engine import Database


class Office:
    """A worker over a database, and what it delivers."""

    def __init__(self, database: Database, settings: WorkerSettings, dialogue: Dialogues) -> None:
        self.database = database
        self.inbox = Inbox(database, SessionRules.of(settings), lease_s=settings.lease_s)
        self.delivered: list[Outgoing] = []
        self.metrics = Metrics()
        self._news = asyncio.Event()
        route = Route(
            pushed=False,
            fit=lambda reply: (reply,),
            client_id=lambda external: external.rpartition(":")[2],
            deliver=self._deliver,
        )
        self.routes = {"web": route}
        self.dialogue = dialogue

    def _deliver(self, messages: Sequence[Outgoing]) -> None:
        self.delivered += messages
        self._news.set()

    async def answered(self, count: int) -> list[str]:
        async with asyncio.timeout(20):
            while len({(m.conversation_id, m.reply_to) for m in self.delivered if m.final}) < count:
                self._news.clear()
                await self._news.wait()
        return [message.text for message in self.delivered]

    async def say(self, *texts: str, sender: str = "anna") -> None:
        await self.inbox.receive(
            *(Incoming("web", f"{sender}:{text}", sender, "text", {"text": text}) for text in texts)
        )
