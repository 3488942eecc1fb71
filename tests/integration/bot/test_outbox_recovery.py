"""What a dead process was sending is settled by what it noted: sent again, or shown as unknown, never guessed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot import conversations, outbox
from bot.departures import Departures, arrived, leaving, refused
from bot.outbox import Due, Outbox, forget_settled
from bot.replies import Reply
from store.engine import Database
from store.tables import now
from store.tables import outbox as rows


@pytest.fixture(params=["database", "postgres"])
def either(request: pytest.FixtureRequest) -> Database:
    """Each of the two databases."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Database)
    return found


async def said(database: Database, count: int) -> str:
    async with database.begin() as connection:
        conversation = await conversations.ensure(connection, "telegram", "7")
        replies = [Reply(str(number)) for number in range(count)]
        await outbox.append(connection, replies, channel="telegram", conversation=conversation, pushed=True)
    return conversation


async def states(database: Database) -> list[tuple[str, str | None]]:
    async with database.connect() as connection:
        found = (await connection.execute(select(rows.c.state, rows.c.holder).order_by(rows.c.id))).all()
    return [(row.state, row.holder) for row in found]


async def begin(box: Outbox, journal: Departures, *, leaves: bool) -> None:
    [due] = await box.due(1)
    assert await box.start(due)
    with journal.sending(due.id, due.attempts + 1):
        if leaves:
            leaving()


@pytest.mark.parametrize(("answer", "state"), [(refused, "ready"), (arrived, "sent"), (None, "unknown")])
async def test_an_answer_that_was_read_counts_though_the_database_was_not_told(
    either: Database, tmp_path: Path, answer: Callable[[], None] | None, state: str
) -> None:
    await said(either, 1)
    dead, alive = Departures(tmp_path), Departures(tmp_path)
    box = Outbox(either, "telegram", dead)
    [due] = await box.due(1)
    assert await box.start(due)
    with dead.sending(due.id, due.attempts + 1):
        leaving()
        if answer is not None:
            answer()
    dead.close()
    assert await Outbox(either, "telegram", alive).recover() == (state == "unknown")
    async with either.connect() as connection:
        row = (await connection.execute(select(rows))).one()
    assert (row.state, row.holder, row.sent_at is not None) == (state, None, state == "sent")
    alive.close()


@pytest.mark.parametrize("leaves", [False, True])
async def test_a_row_whose_request_had_not_left_is_sent_and_one_that_had_is_unknown(
    either: Database, tmp_path: Path, leaves: bool
) -> None:
    await said(either, 2)
    dead, alive = Departures(tmp_path), Departures(tmp_path)
    await begin(Outbox(either, "telegram", dead), dead, leaves=leaves)
    box = Outbox(either, "telegram", alive)
    assert await box.recover() == 0, "its process lives"
    assert await states(either) == [("leased", dead.holder), ("ready", None)]
    dead.close()
    assert await box.recover() == (1 if leaves else 0)
    assert await states(either) == [("unknown" if leaves else "ready", None), ("ready", None)]
    assert [due.body["text"] for due in await box.due(5)] == (["1"] if leaves else ["0"])
    alive.close()


async def test_a_row_that_left_once_and_failed_is_sent_when_its_next_try_had_not_left(
    either: Database, tmp_path: Path
) -> None:
    await said(either, 1)
    dead, alive = Departures(tmp_path), Departures(tmp_path)
    box = Outbox(either, "telegram", dead)
    await begin(box, dead, leaves=True)
    async with either.connect() as connection:
        row = (await connection.execute(select(rows))).mappings().one()
    await box.again(Due(row["id"], row["conversation_id"], "7", row["body"], 0, row["created_at"]), 0.0, "HTTP 500")
    await begin(box, dead, leaves=False)
    dead.close()
    assert await Outbox(either, "telegram", alive).recover() == 0
    assert await states(either) == [("ready", None)]
    alive.close()


async def test_journals_of_the_dead_go_when_their_rows_are_settled(either: Database, tmp_path: Path) -> None:
    await said(either, 1)
    idle, dead, alive, own = (Departures(tmp_path) for _ in range(4))
    await begin(Outbox(either, "telegram", dead), dead, leaves=True)
    idle.close()
    dead.close()
    await forget_settled(either, own)
    assert own.holders() == sorted([dead.holder, alive.holder]), "what the dead one noted is still needed"
    assert await Outbox(either, "telegram", own).recover() == 1
    await forget_settled(either, own)
    assert own.holders() == [alive.holder]
    alive.close()
    own.close()


async def test_a_row_of_a_machine_that_is_gone_is_unknown_when_its_lease_has_run_out(
    postgres: Database, tmp_path: Path
) -> None:
    await said(postgres, 1)
    elsewhere, here = Departures(tmp_path / "a"), Departures(tmp_path / "b")
    await begin(Outbox(postgres, "telegram", elsewhere), elsewhere, leaves=False)
    elsewhere.close()
    box = Outbox(postgres, "telegram", here)
    assert await box.recover() == 0
    async with postgres.begin() as connection:
        await connection.execute(update(rows).values(lease_until=now() - timedelta(seconds=1)))
    assert await box.recover() == 1
    assert await states(postgres) == [("unknown", None)]
    here.close()


async def test_who_lost_a_row_cannot_settle_it_any_more(either: Database, tmp_path: Path) -> None:
    await said(either, 1)
    slow, quick = Departures(tmp_path), Departures(tmp_path)
    [due] = await Outbox(either, "telegram", slow).due(1)
    assert await Outbox(either, "telegram", slow).start(due)
    async with either.begin() as connection:
        await connection.execute(update(rows).values(state="ready", holder=None))
    assert await Outbox(either, "telegram", quick).start(due)
    await Outbox(either, "telegram", slow).finish(due, "dead", "late")
    assert await states(either) == [("leased", quick.holder)]
    slow.close()
    quick.close()


async def test_a_row_that_has_to_wait_is_not_taken_before(either: Database, tmp_path: Path) -> None:
    await said(either, 1)
    journal = Departures(tmp_path)
    box = Outbox(either, "telegram", journal)
    [due] = await box.due(1)
    assert await box.start(due)
    await box.again(due, 60.0, "429")
    assert not await box.start(due), "another process has put it off since it was read"
    journal.close()
