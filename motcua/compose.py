"""Putting the rooms together: the one place that knows them all."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from actions import procedures
from actions.turn import Services, Turn
from bot.replies import Button, Reply
from desk import citizens
from desk.cases import Cases
from desk.texts import VIET_NAM
from knowledge import asked
from knowledge.catalogue import Catalogue
from knowledge.places import Gazetteer
from knowledge.sync import schedule
from motcua.settings import Settings, secret
from store.engine import Database
from store.errors import Invalid, Unavailable
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
        """Finish what is being loaded and let go of the database."""
        await self.catalogue.close()
        await self.database.close()

    def console(self) -> AbstractAsyncContextManager[str]:
        """The console of staff and admins, open inside the block; gives its address."""
        # Imported here: every other command does without its pages and templates.
        from desk.console import app

        pages = app.Parts(
            db=self.database,
            catalogue=self.catalogue,
            gazetteer=Gazetteer.load(),
            settings=self.settings.desk.console,
            uploads=self.settings.home / "uploads",
            two_persons=self.settings.knowledge.two_persons,
        )
        return app.running(pages)

    @asynccontextmanager
    async def syncing(self) -> AsyncIterator[None]:
        """Fetch the catalogue from its portals when the settings say so, inside the block."""
        work = asyncio.create_task(schedule.run(self.catalogue, self.database, self.settings.knowledge.sync))
        try:
            yield
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def last_resort(self, text: str, place: str | None) -> list[Reply]:
        """The plain answer of the catalogue, for when the dialogue manager does not answer.

        Args:
            text: what the citizen wrote.
            place: code of their commune, when it is remembered.
        """
        turn = Turn(text, "ask_procedure", {}, {"place": place}, {})
        reply = await procedures.answer(turn, self.services.for_one_turn())
        return [
            Reply(message.text, tuple(Button(button.title, button.payload) for button in message.buttons))
            for message in reply.messages
        ]


async def compose(settings: Settings) -> Parts:
    """Build the parts over one database, migrated.

    Raises:
        MotcuaError: a setting is wrong or the database cannot be used.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Invalid(f"MOTCUA_HOME cannot be used as a data folder: {error}") from None
    database = Database(settings.database_url, busy_timeout_s=settings.store.busy_timeout_s)
    try:
        await upgrade(database)
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        await database.close()
        raise Unavailable(f"the database cannot be used: {getattr(error, 'orig', None) or error}") from None
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
        note=partial(asked.note, database),
        withdraw=partial(asked.withdraw, database),
        today=today,
        contact_line=settings.desk.contact_line,
    )
    return Parts(settings, database, catalogue, cases, services)
