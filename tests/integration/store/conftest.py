"""A migrated database: SQLite for all tests, both kinds for those about the schema and its statements."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.engine import Database
from store.migrate import upgrade


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated SQLite file."""
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'store.db'}")
    await upgrade(opened)
    yield opened
    await opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest) -> Database:
    """A migrated database of either kind."""
    name = "database" if request.param == "sqlite" else "postgres"
    made: Database = request.getfixturevalue(name)
    return made
