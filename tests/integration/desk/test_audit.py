"""The log of the desk: whatever is changed in it behind the program's back is found."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import delete, insert, text, update

from desk import audit
from store.engine import Database
from store.tables import audit as table
from store.tables import audit_head


async def _write(database: Database, count: int) -> None:
    for number in range(count):
        async with database.begin() as connection:
            await audit.write(
                connection, actor="lan", action="taken", subject="case:1", data={"n": number, "a": "đúng"}
            )


async def test_a_log_that_nobody_touched_is_whole_and_tells_its_end(database: Database) -> None:
    assert await audit.verify(database) == audit.Verdict(0, 0, "0" * 64)
    await _write(database, 3)
    verdict = await audit.verify(database)
    assert (verdict.entries, verdict.broken) == (3, None)
    async with database.connect() as connection:
        assert verdict.digest == await connection.scalar(text("SELECT digest FROM audit_head"))


@pytest.mark.parametrize(
    "change",
    [
        update(table).where(table.c.id == 2).values(actor="minh"),
        update(table).where(table.c.id == 2).values(data={"n": 9}),
        update(table).where(table.c.id == 2).values(digest="0" * 64),
        update(table).where(table.c.id == 2).values(digest="", previous=""),
        delete(table).where(table.c.id == 2),
        delete(table).where(table.c.id == 3),
        delete(audit_head),
        insert(table).values(actor="x", action="x", subject="x", data={}, previous="0" * 64, digest="0" * 64),
    ],
    ids=["actor", "data", "digest", "made old", "left out", "cut off", "head", "added"],
)
async def test_any_change_behind_its_back_is_found(database: Database, change: object) -> None:
    await _write(database, 3)
    async with database.begin() as connection:
        await connection.execute(change)  # type: ignore[call-overload]
    assert (await audit.verify(database)).broken


async def test_entries_written_at_once_stand_in_one_chain(database: Database) -> None:
    await asyncio.gather(*(_write(database, 5) for _ in range(8)))
    verdict = await audit.verify(database)
    assert (verdict.entries, verdict.broken) == (40, None)


async def test_an_entry_of_a_change_that_failed_is_not_there(database: Database) -> None:
    async def change() -> None:
        async with database.begin() as connection:
            await audit.write(connection, actor="lan", action="taken", subject="case:1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await change()
    assert await audit.of(database, "case:1") == ()
    assert (await audit.verify(database)).broken is None


async def test_entries_from_before_the_chain_are_counted_and_may_only_stand_at_its_beginning(
    database: Database,
) -> None:
    old = insert(table).values(actor="citizen", action="received", subject="case:1", data={}, previous="", digest="")
    async with database.begin() as connection:
        await connection.execute(old)
    await _write(database, 2)
    verdict = await audit.verify(database)
    assert (verdict.older, verdict.entries, verdict.broken) == (1, 2, None)
    async with database.begin() as connection:
        await connection.execute(old)
    assert (await audit.verify(database)).broken
