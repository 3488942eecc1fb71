"""200 take-overs race with messages: nothing is lost or doubled, and the bot is silent while a person has it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from typing import Any

import pytest
from sqlalchemy import select

from bot.conversations import conversation_id
from bot.dialogues import Dialogues
from bot.post import BotPost
from bot.settings import DialogueSettings, WorkerSettings
from bot.worker import Worker
from desk import audit
from desk.settings import HandoffSettings
from desk.takeover import Takeovers
from store.engine import Database
from store.tables import conversations, inbox, outbox, takeovers
from tests.fakes.rasa import FakeRasa
from tests.support.office import Office
from tests.support.takeover import member, says
from tests.support.waiting import eventually

CITIZENS, TURNS, MESSAGES = 25, 8, 9
SETTINGS = WorkerSettings(poll_s=0.02, retry_first_s=0.01, retry_cap_s=0.05, patience_s=60.0, shutdown_s=2.0)


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest) -> Database:
    """The same on both databases."""
    found: Database = request.getfixturevalue("database" if request.param == "sqlite" else "postgres")
    return found


async def test_200_interleaved_takeovers_lose_nothing_double_nothing_and_keep_the_bot_silent(
    either: Database, rasa: FakeRasa
) -> None:
    database, chance = either, random.Random(20261122)
    rasa.delay_s = 0.004
    lan = await member(database)
    desk = Takeovers(database, BotPost(), HandoffSettings())

    async def pause() -> None:
        await asyncio.sleep(chance.random() * 0.045)

    async def citizen(office: Office, name: str) -> None:
        for number in range(MESSAGES):
            await says(office.inbox, f"{name} {number}", sender=name)
            await pause()

    async def officer(name: str) -> None:
        for number in range(TURNS):
            await pause()
            place = await desk.request(conversation_id("web", name), reason="asked")
            taken = await desk.take(lan, place.id)
            await pause()
            # Sent twice, as a form is whose answer did not arrive.
            await asyncio.gather(*(desk.say(lan, taken.id, f"cán bộ {name} {number}", key="1") for _ in range(2)))
            await pause()
            await desk.hand_back(lan, taken.id)

    async with Dialogues(DialogueSettings(url=rasa.url)) as client:
        office = Office(database, SETTINGS, client)
        work = asyncio.create_task(Worker(office.inbox, client, office.routes, SETTINGS, office.metrics).run())
        names = [f"c{number}" for number in range(CITIZENS)]
        for name in names:
            await says(office.inbox, f"{name} chào", sender=name)
        await asyncio.gather(*(citizen(office, name) for name in names), *(officer(name) for name in names))
        # After the last hand-back the bot answers again.
        for name in names:
            await says(office.inbox, f"{name} cuối", sender=name)
        await eventually(lambda: _none_open(office), 60)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    asked = await _rows(database, inbox)
    said = await _rows(database, outbox)
    turns = await _rows(database, takeovers)
    assert len(asked) == CITIZENS * (MESSAGES + 2)
    assert len(turns) == CITIZENS * TURNS == 200
    assert {row.state for row in asked} == {"done"}, "none lost"
    assert {row.state for row in turns} == {"ended"}
    assert {row.owner for row in await _rows(database, conversations)} == {"bot"}

    answered = Counter(row.inbox_id for row in said if row.inbox_id is not None and row.state == "sent")
    withheld = Counter(row.inbox_id for row in said if row.inbox_id is not None and row.state == "withheld")
    assert set((answered + withheld).values()) == {1}, "none doubled"
    assert {row.state for row in said} <= {"sent", "withheld"}
    periods = defaultdict(list)
    for row in turns:
        periods[row.conversation_id].append((row.taken_at, row.ended_at))
    for row in asked:
        if row.id not in answered:
            seen = [start <= row.done_at and row.received_at <= end for start, end in periods[row.conversation_id]]
            assert any(seen), "a person had the conversation while an unanswered message was there to be read"
        if row.body["text"].endswith("cuối"):
            assert row.id in answered, "what comes after the last hand-back is the bot's"
    assert 0 < len(answered) < len(asked), "both answered"
    came = {row.id: row.received_at for row in asked}
    backs = [row for row in said if row.body.get("notice") == "bot"]
    for row in said:
        if row.inbox_id in answered:
            late = [
                back
                for back in backs
                if back.conversation_id == row.conversation_id
                and came[row.inbox_id] < back.created_at
                and back.id < row.id
            ]
            assert not late, "the bot answered what the person had read"

    person: dict[str, bool] = defaultdict(bool)
    words: Counter[tuple[str, str]] = Counter()
    for row in said:
        if row.sender == "notice":
            assert person[row.conversation_id] != (row.body["notice"] == "person")
            person[row.conversation_id] = row.body["notice"] == "person"
        elif row.sender == "staff":
            assert person[row.conversation_id]
            words[row.conversation_id, row.body["text"]] += 1
        elif row.state == "sent":
            assert not person[row.conversation_id], "the bot spoke while a person had the conversation"
    assert len(words) == 200
    assert set(words.values()) == {1}, "nothing of staff lost or doubled"
    assert not any(person.values())
    assert (await audit.verify(database)).broken is None


async def _none_open(office: Office) -> bool:
    return await office.inbox.waiting() == 0


async def _rows(database: Database, table: Any) -> list[Any]:
    key = table.c.id
    async with database.connect() as connection:
        return list((await connection.execute(select(table).order_by(key))).all())
