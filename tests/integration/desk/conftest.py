"""Cases over a migrated SQLite file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from desk.cases import Cases
from store.engine import Database
from store.migrate import upgrade


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated SQLite file."""
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'desk.db'}")
    await upgrade(opened)
    yield opened
    await opened.close()


@pytest.fixture
def cases(database: Database) -> Cases:
    """The desk's cases; three wrong PINs an hour."""
    return Cases(database, SecretStr("for tests only"), pin_attempts_an_hour=3)
