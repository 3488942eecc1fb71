"""Citizens, their conversations, and what goes in and out."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from store.tables._base import Key, UtcDateTime, metadata, now

citizens = Table(
    "citizens",
    metadata,
    Column("id", Key, primary_key=True),
    Column("channel", String(20), nullable=False),
    Column("external_id", String(200), nullable=False),
    Column("place_code", String(20)),
    Column("created_at", UtcDateTime, nullable=False, default=now),
    UniqueConstraint("channel", "external_id"),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("channel", String(20), nullable=False),
    Column("external_id", String(200), nullable=False),
    Column("citizen_id", Key, ForeignKey("citizens.id"), nullable=False),
    Column("session", Integer, nullable=False, default=1),
    Column("session_messages", Integer, nullable=False, default=0),
    Column("in_form", Boolean, nullable=False, default=False),
    Column("owner", String(10), nullable=False, default="bot"),
    Column("reachable", Boolean, nullable=False, default=True),
    Column("last_inbound_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False, default=now),
    UniqueConstraint("channel", "external_id"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Key, primary_key=True),
    Column("channel", String(20), nullable=False),
    Column("external_id", String(200), nullable=False),
    Column("conversation_id", String(32), ForeignKey("conversations.id")),
    Column("body", JSON, nullable=False),
    Column("state", String(10), nullable=False, default="ready"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", UtcDateTime, nullable=False, default=now),
    Column("lease_until", UtcDateTime),
    Column("received_at", UtcDateTime, nullable=False, default=now),
    Column("done_at", UtcDateTime),
    Column("error", Text),
    # Who has looked at a dead one and let it rest.
    Column("seen_at", UtcDateTime),
    Column("seen_by", String(100)),
    UniqueConstraint("channel", "external_id"),
)
Index(
    "ix_inbox_open",
    inbox.c.conversation_id,
    inbox.c.id,
    sqlite_where=text("state in ('ready','leased')"),
    postgresql_where=text("state in ('ready','leased')"),
)
Index("ix_inbox_conversation", inbox.c.conversation_id, inbox.c.id)
Index("ix_inbox_lost", inbox.c.id, sqlite_where=text("state = 'dead'"), postgresql_where=text("state = 'dead'"))

outbox = Table(
    "outbox",
    metadata,
    Column("id", Key, primary_key=True),
    Column("channel", String(20), nullable=False),
    Column("conversation_id", String(32), ForeignKey("conversations.id"), nullable=False),
    Column("inbox_id", Key, ForeignKey("inbox.id")),
    Column("sender", String(10), nullable=False, default="bot"),
    Column("body", JSON, nullable=False),
    Column("final", Boolean, nullable=False, default=False),
    Column("state", String(10), nullable=False, default="ready"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", UtcDateTime, nullable=False, default=now),
    Column("lease_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False, default=now),
    Column("sent_at", UtcDateTime),
    Column("error", Text),
    # Which process has it (`bot.departures`).
    Column("holder", String(40)),
    # When somebody had a message that was given up sent again.
    Column("released_at", UtcDateTime),
    Column("seen_at", UtcDateTime),
    Column("seen_by", String(100)),
)
Index("ix_outbox_conversation", outbox.c.conversation_id, outbox.c.id)
Index(
    "ix_outbox_open",
    outbox.c.channel,
    outbox.c.conversation_id,
    outbox.c.id,
    sqlite_where=text("state in ('ready','leased')"),
    postgresql_where=text("state in ('ready','leased')"),
)
Index(
    "ix_outbox_lost",
    outbox.c.id,
    sqlite_where=text("state in ('dead','unknown')"),
    postgresql_where=text("state in ('dead','unknown')"),
)

buttons = Table(
    "buttons",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("conversation_id", String(32), ForeignKey("conversations.id"), nullable=False),
    Column("title", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, default=now),
)

# Small facts that a channel must remember over a restart, such as Telegram's update offset.
channel_state = Table(
    "channel_state",
    metadata,
    Column("key", String(60), primary_key=True),
    Column("value", Text, nullable=False),
)
