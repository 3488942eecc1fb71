"""A conversation as staff read it: both sides, also what was withheld from the citizen and what became of each send."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Database
from store.tables import conversations, inbox, outbox

LABEL = "**Cán bộ:** "
"""Before a person's words in a chat app, where the bot's name stands over everything (`bot.post`)."""
Author = Literal["citizen", "bot", "staff", "notice"]
_PIN = re.compile(r"PIN: \*\*\d{6}\*\*")


@dataclass(frozen=True)
class Turn:
    """One message.

    Attributes:
        key: `i…` for a message of the citizen, `o…` for one of ours, with the number of its row.
        text: as it was written; what cannot be shown as text is described.
        delivery: state of a message of ours in the outbox (`bot.outbox`); `withheld`: the citizen never gets it.
        buttons: titles of the choices under it.
        file_id: number of the attachment that the message is.
        number: of the row.
    """

    key: str
    author: Author
    text: str
    at: datetime
    number: int
    delivery: str | None = None
    buttons: tuple[str, ...] = ()
    file_id: int | None = None


@dataclass(frozen=True)
class Mark:
    """Up to where a conversation was read; compared to see whether there is something new.

    Attributes:
        read: number of the last message of the citizen that may be shown.
        said: number of the last one of ours.
        open: how many of ours are still on their way.
    """

    read: int
    said: int
    open: int


async def transcript(
    source: Database | AsyncConnection, conversation_id: str, *, after: Mark | None = None, limit: int = 200
) -> tuple[Turn, ...]:
    """The last `limit` messages of each side, in their order.

    While the bot has a conversation, what it has not answered yet is left out: its answer may be that the message is a
    denunciation, which nobody but the vault reads.

    Args:
        after: only what came after it.
    """
    if isinstance(source, Database):
        async with source.connect() as connection:
            return await transcript(connection, conversation_id, after=after, limit=limit)
    asked = select(inbox.c.id, inbox.c.body, inbox.c.received_at).where(*_readable(conversation_id))
    answered = select(outbox).where(outbox.c.conversation_id == conversation_id)
    if after is not None:
        asked, answered = asked.where(inbox.c.id > after.read), answered.where(outbox.c.id > after.said)
    theirs = (await source.execute(asked.order_by(inbox.c.id.desc()).limit(limit))).all()
    ours = (await source.execute(answered.order_by(outbox.c.id.desc()).limit(limit))).all()
    turns = [_theirs(row) for row in theirs] + [_ours(row) for row in ours]
    return tuple(sorted(turns, key=lambda turn: (turn.at, turn.author != "citizen", turn.number)))


async def mark(connection: AsyncConnection, conversation_id: str) -> Mark:
    """Up to where the conversation goes now."""
    read = select(func.max(inbox.c.id)).where(*_readable(conversation_id)).scalar_subquery()
    mine = outbox.c.conversation_id == conversation_id
    answered = select(func.max(outbox.c.id)).where(mine).scalar_subquery()
    # A literal, so that SQLite can prove that the partial index serves.
    under_way = select(func.count()).where(mine, literal_column("outbox.state in ('ready','leased')")).scalar_subquery()
    row = (await connection.execute(select(read, answered, under_way))).one()
    return Mark(row[0] or 0, row[1] or 0, row[2] or 0)


async def deliveries(connection: AsyncConnection, numbers: list[int]) -> Mapping[int, str]:
    """What became of messages of ours, by the numbers of their rows."""
    found = await connection.execute(select(outbox.c.id, outbox.c.state).where(outbox.c.id.in_(numbers)))
    return {row.id: row.state for row in found}


def _readable(conversation_id: str) -> tuple[ColumnElement[bool], ...]:
    owner = select(conversations.c.owner).where(conversations.c.id == conversation_id).scalar_subquery()
    return inbox.c.conversation_id == conversation_id, or_(inbox.c.state.in_(("done", "dead")), owner != "bot")


def _theirs(row: Any) -> Turn:
    file_id = row.body.get("file")
    return Turn(
        f"i{row.id}",
        "citizen",
        described(row.body),
        row.received_at,
        row.id,
        file_id=file_id if isinstance(file_id, int) else None,
    )


def _ours(row: Any) -> Turn:
    text = said(row.body)
    author: Author = row.sender if row.sender in {"staff", "notice"} else "bot"
    return Turn(
        f"o{row.id}",
        author,
        text.removeprefix(LABEL) if author == "staff" else text,
        row.created_at,
        row.id,
        delivery=row.state,
        buttons=tuple(str(button.get("title", "")) for button in row.body.get("buttons", ())),
    )


def said(body: Mapping[str, Any]) -> str:
    """What a message of ours says, without the PIN that a receipt told the citizen: it is theirs alone."""
    return _PIN.sub("PIN: ••••••", str(body.get("text", "")))


def described(body: Mapping[str, Any]) -> str:
    """What a message of the citizen says; what is no text is described."""
    match body.get("kind"):
        case "private":
            return "(Nội dung không được lưu lại để giữ kín.)"
        case "button":
            return f"▸ {body.get('title') or '(nút đã hết hạn)'}"
        case "location":
            return f"📍 Vị trí: {body.get('lat')}, {body.get('lon')}"
        case "file":
            return f"📎 {body.get('text') or 'Tệp đính kèm'}"
        case "edit":
            return f"(đã sửa) {body['text']}" if body.get("text") else "(Đã sửa một tin; nội dung không được lưu.)"
        case "unsupported":
            return str(body.get("text") or "(tệp hoặc ghi âm mà chương trình không nhận)")
        case _:
            return str(body.get("text") or "")
