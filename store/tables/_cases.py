"""Cases and all that hangs on them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    false,
    text,
)

from store.tables._base import Key, UtcDateTime, metadata, now

cases = Table(
    "cases",
    metadata,
    Column("id", Key, primary_key=True),
    Column("code", String(20), nullable=False, unique=True),
    Column("idempotency_key", String(200), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    # What lists go by: `open`, `waiting`, `paused`, `done`; `vault` for every denunciation, so that no list finds one.
    Column("bucket", String(8), nullable=False, default="open", server_default="open"),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    # Subject, text and place without diacritics, for the search; empty for denunciations.
    Column("folded", Text, nullable=False, default="", server_default=""),
    Column("place_code", String(20)),
    Column("place_text", Text),
    Column("procedure_code", String(40)),
    Column("office", Text),
    # Sealed (`desk.sealing`).
    Column("contact", Text),
    Column("citizen_id", Key, ForeignKey("citizens.id")),
    Column("conversation_id", String(32), ForeignKey("conversations.id")),
    # How it came: `chat`, `page`, `desk`.
    Column("via", String(10), nullable=False, default="chat", server_default="chat"),
    Column("detail", JSON),
    Column("unit_id", Key, ForeignKey("units.id")),
    Column("assigned_to", Key, ForeignKey("staff.id")),
    # The nearest deadline of its running clocks; empty while all stand still.
    Column("due_at", UtcDateTime),
    Column("warned_at", UtcDateTime),
    Column("escalated_at", UtcDateTime),
    # When a legal clock was started by a member of staff.
    Column("legal_from", UtcDateTime),
    Column("remote_area", Boolean, nullable=False, default=False, server_default=false()),
    Column("complexity", String(12), nullable=False, default="normal", server_default="normal"),
    Column("answered_at", UtcDateTime),
    Column("on_time", Boolean),
    Column("closed_at", UtcDateTime),
    Column("merged_into", Key, ForeignKey("cases.id")),
    # The case whose answer serves this one as well (many complaints, one answer).
    Column("led_by", Key, ForeignKey("cases.id")),
    Column("reopened", Integer, nullable=False, default=0, server_default="0"),
    Column("rating", Integer),
    Column("rating_comment", Text),
    Column("rated_at", UtcDateTime),
    # When "đã giải quyết chưa?" was asked, and what was said.
    Column("checked_at", UtcDateTime),
    Column("solved", Boolean),
    Column("purged_at", UtcDateTime),
    # Grows with each change: an undo, or a form that is older, is refused.
    Column("version", Integer, nullable=False, default=1, server_default="1"),
    Column("created_at", UtcDateTime, nullable=False, default=now),
    Column("changed_at", UtcDateTime, nullable=False, default=now),
)
Index("ix_cases_citizen", cases.c.citizen_id, cases.c.id)
Index("ix_cases_conversation", cases.c.conversation_id, cases.c.id)
Index("ix_cases_bucket", cases.c.bucket, cases.c.due_at, cases.c.id)
Index("ix_cases_created", cases.c.created_at, cases.c.id)
Index("ix_cases_unit", cases.c.unit_id, cases.c.bucket, cases.c.due_at, cases.c.id)
Index("ix_cases_unit_created", cases.c.unit_id, cases.c.created_at, cases.c.id)
Index("ix_cases_assigned", cases.c.assigned_to, cases.c.bucket, cases.c.due_at, cases.c.id)
Index(
    "ix_cases_unassigned",
    cases.c.unit_id,
    cases.c.due_at,
    cases.c.id,
    sqlite_where=text("assigned_to is null and bucket = 'open'"),
    postgresql_where=text("assigned_to is null and bucket = 'open'"),
)
Index(
    "ix_cases_led",
    cases.c.led_by,
    sqlite_where=text("led_by is not null"),
    postgresql_where=text("led_by is not null"),
)
Index(
    "ix_cases_merged",
    cases.c.merged_into,
    sqlite_where=text("merged_into is not null"),
    postgresql_where=text("merged_into is not null"),
)
Index("ix_cases_place", cases.c.place_code, cases.c.bucket, cases.c.created_at, cases.c.id)
Index("ix_cases_procedure", cases.c.procedure_code, cases.c.bucket, cases.c.created_at, cases.c.id)
Index(
    "ix_cases_answered",
    # The same in all of its rows; without an equality SQLite would not choose it.
    cases.c.state,
    cases.c.created_at,
    cases.c.id,
    sqlite_where=text("bucket = 'done' and state = 'answered'"),
    postgresql_where=text("bucket = 'done' and state = 'answered'"),
)
Index(
    "ix_cases_answered_at",
    cases.c.answered_at,
    sqlite_where=text("bucket = 'done' and state = 'answered'"),
    postgresql_where=text("bucket = 'done' and state = 'answered'"),
)

# What was said about a case: by the citizen, to the citizen, and among staff. The log holds digests of these texts
# only, so that a text can be erased without breaking the chain.
case_messages = Table(
    "case_messages",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", Key, ForeignKey("cases.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False, default=now),
    # `citizen`, `staff`, `system`.
    Column("author", String(10), nullable=False),
    Column("staff_name", String(60)),
    # `public`: the citizen reads it; `internal`.
    Column("visibility", String(10), nullable=False),
    # `word` of the citizen, `note`, `notice` of a state, `reply`, `final`, `ask` (for information).
    Column("purpose", String(10), nullable=False, default="word", server_default="word"),
    # `written`; what needs approval: `waiting`, then `written` or `refused`; a note taken back: `undone`.
    Column("state", String(10), nullable=False, default="written"),
    Column("text", Text, nullable=False),
    Column("idempotency_key", String(200), unique=True),
    Column("outbox_id", Key, ForeignKey("outbox.id")),
    Column("approved_by", String(60)),
)
Index("ix_case_messages_case", case_messages.c.case_id, case_messages.c.id)
Index(
    "ix_case_messages_waiting",
    case_messages.c.id,
    sqlite_where=text("state = 'waiting'"),
    postgresql_where=text("state = 'waiting'"),
)

case_attachments = Table(
    "case_attachments",
    metadata,
    Column("id", Key, primary_key=True),
    # Empty: sent in a chat that has no case yet; the conversation's next case takes it.
    Column("case_id", Key, ForeignKey("cases.id"), index=True),
    Column("conversation_id", String(32), ForeignKey("conversations.id"), index=True),
    Column("message_id", Key, ForeignKey("case_messages.id")),
    Column("name", String(120), nullable=False),
    Column("media_type", String(60), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    # Name of the file in the attachments' folder; nothing of the citizen's is in it.
    Column("stored", String(40), nullable=False, unique=True),
    Column("author", String(10), nullable=False),
    Column("at", UtcDateTime, nullable=False, default=now),
    Column("removed_at", UtcDateTime),
)

# Deadlines of a case, one row a rule that began to run; how each came about is computed again when it is shown.
case_clocks = Table(
    "case_clocks",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", Key, ForeignKey("cases.id"), nullable=False, index=True),
    Column("rule", String(40), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    # [{"from": moment, "to": moment or null, "reason": text}, …]
    Column("pauses", JSON, nullable=False),
    # [{"rule": name, "reason": text, "actor": name, "at": moment}, …]
    Column("extensions", JSON, nullable=False),
    Column("stopped_at", UtcDateTime),
    # `met`, `missed`, `dropped`.
    Column("outcome", String(10)),
)
Index(
    "ix_case_clocks_running",
    case_clocks.c.case_id,
    sqlite_where=text("stopped_at is null"),
    postgresql_where=text("stopped_at is null"),
)

# Who has a case open at the moment.
case_presence = Table(
    "case_presence",
    metadata,
    Column("case_id", Key, ForeignKey("cases.id"), primary_key=True),
    Column("staff_id", Key, ForeignKey("staff.id"), primary_key=True),
    Column("until", UtcDateTime, nullable=False),
)

# The identity of who denounces, sealed, apart from the denunciation (Luật Tố cáo 2018, Điều 9, 56).
case_identities = Table(
    "case_identities",
    metadata,
    Column("case_id", Key, ForeignKey("cases.id"), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False, default=now),
)

# The apology for a late case and its one new date (Nghị định 61/2018, Điều 19.9 and what replaced it).
case_apologies = Table(
    "case_apologies",
    metadata,
    Column("case_id", Key, ForeignKey("cases.id"), primary_key=True),
    Column("reason", Text, nullable=False),
    # The deadline that was or would be missed.
    Column("due_at", UtcDateTime),
    Column("new_due_at", UtcDateTime, nullable=False),
    Column("actor", String(60), nullable=False),
    Column("at", UtcDateTime, nullable=False, default=now),
)

# Sums by day, so that a report reads no cases (`desk.tallies`); denunciations are not in it.
case_tallies = Table(
    "case_tallies",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("dimension", String(10), primary_key=True),
    Column("value", String(120), primary_key=True),
    Column("kind", String(20), primary_key=True),
    *(
        Column(name, Integer, nullable=False, default=0, server_default="0")
        for name in ("received", "answered", "on_time", "late", "closed", "reopened", "ratings", "rating_sum")
    ),
)
Index("ix_case_tallies_dimension", case_tallies.c.dimension, case_tallies.c.day)

# A conversation's way to a person and back.
takeovers = Table(
    "takeovers",
    metadata,
    Column("id", Key, primary_key=True),
    Column("conversation_id", String(32), ForeignKey("conversations.id"), nullable=False),
    Column("case_id", Key, ForeignKey("cases.id")),
    Column("unit_id", Key, ForeignKey("units.id")),
    # `asked`, `failed`, `angry`, `staff`.
    Column("reason", String(10), nullable=False),
    # `waiting`, `active`, `ended`, `left`.
    Column("state", String(10), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False, default=now),
    Column("taken_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("staff_id", Key, ForeignKey("staff.id")),
    # For colleagues, written at the end; the citizen never reads it.
    Column("note", Text),
)
Index("ix_takeovers_conversation", takeovers.c.conversation_id, takeovers.c.id)
Index(
    "uq_takeovers_open",
    takeovers.c.conversation_id,
    unique=True,
    sqlite_where=text("state in ('waiting','active')"),
    postgresql_where=text("state in ('waiting','active')"),
)
Index("ix_takeovers_asked", takeovers.c.asked_at)
Index(
    "ix_takeovers_waiting",
    takeovers.c.asked_at,
    sqlite_where=text("state = 'waiting'"),
    postgresql_where=text("state = 'waiting'"),
)

# What a citizen agreed to, in which words, and when they took it back (Luật 91/2025/QH15).
consents = Table(
    "consents",
    metadata,
    Column("id", Key, primary_key=True),
    Column("citizen_id", Key, ForeignKey("citizens.id"), nullable=False, index=True),
    Column("purpose", String(20), nullable=False),
    Column("wording", String(20), nullable=False),
    Column("evidence", String(200), nullable=False),
    Column("given_at", UtcDateTime, nullable=False, default=now),
    Column("withdrawn_at", UtcDateTime),
)
