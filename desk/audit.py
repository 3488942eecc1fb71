"""The append-only log: each entry's digest covers the one before it, so that a changed, inserted or missing one shows.

Whoever can write the database can also compute the whole chain again; `verify` gives the digest of its end, to be kept
elsewhere (a daily note, another machine) and compared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Database
from store.tables import audit, audit_head, now

_CHUNK = 5_000
_START = "0" * 64


@dataclass(frozen=True)
class Entry:
    """One thing that was done."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What came of checking the chain.

    Attributes:
        entries: how many are in it.
        older: how many entries are older than the chain and not protected by it.
        digest: of its last entry.
        broken: what is wrong with which entry; None when all is well.
    """

    entries: int
    older: int
    digest: str
    broken: str | None = None


async def write(
    connection: AsyncConnection, *, actor: str, action: str, subject: str, data: Mapping[str, Any] | None = None
) -> int:
    """Write an entry, in the caller's transaction; gives its number.

    Texts that people wrote do not belong into `data`: what is logged cannot be erased. `digest_of` stands for them.

    Args:
        connection: an open write transaction.
        actor: name of the member of staff, or `citizen`, `system`.
        action: a short word.
        subject: what it is about, `case:12`, `staff:lan`, `takeover:7`.
        data: JSON values; no floats.
    """
    head = (await connection.execute(select(audit_head).where(audit_head.c.id == 1).with_for_update())).one_or_none()
    previous = head.digest if head else _START
    at, held = now(), dict(data or {})
    digest = _digest(previous, at, actor, action, subject, held)
    row = {"at": at, "actor": actor, "action": action, "subject": subject, "data": held}
    number = (
        await connection.execute(insert(audit).values(**row, previous=previous, digest=digest).returning(audit.c.id))
    ).scalar_one()
    values = {"last_id": number, "entries": (head.entries if head else 0) + 1, "digest": digest}
    if head is None:
        await connection.execute(insert(audit_head).values(id=1, **values))
    else:
        await connection.execute(update(audit_head).where(audit_head.c.id == 1).values(**values))
    return int(number)


async def of(db: Database, subject: str, *, limit: int = 500) -> tuple[Entry, ...]:
    """The entries about a subject, oldest first; of more than `limit` the newest."""
    newest = select(audit).where(audit.c.subject == subject).order_by(audit.c.id.desc()).limit(limit)
    async with db.connect() as connection:
        rows = (await connection.execute(newest)).all()
    return tuple(Entry(r.id, r.at, r.actor, r.action, r.subject, r.data) for r in reversed(rows))


async def verify(db: Database, *, progress: Callable[[float], None] = lambda share: None) -> Verdict:
    """Check the whole chain.

    Args:
        progress: told the share done, 0 to 1.
    """
    previous, entries, older, last = _START, 0, 0, 0
    async with db.connect() as connection:
        head = (await connection.execute(select(audit_head).where(audit_head.c.id == 1))).one_or_none()
        total = head.last_id if head else 1
        while True:
            rows = (
                await connection.execute(select(audit).where(audit.c.id > last).order_by(audit.c.id).limit(_CHUNK))
            ).all()
            if not rows:
                break
            for row in rows:
                last = row.id
                if not row.digest and not entries:
                    older += 1
                    continue
                right = _digest(previous, row.at, row.actor, row.action, row.subject, row.data)
                if row.previous != previous or row.digest != right:
                    return Verdict(
                        entries, older, previous, f"entry {row.id} ({row.action}, {row.subject}) was changed"
                    )
                previous, entries = row.digest, entries + 1
            progress(min(1.0, last / max(1, total)))
    if head is None and entries:
        return Verdict(entries, older, previous, "the end of the chain is missing")
    if head is not None and (head.digest, head.entries, head.last_id) != (previous, entries, last):
        return Verdict(entries, older, previous, "entries at the end are missing or were added past the program")
    return Verdict(entries, older, previous)


async def contains(db: Database, digest: str) -> bool:
    """Whether the chain has an entry with that digest, such as an earlier end of it."""
    async with db.connect() as connection:
        return bool(digest) and await connection.scalar(select(audit.c.id).where(audit.c.digest == digest)) is not None


def digest_of(text: str) -> str:
    """What stands in the log for a text: enough to show later that a text is the one, not enough to read it."""
    return hashlib.sha256(text.encode()).hexdigest()


def _digest(previous: str, at: datetime, actor: str, action: str, subject: str, data: Mapping[str, Any]) -> str:
    content = [previous, at.astimezone(UTC).isoformat(timespec="microseconds"), actor, action, subject, data]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
