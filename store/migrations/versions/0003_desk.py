"""The desk: cases with their clocks, messages and files; units, the second factor; one chained log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_SQLITE_WORDS = (
    "CREATE VIRTUAL TABLE case_words USING fts5(folded, content='cases', content_rowid='id')",
    "CREATE TRIGGER case_words_made AFTER INSERT ON cases BEGIN "
    "INSERT INTO case_words (rowid, folded) VALUES (new.id, new.folded); END",
    "CREATE TRIGGER case_words_gone AFTER DELETE ON cases BEGIN "
    "INSERT INTO case_words (case_words, rowid, folded) VALUES ('delete', old.id, old.folded); END",
    "CREATE TRIGGER case_words_changed AFTER UPDATE OF folded ON cases BEGIN "
    "INSERT INTO case_words (case_words, rowid, folded) VALUES ('delete', old.id, old.folded); "
    "INSERT INTO case_words (rowid, folded) VALUES (new.id, new.folded); END",
    "INSERT INTO case_words (case_words) VALUES ('rebuild')",
)


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_subject", "audit", ["subject", "id"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("last_id", _KEY, nullable=False),
        sa.Column("entries", _KEY, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "case_tallies",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("dimension", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("received", sa.Integer(), server_default="0", nullable=False),
        sa.Column("answered", sa.Integer(), server_default="0", nullable=False),
        sa.Column("on_time", sa.Integer(), server_default="0", nullable=False),
        sa.Column("late", sa.Integer(), server_default="0", nullable=False),
        sa.Column("closed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reopened", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ratings", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rating_sum", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("day", "dimension", "value", "kind", name=op.f("pk_case_tallies")),
    )
    op.create_index("ix_case_tallies_dimension", "case_tallies", ["dimension", "day"], unique=False)

    op.create_table(
        "sign_in_failures",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failures")),
    )
    op.create_index(op.f("ix_sign_in_failures_key"), "sign_in_failures", ["key"], unique=False)

    op.create_table(
        "units",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place_code", sa.String(length=20), nullable=True),
        sa.Column("hours", sa.JSON(), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_units")),
        sa.UniqueConstraint("code", name=op.f("uq_units_code")),
    )
    op.create_table(
        "calendar_days",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("unit_id", _KEY, nullable=True),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_calendar_days_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_days")),
    )
    op.create_table(
        "canned_replies",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("unit_id", _KEY, nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_canned_replies_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_replies")),
    )
    op.create_table(
        "consents",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("citizen_id", _KEY, nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("wording", sa.String(length=20), nullable=False),
        sa.Column("evidence", sa.String(length=200), nullable=False),
        sa.Column("given_at", _MOMENT, nullable=False),
        sa.Column("withdrawn_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f("fk_consents_citizen_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_citizen_id"), "consents", ["citizen_id"], unique=False)

    op.create_table(
        "saved_filters",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("staff_id", _KEY, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_saved_filters_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filters")),
    )
    op.create_index(op.f("ix_saved_filters_staff_id"), "saved_filters", ["staff_id"], unique=False)

    op.create_table(
        "case_apologies",
        sa.Column("case_id", _KEY, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("due_at", _MOMENT, nullable=True),
        sa.Column("new_due_at", _MOMENT, nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_apologies_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_apologies")),
    )
    op.create_table(
        "case_clocks",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("case_id", _KEY, nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=True),
        sa.Column("pauses", sa.JSON(), nullable=False),
        sa.Column("extensions", sa.JSON(), nullable=False),
        sa.Column("stopped_at", _MOMENT, nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_clocks_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_clocks")),
    )
    op.create_index(op.f("ix_case_clocks_case_id"), "case_clocks", ["case_id"], unique=False)
    op.create_index(
        "ix_case_clocks_running",
        "case_clocks",
        ["case_id"],
        unique=False,
        sqlite_where=sa.text("stopped_at is null"),
        postgresql_where=sa.text("stopped_at is null"),
    )

    op.create_table(
        "case_identities",
        sa.Column("case_id", _KEY, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_identities_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_identities")),
    )
    op.create_table(
        "case_presence",
        sa.Column("case_id", _KEY, nullable=False),
        sa.Column("staff_id", _KEY, nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_presence_case_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_case_presence_staff_id")),
        sa.PrimaryKeyConstraint("case_id", "staff_id", name=op.f("pk_case_presence")),
    )
    op.create_table(
        "takeovers",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", _KEY, nullable=True),
        sa.Column("unit_id", _KEY, nullable=True),
        sa.Column("reason", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("taken_at", _MOMENT, nullable=True),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("staff_id", _KEY, nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_takeovers_case_id")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_takeovers_conversation_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_takeovers_staff_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_takeovers_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_takeovers")),
    )
    op.create_index("ix_takeovers_conversation", "takeovers", ["conversation_id", "id"], unique=False)
    op.create_index("ix_takeovers_asked", "takeovers", ["asked_at"], unique=False)
    op.create_index(
        "ix_takeovers_waiting",
        "takeovers",
        ["asked_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "uq_takeovers_open",
        "takeovers",
        ["conversation_id"],
        unique=True,
        sqlite_where=sa.text("state in ('waiting','active')"),
        postgresql_where=sa.text("state in ('waiting','active')"),
    )

    op.create_table(
        "case_messages",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("case_id", _KEY, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("author", sa.String(length=10), nullable=False),
        sa.Column("staff_name", sa.String(length=60), nullable=True),
        sa.Column("visibility", sa.String(length=10), nullable=False),
        sa.Column("purpose", sa.String(length=10), server_default="word", nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=True),
        sa.Column("outbox_id", _KEY, nullable=True),
        sa.Column("approved_by", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_messages_case_id")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_case_messages_outbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_messages")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_case_messages_idempotency_key")),
    )
    op.create_index("ix_case_messages_case", "case_messages", ["case_id", "id"], unique=False)
    op.create_index(
        "ix_case_messages_waiting",
        "case_messages",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )

    op.create_table(
        "case_attachments",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("case_id", _KEY, nullable=True),
        sa.Column("conversation_id", sa.String(length=32), nullable=True),
        sa.Column("message_id", _KEY, nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=60), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("stored", sa.String(length=40), nullable=False),
        sa.Column("author", sa.String(length=10), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("removed_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_attachments_case_id")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_case_attachments_conversation_id")
        ),
        sa.ForeignKeyConstraint(["message_id"], ["case_messages.id"], name=op.f("fk_case_attachments_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_attachments")),
        sa.UniqueConstraint("stored", name=op.f("uq_case_attachments_stored")),
    )
    op.create_index(op.f("ix_case_attachments_case_id"), "case_attachments", ["case_id"], unique=False)
    op.create_index(op.f("ix_case_attachments_conversation_id"), "case_attachments", ["conversation_id"], unique=False)
    op.execute(
        "INSERT INTO audit (at, actor, action, subject, data, previous, digest) "
        "SELECT at, actor, what, 'case:' || case_id, data, '', '' FROM case_events ORDER BY id"
    )
    op.execute(
        "INSERT INTO audit (at, actor, action, subject, data, previous, digest) "
        "SELECT at, actor, what, 'staff:' || name, data, '', '' FROM staff_events ORDER BY id"
    )
    op.drop_index("ix_case_events_case", table_name="case_events")
    op.drop_table("case_events")
    op.drop_table("staff_events")
    op.add_column("cases", sa.Column("bucket", sa.String(length=8), server_default="open", nullable=False))
    op.add_column("cases", sa.Column("folded", sa.Text(), server_default="", nullable=False))
    op.add_column("cases", sa.Column("procedure_code", sa.String(length=40), nullable=True))
    op.add_column("cases", sa.Column("office", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("via", sa.String(length=10), server_default="chat", nullable=False))
    op.add_column("cases", sa.Column("detail", sa.JSON(), nullable=True))
    op.add_column(
        "cases",
        sa.Column("unit_id", _KEY, sa.ForeignKey("units.id", name=op.f("fk_cases_unit_id")), nullable=True),
        inline_references=True,
    )
    op.add_column(
        "cases",
        sa.Column("assigned_to", _KEY, sa.ForeignKey("staff.id", name=op.f("fk_cases_assigned_to")), nullable=True),
        inline_references=True,
    )
    op.add_column("cases", sa.Column("due_at", _MOMENT, nullable=True))
    op.add_column("cases", sa.Column("warned_at", _MOMENT, nullable=True))
    op.add_column("cases", sa.Column("escalated_at", _MOMENT, nullable=True))
    op.add_column("cases", sa.Column("legal_from", _MOMENT, nullable=True))
    op.add_column("cases", sa.Column("remote_area", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("cases", sa.Column("complexity", sa.String(length=12), server_default="normal", nullable=False))
    op.add_column("cases", sa.Column("answered_at", _MOMENT, nullable=True))
    op.add_column("cases", sa.Column("on_time", sa.Boolean(), nullable=True))
    op.add_column("cases", sa.Column("closed_at", _MOMENT, nullable=True))
    op.add_column(
        "cases",
        sa.Column("merged_into", _KEY, sa.ForeignKey("cases.id", name=op.f("fk_cases_merged_into")), nullable=True),
        inline_references=True,
    )
    op.add_column(
        "cases",
        sa.Column("led_by", _KEY, sa.ForeignKey("cases.id", name=op.f("fk_cases_led_by")), nullable=True),
        inline_references=True,
    )
    op.add_column("cases", sa.Column("reopened", sa.Integer(), server_default="0", nullable=False))
    op.add_column("cases", sa.Column("rating", sa.Integer(), nullable=True))
    op.add_column("cases", sa.Column("rating_comment", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("rated_at", _MOMENT, nullable=True))
    op.add_column("cases", sa.Column("checked_at", _MOMENT, nullable=True))
    op.add_column("cases", sa.Column("solved", sa.Boolean(), nullable=True))
    op.add_column("cases", sa.Column("purged_at", _MOMENT, nullable=True))
    op.add_column("cases", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.create_index("ix_cases_assigned", "cases", ["assigned_to", "bucket", "due_at", "id"], unique=False)
    op.create_index("ix_cases_bucket", "cases", ["bucket", "due_at", "id"], unique=False)
    op.create_index(
        "ix_cases_answered",
        "cases",
        ["state", "created_at", "id"],
        unique=False,
        sqlite_where=sa.text("bucket = 'done' and state = 'answered'"),
        postgresql_where=sa.text("bucket = 'done' and state = 'answered'"),
    )
    op.create_index(
        "ix_cases_answered_at",
        "cases",
        ["answered_at"],
        unique=False,
        sqlite_where=sa.text("bucket = 'done' and state = 'answered'"),
        postgresql_where=sa.text("bucket = 'done' and state = 'answered'"),
    )
    op.create_index("ix_cases_created", "cases", ["created_at", "id"], unique=False)
    op.create_index("ix_cases_conversation", "cases", ["conversation_id", "id"], unique=False)
    op.create_index(
        "ix_cases_led",
        "cases",
        ["led_by"],
        unique=False,
        sqlite_where=sa.text("led_by is not null"),
        postgresql_where=sa.text("led_by is not null"),
    )
    op.create_index(
        "ix_cases_merged",
        "cases",
        ["merged_into"],
        unique=False,
        sqlite_where=sa.text("merged_into is not null"),
        postgresql_where=sa.text("merged_into is not null"),
    )
    op.create_index("ix_cases_place", "cases", ["place_code", "bucket", "created_at", "id"], unique=False)
    op.create_index("ix_cases_procedure", "cases", ["procedure_code", "bucket", "created_at", "id"], unique=False)
    op.create_index(
        "ix_cases_unassigned",
        "cases",
        ["unit_id", "due_at", "id"],
        unique=False,
        sqlite_where=sa.text("assigned_to is null and bucket = 'open'"),
        postgresql_where=sa.text("assigned_to is null and bucket = 'open'"),
    )
    op.create_index("ix_cases_unit", "cases", ["unit_id", "bucket", "due_at", "id"], unique=False)
    op.create_index("ix_cases_unit_created", "cases", ["unit_id", "created_at", "id"], unique=False)
    op.create_index("ix_asked_questions_at", "asked_questions", ["at"], unique=False)

    op.add_column(
        "staff",
        sa.Column("unit_id", _KEY, sa.ForeignKey("units.id", name=op.f("fk_staff_unit_id")), nullable=True),
        inline_references=True,
    )
    op.add_column("staff", sa.Column("reviewed", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("staff", sa.Column("totp_secret", sa.Text(), nullable=True))
    op.add_column("staff", sa.Column("totp_step", sa.Integer(), nullable=True))
    op.add_column("staff", sa.Column("recovery_hashes", sa.JSON(), nullable=True))
    op.add_column("staff", sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
    op.add_column("staff", sa.Column("locked_until", _MOMENT, nullable=True))

    op.add_column("staff_sessions", sa.Column("stage", sa.String(length=10), server_default="full", nullable=False))
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX ix_cases_words ON cases USING gin (to_tsvector('simple', folded))")
    else:
        for statement in _SQLITE_WORDS:
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the log of the desk cannot be taken apart again; put the backup of the database back")
