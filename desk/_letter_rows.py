"""What is read of messages that did not arrive: rows of the outbox and the inbox, and what of them may be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, Table, exists, literal_column, or_, select

from desk import causes
from desk.causes import Cause
from desk.kinds import Bucket
from desk.transcript import said
from knowledge.text import mask
from store.errors import Invalid
from store.tables import case_messages, cases, conversations, inbox, outbox

Kind = Literal["dead", "unknown", "unanswered"]
"""`dead`: a message of ours that was given up; `unknown`: one that may have arrived or not; `unanswered`: a citizen's
with which something was wrong."""

TABLES: Mapping[str, Table] = {"outbox": outbox, "inbox": inbox}
# Literals, so that SQLite can prove that the partial indexes serve.
LOST: Mapping[str, ColumnElement[bool]] = {
    "outbox": literal_column("outbox.state in ('dead','unknown')"),
    "inbox": literal_column("inbox.state = 'dead'"),
}
_KEY = re.compile(r"(outbox|inbox):([1-9][0-9]{0,17})")
_LONGEST_EXCERPT = 80
_LONGEST_REASON = 200
ERASED = "Dữ liệu của người này đã được xóa nên không gửi lại được."
UNREACHABLE = "Người dân đã chặn hoặc không nhận tin ở kênh này nữa nên không gửi lại được."
NOBODYS = "Bản tin này không thuộc cuộc trò chuyện nào nên không làm lại được; anh/chị chỉ có thể cho nghỉ."
NOT_KEPT = "Nội dung tin này không được lưu lại để giữ kín nên không trả lời lại được."


@dataclass(frozen=True)
class Letter:
    """A message that did not arrive, or was not answered.

    Attributes:
        key: `outbox:12` for a message of ours, `inbox:7` for one of a citizen.
        conversation_id: None when it belongs to none.
        sender: `citizen`, or who of us wrote it: `bot`, `staff`, `notice`.
        at: when it was written.
        tried_at: when it was last tried, or given up.
        cause: what went wrong; None for what was noted before causes were.
        reason: details of it, in the words of the program or the platform, masked.
        excerpt: how a message of the bot begins, masked; None for the words of citizens and staff, for what a case
            says, and wherever a denunciation may be near: who looks after channels reads no cases.
        refusal: why it cannot be sent again; None when it can.
        seen_at: when somebody let it rest.
    """

    key: str
    kind: Kind
    channel: str
    conversation_id: str | None
    sender: str
    at: datetime
    tried_at: datetime | None
    attempts: int
    cause: Cause | None
    reason: str
    excerpt: str | None
    refusal: str | None
    seen_at: datetime | None
    seen_by: str | None


def parsed(key: str) -> tuple[str, int]:
    """The table and the number of a key.

    Raises:
        Invalid: it is no key.
    """
    found = _KEY.fullmatch(key)
    if found is None:
        raise Invalid("Mã tin phải có dạng outbox:12 (tin gửi đi) hoặc inbox:7 (tin nhận vào).")
    return found.group(1), int(found.group(2))


def wanted(box: str) -> Select[Any]:
    """The columns of a table's letters."""
    return _OUTBOX if box == "outbox" else _INBOX


def letter(box: str, row: Any) -> Letter:
    """A row of `wanted` as it may be shown."""
    ours = box == "outbox"
    cause, detail = causes.parsed(row.error)
    return Letter(
        key=f"{box}:{row.id}",
        kind="unanswered" if not ours else "unknown" if row.state == "unknown" else "dead",
        channel=row.channel,
        conversation_id=row.conversation_id,
        sender=row.sender if ours else "citizen",
        at=row.at,
        tried_at=row.tried_at,
        attempts=row.attempts,
        cause=cause,
        reason=mask(detail)[:_LONGEST_REASON],
        excerpt=_excerpt(row) if ours else None,
        refusal=_refusal(box, row),
        seen_at=row.seen_at,
        seen_by=row.seen_by,
    )


def _excerpt(row: Any) -> str | None:
    private = isinstance(row.asked, dict) and row.asked.get("kind") == "private"
    if row.sender == "staff" or row.of_case or row.secret or private:
        return None
    # Masked before it is cut: half a number would not be known as one.
    text = " ".join(mask(said(row.body)).split())
    return text if len(text) <= _LONGEST_EXCERPT else f"{text[: _LONGEST_EXCERPT - 1]}…"


def _refusal(box: str, row: Any) -> str | None:
    if row.conversation_id is None:
        return NOBODYS
    if str(row.external_id).startswith("erased:"):
        return ERASED
    if not row.reachable:
        return UNREACHABLE
    if box == "inbox" and row.body.get("kind") == "private":
        return NOT_KEPT
    return None


def _columns(table: Table) -> tuple[Any, ...]:
    shared = ("id", "channel", "conversation_id", "body", "state", "attempts", "error", "seen_at", "seen_by")
    return (*(table.c[name] for name in shared), conversations.c.reachable, conversations.c.external_id)


_of_case = exists().where(
    # By way of the conversation's cases, for which there is an index.
    cases.c.conversation_id == outbox.c.conversation_id,
    case_messages.c.case_id == cases.c.id,
    case_messages.c.outbox_id == outbox.c.id,
)
_secret = or_(
    exists().where(cases.c.bucket == Bucket.vault.value, cases.c.conversation_id == outbox.c.conversation_id),
    exists().where(cases.c.bucket == Bucket.vault.value, cases.c.citizen_id == conversations.c.citizen_id),
)
_OUTBOX: Select[Any] = (
    select(
        *_columns(outbox),
        outbox.c.sender,
        outbox.c.created_at.label("at"),
        outbox.c.next_at.label("tried_at"),
        inbox.c.body.label("asked"),
        _of_case.label("of_case"),
        _secret.label("secret"),
    )
    .join(conversations, conversations.c.id == outbox.c.conversation_id)
    .outerjoin(inbox, inbox.c.id == outbox.c.inbox_id)
)
_INBOX: Select[Any] = select(
    *_columns(inbox), inbox.c.received_at.label("at"), inbox.c.done_at.label("tried_at")
).outerjoin(conversations, conversations.c.id == inbox.c.conversation_id)
