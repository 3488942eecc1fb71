"""Cases over a migrated SQLite file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from desk import _passwords
from desk.cases import Cases
from store.engine import Database
from store.migrate import upgrade
from tests.support.cases import cases_over
from tests.support.console import Console, Person, console
from tests.support.stack import free_ports


@pytest.fixture(autouse=True, scope="session")
def quick_hashes() -> Iterator[None]:
    """Hashes of passwords that take a millisecond: what they cost in earnest has a test of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


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
    return cases_over(database)


@pytest.fixture
def free_port() -> int:
    """A port of loopback that nothing listens on at the moment."""
    return free_ports(1)[0]


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Console]:
    """A console with one administrator."""
    async with console(tmp_path, [("ha", "administrator")]) as running:
        yield running


@pytest.fixture
def db(opened: Console) -> Database:
    """Its database."""
    return opened.parts.db


@pytest.fixture
async def ha(opened: Console) -> AsyncIterator[Person]:
    """The administrator."""
    async with opened.person("ha") as person:
        yield person
