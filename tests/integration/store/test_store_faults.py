"""What a database that cannot work raises is told from what is wrong with a statement, on real databases."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from store.engine import Database
from store.errors import Unavailable
from store.faults import is_no_space, is_outage, is_refused
from store.migrate import upgrade
from store.tables import channel_state, inbox
from tests.support.postgres import Server, async_address

ROOT = Path(__file__).resolve().parents[3]


async def failure(database: Database, *statements: str) -> Exception:
    """What a transaction with these statements, or a row without any, raises."""
    try:
        async with database.begin() as connection:
            for statement in statements:
                await connection.execute(text(statement))
            if not statements:
                await connection.execute(insert(channel_state).values(key="a", value="x" * 20_000))
    except Exception as error:
        return error
    raise AssertionError("it worked")


async def broken(work: Awaitable[object]) -> Exception:
    """What something that must fail raises."""
    try:
        await work
    except Exception as error:
        return error
    raise AssertionError("it worked")


async def test_a_wrong_statement_is_no_outage(both: Database) -> None:
    for statement in ("select nothing", "insert into nowhere values (1)", "delete from"):
        assert not is_outage(await failure(both, statement))
    async with both.begin() as connection:
        await connection.execute(insert(channel_state).values(key="a", value=""))
    assert not is_outage(await failure(both, "insert into channel_state (key, value) values ('a', '')"))
    assert not is_outage(ValueError())


async def test_a_locked_file_is_an_outage(database: Database) -> None:
    impatient = Database(database.url, busy_timeout_s=0.01)
    async with database.begin():
        assert is_outage(await failure(impatient))
    await impatient.close()


async def test_a_full_file_is_no_space_and_works_again_with_room(database: Database) -> None:
    error = await failure(
        database,
        "pragma max_page_count = 1",
        *[f"insert into channel_state (key, value) values ('{n}', '{'x' * 3000}')" for n in range(50)],
    )
    assert is_outage(error)
    assert is_no_space(error)
    async with database.begin() as connection:
        await connection.execute(text("pragma max_page_count = 1000000"))
        await connection.execute(insert(channel_state).values(key="a", value="x" * 20_000))
        assert await connection.scalar(select(channel_state.c.key)) == "a"


async def test_a_file_that_may_not_grow_is_an_outage(database: Database) -> None:
    script = (
        "import asyncio, resource, sys\n"
        "from store.engine import Database\n"
        "from store.faults import is_outage\n"
        "from tests.integration.store.test_store_faults import failure\n"
        "async def main():\n"
        "    database = Database(sys.argv[1])\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))\n"
        "    error = await failure(database)\n"
        "    assert is_outage(error), error\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "    async with database.begin() as connection:\n"
        "        await connection.exec_driver_sql(\"insert into channel_state (key, value) values ('b', '')\")\n"
        "    await database.close()\n"
        "asyncio.run(main())\n"
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script, database.url], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    async with database.connect() as connection:
        assert list(await connection.scalars(select(channel_state.c.key))) == ["b"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write what is read only")
async def test_a_file_that_may_only_be_read_is_an_outage(database: Database, tmp_path: Path) -> None:
    await database.close()
    (tmp_path / "store.db").chmod(0o400)
    assert is_outage(await failure(database))


def test_a_damaged_file_is_no_outage() -> None:
    damaged = sqlite3.DatabaseError("malformed")
    damaged.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    assert not is_outage(damaged)


@asynccontextmanager
async def fresh(server: Server, name: str) -> AsyncIterator[Database]:
    admin = Database(async_address(server.address("postgres")))
    async with admin.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.execute(text(f"drop database if exists {name} with (force)"))
        await autocommit.execute(text(f"create database {name}"))
    await admin.close()
    database = Database(async_address(server.address(name)), connections=2)
    await upgrade(database)
    yield database
    await database.close()


async def test_a_server_that_is_gone_is_an_outage_and_works_again_when_it_is_back(own_server: Server) -> None:
    async with fresh(own_server, "gone") as database:
        async with database.connect() as connection:
            await connection.execute(select(1))
            own_server.stop()
            assert is_outage(await broken(connection.execute(select(1))))
        assert is_outage(await failure(database))
        with pytest.raises(Unavailable, match="database cannot be used"):
            await upgrade(database, wait_s=0.6)
        waiting = asyncio.create_task(upgrade(database, wait_s=30))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(own_server.start)
        await waiting
        async with database.begin() as connection:
            await connection.execute(insert(channel_state).values(key="a", value=""))


async def test_connections_that_the_server_closed_are_left_out_without_an_error(postgres: Database) -> None:
    other = Database(postgres.url)
    async with postgres.connect() as one, postgres.connect() as two:
        await one.execute(select(1))
        await two.execute(select(1))
    async with other.begin() as connection:
        cut = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = :name"
        await connection.execute(text(cut), {"name": postgres.name})
    await asyncio.sleep(0.2)
    async with postgres.connect() as one, postgres.connect() as two:
        assert await one.scalar(select(1)) == await two.scalar(select(1)) == 1
    await other.close()


@pytest.mark.parametrize(
    "statements",
    [
        ("set transaction read only", "insert into channel_state (key, value) values ('a', '')"),
        ("set local statement_timeout = 20", "select pg_sleep(5)"),
    ],
)
async def test_a_server_that_may_not_write_or_is_too_slow_is_an_outage(
    postgres: Database, statements: tuple[str, ...]
) -> None:
    assert is_outage(await failure(postgres, *statements))


async def test_a_transaction_that_stood_still_for_too_long_is_an_outage(postgres: Database) -> None:
    async with postgres.connect() as connection:
        await connection.execute(text("set local idle_in_transaction_session_timeout = 20"))
        await asyncio.sleep(0.3)
        assert is_outage(await broken(connection.execute(select(1))))


async def test_a_server_with_too_many_connections_is_an_outage(own_server: Server) -> None:
    async with fresh(own_server, "crowded") as database:
        async with database.begin() as connection:
            await connection.execute(text("create role poor login connection limit 1"))
        poor = Database(database.url.replace("postgres:@", "poor:@"), connections=4)
        assert poor.url != database.url
        async with poor.connect() as connection:
            await connection.execute(select(1))
            assert is_outage(await failure(poor, "select 1"))
        await poor.close()


async def test_a_pool_without_a_free_connection_is_an_outage(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.engine._POOL_WAIT_S", 0.1)
    small = Database(postgres.url, connections=1)
    async with small.connect():
        assert is_outage(await failure(small, "select 1"))
    await small.close()


async def test_a_server_that_does_not_let_us_in_is_not_waited_for(postgres: Database) -> None:
    stranger = Database(postgres.url.replace("postgres:@", "nobody:@"))
    assert is_refused(await failure(stranger, "select 1"))
    async with asyncio.timeout(5):
        with pytest.raises(Unavailable, match=r"database cannot be used.*nobody"):
            await upgrade(stranger, wait_s=60)
    await stranger.close()


async def test_processes_that_migrate_at_once_do_it_one_after_the_other(own_server: Server) -> None:
    admin = Database(async_address(own_server.address("postgres")))
    async with admin.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.execute(text("create database empty_one"))
    several = [Database(async_address(own_server.address("empty_one"))) for _ in range(4)]
    await asyncio.gather(*(upgrade(each) for each in several))
    async with several[0].connect() as connection:
        assert (await connection.execute(select(inbox.c.id))).all() == []
    for each in (*several, admin):
        await each.close()
