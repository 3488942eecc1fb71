"""Conversations: their identity and when their dialogue starts afresh."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.settings import WorkerSettings
from desk import citizens as desk_citizens
from store.engine import Database
from store.tables import conversations
from store.upsert import insert_or_skip

BOT = "bot"
DESK = "desk"
"""Who has a conversation (`conversations.owner`)."""


@dataclass(frozen=True, slots=True)
class SessionRules:
    """When the dialogue of a conversation starts afresh.

    Attributes:
        idle: silence that ends a session.
        form_idle: silence that ends a session in which a form is open.
        messages: how many messages a session holds; a form that is open is never cut off by it.
    """

    idle: timedelta
    form_idle: timedelta
    messages: int

    @classmethod
    def of(cls, settings: WorkerSettings) -> SessionRules:
        """The rules that the settings ask for."""
        return cls(
            idle=timedelta(seconds=settings.session_idle_s),
            form_idle=timedelta(seconds=settings.form_idle_s),
            messages=settings.session_messages,
        )

    def next(
        self, session: int, count: int, in_form: bool, last: datetime | None, received: datetime
    ) -> tuple[int, int]:
        """Session number and message count with the message received at `received` in it.

        Depends on stored values only, so that a message tried again after a crash lands in the same session
        and the dialogue server recognises it.
        """
        idle = self.form_idle if in_form else self.idle
        stale = last is not None and received - last > idle
        full = count >= self.messages and not in_form
        return (session + 1, 1) if stale or full else (session, count + 1)


def conversation_id(channel: str, external_id: str) -> str:
    """The id of a channel's conversation: the same wherever and whenever it is computed."""
    return hashlib.blake2b(f"{channel}:{external_id}".encode(), digest_size=10).hexdigest()


async def ensure(connection: AsyncConnection, channel: str, external_id: str) -> str:
    """Write the citizen and the conversation down if they are new; returns the conversation's id."""
    identity = conversation_id(channel, external_id)
    citizen = await desk_citizens.ensure(connection, channel, external_id)
    await connection.execute(
        insert_or_skip(connection.dialect.name, conversations),
        {"id": identity, "channel": channel, "external_id": external_id, "citizen_id": citizen},
    )
    return identity


async def with_a_person(database: Database, identity: str) -> bool:
    """Whether a person answers in the conversation at present, and not the bot."""
    async with database.connect() as connection:
        owner = await connection.scalar(select(conversations.c.owner).where(conversations.c.id == identity))
    return owner is not None and owner != BOT


async def set_reachable(database: Database, identity: str, reachable: bool) -> None:
    """Record whether the channel still lets us write to the citizen."""
    async with database.begin() as connection:
        await connection.execute(
            update(conversations).where(conversations.c.id == identity).values(reachable=reachable)
        )
