"""Putting the rooms together: the one place that knows them all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from actions import procedures
from actions.turn import Services, Turn
from bot.replies import Button, Reply
from desk import citizens
from desk.cases import Cases
from desk.texts import VIET_NAM
from knowledge.catalogue import Catalogue
from motcua.settings import Settings, secret
from store.engine import Database
from store.migrate import upgrade


def today() -> date:
    """The day it is in Viet Nam."""
    return datetime.now(VIET_NAM).date()


@dataclass(frozen=True)
class Parts:
    """The composed program."""

    settings: Settings
    database: Database
    catalogue: Catalogue
    cases: Cases
    services: Services

    async def close(self) -> None:
        """Let go of the database."""
        await self.database.close()

    async def last_resort(self, text: str, place: str | None) -> list[Reply]:
        """The plain answer of the catalogue, for when the dialogue manager does not answer.

        Args:
            text: what the citizen wrote.
            place: code of their commune, when it is remembered.
        """
        turn = Turn(text, "ask_procedure", {}, {"place": place}, {})
        reply = await procedures.answer(turn, self.services)
        return [
            Reply(message.text, tuple(Button(button.title, button.payload) for button in message.buttons))
            for message in reply.messages
        ]


async def compose(settings: Settings) -> Parts:
    """Build the parts over one database, migrated.

    Raises:
        MotcuaError: a setting is wrong or the database cannot be used.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url, busy_timeout_s=settings.store.busy_timeout_s)
    await upgrade(database)
    catalogue = Catalogue(database, settings.catalogue_home, settings.knowledge)
    cases = Cases(
        database,
        secret(settings, "pin", settings.desk.secret),
        pin_attempts_an_hour=settings.desk.pin_attempts_an_hour,
    )

    async def remember_place(citizen_id: int, place_code: str | None) -> None:
        await citizens.remember_place(database, citizen_id, place_code)

    services = Services(
        catalogue=catalogue,
        cases=cases,
        remember_place=remember_place,
        today=today,
        contact_line=settings.desk.contact_line,
    )
    return Parts(settings, database, catalogue, cases, services)
