"""What a citizen has changed in a message: its new words are kept only beside the message itself.

A message that was taken out of the inbox because it is private leaves no trace of its number, so nothing that is
changed in it later finds it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Text, cast, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge.text import fold
from store.tables import inbox

_PRIVATE = {"kind": "private"}
_EDIT = "edit"
_DENUNCIATION = re.compile(r"\bto\s+cao\b")


async def kept(connection: AsyncConnection, conversation: str, body: dict[str, Any]) -> dict[str, Any]:
    """What the inbox holds of a change: only that there was one, unless the message is there with its words.

    No dialogue reads a change, so one that speaks of a denunciation is not kept at all.
    """
    if _DENUNCIATION.search(fold(str(body.get("text", "")))):
        return {"kind": _EDIT}
    there = [told for _, told in await _of(connection, conversation, body.get("message_id"))]
    return body if any(told["kind"] != _EDIT and told.get("text") for told in there) else {"kind": _EDIT}


async def forget(
    connection: AsyncConnection, conversation: str, body: dict[str, Any], earlier: Sequence[int] = ()
) -> None:
    """Take the words of earlier messages out of the inbox, and of all changes of them and of the one that came.

    The conversation is locked already: no change of them is being written down meanwhile.

    Args:
        body: the message that came, which its caller takes out.
        earlier: rows of the inbox; those of other conversations stay.
    """
    told = inbox.c.id.in_(earlier), inbox.c.conversation_id == conversation
    bodies = [body, *(await connection.execute(select(inbox.c.body).where(*told))).scalars()] if earlier else [body]
    changed = [row for each in bodies for row, _ in await _of(connection, conversation, each.get("message_id"))]
    if changed:
        await connection.execute(update(inbox).where(inbox.c.id.in_(changed)).values(body={"kind": _EDIT}))
    if earlier:
        await connection.execute(update(inbox).where(*told).values(body=_PRIVATE))


async def _of(connection: AsyncConnection, conversation: str, message_id: object) -> list[tuple[int, dict[str, Any]]]:
    """The rows of a message and of its changes."""
    if not isinstance(message_id, str):
        return []
    # The databases' own readers of JSON stumble over what Python has written; the words are looked at here.
    found = select(inbox.c.id, inbox.c.body).where(
        inbox.c.conversation_id == conversation,
        cast(inbox.c.body, Text).contains(f'"message_id": "{message_id}"', autoescape=True),
    )
    rows = (await connection.execute(found)).all()
    return [(row.id, row.body) for row in rows if row.body.get("message_id") == message_id]
