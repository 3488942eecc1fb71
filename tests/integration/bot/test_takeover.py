"""A conversation's way to a person and back: who gets it when, and what the citizen and the bot know of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversations import SessionRules, conversation_id, ensure
from bot.departures import Departures
from bot.history import history
from bot.inbox import Inbox, LostClaim
from bot.outbox import Outbox
from bot.post import BotPost
from bot.replies import Button, Reply
from desk import audit
from desk._takeover_changes import AWAY, BACK, CAME, NOBODY
from desk.access import Forbidden
from desk.calendar import Calendar
from desk.settings import HandoffSettings
from desk.staff import Role
from desk.takeover import Takeovers
from desk.takeover_round import mind
from desk.transcript import transcript
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from store.tables import buttons, cases, conversations, inbox, now, outbox, takeovers, units
from tests.support.takeover import CONVERSATION, member, says

RULES = SessionRules(idle=timedelta(minutes=30), form_idle=timedelta(days=1), messages=60)
SETTINGS = HandoffSettings(expected_minutes=10, talk_minutes=8, idle_minutes=30)


@pytest.fixture
def box(database: Database) -> Inbox:
    return Inbox(database, RULES)


@pytest.fixture
def desk(database: Database) -> Takeovers:
    return Takeovers(database, BotPost(), SETTINGS)


async def rows(database: Database, *columns: Any) -> list[Any]:
    async with database.connect() as connection:
        return list((await connection.execute(select(*columns))).all())


async def asked(desk: Takeovers, box: Inbox, *senders: str) -> list[int]:
    """These citizens wait for a person, in this order."""
    found = []
    for sender in senders:
        await says(box, "alo", sender=sender)
        found.append((await desk.request(conversation_id("web", sender), reason="asked")).id)
    return found


def open_at(*moments: bool) -> Callable[[AsyncConnection, int | None], Awaitable[Calendar]]:
    """Calendars by which the desk is open now, or not."""

    class Fixed(Calendar):
        def is_open(self, moment: datetime) -> bool:
            return moments[0]

        def next_open(self, moment: datetime) -> datetime:
            return datetime(2026, 11, 23, 0, 0, tzinfo=UTC)

    async def calendars(_connection: AsyncConnection, _unit: int | None) -> Calendar:
        return Fixed()

    return calendars


async def test_who_asks_is_told_the_place_in_the_queue_and_keeps_it(database: Database, box: Inbox) -> None:
    desk = Takeovers(database, BotPost(), SETTINGS, calendars=open_at(True))
    await asked(desk, box, "ba", "tu")
    await says(box, "alo")
    waiting = await desk.request(CONVERSATION, reason="failed")
    assert (waiting.position, waiting.minutes, waiting.open_now, waiting.opens_at) == (3, 10 + 2 * 8, True, None)
    again = await asyncio.gather(*(desk.request(CONVERSATION, reason="asked") for _ in range(5)))
    assert {place.id for place in again} == {waiting.id}
    lan = await member(database)
    [first, *_] = await desk.waiting(lan)
    await desk.take(lan, first.id)
    standing = await desk.request(CONVERSATION, reason="asked")
    assert (standing.id, standing.position) == (waiting.id, 2)
    assert (await desk.request(conversation_id("web", "ba"), reason="asked")).position == 0, "a person is there"


async def test_the_expected_wait_follows_the_real_ones(database: Database, box: Inbox) -> None:
    desk = Takeovers(database, BotPost(), SETTINGS, calendars=open_at(True))
    lan = await member(database)
    for minutes, sender in ((2, "a1"), (4, "a2"), (6, "a3"), (600, "a4")):
        [number] = await asked(desk, box, sender)
        await desk.take(lan, number)
        await desk.hand_back(lan, number)
        taken = now() - timedelta(hours=1)
        async with database.begin() as connection:
            await connection.execute(
                update(takeovers)
                .where(takeovers.c.id == number)
                .values(
                    asked_at=taken - timedelta(minutes=minutes), taken_at=taken, ended_at=taken + timedelta(minutes=5)
                )
            )
    await asked(desk, box, "b1")
    await says(box, "alo")
    waiting = await desk.request(CONVERSATION, reason="asked")
    assert waiting.minutes == 4 + 5, "the middle of the waits by day, and one talk before"


async def test_out_of_hours_the_citizen_learns_when_people_answer(database: Database, box: Inbox) -> None:
    desk = Takeovers(database, BotPost(), SETTINGS, calendars=open_at(False))
    await says(box, "alo")
    waiting = await desk.request(CONVERSATION, reason="angry")
    assert (waiting.open_now, waiting.opens_at) == (False, datetime(2026, 11, 23, tzinfo=UTC))


async def test_while_waiting_the_bot_answers_and_from_the_take_on_it_is_silent(
    database: Database, box: Inbox, desk: Takeovers
) -> None:
    lan = await member(database)
    [number] = await asked(desk, box, "anna")
    [claim] = await box.claim(5)
    assert [said.text for said in await box.answer(claim, [Reply("dạ")], reply_to="1", pushed=False)] == ["dạ"]
    await says(box, "một")
    [thinking] = await box.claim(5)
    await desk.take(lan, number)
    reply = Reply("muộn rồi", (Button("Nút", "/x"),))
    assert await box.answer(thinking, [reply], reply_to="2", pushed=False) == []
    await says(box, "hai")
    assert await box.claim(5) == []
    turns = await transcript(database, CONVERSATION)
    assert [(turn.author, turn.text, turn.delivery) for turn in turns] == [
        ("citizen", "alo", None),
        ("bot", "dạ", "sent"),
        ("citizen", "một", None),
        ("notice", CAME, "sent"),
        ("bot", "muộn rồi", "withheld"),
        ("citizen", "hai", None),
    ]
    assert [row.payload for row in await rows(database, buttons.c.payload)] == [], "nobody can press what was withheld"
    told, _ = await history(database, CONVERSATION, after=0, limit=50)
    assert "muộn rồi" not in [entry["text"] for entry in told]


async def test_a_withheld_answer_is_never_carried_to_a_chat(database: Database, tmp_path: Path) -> None:
    async with database.begin() as connection:
        chat = await ensure(connection, "telegram", "7")
        await connection.execute(update(conversations).values(owner="desk"))
        await connection.execute(
            insert(outbox).values(channel="telegram", conversation_id=chat, body={"text": "x"}, state="withheld")
        )
    assert await Outbox(database, "telegram", Departures(tmp_path)).due(5) == []


async def test_what_came_before_the_hand_back_is_read_and_what_comes_after_is_the_bots(
    database: Database, box: Inbox, desk: Takeovers
) -> None:
    lan = await member(database)
    [number] = await asked(desk, box, "anna")
    [thinking] = await box.claim(5)
    await desk.take(lan, number)
    await says(box, "chưa ai đọc")
    ended = await desk.hand_back(lan, number, " xong ")
    assert (ended.state, ended.note) == ("ended", "xong")
    with pytest.raises(LostClaim):
        await box.answer(thinking, [Reply("muộn")], reply_to="1", pushed=False)
    assert {row.state for row in await rows(database, inbox.c.state)} == {"done"}
    await says(box, "còn đó không")
    [claim] = await box.claim(5)
    assert (claim.body["text"], claim.session) == ("còn đó không", 2), "the dialogue begins anew"
    assert [row.body.get("notice") for row in await rows(database, outbox.c.body)] == ["person", "bot"]
    assert [row.body["text"] for row in await rows(database, outbox.c.body)] == [CAME, BACK]
    assert await desk.hand_back(lan, number) == ended, "a form sent twice"


async def test_one_conversation_goes_to_one_person(database: Database, box: Inbox, desk: Takeovers) -> None:
    lan, minh = await member(database), await member(database, "minh")
    chi = await member(database, "chi", [Role.supervisor])
    [number] = await asked(desk, box, "anna")
    results = await asyncio.gather(desk.take(lan, number), desk.take(minh, number), return_exceptions=True)
    assert [type(result).__name__ for result in results] == ["Item", "Conflict"]
    assert (await desk.take(lan, number)).staff == "lan", "a form sent twice"
    for refused in (desk.say(minh, number, "chào", key="1"), desk.hand_back(minh, number)):
        with pytest.raises(Conflict):
            await refused
    assert (await desk.take(chi, number)).staff == "chi"
    with pytest.raises(Conflict, match="không còn giữ"):
        await desk.say(lan, number, "chào", key="1")
    assert [row.sender for row in await rows(database, outbox.c.sender)] == ["notice"], "told once that a person came"
    assert [entry.action for entry in await audit.of(database, f"takeover:{number}")] == [
        "takeover_asked",
        "takeover_taken",
        "takeover_taken",
    ]


async def test_the_log_holds_no_word_that_was_said(database: Database, box: Inbox, desk: Takeovers) -> None:
    lan = await member(database)
    [number] = await asked(desk, box, "anna")
    await desk.take(lan, number)
    row = await desk.say(lan, number, "số hồ sơ 123", key="k")
    assert await desk.say(lan, number, "số hồ sơ 123", key="k") == row
    await desk.hand_back(lan, number, "nhà bà Tư")
    entries = await audit.of(database, f"takeover:{number}")
    assert entries[2].data == {"key": "k", "outbox": row, "digest": audit.digest_of("số hồ sơ 123")}
    assert "hồ sơ" not in str(entries)
    assert "bà Tư" not in str(entries)


async def test_a_unit_sees_its_own_queue_and_a_denunciation_is_never_named(
    database: Database, box: Inbox, desk: Takeovers
) -> None:
    async with database.begin() as connection:
        new = insert(units).returning(units.c.id)
        number = (await connection.execute(new.values(code="xa-1", name="Xã Một"))).scalar_one()
        other = (await connection.execute(new.values(code="xa-2", name="Xã Hai"))).scalar_one()
        made = insert(cases).values(
            code="MC-222222",
            idempotency_key="1",
            kind="denunciation",
            state="received",
            bucket="vault",
            subject="",
            text="",
        )
        secret = (await connection.execute(made.returning(cases.c.id))).scalar_one()
    here, elsewhere = await member(database, "here", unit=number), await member(database, "elsewhere", unit=other)
    await says(box, "alo")
    waiting = await desk.request(CONVERSATION, reason="asked", case_id=secret, unit_id=number)
    [item] = await desk.waiting(here)
    assert (item.id, item.unit, item.case_code) == (waiting.id, "Xã Một", None)
    assert [row.case_id for row in await rows(database, takeovers.c.case_id)] == [None]
    assert await desk.waiting(elsewhere) == ()
    for refused in (desk.take(elsewhere, waiting.id), desk.show(elsewhere, waiting.id)):
        with pytest.raises(NotFound):
            await refused
    for role in (Role.administrator, Role.vault, Role.catalogue_editor):
        with pytest.raises(Forbidden):
            await desk.waiting(await member(database, role.value, [role]))


async def test_whose_words_need_approval_takes_nothing_over(database: Database, box: Inbox, desk: Takeovers) -> None:
    new = await member(database, "moi", reviewed=True)
    [number] = await asked(desk, box, "anna")
    with pytest.raises(Invalid, match="duyệt"):
        await desk.take(new, number)
    with pytest.raises(Invalid, match="duyệt"):
        await desk.begin(new, CONVERSATION)


async def test_staff_may_take_a_conversation_that_did_not_ask(database: Database, box: Inbox, desk: Takeovers) -> None:
    lan = await member(database)
    await says(box, "alo")
    assert (await desk.begin(lan, CONVERSATION)).state == "active"
    with pytest.raises(NotFound):
        await desk.begin(lan, "khong-co")
    with pytest.raises(NotFound):
        await desk.request("khong-co", reason="asked")


async def test_who_forgets_a_citizen_loses_the_conversation_and_the_citizen_keeps_the_place(
    database: Database, box: Inbox, desk: Takeovers
) -> None:
    lan = await member(database)
    answered, waits, fresh = await asked(desk, box, "anna", "ba", "tu")
    for number in (answered, waits):
        await desk.take(lan, number)
    await desk.say(lan, answered, "xong rồi ạ", key="1")
    long_ago = now() - timedelta(minutes=SETTINGS.idle_minutes + 1)
    assert await mind(database, BotPost(), SETTINGS) == 0
    async with database.begin() as connection:
        await connection.execute(update(takeovers).where(takeovers.c.id != fresh).values(taken_at=long_ago))
        await connection.execute(update(outbox).where(outbox.c.sender == "staff").values(created_at=long_ago))
        await connection.execute(update(inbox).values(received_at=long_ago - timedelta(minutes=1)))
    await desk.take(lan, fresh)
    assert await mind(database, BotPost(), SETTINGS) == 2
    assert await mind(database, BotPost(), SETTINGS) == 0
    found = {(row.conversation_id, row.state) for row in await rows(database, takeovers)}
    assert found == {
        (CONVERSATION, "ended"),
        (conversation_id("web", "ba"), "ended"),
        (conversation_id("web", "ba"), "waiting"),
        (conversation_id("web", "tu"), "active"),
    }
    told = {row.conversation_id: row.body["text"] for row in await rows(database, outbox)}
    assert told == {CONVERSATION: BACK, conversation_id("web", "ba"): AWAY, conversation_id("web", "tu"): CAME}
    again = await desk.request(conversation_id("web", "ba"), reason="asked")
    assert again.position == 1, "it stands where it stood"


async def test_who_waited_in_vain_is_told_so_once_unless_they_still_write(
    database: Database, box: Inbox, desk: Takeovers
) -> None:
    await asked(desk, box, "anna", "ba", "tu")
    long_ago = now() - timedelta(hours=SETTINGS.wait_hours + 1)
    quiet = [conversation_id("web", "ba"), conversation_id("web", "tu")]
    async with database.begin() as connection:
        await connection.execute(
            update(takeovers).where(takeovers.c.conversation_id != quiet[1]).values(asked_at=long_ago)
        )
        await connection.execute(update(inbox).where(inbox.c.conversation_id.in_(quiet)).values(received_at=long_ago))
    assert [await mind(database, BotPost(), SETTINGS) for _ in range(2)] == [1, 0]
    [said] = await rows(database, outbox)
    assert (said.conversation_id, said.body["text"], said.sender) == (quiet[0], NOBODY, "bot")
    assert {(row.conversation_id, row.state) for row in await rows(database, takeovers)} == {
        (CONVERSATION, "waiting"),
        (quiet[0], "left"),
        (quiet[1], "waiting"),
    }
    assert (await desk.request(quiet[0], reason="asked")).position == 3, "they may ask again, at the end"
