"""The doors: switches of channels, tokens that are renewed, who sends a row, and letters that did not arrive."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_LOST_OUT = sa.text("state in ('dead','unknown')")
_LOST_IN = sa.text("state = 'dead'")


def upgrade() -> None:
    op.create_table(
        "channel_switches",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("banner", sa.Text(), nullable=True),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("changed_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_switches")),
    )
    op.create_table(
        "channel_tokens",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("app_id", sa.String(length=40), nullable=False),
        sa.Column("access_token", sa.Text(), nullable=False),
        sa.Column("refresh_token", sa.Text(), nullable=False),
        sa.Column("access_until", _MOMENT, nullable=False),
        sa.Column("refreshed_at", _MOMENT, nullable=False),
        sa.Column("refreshing_by", sa.String(length=40), nullable=True),
        sa.Column("refreshing_until", _MOMENT, nullable=True),
        sa.Column("refresh_sent_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_tokens")),
    )
    op.add_column("outbox", sa.Column("holder", sa.String(length=40), nullable=True))
    for table, lost in (("outbox", _LOST_OUT), ("inbox", _LOST_IN)):
        op.add_column(table, sa.Column("seen_at", _MOMENT, nullable=True))
        op.add_column(table, sa.Column("seen_by", sa.String(length=100), nullable=True))
        op.create_index(f"ix_{table}_lost", table, ["id"], unique=False, sqlite_where=lost, postgresql_where=lost)


def downgrade() -> None:
    for table in ("inbox", "outbox"):
        op.drop_index(f"ix_{table}_lost", table)
        op.drop_column(table, "seen_by")
        op.drop_column(table, "seen_at")
    op.drop_column("outbox", "holder")
    op.drop_table("channel_tokens")
    op.drop_table("channel_switches")
