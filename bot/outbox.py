"""The outbox: what was said to citizens, and what still has to be sent.

States of a row: `ready` (to be sent), `leased` (a send is under way, by the process named in `holder`), `sent`,
`unknown` (a send was cut off after it had left: shown, never repeated), `dead` (given up; the reason is in `error`) and
`withheld` (what the bot would have said while a person had the conversation: no channel sends it, only staff see it).
Rows of the web channel are `sent` at once: the browser's stream reads them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Update, and_, bindparam, exists, func, insert, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import buttons
from bot.departures import Departures
from bot.replies import Outgoing, Reply
from desk.causes import Cause, noted
from store.engine import Database
from store.faults import is_outage
from store.notices import tell
from store.tables import conversations, now, outbox

# What other processes are told of: the channel and the conversation in which something was said.
NOTICE = "outbox"
HasArrived = Callable[[str, Mapping[str, Any], datetime], Awaitable[bool | None]]
_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Due:
    """A row that is next in its conversation and may be sent now.

    Attributes:
        since: when it was written, or last had sent again by somebody.
    """

    id: int
    conversation_id: str
    external_id: str
    body: dict[str, Any]
    attempts: int
    since: datetime


async def append(
    connection: AsyncConnection,
    replies: Sequence[Reply],
    *,
    channel: str,
    conversation: str,
    pushed: bool,
    inbox_id: int | None = None,
    reply_to: str | None = None,
    sender: str = "bot",
    notice: str | None = None,
    withheld: bool = False,
) -> list[Outgoing]:
    """Write replies down, in order, inside the caller's transaction.

    Two writers of one conversation must not run side by side (a stream reads on from the last number it saw): the
    caller holds the conversation's row.

    Args:
        pushed: True when a sender has to carry them to the channel, False when the channel reads them.
        inbox_id: row of the message they answer.
        reply_to: the same message by the channel's id.
        sender: `bot`, `staff`, or `notice` for a word on who has the conversation.
        notice: for a notice, what it says: see `bot.replies.Outgoing`.
        withheld: the citizen must not get them; their buttons cannot be pressed either.
    """
    if not replies:
        return []
    at = now()
    state = "withheld" if withheld else "ready" if pushed else "sent"
    bodies: list[dict[str, Any]] = []
    for reply in replies:
        minted = () if withheld else await buttons.mint(connection, conversation, reply.buttons)
        body: dict[str, Any] = {"text": reply.text}
        if minted:
            body["buttons"] = [{"id": short, "title": title} for short, title in minted]
            # In a menu a button is also meant by its number (`bot.menus`).
            for button, number in zip(body["buttons"], reply.numbers, strict=False):
                button["number"] = number
        if reply.asks is not None:
            body["asks"] = reply.asks
        if reply.file is not None:
            body["file"] = reply.file
        if reply_to is not None:
            body["reply_to"] = reply_to
        if notice is not None:
            body["notice"] = notice
        bodies.append(body)
    rows: list[dict[str, Any]] = [
        {
            "channel": channel,
            "conversation_id": conversation,
            "inbox_id": inbox_id,
            "sender": sender,
            "body": body,
            "final": number == len(bodies),
            "state": state,
            "created_at": at,
            "sent_at": at if state == "sent" else None,
        }
        for number, body in enumerate(bodies, start=1)
    ]
    ids = (await connection.execute(_INSERT, rows)).scalars().all()
    if not withheld:
        await tell(connection, NOTICE, f"{channel} {conversation}")
    return [
        _outgoing(number, conversation, sender, row["body"], bool(row["final"]), at)
        for number, row in zip(ids, rows, strict=True)
    ]


async def read(database: Database, conversation: str, *, after: int, limit: int) -> list[Outgoing]:
    """What was said to the citizen in a conversation after row `after`, oldest first."""
    async with database.connect() as connection:
        rows = (await connection.execute(_READ, {"conversation": conversation, "after": after, "limit": limit})).all()
    return [from_row(row) for row in rows]


def from_row(row: Any) -> Outgoing:
    """A row of the outbox as channels see it."""
    return _outgoing(row.id, row.conversation_id, row.sender, row.body, row.final, row.created_at)


def _outgoing(number: int, conversation: str, sender: str, body: dict[str, Any], final: bool, at: datetime) -> Outgoing:
    return Outgoing(
        id=number,
        conversation_id=conversation,
        reply_to=body.get("reply_to"),
        sender=sender,
        text=str(body.get("text", "")),
        buttons=tuple((b["id"], b["title"]) for b in body.get("buttons", ())),
        final=final,
        at=at.isoformat(timespec="seconds"),
        notice=body.get("notice"),
    )


class Outbox:
    """The sending side of one channel whose messages have to be carried there.

    Args:
        departures: this process's journal of what has left.
        lease_s: seconds after which a row is an orphan, of whose process nothing is known.
    """

    def __init__(self, database: Database, channel: str, departures: Departures, *, lease_s: float = 120.0) -> None:
        self._database = database
        self._channel = channel
        self._departures = departures
        self._lease = timedelta(seconds=lease_s)

    async def recover(self, has_arrived: HasArrived | None = None) -> int:
        """Settle what was being sent when a process died; returns of how many the end is not known.

        What had not left or was refused goes back to be sent, and what was accepted is `sent`. What had left is
        `unknown` unless the platform tells, and so is what a process took of which nothing can be learned here, once
        its lease has run out.

        Args:
            has_arrived: asks the platform; see `bot.channels.contract.Channel`.
        """
        taken = outbox.c.channel == self._channel, outbox.c.state == "leased"
        mine = or_(outbox.c.holder.is_(None), outbox.c.holder != self._departures.holder)
        async with self._database.connect() as connection:
            rows = (
                await connection.execute(
                    select(
                        outbox.c.id,
                        outbox.c.holder,
                        outbox.c.lease_until,
                        outbox.c.attempts,
                        outbox.c.body,
                        conversations.c.external_id,
                    )
                    .join(conversations, conversations.c.id == outbox.c.conversation_id)
                    .where(*taken, mine)
                )
            ).all()
        if not rows:
            return 0
        fates = {holder: self._departures.fate(holder) for holder in {row.holder for row in rows}}
        moment = now()
        alone = self._database.dialect == "sqlite"
        ready: list[int] = []
        sent: list[int] = []
        open_: list[Any] = []
        for row in rows:
            fate, one = fates[row.holder], (row.id, row.attempts)
            if fate.known and one not in fate.left:
                (sent if one in fate.arrived else ready).append(row.id)
            elif fate.known or (not fate.alive and (alone or row.lease_until is None or row.lease_until < moment)):
                # On SQLite one machine works, so whoever does not live there does not live.
                open_.append(row)
        unknown: list[int] = []
        there = await asyncio.gather(*(self._has_arrived(row, has_arrived) for row in open_))
        for row, told in zip(open_, there, strict=True):
            (unknown if told is None else sent if told else ready).append(row.id)
        async with self._database.begin() as connection:
            for ids, values in (
                (ready, {"state": "ready", "error": noted(Cause.ended, "before the send")}),
                (sent, {"state": "sent", "error": None, "sent_at": moment}),
                (unknown, {"state": "unknown", "error": noted(Cause.ended, "during the send")}),
            ):
                if ids:
                    settled = update(outbox).where(outbox.c.id.in_(ids), outbox.c.state == "leased")
                    await connection.execute(settled.values(lease_until=None, holder=None, **values))
        return len(unknown)

    async def _has_arrived(self, row: Any, has_arrived: HasArrived | None) -> bool | None:
        if has_arrived is None or row.lease_until is None:
            return None
        return await has_arrived(row.external_id, dict(row.body), row.lease_until - self._lease)

    async def due(self, limit: int, *, busy: Sequence[str] = ()) -> list[Due]:
        """Heads of conversations that may be sent now; `busy` conversations are left out."""
        statement = _DUE
        if busy:
            statement = statement.where(outbox.c.conversation_id.not_in(busy))
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement, {"channel": self._channel, "now": now(), "limit": limit})).all()
        return [
            Due(row.id, row.conversation_id, row.external_id, dict(row.body), row.attempts, row.since) for row in rows
        ]

    async def start(self, due: Due) -> bool:
        """Take a row for sending, just before it leaves; False when somebody else has."""
        moment = now()
        mine = and_(outbox.c.state == "leased", outbox.c.holder == self._departures.holder)
        taken = await self._patiently(
            update(outbox)
            # It may be taken already: by a transaction whose success the database did not get to tell.
            .where(outbox.c.id == due.id, or_(and_(outbox.c.state == "ready", outbox.c.next_at <= moment), mine))
            .values(
                state="leased",
                # Not counted in the database: a statement that is tried again must not count twice, as the journal of
                # what has left goes by this number.
                attempts=due.attempts + 1,
                lease_until=moment + self._lease,
                holder=self._departures.holder,
            )
        )
        return taken == 1

    async def finish(self, due: Due, state: str, error: str | None = None) -> None:
        """Record how a send ended: `sent`, `unknown` or `dead`."""
        await self._mark(due, state=state, error=error, sent_at=now() if state == "sent" else None)

    async def again(self, due: Due, delay_s: float, error: str) -> None:
        """Put a row that was certainly not delivered back, not before `delay_s` seconds from now."""
        await self._mark(due, state="ready", error=error, next_at=now() + timedelta(seconds=delay_s))

    async def _mark(self, due: Due, **values: Any) -> None:
        await self._patiently(
            update(outbox)
            .where(outbox.c.id == due.id, outbox.c.state == "leased", outbox.c.holder == self._departures.holder)
            .values(lease_until=None, holder=None, **values)
        )

    async def _patiently(self, statement: Update) -> int:
        """Run a statement, however long the database is away; gives how many rows it changed.

        What has been sent must be on record before anything else of its conversation leaves.
        """
        while True:
            try:
                async with self._database.begin() as connection:
                    return (await connection.execute(statement)).rowcount
            except Exception as error:
                if not is_outage(error):
                    raise
            await asyncio.sleep(_AGAIN_S)


async def forget_settled(database: Database, departures: Departures) -> None:
    """Delete the journals of dead processes of which no row has to be settled any more."""
    async with database.connect() as connection:
        needed = set(
            await connection.scalars(select(outbox.c.holder).where(_OPEN, outbox.c.holder.is_not(None)).distinct())
        )
    for holder in departures.holders():
        if holder not in needed and not departures.fate(holder).alive:
            departures.forget(holder)


_INSERT = insert(outbox).returning(outbox.c.id, sort_by_parameter_order=True)
_COLUMNS = (
    outbox.c.id,
    outbox.c.conversation_id,
    outbox.c.sender,
    outbox.c.body,
    outbox.c.final,
    outbox.c.created_at,
)
_READ = (
    select(*_COLUMNS)
    .where(
        outbox.c.conversation_id == bindparam("conversation"),
        outbox.c.id > bindparam("after"),
        literal_column("outbox.state != 'withheld'"),
    )
    .order_by(outbox.c.id)
    .limit(bindparam("limit"))
)
# Written as a literal so that SQLite can prove that the partial index on open rows serves.
_OPEN: ColumnElement[bool] = literal_column("outbox.state in ('ready','leased')")
_earlier = outbox.alias("earlier")
_DUE = (
    select(
        outbox.c.id,
        outbox.c.conversation_id,
        outbox.c.body,
        outbox.c.attempts,
        func.coalesce(outbox.c.released_at, outbox.c.created_at, type_=outbox.c.created_at.type).label("since"),
        conversations.c.external_id,
    )
    .join(conversations, conversations.c.id == outbox.c.conversation_id)
    .where(
        outbox.c.channel == bindparam("channel"),
        _OPEN,
        outbox.c.state == "ready",
        outbox.c.next_at <= bindparam("now"),
        ~exists()
        .where(
            _earlier.c.channel == outbox.c.channel,
            _earlier.c.conversation_id == outbox.c.conversation_id,
            _earlier.c.id < outbox.c.id,
            literal_column("earlier.state in ('ready','leased')"),
        )
        .correlate(outbox),
    )
    .order_by(outbox.c.id)
    .limit(bindparam("limit"))
)
