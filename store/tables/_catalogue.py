"""The catalogue: versions, the province's own layer, words, questions, what was fetched."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from store.tables._base import Key, UtcDateTime, metadata, now

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
Index("ix_asked_questions_at", asked_questions.c.at)

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
