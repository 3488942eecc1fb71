"""Menus by number: what a citizen means who answers `2` to the last thing that was said."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.rendering import chosen
from store.tables import outbox

_LAST = 8  # rows of one turn that are looked at


async def choice(connection: AsyncConnection, conversation: str, text: str) -> str | None:
    """The short id of the button that a number stands for in the last menu; None when the text chooses nothing.

    Only what was said last counts: a number that answers another question is not taken for an older menu's.
    """
    number = chosen(text)
    if number is None:
        return None
    rows = (await connection.execute(_SAID, {"conversation": conversation})).all()
    for row in rows:
        if row.inbox_id != rows[0].inbox_id or (row.inbox_id is None and row is not rows[0]):
            break
        for button in row.body.get("buttons", ()):
            if button.get("number") == number:
                return str(button["id"])
    return None


_SAID = (
    select(outbox.c.inbox_id, outbox.c.body)
    .where(outbox.c.conversation_id == bindparam("conversation"), outbox.c.state != "withheld")
    .order_by(outbox.c.id.desc())
    .limit(_LAST)
)
