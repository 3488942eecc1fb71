"""The desk's way into conversations: what it writes to citizens, and who has a conversation (`desk.post`).

Whoever writes into a conversation holds its row to the end of the transaction, so that numbers in the outbox show in
their order. The desk's transactions also write the log, whose end is one row: it is locked before the conversation,
in whichever order a function of the desk calls the two, so that no two transactions wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import outbox
from bot.channels.contract import Routes
from bot.channels.registry import WAYS
from bot.conversations import BOT, DESK
from bot.replies import Button, Reply
from desk.transcript import LABEL
from store.errors import Invalid, NotFound
from store.tables import audit_head, conversations, inbox, now


class BotPost:
    """Writes into conversations on behalf of the desk."""

    def __init__(self) -> None:
        self._routes: Routes = {}

    def attach(self, routes: Routes) -> None:
        """Have what is written carried by these channels at once; without them it goes out at their next look."""
        self._routes = routes

    async def write(
        self,
        connection: AsyncConnection,
        conversation_id: str,
        text: str,
        *,
        buttons: Sequence[tuple[str, str]] = (),
        sender: Literal["bot", "staff"] = "bot",
    ) -> int:
        """Put a message into the outbox, in the caller's transaction; gives the row of its last part.

        Args:
            text: line breaks and **bold** only.
            buttons: (title, `/intent{json}`) pairs.
            sender: `staff` when a person wrote it.

        Raises:
            NotFound: there is no such conversation.
            Invalid: the text is empty.
        """
        return await self._write(connection, conversation_id, text, buttons=buttons, sender=sender)

    async def notice(
        self,
        connection: AsyncConnection,
        conversation_id: str,
        text: str,
        *,
        person: bool,
        buttons: Sequence[tuple[str, str]] = (),
    ) -> int:
        """The same for a word on who answers from now on: a person or the bot."""
        notice = "person" if person else "bot"
        return await self._write(connection, conversation_id, text, buttons=buttons, sender="notice", notice=notice)

    async def silence(self, connection: AsyncConnection, conversation_id: str) -> None:
        """Give the conversation to the desk: from the end of the transaction on the bot says nothing in it.

        Raises:
            NotFound: there is no such conversation.
        """
        await _hold(connection, conversation_id)
        await connection.execute(_OWN, {"conversation": conversation_id, "to": DESK})

    async def give_back(self, connection: AsyncConnection, conversation_id: str) -> None:
        """Give the conversation back to the bot, which begins a new session of its dialogue.

        Every message that was written down before counts as read by the person: the bot answers those after it.

        Raises:
            NotFound: there is no such conversation.
        """
        # Open messages before the conversation: the worker takes them in this order as well.
        await _lock_log(connection)
        await connection.execute(_OPEN, {"conversation": conversation_id})
        await _hold(connection, conversation_id)
        moment = now()
        await connection.execute(_READ, {"conversation": conversation_id, "now": moment})
        await connection.execute(_BACK, {"conversation": conversation_id})

    def deliver(self, conversation_id: str) -> None:
        """Have what was written carried at once; called after the transaction. It goes out later without it."""
        for route in self._routes.values():
            route.look(conversation_id)

    async def _write(
        self,
        connection: AsyncConnection,
        conversation_id: str,
        text: str,
        *,
        buttons: Sequence[tuple[str, str]],
        sender: str,
        notice: str | None = None,
    ) -> int:
        if not text.strip():
            raise Invalid("Tin gửi người dân chưa có nội dung.")
        channel = await _hold(connection, conversation_id)
        way = WAYS[channel]
        # A chat app shows the same name for the bot and for a person; the web page has a label of its own.
        label = LABEL if sender == "staff" and way.pushed else ""
        reply = Reply(label + text.strip(), tuple(Button(title, payload) for title, payload in buttons))
        rows = await outbox.append(
            connection,
            way.fit(reply),
            channel=channel,
            conversation=conversation_id,
            pushed=way.pushed,
            sender=sender,
            notice=notice,
        )
        return rows[-1].id


async def _hold(connection: AsyncConnection, conversation_id: str) -> str:
    """Lock the conversation; gives its channel."""
    await _lock_log(connection)
    channel = await connection.scalar(_HOLD, {"conversation": conversation_id})
    if channel is None:
        raise NotFound("Cuộc trò chuyện này không còn nữa.")
    return str(channel)


async def _lock_log(connection: AsyncConnection) -> None:
    # SQLite has one writer at a time.
    if connection.dialect.name == "postgresql":
        await connection.execute(_LOG)


_LOG = select(audit_head.c.id).where(audit_head.c.id == 1).with_for_update()
_HOLD = (
    select(conversations.c.channel)
    .where(conversations.c.id == bindparam("conversation"))
    .with_for_update(key_share=True)
)
_OWN = update(conversations).where(conversations.c.id == bindparam("conversation")).values(owner=bindparam("to"))
_BACK = (
    update(conversations)
    .where(conversations.c.id == bindparam("conversation"))
    .values(
        owner=BOT,
        session=conversations.c.session + 1,
        session_messages=0,
        in_form=False,
        # What the bot did not answer has not been counted: the window of Zalo goes by it.
        last_inbound_at=select(inbox.c.received_at)
        .where(inbox.c.conversation_id == bindparam("conversation"))
        .order_by(inbox.c.id.desc())
        .limit(1)
        .scalar_subquery(),
    )
)
_open = inbox.c.conversation_id == bindparam("conversation"), inbox.c.state.in_(("ready", "leased"))
_OPEN = select(inbox.c.id).where(*_open).order_by(inbox.c.id).with_for_update()
_READ = (
    update(inbox)
    .where(*_open)
    .values(state="done", done_at=bindparam("now"), lease_until=None, error="a person has read it")
)
