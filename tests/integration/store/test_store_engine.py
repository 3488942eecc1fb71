"""The database under several writers and readers, and when a transaction fails."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError

from store import upsert
from store._sqlite import Connection
from store.engine import Database
from store.tables import channel_state, citizens, conversations

ROOT = Path(__file__).resolve().parents[3]


async def _count(database: Database) -> int:
    async with database.connect() as connection:
        return await connection.scalar(select(func.count()).select_from(channel_state)) or 0


async def test_a_transaction_that_fails_leaves_nothing(both: Database) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with both.begin() as connection:
            await connection.execute(insert(channel_state).values(key="a", value="1"))
            raise ZeroDivisionError
    assert await _count(both) == 0


async def test_a_cancelled_transaction_leaves_nothing_and_lets_the_next_one_in(both: Database) -> None:
    inside = asyncio.Event()

    async def hang() -> None:
        async with both.begin() as connection:
            await connection.execute(insert(channel_state).values(key="a", value="1"))
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _count(both) == 0
    async with both.begin() as connection:
        await connection.execute(insert(channel_state).values(key="b", value="1"))
    assert await _count(both) == 1


async def test_many_writers_at_once_all_get_their_turn(database: Database) -> None:
    async def add(number: int) -> None:
        async with database.begin() as connection:
            seen = await connection.scalar(select(func.count()).select_from(channel_state))
            await connection.execute(insert(channel_state).values(key=str(number), value=str(seen)))

    await asyncio.gather(*(add(number) for number in range(40)))
    async with database.connect() as connection:
        values = await connection.scalars(select(channel_state.c.value))
        # Each saw all that were before it: a count that is read and written in one transaction cannot be lost.
        assert sorted(int(value) for value in values) == list(range(40))


async def test_readers_are_not_held_up_by_a_writer(database: Database) -> None:
    async with database.begin() as writer:
        await writer.execute(insert(channel_state).values(key="a", value="1"))
        assert await asyncio.wait_for(_count(database), 10) == 0
    assert await _count(database) == 1


async def test_two_processes_write_into_one_file(database: Database) -> None:
    script = (
        "import asyncio, sys\n"
        "from sqlalchemy import insert\n"
        "from store.engine import Database\n"
        "from store.tables import channel_state\n"
        "async def main():\n"
        "    db = Database(sys.argv[1])\n"
        "    for n in range(30):\n"
        "        async with db.begin() as c:\n"
        "            await c.execute(insert(channel_state).values(key=f'{sys.argv[2]}-{n}', value=''))\n"
        "    await db.close()\n"
        "asyncio.run(main())\n"
    )
    others = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", script, database.url, name, cwd=ROOT)
        for name in ("one", "two")
    ]
    for number in range(30):
        async with database.begin() as connection:
            await connection.execute(insert(channel_state).values(key=f"own-{number}", value=""))
    assert [await other.wait() for other in others] == [0, 0]
    assert await _count(database) == 90


async def test_a_committed_row_survives_a_killed_process(database: Database) -> None:
    script = (
        "import asyncio, os, signal, sys\n"
        "from sqlalchemy import insert\n"
        "from store.engine import Database\n"
        "from store.tables import channel_state\n"
        "async def main():\n"
        "    db = Database(sys.argv[1])\n"
        "    async with db.begin() as c:\n"
        "        await c.execute(insert(channel_state).values(key='kept', value=''))\n"
        "    async with db.begin() as c:\n"
        "        await c.execute(insert(channel_state).values(key='lost', value=''))\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script, database.url], cwd=ROOT, check=False)
    assert done.returncode == -9
    async with database.connect() as connection:
        assert list(await connection.scalars(select(channel_state.c.key))) == ["kept"]


async def test_a_writer_that_waits_too_long_fails_instead_of_hanging(database: Database, tmp_path: Path) -> None:
    impatient = Database(database.url, busy_timeout_s=0.01)
    async with database.begin() as connection:
        await connection.execute(insert(channel_state).values(key="a", value="1"))
        with pytest.raises(OperationalError, match="locked"):
            async with impatient.begin():
                pass
    await impatient.close()


async def test_a_row_that_points_nowhere_is_refused(both: Database) -> None:
    values = {"id": "c", "channel": "web", "external_id": "x", "citizen_id": 999}
    with pytest.raises(IntegrityError):
        async with both.begin() as connection:
            await connection.execute(insert(conversations).values(**values))


async def test_what_was_acknowledged_is_on_the_disk(database: Database) -> None:
    async with database.begin() as connection:
        assert await connection.scalar(text("pragma synchronous")) == 2
        assert await connection.scalar(text("pragma journal_mode")) == "wal"
        assert await connection.scalar(text("pragma foreign_keys")) == 1


async def test_an_error_does_not_repeat_what_citizens_wrote(both: Database) -> None:
    values = {"id": "c", "channel": "web", "external_id": "Nguyễn Văn Kín", "citizen_id": 999}
    with pytest.raises(IntegrityError) as failure:
        async with both.begin() as connection:
            await connection.execute(insert(conversations).values(**values))
    assert "Kín" not in str(failure.value)


async def test_moments_keep_their_instant_and_come_back_in_utc(both: Database) -> None:
    moment = datetime(2026, 11, 22, 7, 30, tzinfo=timezone(timedelta(hours=7)))
    async with both.begin() as connection:
        await connection.execute(insert(citizens).values(channel="web", external_id="a", created_at=moment))
    async with both.connect() as connection:
        kept = await connection.scalar(select(citizens.c.created_at))
    assert kept == moment
    assert kept is not None
    assert kept.tzinfo == UTC
    assert kept.hour == 0


async def test_a_moment_without_its_time_zone_is_refused(both: Database) -> None:
    with pytest.raises(StatementError, match="time zone"):
        async with both.begin() as connection:
            await connection.execute(
                insert(citizens).values(channel="web", external_id="a", created_at=datetime(2026, 1, 1))  # noqa: DTZ001
            )


async def test_a_transaction_never_leaves_the_event_loop_once_its_connection_is_open(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.begin() as connection:
        await connection.execute(insert(channel_state).values(key="a", value="1"))
    journeys: list[object] = []
    send = Connection._in_thread

    async def counted(self: Connection, call: Callable[[], object]) -> object:
        journeys.append(call)
        return await send(self, call)

    monkeypatch.setattr(Connection, "_in_thread", counted)
    async with database.begin() as connection:
        await connection.execute(insert(channel_state).values(key="b", value="2"))
        assert (await connection.execute(select(channel_state.c.key))).scalars().all() == ["a", "b"]
    assert journeys == []


async def test_writers_of_one_process_take_turns(database: Database) -> None:
    order: list[str] = []

    async def write(name: str, times: int) -> None:
        for _ in range(times):
            async with database.begin() as connection:
                order.append(name)
                await connection.execute(select(1))
                await asyncio.sleep(0)

    await asyncio.gather(write("a", 3), write("b", 3), write("c", 3))
    assert order == ["a", "b", "c"] * 3


async def test_postgresql_plans_every_statement_for_its_values(postgres: Database) -> None:
    async with postgres.connect() as connection:
        assert await connection.scalar(text("show plan_cache_mode")) == "force_custom_plan"
        assert await connection.scalar(text("show jit")) == "off"


async def test_an_insert_over_a_row_that_is_there_changes_it_or_leaves_it(both: Database) -> None:
    async with both.begin() as connection:
        for value in ("1", "2"):
            row = upsert.insert(both.dialect, channel_state).values(key="a", value=value)
            kept = row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value})
            await connection.execute(kept)
        await connection.execute(upsert.insert_or_skip(both.dialect, channel_state), {"key": "a", "value": "3"})
        assert await connection.scalar(select(channel_state.c.value)) == "2"
