"""The inbox keeps every message once, hands them out in order, and closes each with its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError

import bot.inbox
from bot._inbox_sql import HEADS
from bot.conversations import SessionRules, conversation_id
from bot.history import history
from bot.inbox import Inbox, LostClaim
from bot.incoming import Incoming
from bot.outbox import read
from bot.replies import Button, Reply
from store.engine import Database
from store.tables import buttons, citizens, conversations, inbox, now, outbox

RULES = SessionRules(idle=timedelta(minutes=30), form_idle=timedelta(days=1), messages=60)


def text(number: int | str, sender: str = "anna", said: str = "") -> Incoming:
    return Incoming("web", f"{sender}:{number}", sender, "text", {"text": said or f"tin {number}"})


def press(number: int, short_id: str, sender: str = "anna") -> Incoming:
    return Incoming("web", f"{sender}:{number}", sender, "button", {"button": short_id})


@pytest.fixture
def box(database: Database) -> Inbox:
    return Inbox(database, RULES)


async def rows(database: Database, *columns: Any) -> list[Any]:
    async with database.connect() as connection:
        return list((await connection.execute(select(*columns))).all())


async def close(box: Inbox, *replies: Reply, limit: int = 1, **more: Any) -> list[Any]:
    [claim] = await box.claim(limit)
    return await box.answer(claim, replies or (Reply("dạ"),), reply_to="x", pushed=False, **more)


async def test_a_message_is_kept_once_with_its_citizen_and_conversation(database: Database, box: Inbox) -> None:
    announced: list[str] = []
    box.announce = lambda conversation, claim: announced.append(conversation)
    [first] = await box.receive(text(1))
    [again] = await box.receive(text(1, said="khác"))
    assert (first.duplicate, again.duplicate) == (False, True)
    assert announced == [first.conversation_id] == [conversation_id("web", "anna")]
    assert [r.body["text"] for r in await rows(database, inbox.c.body)] == ["tin 1"]
    assert len(await rows(database, citizens.c.id)) == len(await rows(database, conversations.c.id)) == 1


async def test_the_same_message_at_the_same_moment_is_kept_once(database: Database, box: Inbox) -> None:
    receipts = await asyncio.gather(*(box.receive(text(1)) for _ in range(20)))
    assert sum(not receipt.duplicate for [receipt] in receipts) == 1
    assert len(await rows(database, inbox.c.id)) == 1


async def test_a_message_is_claimed_as_it_is_written_where_there_is_room(database: Database, box: Inbox) -> None:
    begun: list[bot.inbox.Claim] = []
    box.announce = lambda conversation, claim: begun.append(claim) if claim else None
    box.room = lambda conversation: True
    await box.receive(text(1), text(2), text(1, sender="ben"))
    assert [claim.external_id for claim in begun] == ["anna:1", "ben:1"], "the second of one conversation waits"
    assert [(claim.session, claim.session_messages, claim.attempts) for claim in begun] == [(1, 1, 1)] * 2
    assert await box.claim(5) == []
    await box.receive(text(1))
    assert len(begun) == 2, "what the channel gives twice is begun once"
    await box.answer(begun[0], [Reply("dạ")], reply_to="x", pushed=False)
    assert [claim.external_id for claim in await box.claim(5)] == ["anna:2"]
    await box.receive(text(3))
    assert len(begun) == 2, "it waits behind the second"


async def test_what_was_claimed_at_once_is_taken_up_again_after_a_crash(database: Database, box: Inbox) -> None:
    box.room = lambda conversation: True
    await box.receive(text(1))
    assert await Inbox(database, RULES).claim(5) == []
    assert await box.recover() == 1
    assert [claim.attempts for claim in await box.claim(5)] == [2]


async def test_a_message_to_a_person_is_not_begun_at_once(database: Database, box: Inbox) -> None:
    begun: list[bot.inbox.Claim | None] = []
    await box.receive(text(1))
    await close(box)
    async with database.begin() as connection:
        await connection.execute(update(conversations).values(owner="desk"))
    box.announce, box.room = lambda conversation, claim: begun.append(claim), lambda conversation: True
    await box.receive(text(2))
    assert begun == [None]


async def test_several_messages_are_written_all_or_none(database: Database, box: Inbox) -> None:
    bad = Incoming("web", "anna:2", "anna", "text", {"text": object()})
    with pytest.raises(Exception, match="JSON"):
        await box.receive(text(1), bad, remember=("offset", "9"))
    assert await rows(database, inbox.c.id) == []
    assert await box.recall("offset") is None
    await box.receive(text(1), text(2), remember=("offset", "9"))
    await box.receive(remember=("offset", "10"))
    assert await box.recall("offset") == "10"


async def test_an_error_of_the_database_does_not_tell_what_was_written(box: Inbox) -> None:
    with pytest.raises(StatementError) as caught:
        await box.receive(Incoming("web", "anna:1", "anna", "text", {"text": "chuyện riêng", "x": object()}))
    assert "riêng" not in str(caught.value)


async def test_a_conversation_that_was_removed_meanwhile_is_made_again(database: Database, box: Inbox) -> None:
    await box.receive(text(1))
    async with database.begin() as connection:
        for table in (inbox, conversations, citizens):
            await connection.execute(table.delete())
    [receipt] = await box.receive(text(2))
    assert not receipt.duplicate


async def test_only_the_first_open_message_of_each_conversation_is_handed_out(box: Inbox) -> None:
    await box.receive(text(1), text(2), text(1, "bình"), text(2, "bình"))
    claims = await box.claim(10)
    assert [(c.external_id, c.more) for c in claims] == [("anna:1", True), ("bình:1", True)]
    assert await box.claim(10) == []
    await box.answer(claims[0], [Reply("dạ")], reply_to="1", pushed=False)
    [following] = await box.claim(10)
    assert (following.external_id, following.more) == ("anna:2", False)


async def test_a_message_that_waits_for_its_retry_holds_its_conversation_and_no_other(box: Inbox) -> None:
    await box.receive(text(1), text(2))
    [claim] = await box.claim(1)
    await box.put_back(claim, 3600, "không được")
    await box.receive(text(1, "bình"))
    assert [c.external_id for c in await box.claim(10)] == ["bình:1"]


async def test_claims_know_who_and_where_the_citizen_is(database: Database, box: Inbox) -> None:
    await box.receive(text(1))
    async with database.begin() as connection:
        await connection.execute(update(citizens).values(place_code="30376"))
    [claim] = await box.claim(1)
    [[citizen]] = await rows(database, citizens.c.id)
    assert (claim.place_code, claim.citizen_id, claim.session, claim.session_messages) == (
        "30376",
        citizen,
        1,
        1,
    )
    assert "tin 1" not in repr(claim), "what a citizen wrote must not reach a log by accident"


async def test_an_answer_closes_the_message_and_carries_buttons_under_short_ids(database: Database, box: Inbox) -> None:
    await box.receive(text(1))
    said = await close(box, Reply("một"), Reply("hai", (Button("Có", "/affirm"), Button("Không", "/deny"))))
    assert [(m.text, m.final, m.reply_to) for m in said] == [("một", False, "x"), ("hai", True, "x")]
    assert [title for _, title in said[1].buttons] == ["Có", "Không"]
    assert all(8 <= len(short) <= 10 and len(short.encode()) <= 64 for short, _ in said[1].buttons)
    [row] = await rows(database, inbox)
    assert (row.state, row.lease_until, row.error) == ("done", None, None)
    assert row.done_at is not None
    assert {r.payload for r in await rows(database, buttons.c.payload)} == {"/affirm", "/deny"}
    [conversation] = await rows(database, conversations)
    assert (conversation.session, conversation.session_messages) == (1, 1)
    assert conversation.last_inbound_at == row.received_at


async def test_an_answer_is_written_whole_or_not_at_all(database: Database, box: Inbox) -> None:
    await box.receive(text(1))
    [claim] = await box.claim(1)
    unfit: Any = object()
    with pytest.raises(Exception, match="JSON"):
        await box.answer(claim, [Reply("a", (Button("b", "/b"),)), Reply(unfit)], reply_to="1", pushed=False)
    assert await rows(database, outbox.c.id) == await rows(database, buttons.c.id) == []
    [row] = await rows(database, inbox)
    assert row.state == "leased"


async def test_a_lease_that_ran_out_goes_to_another_and_the_first_answer_is_thrown_away(
    database: Database,
) -> None:
    slow, quick = Inbox(database, RULES, lease_s=0.01), Inbox(database, RULES)
    await slow.receive(text(1))
    [lost] = await slow.claim(1)
    await asyncio.sleep(0.02)
    [held] = await quick.claim(1)
    assert held.attempts == lost.attempts + 1
    with pytest.raises(LostClaim):
        await slow.answer(lost, [Reply("muộn")], reply_to="1", pushed=False)
    await slow.put_back(lost, 0.0)
    await quick.answer(held, [Reply("kịp")], reply_to="1", pushed=False)
    with pytest.raises(LostClaim):
        await quick.answer(held, [Reply("lần nữa")], reply_to="1", pushed=False)
    assert [r.body["text"] for r in await rows(database, outbox.c.body)] == ["kịp"]


async def test_what_was_in_work_when_a_process_died_is_taken_up_again(database: Database, box: Inbox) -> None:
    await box.receive(text(1), text(2))
    await box.claim(1)
    reborn = Inbox(database, RULES)
    assert await reborn.claim(1) == []
    assert await reborn.recover() == 1
    assert [c.external_id for c in await reborn.claim(1)] == ["anna:1"]


async def test_a_conversation_that_a_person_has_is_kept_and_not_answered(database: Database, box: Inbox) -> None:
    await box.receive(text(1), text(2), text(1, "bình"))
    async with database.begin() as connection:
        await connection.execute(
            update(conversations).where(conversations.c.external_id == "anna").values(owner="human")
        )
    assert [c.external_id for c in await box.claim(1)] == ["bình:1"]
    assert await box.claim(5) == []
    states = {r.external_id: r.state for r in await rows(database, inbox.c.external_id, inbox.c.state)}
    assert states == {"anna:1": "done", "anna:2": "done", "bình:1": "leased"}
    assert await rows(database, outbox.c.id) == []


async def test_the_bot_is_silent_when_a_person_takes_over_while_it_thinks(database: Database, box: Inbox) -> None:
    await box.receive(text(1))
    [claim] = await box.claim(1)
    async with database.begin() as connection:
        await connection.execute(update(conversations).values(owner="human"))
    assert await box.answer(claim, [Reply("dạ")], reply_to="1", pushed=False) == []
    [row] = await rows(database, inbox)
    assert row.state == "done"
    assert await rows(database, outbox.c.state, outbox.c.sent_at) == [("withheld", None)], "kept for staff"
    assert [entry["from"] for entry in (await history(database, claim.conversation_id, after=0, limit=9))[0]] == [
        "citizen"
    ]
    assert await read(database, claim.conversation_id, after=0, limit=9) == []


async def test_a_press_becomes_the_payload_of_its_button(box: Inbox) -> None:
    await box.receive(text(1))
    [said] = await close(box, Reply("chọn", (Button("Có ạ", "/affirm"),)))
    await box.receive(press(2, said.buttons[0][0]))
    [claim] = await box.claim(1)
    assert (claim.body["payload"], claim.body["title"]) == ("/affirm", "Có ạ")


async def test_a_button_of_another_conversation_or_of_long_ago_is_none(database: Database, box: Inbox) -> None:
    await box.receive(text(1))
    [said] = await close(box, Reply("chọn", (Button("Có", "/affirm"),)))
    short = said.buttons[0][0]
    await box.receive(press(1, short, "bình"), press(2, "khong-co-nut-nay"), press(3, "x' OR '1'='1", "chi"))
    for claim in await box.claim(5):
        assert "payload" not in claim.body
        await box.answer(claim, [Reply("dạ")], reply_to="1", pushed=False)
    async with database.begin() as connection:
        await connection.execute(update(buttons).values(created_at=now() - timedelta(days=31)))
    await box.receive(press(4, short))
    [claim] = await box.claim(1)
    assert "payload" not in claim.body


async def test_silence_starts_the_dialogue_afresh_and_an_open_form_does_not(
    database: Database, box: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = now()

    def at(later: timedelta) -> Callable[[], datetime]:
        return lambda: moment + later

    sessions = []
    for number, (minutes, form) in enumerate([(0, None), (10, True), (70, None), (75, False), (140, None)]):
        monkeypatch.setattr(bot.inbox, "now", at(timedelta(minutes=minutes)))
        await box.receive(text(number))
        [claim] = await box.claim(1)
        sessions.append((claim.session, claim.session_messages))
        await box.answer(claim, [Reply("dạ")], reply_to="1", pushed=False, in_form=form)
    assert sessions == [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1)]


async def test_a_message_tried_again_stays_in_its_session(database: Database, box: Inbox) -> None:
    await box.receive(text(1))
    await close(box)
    async with database.begin() as connection:
        await connection.execute(
            update(conversations).values(last_inbound_at=now() - timedelta(hours=2), session_messages=5)
        )
    await box.receive(text(2))
    seen = []
    for _ in range(3):
        [claim] = await box.claim(1)
        seen.append((claim.session, claim.session_messages))
        await box.put_back(claim)
    assert seen == [(2, 1)] * 3


async def test_what_must_not_be_answered_is_set_aside_with_its_reason(database: Database, box: Inbox) -> None:
    await box.set_aside("telegram", "1:5", {"raw": {"update_id": 5}}, state="dead", error="unreadable")
    await box.set_aside("telegram", "1:5", {"raw": {}}, state="dead", error="again")
    [row] = await rows(database, inbox)
    assert (row.state, row.error, row.conversation_id) == ("dead", "unreadable", None)
    assert await box.claim(5) == []


async def test_the_history_shows_both_sides_in_order(database: Database, box: Inbox) -> None:
    await box.receive(text("m1", said="giấy khai sinh"))
    [said] = await close(box, Reply("Ở xã nào?", (Button("Mỹ Hòa Hưng", '/give_place{"place":"30376"}'),)))
    await box.receive(press(2, said.buttons[0][0]))
    await close(box, Reply("Nộp ở xã."))
    messages, last = await history(database, conversation_id("web", "anna"), after=0, limit=50)
    assert [(m["from"], m["text"]) for m in messages] == [
        ("citizen", "giấy khai sinh"),
        ("bot", "Ở xã nào?"),
        ("citizen", "Mỹ Hòa Hưng"),
        ("bot", "Nộp ở xã."),
    ]
    assert messages[0]["id"] == "m1"
    assert messages[1]["buttons"] == [{"id": said.buttons[0][0], "title": "Mỹ Hòa Hưng"}]
    assert "give_place" not in str(messages), "payloads stay on our side"
    assert last == messages[-1]["id"]
    later, same = await history(database, conversation_id("web", "anna"), after=said.id, limit=50)
    assert [(m["from"], m["text"]) for m in later] == [("citizen", "Mỹ Hòa Hưng"), ("bot", "Nộp ở xã.")]
    assert same == last
    assert await history(database, conversation_id("web", "bình"), after=0, limit=50) == ([], 0)


async def test_looking_for_work_does_not_read_what_was_answered_long_ago(database: Database, box: Inbox) -> None:
    await box.receive(*(text(n, sender=f"s{n % 50}") for n in range(1000)))
    statement = str(HEADS.compile(dialect=sqlite.dialect()))
    values: list[Any] = ["2026-01-01"] * (statement.count("?") - 2) + [10, 0]
    async with database.connect() as connection:
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(values))
        steps = [str(row["detail"]) for row in plan.mappings()]
    assert not [step for step in steps if step.startswith("SCAN inbox")], steps
    assert "SCAN waiting USING INDEX ix_inbox_open" in steps
    assert len(await box.claim(100)) == 50
    assert await box.waiting() == 1000
