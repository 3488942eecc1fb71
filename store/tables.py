"""Every table of the program.

Times are UTC (`UtcDateTime`). States are short words; the module that changes a table documents them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in INTEGER keys.
Key = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in time, stored as UTC, read back with its time zone on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


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

cases = Table(
    "cases",
    metadata,
    Column("id", Key, primary_key=True),
    Column("code", String(20), nullable=False, unique=True),
    Column("idempotency_key", String(200), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("place_code", String(20)),
    Column("place_text", Text),
    Column("contact", Text),
    Column("citizen_id", Key, ForeignKey("citizens.id")),
    Column("conversation_id", String(32), ForeignKey("conversations.id")),
    Column("created_at", UtcDateTime, nullable=False, default=now),
    Column("changed_at", UtcDateTime, nullable=False, default=now),
)
Index("ix_cases_citizen", cases.c.citizen_id, cases.c.id)

case_events = Table(
    "case_events",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", Key, ForeignKey("cases.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False, default=now),
    Column("actor", String(60), nullable=False),
    Column("what", String(40), nullable=False),
    Column("data", JSON, nullable=False),
)
Index("ix_case_events_case", case_events.c.case_id, case_events.c.id)

catalogue_versions = Table(
    "catalogue_versions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("source", Text, nullable=False),
    Column("source_sha256", String(64), nullable=False),
    Column("procedures", Integer, nullable=False),
    Column("report", JSON, nullable=False),
    Column("actor", String(60), nullable=False),
    Column("created_at", UtcDateTime, nullable=False, default=now),
    Column("published_at", UtcDateTime),
    Column("base_id", String(40)),
    Column("diff", JSON),
    Column("approved_by", String(60)),
    Column("approved_at", UtcDateTime),
    Column("measured", JSON),
)

# One row (id 1): which version answers now, and which did before.
catalogue_live = Table(
    "catalogue_live",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version_id", String(40), ForeignKey("catalogue_versions.id"), nullable=False),
    Column("previous_id", String(40), ForeignKey("catalogue_versions.id")),
    Column("actor", String(60), nullable=False),
    Column("at", UtcDateTime, nullable=False, default=now),
)

# Append-only: every switch of the live version.
catalogue_events = Table(
    "catalogue_events",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", UtcDateTime, nullable=False, default=now),
    Column("actor", String(60), nullable=False),
    Column("what", String(20), nullable=False),
    Column("version_id", String(40), nullable=False),
    Column("data", JSON, nullable=False),
)

# A province's own facts over the national text, one row a fact; taken back by `ended_at`, never deleted.
catalogue_overlays = Table(
    "catalogue_overlays",
    metadata,
    Column("id", Key, primary_key=True),
    Column("code", String(40), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("value", JSON, nullable=False),
    Column("valid_from", String(10)),
    Column("decision", Text),
    Column("source", Text, nullable=False),
    Column("actor", String(60), nullable=False),
    Column("at", UtcDateTime, nullable=False, default=now),
    Column("ended_at", UtcDateTime),
    Column("ended_by", String(60)),
)
Index("ix_catalogue_overlays_code", catalogue_overlays.c.code, catalogue_overlays.c.kind)

# Words of citizens that an admin added to those the program ships; taken back by `ended_at`.
catalogue_vocabulary = Table(
    "catalogue_vocabulary",
    metadata,
    Column("id", Key, primary_key=True),
    Column("everyday", Text, nullable=False),
    Column("official", Text, nullable=False),
    Column("ambiguous", Boolean, nullable=False, default=False),
    Column("note", Text),
    Column("actor", String(60), nullable=False),
    Column("at", UtcDateTime, nullable=False, default=now),
    Column("ended_at", UtcDateTime),
    Column("ended_by", String(60)),
)

# Questions whose right procedures an admin has named: publishing stops when fewer of them are answered right.
golden_questions = Table(
    "golden_questions",
    metadata,
    Column("id", Key, primary_key=True),
    Column("question", Text, nullable=False),
    Column("codes", JSON, nullable=False),
    Column("actor", String(60), nullable=False),
    Column("at", UtcDateTime, nullable=False, default=now),
    Column("ended_at", UtcDateTime),
    Column("ended_by", String(60)),
)

# What citizens asked and the search did not answer, or answered wrongly by their word; identifying numbers masked.
asked_questions = Table(
    "asked_questions",
    metadata,
    Column("id", Key, primary_key=True),
    Column("idempotency_key", String(200), nullable=False, unique=True),
    Column("question", Text, nullable=False),
    Column("verdict", String(12), nullable=False),
    Column("codes", JSON, nullable=False),
    Column("answer", Text),
    Column("version_id", String(40), nullable=False),
    Column("conversation_id", String(32)),
    Column("state", String(12), nullable=False, default="open"),
    Column("resolution", JSON),
    Column("at", UtcDateTime, nullable=False, default=now),
    Column("closed_at", UtcDateTime),
    Column("closed_by", String(60)),
)
Index("ix_asked_questions_open", asked_questions.c.state, asked_questions.c.id)

# Which column of a table means what, as an admin confirmed it; found again by the headings.
column_mappings = Table(
    "column_mappings",
    metadata,
    Column("headings", String(64), primary_key=True),
    Column("mapping", JSON, nullable=False),
    Column("actor", String(60), nullable=False),
    Column("at", UtcDateTime, nullable=False, default=now),
)

# What a portal's API has answered, so that an unchanged answer is not asked for again.
sync_pages = Table(
    "sync_pages",
    metadata,
    Column("source", String(60), primary_key=True),
    Column("key", String(300), primary_key=True),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("sha256", String(64), nullable=False),
    Column("body", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False, default=now),
)

staff = Table(
    "staff",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(60), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, default=now),
    Column("disabled_at", UtcDateTime),
)

# Only a hash of the cookie is kept: who reads the database cannot sign in with it.
staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("staff_id", Key, ForeignKey("staff.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False, default=now),
    Column("expires_at", UtcDateTime, nullable=False),
)

# Append-only: every change of an account, and every sign-in.
staff_events = Table(
    "staff_events",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", UtcDateTime, nullable=False, default=now),
    Column("actor", String(60), nullable=False),
    Column("what", String(20), nullable=False),
    Column("name", String(60), nullable=False),
    Column("data", JSON, nullable=False),
)
