"""Buttons: their payloads stay with us, short ids travel (Telegram allows 64 bytes)."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.replies import Button
from store.tables import buttons

# 7 random bytes: 10 characters, and no guessing of another conversation's (which would not work anyway).
_BYTES = 7
SHORT_ID = re.compile(r"[A-Za-z0-9_-]{8,16}")


async def mint(
    connection: AsyncConnection, conversation: str, choices: tuple[Button, ...]
) -> tuple[tuple[str, str], ...]:
    """Store the choices; returns their (short id, title) in the same order."""
    rows = [
        {
            "id": secrets.token_urlsafe(_BYTES),
            "conversation_id": conversation,
            "title": choice.title,
            "payload": choice.payload,
        }
        for choice in choices
    ]
    if rows:
        await connection.execute(_INSERT, rows)
    return tuple((row["id"], row["title"]) for row in rows)


async def resolve(
    connection: AsyncConnection, conversation: str, short_id: str, *, now: datetime, lifetime: timedelta
) -> Button | None:
    """The choice behind a short id; None when it is unknown, too old or of another conversation."""
    if not SHORT_ID.fullmatch(short_id):
        return None
    row = (
        await connection.execute(_SELECT, {"short": short_id, "conversation": conversation, "oldest": now - lifetime})
    ).first()
    return Button(title=row.title, payload=row.payload) if row else None


_INSERT = insert(buttons)
_SELECT = select(buttons.c.title, buttons.c.payload).where(
    buttons.c.id == bindparam("short"),
    buttons.c.conversation_id == bindparam("conversation"),
    buttons.c.created_at >= bindparam("oldest"),
)
