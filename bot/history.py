"""The history of a conversation, both sides, as the web chat shows it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from bot.incoming import shown
from bot.outbox import from_row
from bot.replies import Outgoing
from store.engine import Database
from store.tables import inbox, outbox


def event(message: Outgoing) -> dict[str, Any]:
    """One message of our side in the form of the public API."""
    said: dict[str, Any] = {
        "id": message.id,
        "reply_to": message.reply_to,
        "from": message.sender,
        "text": message.text,
        "buttons": [{"id": short, "title": title} for short, title in message.buttons],
        "final": message.final,
        "at": message.at,
    }
    if message.notice is not None:
        said["notice"] = message.notice
    return said


async def history(database: Database, conversation: str, *, after: int, limit: int) -> tuple[list[dict[str, Any]], int]:
    """The last `limit` messages of each side, in the order they came; nothing that was withheld from the citizen.

    Args:
        after: only what came after this row of the outbox; 0 for all.

    Returns:
        The messages, and the number of the last row of the outbox (0 when there is none) from which a
        stream can go on.
    """
    said = (
        select(outbox)
        .where(outbox.c.conversation_id == conversation, outbox.c.id > after, outbox.c.state != "withheld")
        .order_by(outbox.c.id.desc())
        .limit(limit)
    )
    asked = (
        select(inbox.c.id, inbox.c.external_id, inbox.c.body, inbox.c.received_at)
        .where(inbox.c.conversation_id == conversation)
        .order_by(inbox.c.id.desc())
        .limit(limit)
    )
    async with database.connect() as connection:
        if after:
            since = (
                await connection.execute(
                    select(outbox.c.created_at).where(outbox.c.id == after, outbox.c.conversation_id == conversation)
                )
            ).scalar()
            if since is not None:
                asked = asked.where(inbox.c.received_at >= since)
        ours = (await connection.execute(said)).all()
        theirs = (await connection.execute(asked)).all()
    entries = [((row.created_at, 1, row.id), event(from_row(row))) for row in ours]
    entries += [
        (
            (row.received_at, 0, row.id),
            {
                "id": client_id(row.external_id),
                "from": "citizen",
                "text": shown(row.body),
                "buttons": [],
                "at": row.received_at.isoformat(timespec="seconds"),
            },
        )
        for row in theirs
    ]
    entries.sort(key=lambda entry: entry[0])
    return [entry for _, entry in entries], max((row.id for row in ours), default=after)


def client_id(external_id: str) -> str:
    """The id the client gave its message (the web channel puts the session before it)."""
    return external_id.rpartition(":")[2]
