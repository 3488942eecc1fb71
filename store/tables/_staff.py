"""Staff: units, accounts, sessions."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, String, Table, Text, false

from store.tables._base import Key, UtcDateTime, metadata, now

# Who takes cases in: the intake units of the province and the communes' centres.
units = Table(
    "units",
    metadata,
    Column("id", Key, primary_key=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("place_code", String(20)),
    # Working hours by weekday as `desk.calendar` reads them; empty: the province's.
    Column("hours", JSON),
    Column("created_at", UtcDateTime, nullable=False, default=now),
    Column("ended_at", UtcDateTime),
)

staff = Table(
    "staff",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(60), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("roles", JSON, nullable=False),
    # Empty: the whole province.
    Column("unit_id", Key, ForeignKey("units.id")),
    # Whether another person has to approve what they write to citizens.
    Column("reviewed", Boolean, nullable=False, default=False, server_default=false()),
    # Sealed (`desk.sealing`); empty until the second factor is set up.
    Column("totp_secret", Text),
    # The last time step that was used: a code serves once (RFC 6238, 5.2).
    Column("totp_step", Integer),
    Column("recovery_hashes", JSON),
    Column("failures", Integer, nullable=False, default=0, server_default="0"),
    Column("locked_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False, default=now),
    Column("disabled_at", UtcDateTime),
)

# Only a hash of the cookie is kept: who reads the database cannot sign in with it.
staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("staff_id", Key, ForeignKey("staff.id"), nullable=False),
    # `password`: the second factor is still owed; `full`.
    Column("stage", String(10), nullable=False, default="full", server_default="full"),
    Column("created_at", UtcDateTime, nullable=False, default=now),
    Column("expires_at", UtcDateTime, nullable=False),
)

# Failed sign-ins by what they are counted for (`name:…`, `address:…`), so that a restart forgets none.
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("id", Key, primary_key=True),
    Column("key", String(120), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False, default=now),
)

# Standard answers of the desk; taken back by `ended_at`.
canned_replies = Table(
    "canned_replies",
    metadata,
    Column("id", Key, primary_key=True),
    Column("title", String(120), nullable=False),
    Column("text", Text, nullable=False),
    # Empty: any unit, any kind.
    Column("unit_id", Key, ForeignKey("units.id")),
    Column("kind", String(20)),
    Column("actor", String(60), nullable=False),
    Column("at", UtcDateTime, nullable=False, default=now),
    Column("ended_at", UtcDateTime),
)

saved_filters = Table(
    "saved_filters",
    metadata,
    Column("id", Key, primary_key=True),
    Column("staff_id", Key, ForeignKey("staff.id"), nullable=False, index=True),
    Column("name", String(120), nullable=False),
    Column("query", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False, default=now),
)

# Days that the calendar library has wrong, or that one unit keeps differently; taken back by `ended_at`.
calendar_days = Table(
    "calendar_days",
    metadata,
    Column("id", Key, primary_key=True),
    Column("day", String(10), nullable=False),
    Column("unit_id", Key, ForeignKey("units.id")),
    Column("working", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("actor", String(60), nullable=False),
    Column("at", UtcDateTime, nullable=False, default=now),
    Column("ended_at", UtcDateTime),
)
