"""A migrated SQLite file."""

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
