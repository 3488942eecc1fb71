"""A front door over a real database file and a fake dialogue server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.engine import Database
from store.migrate import upgrade
from tests.fakes.rasa import FakeRasa


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated SQLite file."""
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}")
    await upgrade(opened)
    yield opened
    await opened.close()


@pytest.fixture
async def rasa() -> AsyncIterator[FakeRasa]:
    """The fake dialogue server; a test that broke its contract fails."""
    async with FakeRasa() as fake:
        yield fake
    assert fake.broken == []
