"""People on both sides of a take-over."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import insert

from bot.conversations import conversation_id
from bot.inbox import Inbox
from bot.incoming import Incoming
from desk.staff import Person, Role
from store.engine import Database
from store.tables import now, staff

CONVERSATION = conversation_id("web", "anna")


async def member(
    database: Database,
    name: str = "lan",
    roles: Iterable[Role] = (Role.officer,),
    *,
    unit: int | None = None,
    reviewed: bool = False,
) -> Person:
    """A member of staff who never signs in."""
    held = frozenset(roles)
    values = {"name": name, "password_hash": "-", "roles": sorted(held), "unit_id": unit, "reviewed": reviewed}
    async with database.begin() as connection:
        number = (await connection.execute(insert(staff).values(**values).returning(staff.c.id))).scalar_one()
    return Person(number, name, held, now(), None, unit_id=unit, reviewed=reviewed)


async def says(inbox: Inbox, *texts: str, sender: str = "anna") -> None:
    """Messages of a citizen of the web chat."""
    await inbox.receive(*(Incoming("web", f"{sender}:{text}", sender, "text", {"text": text}) for text in texts))
