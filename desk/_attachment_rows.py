"""The table of files: what is known of a file without its content (`desk.attachments`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import audit
from desk._file_check import Checked
from desk.kinds import OPEN, Bucket, State
from store.tables import case_attachments, cases, conversations

Row = Mapping[Any, Any]
_GOING_ON = [state.value for state in (*OPEN, State.needs_information, State.paused)]


@dataclass(frozen=True)
class Attachment:
    """A file that is kept.

    Attributes:
        case_id: None while it waits for a case of its conversation.
        conversation_id: the chat it was sent in, None when it came another way.
        message_id: the message of the case it belongs to, if to one.
        size: bytes.
        author: `citizen` or `staff`.
        removed: whether its content is gone.
    """

    id: int
    case_id: int | None
    conversation_id: str | None
    message_id: int | None
    name: str
    media_type: str
    size: int
    sha256: str
    author: str
    at: datetime
    removed: bool

    @property
    def is_picture(self) -> bool:
        """Whether a browser can show it as a picture."""
        return self.media_type.startswith("image/")


@dataclass(frozen=True)
class New:
    """A file that was looked into, on its way to a name in the folder."""

    file: Checked
    sha256: str
    stored: str


async def select_(connection: AsyncConnection, *where: ColumnElement[bool], removed: bool = False) -> list[Row]:
    """Rows of files, oldest first.

    Args:
        removed: those whose content is gone as well.
    """
    wanted = select(case_attachments).where(*where).order_by(case_attachments.c.id)
    if not removed:
        wanted = wanted.where(case_attachments.c.removed_at.is_(None))
    return [row._mapping for row in (await connection.execute(wanted)).all()]


def waiting(conversation_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The condition for files that wait in a conversation for a case."""
    return case_attachments.c.case_id.is_(None), case_attachments.c.conversation_id == conversation_id


async def insert_(
    connection: AsyncConnection,
    new: Sequence[New],
    there: Sequence[Row],
    values: Mapping[str, Any],
    actor: str,
) -> list[Row]:
    """Write rows for new files; one that is there already keeps the row it has.

    Args:
        there: the rows among which one may be there already.
        values: what all new rows have in common.
        actor: who added them, for the log.
    """
    done: list[Row] = []
    for one in new:
        row = next((row for row in (*there, *done) if _same(row, one, values)), None)
        if row is None:
            written = insert(case_attachments).values(
                **values,
                name=one.file.name,
                media_type=one.file.media_type,
                size=len(one.file.content),
                sha256=one.sha256,
                stored=one.stored,
            )
            row = (await connection.execute(written.returning(case_attachments))).one()._mapping
            if values.get("case_id") is not None:
                await _log(connection, values["case_id"], row, actor)
        done.append(row)
    return done


async def lock(connection: AsyncConnection, conversation_id: str) -> None:
    """Let no other transaction give the conversation a file or a case until this one ends."""
    row = select(conversations.c.id).where(conversations.c.id == conversation_id)
    # The weaker lock: a transaction that wrote a row of the conversation holds its key, and two of them would wait for
    # each other.
    await connection.execute(row.with_for_update(key_share=True))


async def open_case(connection: AsyncConnection, conversation_id: str) -> tuple[int, str] | None:
    """Number and code of the newest case of a conversation to which more can be sent; never a denunciation."""
    newest = (
        select(cases.c.id, cases.c.code)
        .where(
            cases.c.conversation_id == conversation_id,
            cases.c.bucket != Bucket.vault.value,
            cases.c.state.in_(_GOING_ON),
        )
        .order_by(cases.c.id.desc())
        .limit(1)
    )
    row = (await connection.execute(newest)).one_or_none()
    return None if row is None else (row.id, row.code)


async def adopt(connection: AsyncConnection, case_id: int, conversation_id: str | None) -> int:
    """Give a case that is just being opened the files that wait in its conversation; gives how many.

    Runs in the caller's transaction.
    """
    if conversation_id is None:
        return 0
    await lock(connection, conversation_id)
    rows = await select_(connection, *waiting(conversation_id))
    if rows:
        numbers = case_attachments.c.id.in_([row["id"] for row in rows])
        await connection.execute(update(case_attachments).where(numbers).values(case_id=case_id))
    for row in rows:
        await _log(connection, case_id, row, "citizen")
    return len(rows)


def attachment(row: Row) -> Attachment:
    """What is known of a file."""
    return Attachment(
        id=row["id"],
        case_id=row["case_id"],
        conversation_id=row["conversation_id"],
        message_id=row["message_id"],
        name=row["name"],
        media_type=row["media_type"],
        size=row["size"],
        sha256=row["sha256"],
        author=row["author"],
        at=row["at"],
        removed=row["removed_at"] is not None,
    )


def _same(row: Row, one: New, values: Mapping[str, Any]) -> bool:
    return bool(row["sha256"] == one.sha256 and row["author"] == values["author"])


async def _log(connection: AsyncConnection, case_id: int, row: Row, actor: str) -> None:
    data = {"file": row["id"], "media_type": row["media_type"], "size": row["size"], "sha256": row["sha256"]}
    await audit.write(connection, actor=actor, action="file_added", subject=f"case:{case_id}", data=data)
