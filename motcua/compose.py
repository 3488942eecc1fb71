"""Putting the rooms together: the one place that knows them all."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from actions import emergency, procedures
from actions import turn as actions_turn
from actions.turn import Services, Turn
from bot.post import BotPost
from bot.replies import Button, Reply
from desk import calendar, case_clocks, citizens, privacy, reminders, takeover_round, units
from desk.attachments import Attachments
from desk.cases import Cases
from desk.handling import Handling
from desk.sealing import Seal
from desk.switchboard import Switchboard
from desk.takeover import Takeovers
from desk.texts import VIET_NAM
from knowledge import asked
from knowledge.catalogue import Catalogue
from knowledge.places import Gazetteer
from knowledge.sync import schedule
from motcua import dialogues
from motcua.settings import Settings, secret
from nlu import emergencies
from store.engine import Database
from store.errors import Invalid, MotcuaError, Unavailable
from store.leader import led
from store.migrate import upgrade
from store.space import Space

_log = structlog.get_logger(__name__)
_SWEEP_S = 3600.0
_AGAIN_S = 60.0


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
    post: BotPost
    takeovers: Takeovers
    seal: Seal
    handling: Handling
    files: Attachments

    async def close(self) -> None:
        """Finish what is being loaded and let go of the database."""
        await self.catalogue.close()
        await self.database.close()

    def forget_dialogue(self, conversations: Sequence[str]) -> int:
        """Have the dialogue manager forget conversations; gives how many turns."""
        return dialogues.forget(self.settings.home, conversations)

    def space(self) -> Space:
        """The room on the disks of the data folder and of the database's file."""
        file = make_url(self.database.url).database if self.database.dialect == "sqlite" else None
        folders = [self.settings.home, *([Path(file).parent] if file else [])]
        return Space(folders, self.settings.store.min_free_mb)

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
            seal=self.seal,
            two_persons=self.settings.knowledge.two_persons,
            reports=self.settings.desk.reports,
            takeovers=self.takeovers,
            cases=self.cases,
            handling=self.handling,
            files=self.files,
            forget_dialogue=self.forget_dialogue,
        )
        return app.running(pages)

    @asynccontextmanager
    async def minding(self) -> AsyncIterator[None]:
        """Do what must be done once, however many processes serve, inside the block.

        The catalogue is fetched from its portals when the settings say so; cases are warned of, escalated, asked about
        and closed as their time passes; forgotten talks are given back; files that nobody claims are taken away.
        """
        work = asyncio.create_task(led(self.database, "minding", self._mind))
        try:
            yield
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def _mind(self) -> None:
        await asyncio.gather(
            _lasting(partial(schedule.run, self.catalogue, self.database, self.settings.knowledge.sync)),
            _lasting(partial(reminders.run, self.cases.book)),
            _lasting(partial(takeover_round.run, self.database, self.post, self.settings.desk.handoff)),
            _lasting(partial(_sweep, self.files)),
        )

    async def last_resort(self, text: str, place: str | None) -> list[Reply]:
        """The plain answer of the catalogue, for when the dialogue manager does not answer.

        Args:
            text: what the citizen wrote.
            place: code of their commune, when it is remembered.
        """
        danger = self.danger(text)
        if danger is not None:
            # Whoever is in danger reads whom to call, whatever of ours does not run.
            return [danger]
        turn = Turn(text, "ask_procedure", {}, {"place": place}, {})
        reply = await procedures.answer(turn, self.services.for_one_turn())
        return _front_door(reply)

    def danger(self, text: str) -> Reply | None:
        """Whom to call, where a text names a danger."""
        found = emergencies.read(text)
        if not found:
            return None
        turn = Turn(text, "emergency", {"danger": ",".join(found)}, {}, {})
        return _front_door(emergency.call(turn))[0]

    @asynccontextmanager
    async def switching(self) -> AsyncIterator[Switchboard]:
        """The switches of the channels as they are now, kept up to date inside the block."""
        board = Switchboard(self.database)
        await board.refresh()
        looking = asyncio.create_task(board.run(), name="switches")
        try:
            yield board
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)


def _front_door(reply: actions_turn.Reply) -> list[Reply]:
    """What the actions say, as the front door sends it."""
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
    case_clocks.configure(settings.desk.clocks)
    kept = settings.store
    database = Database(
        settings.database_url,
        busy_timeout_s=kept.busy_timeout_s,
        connections=kept.connections,
        statement_s=kept.statement_s,
    )
    try:
        await upgrade(database, wait_s=kept.wait_s)
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        await database.close()
        raise Unavailable(f"the database cannot be used: {getattr(error, 'orig', None) or error}") from None
    except MotcuaError:
        await database.close()
        raise
    await units.ensure(database)
    seal = Seal(settings.desk.seal_keys or [secret(settings, "seal", None)])
    catalogue = Catalogue(database, settings.catalogue_home, settings.knowledge)
    post = BotPost()
    cases = Cases(
        database,
        secret(settings, "pin", settings.desk.secret),
        seal=seal,
        post=post,
        settings=settings.desk,
    )
    files = Attachments(database, settings.home / "attachments", settings.desk.attachments)
    handling = Handling(database, cases=cases)
    takeovers = Takeovers(
        database,
        post,
        settings.desk.handoff,
        calendars=partial(calendar.load, hours=settings.desk.clocks.hours, decided=settings.desk.clocks.decided_years),
        to_communes=settings.desk.to_communes,
    )

    async def remember_place(citizen_id: int, place_code: str | None) -> None:
        await citizens.remember_place(database, citizen_id, place_code)

    services = Services(
        catalogue=catalogue,
        cases=cases,
        remember_place=remember_place,
        note=partial(asked.note, database),
        withdraw=partial(asked.withdraw, database),
        handoff=takeovers.request,
        consent=partial(privacy.give, database),
        today=today,
        public_url=settings.desk.public_url,
        case_days=settings.desk.privacy.case_days,
        contact_line=settings.desk.contact_line,
    )
    return Parts(settings, database, catalogue, cases, services, post, takeovers, seal, handling, files)


async def _lasting(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            return await work()
        except Exception:
            _log.exception("what has to be minded was broken off; it is begun again")
            await asyncio.sleep(_AGAIN_S)


async def _sweep(files: Attachments) -> None:
    while True:
        try:
            await files.sweep()
        except Exception:
            # The next hour may be luckier; what is not swept harms nobody until then.
            _log.exception("files that nobody claims could not be taken away")
        await asyncio.sleep(_SWEEP_S)
