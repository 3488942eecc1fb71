"""Cases of tests, over a database of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import SecretStr
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import citizens
from desk.cases import Cases
from desk.post import Post
from desk.sealing import Seal
from desk.settings import DeskSettings
from store.engine import Database
from store.tables import conversations, outbox

SECRET = SecretStr("for tests only")
SEAL = Seal([SecretStr("a key of tests, long enough to seal with")])


def cases_over(database: Database, *, post: Post | None = None, settings: DeskSettings | None = None) -> Cases:
    """The desk's cases; three wrong PINs an hour."""
    return Cases(database, SECRET, seal=SEAL, post=post, settings=settings, pin_attempts_an_hour=3)


class Letters:
    """A way to conversations that writes plain rows into the outbox and remembers what was delivered."""

    def __init__(self) -> None:
        self.delivered: list[str] = []

    async def write(
        self,
        connection: AsyncConnection,
        conversation_id: str,
        text: str,
        *,
        buttons: Sequence[tuple[str, str]] = (),
        sender: Literal["bot", "staff"] = "bot",
    ) -> int:
        """Put a message into the outbox."""
        body = {"text": text, "buttons": [{"id": payload, "title": title} for title, payload in buttons]}
        values = {"channel": "web", "conversation_id": conversation_id, "body": body, "sender": sender}
        made = await connection.execute(insert(outbox).values(**values).returning(outbox.c.id))
        return int(made.scalar_one())

    def deliver(self, conversation_id: str) -> None:
        """Remember that it was asked for."""
        self.delivered.append(conversation_id)

    async def sent(self, database: Database, conversation_id: str) -> list[str]:
        """The texts in the outbox of a conversation, oldest first."""
        wanted = select(outbox.c.body).where(outbox.c.conversation_id == conversation_id).order_by(outbox.c.id)
        async with database.connect() as connection:
            return [body["text"] for body in await connection.scalars(wanted)]


async def conversation(database: Database, name: str, *, channel: str = "web", **values: Any) -> tuple[int, str]:
    """A citizen with a conversation; gives both numbers."""
    async with database.begin() as connection:
        citizen = await citizens.ensure(connection, channel, name)
        row = {"id": f"c-{channel}-{name}", "channel": channel, "external_id": name, "citizen_id": citizen, **values}
        await connection.execute(insert(conversations).values(**row))
    return citizen, str(row["id"])
