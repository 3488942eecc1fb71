"""Every table of the program.

Times are UTC (`UtcDateTime`). States are short words; the module that changes a table documents them.
"""

from __future__ import annotations

from store.tables._audit import audit, audit_head
from store.tables._base import UtcDateTime, metadata, now
from store.tables._cases import (
    case_apologies,
    case_attachments,
    case_clocks,
    case_identities,
    case_messages,
    case_presence,
    case_tallies,
    cases,
    consents,
    takeovers,
)
from store.tables._catalogue import (
    asked_questions,
    catalogue_events,
    catalogue_live,
    catalogue_overlays,
    catalogue_versions,
    catalogue_vocabulary,
    column_mappings,
    golden_questions,
    sync_pages,
)
from store.tables._conversations import buttons, channel_state, citizens, conversations, inbox, outbox
from store.tables._doors import channel_switches, channel_tokens
from store.tables._staff import (
    calendar_days,
    canned_replies,
    saved_filters,
    sign_in_failures,
    staff,
    staff_sessions,
    units,
)

__all__ = [
    "UtcDateTime",
    "asked_questions",
    "audit",
    "audit_head",
    "buttons",
    "calendar_days",
    "canned_replies",
    "case_apologies",
    "case_attachments",
    "case_clocks",
    "case_identities",
    "case_messages",
    "case_presence",
    "case_tallies",
    "cases",
    "catalogue_events",
    "catalogue_live",
    "catalogue_overlays",
    "catalogue_versions",
    "catalogue_vocabulary",
    "channel_state",
    "channel_switches",
    "channel_tokens",
    "citizens",
    "column_mappings",
    "consents",
    "conversations",
    "golden_questions",
    "inbox",
    "metadata",
    "now",
    "outbox",
    "saved_filters",
    "sign_in_failures",
    "staff",
    "staff_sessions",
    "sync_pages",
    "takeovers",
    "units",
]
