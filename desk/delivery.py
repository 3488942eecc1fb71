"""Whether a message from the desk still reaches a citizen in their own channel, and at whose cost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.settings import DeliverySettings
from store.tables import conversations, now

Window = Literal["free", "paid", "closed", "page"]
"""`page`: there is no conversation, the citizen reads the page of the case."""

_ZALO = "zalo_oa"


async def window(
    connection: AsyncConnection, conversation_id: str | None, settings: DeliverySettings, *, at: datetime | None = None
) -> Window:
    """How a message would reach a conversation now.

    A Zalo Official Account may answer for free for a while after the citizen's last message, then for a fee, then not
    at all (the figures are settings). A citizen who blocked the bot is out of reach.
    """
    if conversation_id is None:
        return "page"
    wanted = select(conversations.c.channel, conversations.c.reachable, conversations.c.last_inbound_at)
    row = (await connection.execute(wanted.where(conversations.c.id == conversation_id))).one_or_none()
    if row is None:
        return "page"
    if not row.reachable:
        return "closed"
    if row.channel != _ZALO:
        return "free"
    silence = (at or now()) - row.last_inbound_at if row.last_inbound_at else None
    if silence is None or silence > timedelta(days=settings.zalo_paid_days):
        return "closed"
    return "free" if silence <= timedelta(hours=settings.zalo_free_hours) else "paid"


def goes_out(way: Window, settings: DeliverySettings) -> bool:
    """Whether a message is sent that way, or stays on the page."""
    return way == "free" or (way == "paid" and settings.zalo_pay)
