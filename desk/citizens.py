"""What is remembered of a citizen between conversations: the channel they write from and their commune."""

from __future__ import annotations

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Database
from store.tables import citizens


async def ensure(connection: AsyncConnection, channel: str, external_id: str) -> int:
    """The citizen's number, made on the first message. Runs in the caller's transaction.

    Args:
        connection: an open write transaction.
        channel: `web`, `telegram`, …
        external_id: who they are in that channel.
    """
    known = await connection.scalar(
        select(citizens.c.id).where(citizens.c.channel == channel, citizens.c.external_id == external_id)
    )
    if known is not None:
        return int(known)
    made = await connection.execute(insert(citizens).values(channel=channel, external_id=external_id))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


async def remember_place(database: Database, citizen_id: int, place_code: str | None) -> None:
    """Remember the commune that the citizen named, or forget it with None."""
    async with database.begin() as connection:
        await connection.execute(update(citizens).where(citizens.c.id == citizen_id).values(place_code=place_code))
