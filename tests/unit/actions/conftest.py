"""The actions over a real small catalogue and a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from actions.turn import Services, Turn
from bot.post import BotPost
from desk import citizens, privacy
from desk.settings import HandoffSettings
from desk.takeover import Takeovers
from knowledge import asked
from knowledge.catalogue import Catalogue
from store.engine import Database
from store.migrate import upgrade
from store.tables import conversations
from tests.support import small_catalogue
from tests.support.cases import cases_over

DAY = date(2026, 11, 22)
Say = Callable[..., Turn]


@pytest.fixture(scope="session")
async def catalogue(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Catalogue]:
    """The small catalogue, published."""
    folder = tmp_path_factory.mktemp("actions")
    database = Database(f"sqlite+aiosqlite:///{folder / 'catalogue.db'}")
    await upgrade(database)
    yield await small_catalogue.publish(database, folder / "catalogue", folder / "sources")
    await database.close()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated SQLite file for cases."""
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'actions.db'}")
    await upgrade(opened)
    yield opened
    await opened.close()


@pytest.fixture
def remembered() -> dict[int, str | None]:
    """The communes that were remembered, by citizen."""
    return {}


@pytest.fixture
def services(catalogue: Catalogue, database: Database, remembered: dict[int, str | None]) -> Services:
    """What the actions call."""

    async def remember(citizen: int, place: str | None) -> None:
        remembered[citizen] = place

    return Services(
        catalogue=catalogue,
        cases=cases_over(database),
        remember_place=remember,
        note=partial(asked.note, database),
        withdraw=partial(asked.withdraw, database),
        handoff=Takeovers(database, BotPost(), HandoffSettings()).request,
        consent=partial(privacy.give, database),
        public_url="https://chat.example",
        case_days=1825,
        today=lambda: DAY,
    )


@pytest.fixture
def say() -> Say:
    """Makes a citizen's turn."""

    def make(text: str, intent: str = "ask_procedure", slots: dict[str, Any] | None = None, **entities: Any) -> Turn:
        metadata = {"message_id": "7", "channel": "web"}
        return Turn(text, intent, entities, slots or {}, metadata)

    return make


@pytest.fixture
async def of_citizen(database: Database, say: Say) -> Turn:
    """A turn of a citizen who is known, in a conversation."""
    async with database.begin() as connection:
        citizen = await citizens.ensure(connection, "web", "a")
        await connection.execute(
            insert(conversations).values(id="c1", channel="web", external_id="a", citizen_id=citizen)
        )
    metadata = {"conversation": "c1", "citizen": citizen, "message_id": "7"}
    return replace(say("", ""), metadata=metadata)
