"""The inbox: every message that was taken from a citizen, until it is answered.

States of a row: `ready` (to be answered), `leased` (being answered), `done`, and `dead` (something was
wrong with it; the reason is in `error`). A message is answered once: the answers and the mark are written
in one transaction, and only by the claim that holds the row.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import _inbox_sql as sql
from bot import buttons, conversations, edits, menus, outbox
from bot.conversations import BOT, SessionRules
from bot.incoming import Incoming, to_fetch
from bot.replies import Outgoing, Reply
from store.engine import Database
from store.notices import tell
from store.tables import channel_state, inbox, now
from store.upsert import insert as upsert
from store.upsert import insert_or_skip

# What other processes are told of: the conversation in which a message waits.
NOTICE = "inbox"
_KNOWN = 20_000  # conversations remembered as written down


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message: its row (None when it was there already) and its conversation."""

    id: int | None
    conversation_id: str

    @property
    def duplicate(self) -> bool:
        """Whether the channel had given the same message before."""
        return self.id is None


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that is this process's to answer until its lease ends.

    Attributes:
        session: number of the dialogue session the message belongs to.
        session_messages: messages in that session, this one included.
        owner: who has the conversation; a person's come here only to have their files fetched.
        attempts: how often it has been claimed; tells two claims of one row apart.
        more: whether later messages of the conversation were waiting at the time.
    """

    id: int
    channel: str
    external_id: str
    conversation_id: str
    citizen_id: int
    place_code: str | None
    session: int
    session_messages: int
    body: dict[str, Any] = field(repr=False)
    owner: str
    attempts: int
    received_at: datetime
    more: bool


class LostClaim(Exception):
    """Another process has taken the message over: this one's answer is thrown away."""


class Inbox:
    """Takes messages in, hands them out in order, and closes them together with their answers.

    Args:
        rules: when a dialogue session ends.
        lease_s: seconds a claim holds.
        button_days: days a button may be pressed.
        announce: called with the conversation after a message of it was written down, and with the claim when the
            message was claimed in the same transaction.
        room: whether a message of the conversation could be worked on at once; then it is claimed as it is written
            down, unless others of its conversation wait or a person has it.
    """

    def __init__(
        self,
        database: Database,
        rules: SessionRules,
        *,
        lease_s: float = 60.0,
        button_days: int = 30,
        announce: Callable[[str, Claim | None], None] = lambda conversation, claim: None,
        room: Callable[[str], bool] = lambda conversation: False,
    ) -> None:
        self._database = database
        self._rules = rules
        self._lease = timedelta(seconds=lease_s)
        self._button_life = timedelta(days=button_days)
        self._known: OrderedDict[str, None] = OrderedDict()
        self.announce = announce
        self.room = room
        self._count = 0
        self._count_until = 0.0

    async def receive(self, *messages: Incoming, remember: tuple[str, str] | None = None) -> list[Receipt]:
        """Write messages down, all or none; what the channel gives twice is kept once.

        Args:
            remember: a (key, value) of `channel_state` written in the same transaction, such as the
                offset up to which the channel need not repeat itself.
        """
        try:
            written = await self._receive(messages, remember)
        except IntegrityError:
            # A conversation this process remembers was removed from the database: look again.
            self._known.clear()
            written = await self._receive(messages, remember)
        # Nothing is waited for from here on: a claim must reach the worker.
        for receipt, claim in written:
            self._remember(receipt.conversation_id)
            if not receipt.duplicate:
                self.announce(receipt.conversation_id, claim)
        return [receipt for receipt, _ in written]

    async def _receive(
        self, messages: Sequence[Incoming], remember: tuple[str, str] | None
    ) -> list[tuple[Receipt, Claim | None]]:
        written: list[tuple[Receipt, Claim | None]] = []
        async with self._database.begin() as connection:
            fresh: set[str] = set()
            for message in messages:
                identity = conversations.conversation_id(message.channel, message.sender)
                if identity not in self._known and identity not in fresh:
                    await conversations.ensure(connection, message.channel, message.sender)
                    fresh.add(identity)
                if self._database.dialect == "postgresql":
                    # Numbers are given before commits: without the lock a later number may show first.
                    await connection.execute(sql.LOCK, {"conversation": identity})
                received = now()
                body = message.stored()
                if message.kind == "button":
                    body |= await self._press(connection, identity, str(body.get("button")), received)
                elif message.kind == "edit":
                    body = await edits.kept(connection, identity, body)
                elif message.kind == "text":
                    short_id = await menus.choice(connection, identity, str(body.get("text", "")))
                    if short_id is not None:
                        body |= {"kind": "button", **await self._press(connection, identity, short_id, received)}
                values = {
                    "channel": message.channel,
                    "external_id": message.external_id,
                    "conversation_id": identity,
                    "body": body,
                    "received_at": received,
                    "next_at": received,
                }
                standing = await self._standing(connection, identity)
                if standing is not None:
                    values |= {"state": "leased", "attempts": 1, "lease_until": received + self._lease}
                statement = insert_or_skip(self._database.dialect, inbox).returning(inbox.c.id)
                row = (await connection.execute(statement, values)).scalar()
                claim = None if standing is None or row is None else self._claim(standing, {"id": row, **values})
                if row is not None and claim is None:
                    # Another process may have free hands, or answer in this conversation at the moment.
                    await tell(connection, NOTICE, identity)
                written.append((Receipt(row, identity), claim))
            if remember:
                await self._remember_state(connection, *remember)
        return written

    async def _standing(self, connection: AsyncConnection, conversation: str) -> Any:
        """How the conversation stands when a message just being written may be claimed with it, else None."""
        if not self.room(conversation):
            return None
        found = (await connection.execute(sql.STANDING, {"conversation": conversation})).first()
        return found if found is not None and found.owner == BOT and not found.busy else None

    async def _press(
        self, connection: AsyncConnection, conversation: str, short_id: str, moment: datetime
    ) -> dict[str, Any]:
        choice = await buttons.resolve(connection, conversation, short_id, now=moment, lifetime=self._button_life)
        return {"title": choice.title, "payload": choice.payload} if choice else {}

    async def _remember_state(self, connection: AsyncConnection, key: str, value: str) -> None:
        statement = upsert(self._database.dialect, channel_state).values(key=key, value=value)
        await connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": value}))

    async def set_aside(
        self, channel: str, external_id: str, body: dict[str, Any], *, state: Literal["done", "dead"], error: str
    ) -> None:
        """Keep something that belongs to no conversation or must not be answered, with the reason."""
        async with self._database.begin() as connection:
            await connection.execute(
                insert_or_skip(self._database.dialect, inbox),
                {
                    "channel": channel,
                    "external_id": external_id,
                    "body": body,
                    "state": state,
                    "error": error,
                    "done_at": now(),
                },
            )

    async def recall(self, key: str) -> str | None:
        """A value that `receive(remember=…)` has kept."""
        async with self._database.connect() as connection:
            return (await connection.execute(select(channel_state.c.value).where(channel_state.c.key == key))).scalar()

    async def recover(self) -> int:
        """Give back what was being answered when a process died. Returns how many.

        On SQLite one process works, so every lease found at its start is an orphan; elsewhere leases run out
        by themselves.
        """
        if self._database.dialect != "sqlite":
            return 0
        async with self._database.begin() as connection:
            result = await connection.execute(
                update(inbox).where(inbox.c.state == "leased").values(state="ready", lease_until=None)
            )
        return result.rowcount

    async def claim(
        self, limit: int, *, received_before: datetime | None = None, closed: Sequence[str] = ()
    ) -> list[Claim]:
        """Take the first open message of up to `limit` conversations.

        Messages of conversations that a person has taken over are closed here without an answer: they are
        kept for the person to read. Files among them are taken all the same, to be fetched.

        Args:
            received_before: only messages that came before this moment.
            closed: channels whose messages wait.
        """
        claims: list[Claim] = []
        async with self._database.begin() as connection:
            moment = now()
            horizon = received_before or moment
            while not claims:
                wanted: dict[str, Any] = {"now": moment, "horizon": horizon, "limit": limit}
                heads = sql.HEADS_ELSEWHERE if closed else sql.HEADS
                rows = (await connection.execute(heads, wanted | ({"closed": list(closed)} if closed else {}))).all()
                if not rows:
                    break
                taken = [row for row in rows if row.owner == BOT or to_fetch(row.body)]
                silent = [row.id for row in rows if row not in taken]
                if silent:
                    await connection.execute(sql.SILENCE, {"ids": silent, "now": moment})
                if taken:
                    await connection.execute(
                        sql.LEASE, {"ids": [row.id for row in taken], "until": moment + self._lease}
                    )
                claims += [
                    self._claim(row, {**row._mapping, "attempts": row.attempts + 1}, more=bool(row.more))
                    for row in taken
                ]
        return claims

    def _claim(self, standing: Any, message: Mapping[str, Any], *, more: bool = False) -> Claim:
        session, count = self._rules.next(
            standing.session,
            standing.session_messages,
            standing.in_form,
            standing.last_inbound_at,
            message["received_at"],
        )
        return Claim(
            id=message["id"],
            channel=message["channel"],
            external_id=message["external_id"],
            conversation_id=message["conversation_id"],
            citizen_id=standing.citizen_id,
            place_code=standing.place_code,
            session=session,
            session_messages=count,
            body=dict(message["body"]),
            owner=standing.owner,
            attempts=message["attempts"],
            received_at=message["received_at"],
            more=more,
        )

    async def answer(
        self,
        claim: Claim,
        replies: Sequence[Reply],
        *,
        reply_to: str,
        pushed: bool,
        in_form: bool | None = None,
        state: Literal["done", "dead"] = "done",
        error: str | None = None,
        kept: dict[str, Any] | None = None,
        private: bool = False,
        earlier: Sequence[int] = (),
    ) -> list[Outgoing]:
        """Close a message together with its answers.

        When a person took the conversation over in the meantime, the answers are kept as `withheld`.

        Args:
            kept: what the row holds from now on instead of what came.
            private: what the message said is taken out of the row, and of the changes of it.
            earlier: rows of the same conversation of which the same holds.

        Returns:
            The rows that go to the citizen; none when a person has the conversation.

        Raises:
            LostClaim: the message is somebody else's by now; nothing was written.
        """
        async with self._database.begin() as connection:
            moment = now()
            end = {"row": claim.id, "tries": claim.attempts, "to": state, "why": error, "now": moment}
            body = {"kind": "private"} if private else kept
            ended = await connection.execute(
                sql.CLOSE if body is None else sql.CLOSE_WITH, end | ({} if body is None else {"kept": body})
            )
            if ended.rowcount != 1:
                raise LostClaim(f"inbox row {claim.id}")
            values: dict[str, Any] = {
                "session": claim.session,
                "session_messages": claim.session_messages,
                "last_inbound_at": claim.received_at,
                "reachable": True,
            }
            if in_form is not None:
                values["in_form"] = in_form
            moved = await connection.execute(
                sql.PROGRESS_FORM if in_form is not None else sql.PROGRESS,
                {"conversation": claim.conversation_id, **{f"new_{k}": v for k, v in values.items()}},
            )
            silent = moved.rowcount != 1
            if silent:
                # What went before has locked the row only where it matched.
                await connection.execute(sql.LOCK, {"conversation": claim.conversation_id})
            if private:
                await edits.forget(connection, claim.conversation_id, claim.body, earlier)
            written = await outbox.append(
                connection,
                replies,
                channel=claim.channel,
                conversation=claim.conversation_id,
                pushed=pushed,
                inbox_id=claim.id,
                reply_to=reply_to,
                withheld=silent,
            )
        return [] if silent else written

    async def put_back(self, claim: Claim, delay_s: float = 0.0, error: str | None = None) -> None:
        """Let a message be claimed again, not before `delay_s` seconds from now."""
        async with self._database.begin() as connection:
            await connection.execute(
                sql.PUT_BACK,
                {
                    "row": claim.id,
                    "tries": claim.attempts,
                    "at": now() + timedelta(seconds=delay_s),
                    "why": error,
                },
            )

    async def release(self, error: str, *, most: int = 1_000_000) -> int:
        """Let messages that were put back for a reason be claimed at once, the oldest first. Returns how many."""
        async with self._database.begin() as connection:
            result = await connection.execute(sql.RELEASE, {"why": error, "now": now(), "most": most})
        return result.rowcount

    async def waiting(self) -> int:
        """How many messages are not answered yet."""
        async with self._database.connect() as connection:
            return int((await connection.execute(sql.WAITING)).scalar_one())

    async def waiting_roughly(self) -> int:
        """The same, counted once a second at most."""
        moment = time.monotonic()
        if moment >= self._count_until:
            self._count_until = moment + 1.0
            self._count = await self.waiting()
        return self._count

    def _remember(self, conversation: str) -> None:
        self._known[conversation] = None
        self._known.move_to_end(conversation)
        if len(self._known) > _KNOWN:
            self._known.popitem(last=False)
