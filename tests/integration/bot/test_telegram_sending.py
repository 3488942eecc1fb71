"""Sending to Telegram: in order, at the pace it allows, never twice, and on record when it fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bot.app import Running
from bot.outbox import Outbox
from desk import letters
from store.engine import Database
from store.errors import Conflict
from store.tables import now, outbox
from tests.fakes._platform import Fault
from tests.fakes.telegram import FakeTelegram
from tests.support.telegram_front import out, pending, reachable, sent, settings
from tests.support.waiting import eventually

Open = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture
async def front(front_door: Open, telegram: FakeTelegram) -> AsyncIterator[Running]:
    async with front_door(telegram=settings(telegram)) as opened:
        yield opened


async def test_a_blocked_chat_is_recorded_and_welcome_back(
    database: Database, telegram: FakeTelegram, front: Running
) -> None:
    await telegram.write("một")
    await sent(telegram, 1)
    telegram.blocked.add(7)
    await telegram.write("hai")

    async def recorded() -> bool:
        return not await reachable(database)

    await eventually(recorded)
    state, error = (await out(database))[-1]
    assert state == "dead"
    assert error == "blocked: Forbidden: Forbidden: bot was blocked by the user"
    telegram.blocked.clear()
    await telegram.write("ba")
    assert (await sent(telegram, 2))[-1] == "đã nhận: ba"
    assert await reachable(database)


async def test_a_message_that_was_given_up_arrives_when_somebody_sends_it_again(
    database: Database, telegram: FakeTelegram, front: Running
) -> None:
    await telegram.write("một")
    await sent(telegram, 1)
    telegram.blocked.add(7)
    await telegram.write("hai")

    async def recorded() -> bool:
        return not await reachable(database)

    await eventually(recorded)
    [lost] = (await letters.list_(database)).letters
    with pytest.raises(Conflict):
        await letters.again(database, lost.key, actor="lan")
    telegram.blocked.clear()
    await telegram.write("ba")
    await sent(telegram, 2)
    await letters.again(database, lost.key, actor="lan")
    assert await sent(telegram, 3) == ["đã nhận: một", "đã nhận: ba", "đã nhận: hai"]
    assert (await letters.list_(database)).letters == ()


async def test_a_citizen_who_leaves_is_no_longer_reachable(
    database: Database, telegram: FakeTelegram, front: Running
) -> None:
    await telegram.write("một")
    await sent(telegram, 1)
    chat = {"id": 7, "type": "private"}
    await telegram.push({"my_chat_member": {"chat": chat, "new_chat_member": {"status": "kicked"}}})

    async def gone() -> bool:
        return not await reachable(database)

    await eventually(gone)


async def test_a_hurried_chat_waits_and_the_others_do_not(
    database: Database, telegram: FakeTelegram, front: Running
) -> None:
    telegram.faults["sendmessage"] = [Fault(429, "Too Many Requests: retry after 1", {"retry_after": 1}, chat=7)]
    await telegram.write("bị chậm", chat=7)
    await telegram.until(lambda: not telegram.faults["sendmessage"])
    for n in range(5):
        await telegram.write(f"{n}", chat=100 + n)
    await telegram.until(lambda: all(telegram.texts(100 + n) for n in range(5)))
    assert telegram.texts(7) == []
    assert await sent(telegram, 1) == ["đã nhận: bị chậm"]
    tries = [p for m, p in telegram.calls if m == "sendmessage" and str(p["chat_id"]) == "7"]
    assert len(tries) == 2


async def test_while_one_chat_waits_out_its_limit_all_others_are_answered_and_it_is_not_hammered(
    telegram: FakeTelegram, front: Running
) -> None:
    # Two messages to one chat within three seconds are one too many: the second is told to wait for the rest.
    telegram.chat_rate = 1 / 3

    def tries() -> int:
        return len([p for m, p in telegram.calls if m == "sendmessage" and str(p["chat_id"]) == "7"])

    await telegram.write("một")
    await sent(telegram, 1)
    await telegram.write("hai")
    await telegram.until(lambda: tries() == 2)
    others = range(100, 120)
    for chat in others:
        await telegram.write("chào", chat=chat)
    await telegram.until(lambda: all(telegram.texts(chat) for chat in others))
    assert await sent(telegram, 2) == ["đã nhận: một", "đã nhận: hai"]
    first, *between, last = telegram.accepted
    assert (first.to, last.to) == (7, 7)
    assert {each.to for each in between} == set(others)
    assert last.at - first.at >= 3
    assert tries() == 3, "told how long to wait, it is tried once more"


async def test_a_send_that_was_cut_off_is_marked_unknown_and_not_repeated(
    database: Database, telegram: FakeTelegram, front: Running
) -> None:
    telegram.faults["sendmessage"] = [Fault(cut="after")]
    await telegram.write("một")
    await sent(telegram, 1)
    await telegram.write("hai")
    assert await sent(telegram, 2) == ["đã nhận: một", "đã nhận: hai"]

    async def settled() -> bool:
        return [state for state, _ in await out(database)] == ["unknown", "sent"]

    await eventually(settled)
    assert telegram.texts() == ["đã nhận: một", "đã nhận: hai"]


async def test_a_send_that_takes_too_long_is_marked_unknown(
    database: Database, front_door: Open, telegram: FakeTelegram
) -> None:
    telegram.faults["sendmessage"] = [Fault(hang_s=5)]
    async with front_door(telegram=settings(telegram, request_timeout_s=0.3)):
        await telegram.write("một")

        async def unknown() -> bool:
            return [state for state, _ in await out(database)] == ["unknown"]

        await eventually(unknown)
        await telegram.write("hai")
        await sent(telegram, 2)
    assert telegram.texts() == ["đã nhận: một", "đã nhận: hai"]


@pytest.mark.parametrize("code", [500, 502, 503])
async def test_a_send_that_telegram_failed_is_tried_again(
    telegram: FakeTelegram, front: Running, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr("bot.channels.sending.random.random", lambda: 0.01)
    telegram.faults["sendmessage"] = [Fault(code, "Internal Server Error")] * 3
    await telegram.write("một")
    assert await sent(telegram, 1) == ["đã nhận: một"]


async def test_messages_wait_while_telegram_cannot_be_reached(
    database: Database, front_door: Open, telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.sending.random.random", lambda: 0.01)
    async with FakeTelegram() as other:
        closed = f"http://127.0.0.1:{other.port}"
    telegram.chats.add(7)
    await pending(database, "còn chờ")
    async with front_door(telegram=settings(telegram, api_url=closed)) as front:
        failures = front.metrics.failures.labels("telegram_poll")._value

        async def tried() -> bool:
            return failures.get() >= 3 and (await out(database))[0][1] == "unreachable: ClientConnectorError"

        await eventually(tried)
    assert (await out(database))[0][0] in {"ready", "leased"}
    async with database.begin() as connection:
        await connection.execute(update(outbox).values(state="ready"))
    async with front_door(telegram=settings(telegram)):
        assert await sent(telegram, 1) == ["còn chờ"]


async def test_what_was_being_sent_when_a_process_died_is_unknown_and_not_repeated(
    database: Database, front_door: Open, telegram: FakeTelegram
) -> None:
    telegram.chats.add(7)
    await pending(database, "một nửa", state="leased")
    await pending(database, "tin sau")
    async with front_door(telegram=settings(telegram)):
        assert await sent(telegram, 1) == ["tin sau"]
    assert [state for state, _ in await out(database)] == ["unknown", "sent"]


async def test_an_undeliverable_message_is_given_up_with_its_reason(
    database: Database, front_door: Open, telegram: FakeTelegram
) -> None:
    await pending(database, "chat lạ", chat=99)
    telegram.faults["sendmessage"] = [Fault(500, "Internal Server Error", chat=7)]
    telegram.chats.add(7)
    await pending(database, "mãi không được")
    async with front_door(telegram=settings(telegram, give_up_s=0)):

        async def settled() -> bool:
            return [state for state, _ in await out(database)] == ["dead", "dead"]

        await eventually(settled)
    first, second = [error or "" for _, error in await out(database)]
    assert first.startswith("refused: ")
    assert "Chat not found" in first
    assert second.startswith("fault: ")


async def test_what_somebody_sends_again_is_tried_as_long_as_a_new_message(
    database: Database, front_door: Open, telegram: FakeTelegram
) -> None:
    """Else a message of yesterday would have a single try."""
    telegram.chats.add(7)
    await pending(database, "của hôm qua", state="dead", created_at=now() - timedelta(days=1))
    key = (await letters.list_(database)).letters[0].key
    telegram.faults["sendmessage"] = [Fault(500, "Internal Server Error", chat=7)] * 2
    await letters.again(database, key, actor="lan")
    async with front_door(telegram=settings(telegram, give_up_s=60)):
        assert await sent(telegram, 1) == ["của hôm qua"]


async def test_what_telegram_said_is_noted_before_the_database_is_told(
    front_door: Open, telegram: FakeTelegram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then a kill would make it unknown, though Telegram refused it; and the note is there until then."""
    # The journal is begun anew as soon as that is allowed.
    monkeypatch.setattr("bot.departures._LARGE", 0)
    noted: list[str] = []

    def noting(told: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def look(*arguments: Any) -> None:
            [journal] = (tmp_path / "var" / "departures").glob("*.journal")
            noted.append(journal.read_text().split("\n")[-2])
            await told(*arguments)

        return look

    monkeypatch.setattr(Outbox, "again", noting(Outbox.again))
    monkeypatch.setattr(Outbox, "finish", noting(Outbox.finish))
    telegram.faults["sendmessage"] = [Fault(500, "Internal Server Error"), Fault(), Fault(cut="after")]
    async with front_door(telegram=settings(telegram)):
        await telegram.write("một")
        await sent(telegram, 1)
        await telegram.write("hai")
        await sent(telegram, 2)

        async def settled() -> bool:
            return len(noted) == 3

        await eventually(settled)
    assert noted == ["1 1 back", "1 2 there", "2 1 left"]


async def test_html_that_telegram_cannot_read_is_sent_plain(telegram: FakeTelegram, front: Running) -> None:
    telegram.faults["sendmessage"] = [
        Fault(400, 'Bad Request: can\'t parse entities: Unsupported start tag "x" at byte offset 0')
    ]
    await telegram.write("**đậm**")
    assert await sent(telegram, 1) == ["đã nhận: đậm"]


async def test_one_chat_gets_a_message_a_second(database: Database, front_door: Open, telegram: FakeTelegram) -> None:
    telegram.chats |= {7, 8}
    for n in range(5):
        await pending(database, f"{n}")
    await pending(database, "ngay", chat=8)
    async with front_door(telegram=settings(telegram, chat_rate=4)):
        assert await sent(telegram, 5) == ["0", "1", "2", "3", "4"]
    paced = [each for each in telegram.accepted if each.to == 7]
    [at_once] = [each for each in telegram.accepted if each.to == 8]
    # A second for four more messages, less what the first one took to arrive.
    assert paced[-1].at - paced[0].at >= 0.5
    assert at_once.serial < paced[1].serial
