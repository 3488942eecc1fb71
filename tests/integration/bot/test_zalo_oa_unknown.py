"""Messages of which no answer came: Zalo is asked whether they have arrived."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from bot import conversations, outbox
from bot.app import Running
from bot.departures import Departures, leaving
from bot.outbox import Outbox
from bot.replies import Reply
from store.engine import Database
from tests.fakes._platform import Fault
from tests.fakes.zalo_oa import FakeZaloOA
from tests.fakes.zalo_oa.citizens import AN
from tests.support.zalo import ended, sent

Open = Callable[..., AbstractAsyncContextManager[Running]]
SEND, ASK = "message/cs", "conversation"


def asked(zalo: FakeZaloOA) -> int:
    return [name for name, _ in zalo.calls].count(ASK)


async def test_messages_of_unknown_end_arrive_once_and_in_order(
    database: Database, oa_door: Open, zalo: FakeZaloOA
) -> None:
    zalo.faults[SEND] = [Fault(cut="before"), Fault(), Fault(cut="after"), Fault(), Fault(hang_s=2.0)]
    async with oa_door():
        for number in range(4):
            await zalo.write(f"câu {number}")
        assert await sent(zalo, 4) == [f"đã nhận: câu {number}" for number in range(4)]
        assert await ended(database) == ("sent", None)
    assert asked(zalo) == 3
    assert len(zalo.texts(AN)) == 4


@pytest.mark.parametrize("fault", [Fault(http=502), Fault(hang_s=2.0), Fault(-209, "Not supported API")])
async def test_a_person_decides_where_zalo_does_not_say(
    database: Database, oa_door: Open, zalo: FakeZaloOA, fault: Fault
) -> None:
    zalo.faults |= {SEND: [Fault(cut="after")], ASK: [fault]}
    async with oa_door():
        await zalo.write("một")
        assert await ended(database) == ("unknown", "no_answer: ServerDisconnectedError")
        await zalo.write("hai")
        assert (await sent(zalo, 2))[1] == "đã nhận: hai", "what comes after it does not wait"


async def test_zalo_is_not_asked_where_that_is_not_wanted(database: Database, oa_door: Open, zalo: FakeZaloOA) -> None:
    zalo.faults[SEND] = [Fault(cut="after")]
    async with oa_door(look_after_s=0):
        await zalo.write("một")
        assert (await ended(database))[0] == "unknown"
    assert asked(zalo) == 0


async def test_a_token_that_has_run_out_is_renewed_for_the_question(
    database: Database, oa_door: Open, zalo: FakeZaloOA
) -> None:
    zalo.faults |= {SEND: [Fault(cut="after")], ASK: [Fault(-216, "Access token is invalid")]}
    async with oa_door():
        await zalo.write("một")
        assert await ended(database) == ("sent", None)
    assert (asked(zalo), len(zalo.texts(AN))) == (2, 1)


@pytest.mark.parametrize("accepted", [True, False])
async def test_what_a_killed_process_had_under_way_is_asked_for(
    database: Database, oa_door: Open, zalo: FakeZaloOA, tmp_path: Path, accepted: bool
) -> None:
    async with oa_door():
        await zalo.write("chào")
        await sent(zalo, 1)
    async with database.begin() as connection:
        conversation = await conversations.ensure(connection, "zalo_oa", AN)
        said: dict[str, Any] = {"channel": "zalo_oa", "conversation": conversation, "pushed": True}
        await outbox.append(connection, [Reply("đang đi"), Reply("tin sau")], **said)
    dead = Departures(tmp_path / "var" / "departures")
    box = Outbox(database, "zalo_oa", dead, lease_s=66.0)
    [due] = await box.due(1)
    assert await box.start(due)
    with dead.sending(due.id, due.attempts + 1):
        leaving()
        if accepted:
            await zalo._send({"recipient": {"user_id": AN}, "message": {"text": "đang đi"}})
    dead.close()
    async with oa_door():
        assert (await sent(zalo, 3))[1:] == ["đang đi", "tin sau"]
        assert await ended(database) == ("sent", None)
    assert asked(zalo) == 1
