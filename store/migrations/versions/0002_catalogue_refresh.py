"""The catalogue's refresh: overlays, vocabulary, golden questions, what was asked in vain, mappings, sync, staff."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "asked_questions",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(length=12), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("resolution", sa.JSON(), nullable=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("closed_at", _MOMENT, nullable=True),
        sa.Column("closed_by", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asked_questions")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_asked_questions_idempotency_key")),
    )
    op.create_index("ix_asked_questions_open", "asked_questions", ["state", "id"], unique=False)
    op.create_table(
        "catalogue_overlays",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("ended_by", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_overlays")),
    )
    op.create_index("ix_catalogue_overlays_code", "catalogue_overlays", ["code", "kind"], unique=False)
    op.create_table(
        "catalogue_vocabulary",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("everyday", sa.Text(), nullable=False),
        sa.Column("official", sa.Text(), nullable=False),
        sa.Column("ambiguous", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("ended_by", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_vocabulary")),
    )
    op.create_table(
        "column_mappings",
        sa.Column("headings", sa.String(length=64), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("headings", name=op.f("pk_column_mappings")),
    )
    op.create_table(
        "golden_questions",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("ended_by", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_golden_questions")),
    )
    op.create_table(
        "staff",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("disabled_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("name", name=op.f("uq_staff_name")),
    )
    op.create_table(
        "sync_pages",
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", "key", name=op.f("pk_sync_pages")),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("staff_id", _KEY, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_sessions_staff_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_sessions")),
    )
    op.add_column("catalogue_versions", sa.Column("base_id", sa.String(length=40), nullable=True))
    op.add_column("catalogue_versions", sa.Column("diff", sa.JSON(), nullable=True))
    op.add_column("catalogue_versions", sa.Column("approved_by", sa.String(length=60), nullable=True))
    op.add_column("catalogue_versions", sa.Column("approved_at", _MOMENT, nullable=True))
    op.add_column("catalogue_versions", sa.Column("measured", sa.JSON(), nullable=True))
    op.create_table(
        "staff_events",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_events")),
    )


def downgrade() -> None:
    op.drop_table("staff_events")
    op.drop_column("catalogue_versions", "measured")
    op.drop_column("catalogue_versions", "approved_at")
    op.drop_column("catalogue_versions", "approved_by")
    op.drop_column("catalogue_versions", "diff")
    op.drop_column("catalogue_versions", "base_id")
    op.drop_table("staff_sessions")
    op.drop_table("sync_pages")
    op.drop_table("staff")
    op.drop_table("golden_questions")
    op.drop_table("column_mappings")
    op.drop_table("catalogue_vocabulary")
    op.drop_index("ix_catalogue_overlays_code", table_name="catalogue_overlays")
    op.drop_table("catalogue_overlays")
    op.drop_index("ix_asked_questions_open", table_name="asked_questions")
    op.drop_table("asked_questions")
