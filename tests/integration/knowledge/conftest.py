"""A database, a home of versions and a catalogue that is built in a moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from knowledge.catalogue import Catalogue
from knowledge.settings import KnowledgeSettings
from store.engine import Database
from store.migrate import upgrade

TINY = KnowledgeSettings(dims=16, pairs=4, refresh_s=0.0, keep_versions=2)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    await upgrade(opened)
    yield opened
    await opened.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "catalogue"


@pytest.fixture
async def catalogue(database: Database, home: Path) -> AsyncIterator[Catalogue]:
    opened = Catalogue(database, home, TINY)
    yield opened
    await opened.close()
