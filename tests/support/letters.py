"""Messages that did not arrive, put straight into a database."""

from __future__ import annotations

from itertools import count
from typing import Any

from sqlalchemy import Row, insert, select, update

from bot.conversations import ensure
from store.engine import Database
from store.tables import conversations, inbox, outbox

_numbers = count(1)


async def talk(db: Database, channel: str = "telegram", chat: str = "1", **values: Any) -> str:
    """A conversation with these columns; gives its id."""
    async with db.begin() as connection:
        conversation = await ensure(connection, channel, chat)
        if values:
            await connection.execute(update(conversations).where(conversations.c.id == conversation).values(**values))
    return conversation


async def unsent(db: Database, conversation: str, text: str = "Chào anh/chị", **values: Any) -> str:
    """A message of ours that was given up, or is as the columns say; gives its key."""
    row = {
        "channel": "telegram",
        "conversation_id": conversation,
        "body": {"text": text},
        "state": "dead",
        "attempts": 3,
        "error": "blocked: Forbidden: bot was kicked",
        **values,
    }
    async with db.begin() as connection:
        made = await connection.execute(insert(outbox).values(**row).returning(outbox.c.id))
        return f"outbox:{made.scalar_one()}"


async def unanswered(db: Database, conversation: str | None, text: str = "Tôi cần khai sinh", **values: Any) -> str:
    """A citizen's message that went wrong, or is as the columns say; gives its key."""
    row = {
        "channel": "telegram",
        "external_id": f"m{next(_numbers)}",
        "conversation_id": conversation,
        "body": {"kind": "text", "text": text},
        "state": "dead",
        "attempts": 1,
        "error": "dialogue: 400",
        **values,
    }
    async with db.begin() as connection:
        made = await connection.execute(insert(inbox).values(**row).returning(inbox.c.id))
        return f"inbox:{made.scalar_one()}"


async def row_of(db: Database, key: str) -> Row[Any]:
    """The row behind a key."""
    box, _, number = key.partition(":")
    table = outbox if box == "outbox" else inbox
    async with db.connect() as connection:
        return (await connection.execute(select(table).where(table.c.id == int(number)))).one()
