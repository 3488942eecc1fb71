"""Channels at run time: whether they are switched off, and the tokens that have to be renewed."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from store.tables._base import UtcDateTime, metadata

# Changed by `desk.switchboard`. `channel` is a channel's name or `all`; `mode` is `open`, `banner` or `closed`.
channel_switches = Table(
    "channel_switches",
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("mode", String(10), nullable=False),
    Column("banner", Text),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(100), nullable=False),
)

# Both tokens are sealed. `refresh_sent_at` is set while a refresh token, which works once, has left and the new pair is
# not stored yet.
channel_tokens = Table(
    "channel_tokens",
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("app_id", String(40), nullable=False),
    Column("access_token", Text, nullable=False),
    Column("refresh_token", Text, nullable=False),
    Column("access_until", UtcDateTime, nullable=False),
    Column("refreshed_at", UtcDateTime, nullable=False),
    Column("refreshing_by", String(40)),
    Column("refreshing_until", UtcDateTime),
    Column("refresh_sent_at", UtcDateTime),
)
