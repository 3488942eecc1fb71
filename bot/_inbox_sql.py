"""The statements of the inbox.

They are built once: building one costs as much as running it. States are literals so that SQLite can prove
that the partial index on open rows serves.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, literal_column, or_, select, update

from store.tables import citizens, inbox
from store.tables import conversations as conversation_table

_OPEN: ColumnElement[bool] = literal_column("inbox.state in ('ready','leased')")
_waiting = inbox.alias("waiting")
_heads = (
    # Grouped over the index of open rows alone: the search does not grow with what was answered long ago.
    select(func.min(_waiting.c.id).label("id"))
    .where(literal_column("waiting.state in ('ready','leased')"))
    .group_by(_waiting.c.conversation_id)
    .subquery("heads")
)
_later = inbox.alias("later")
# How a conversation stands: what a claim takes over of it.
_STANDING = (
    conversation_table.c.owner,
    conversation_table.c.session,
    conversation_table.c.session_messages,
    conversation_table.c.in_form,
    conversation_table.c.last_inbound_at,
    conversation_table.c.citizen_id,
    citizens.c.place_code,
)
HEADS = (
    select(
        inbox.c.id,
        inbox.c.channel,
        inbox.c.external_id,
        inbox.c.conversation_id,
        inbox.c.body,
        inbox.c.attempts,
        inbox.c.received_at,
        *_STANDING,
        exists()
        .where(
            _later.c.conversation_id == inbox.c.conversation_id,
            _later.c.id > inbox.c.id,
            literal_column("later.state in ('ready','leased')"),
        )
        .correlate(inbox)
        .label("more"),
    )
    .select_from(_heads)
    .join(inbox, inbox.c.id == _heads.c.id)
    .join(conversation_table, conversation_table.c.id == inbox.c.conversation_id)
    .join(citizens, citizens.c.id == conversation_table.c.citizen_id)
    .where(
        _OPEN,
        or_(
            and_(inbox.c.state == "ready", inbox.c.next_at <= bindparam("now")),
            and_(inbox.c.state == "leased", inbox.c.lease_until < bindparam("now")),
        ),
        inbox.c.received_at <= bindparam("horizon"),
    )
    # By when they became due: one that fails again and again stands behind those that came since.
    .order_by(inbox.c.next_at, inbox.c.id)
    .limit(bindparam("limit"))
    .with_for_update(of=inbox, skip_locked=True)
)
# The same without the channels that are closed.
HEADS_ELSEWHERE = HEADS.where(inbox.c.channel.not_in(bindparam("closed", expanding=True)))
# What a claim wants to know of a conversation into which a message is just being written.
STANDING = (
    select(
        *_STANDING,
        exists()
        .where(_later.c.conversation_id == conversation_table.c.id, literal_column("later.state in ('ready','leased')"))
        .correlate(conversation_table)
        .label("busy"),
    )
    .join(citizens, citizens.c.id == conversation_table.c.citizen_id)
    .where(conversation_table.c.id == bindparam("conversation"))
)
LEASE = (
    update(inbox)
    .where(inbox.c.id.in_(bindparam("ids", expanding=True)))
    .values(state="leased", attempts=inbox.c.attempts + 1, lease_until=bindparam("until"))
)
SILENCE = (
    update(inbox)
    .where(inbox.c.id.in_(bindparam("ids", expanding=True)))
    .values(state="done", done_at=bindparam("now"), lease_until=None, error="a person has the conversation")
)
_HELD = and_(inbox.c.id == bindparam("row"), inbox.c.state == "leased", inbox.c.attempts == bindparam("tries"))
CLOSE = (
    update(inbox)
    .where(_HELD)
    .values(state=bindparam("to"), error=bindparam("why"), done_at=bindparam("now"), lease_until=None)
)
# The same with what the row holds from now on.
CLOSE_WITH = CLOSE.values(body=bindparam("kept"))
PUT_BACK = (
    update(inbox).where(_HELD).values(state="ready", next_at=bindparam("at"), error=bindparam("why"), lease_until=None)
)
_postponed = inbox.alias("postponed")
RELEASE = (
    update(inbox)
    .where(
        inbox.c.state == "ready",
        inbox.c.id.in_(
            select(_postponed.c.id)
            .where(
                literal_column("postponed.state in ('ready','leased')"),
                _postponed.c.error == bindparam("why"),
                _postponed.c.next_at > bindparam("now"),
            )
            .order_by(_postponed.c.id)
            .limit(bindparam("most"))
        ),
    )
    .values(next_at=bindparam("now"))
)
_progress = update(conversation_table).where(
    conversation_table.c.id == bindparam("conversation"), conversation_table.c.owner == "bot"
)
_moved: dict[str, Any] = {
    name: bindparam(f"new_{name}") for name in ("session", "session_messages", "last_inbound_at", "reachable")
}
PROGRESS = _progress.values(**_moved)
PROGRESS_FORM = _progress.values(**_moved, in_form=bindparam("new_in_form"))
WAITING = select(func.count()).select_from(inbox).where(_OPEN)
# Not the key: rows that refer to the conversation can be written meanwhile.
LOCK = (
    select(conversation_table.c.id)
    .where(conversation_table.c.id == bindparam("conversation"))
    .with_for_update(key_share=True)
)
