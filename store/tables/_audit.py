"""The one append-only log of what people and the program changed (`desk.audit`)."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, String, Table

from store.tables._base import Key, UtcDateTime, metadata, now

audit = Table(
    "audit",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", UtcDateTime, nullable=False, default=now),
    Column("actor", String(60), nullable=False),
    Column("action", String(40), nullable=False),
    # What it is about: `case:12`, `staff:lan.nguyen`, `takeover:7`.
    Column("subject", String(100), nullable=False),
    Column("data", JSON, nullable=False),
    # Digest of the entry before, and of this one with it; both empty for entries older than the chain.
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
)
Index("ix_audit_subject", audit.c.subject, audit.c.id)

# One row (id 1): the end of the chain. Cutting entries off its end shows as well.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("last_id", Key, nullable=False),
    Column("entries", Key, nullable=False),
    Column("digest", String(64), nullable=False),
)
