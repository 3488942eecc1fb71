"""The worker answers every message once and in order, whatever the dialogue server does."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from bot import sentences
from bot.dialogues import Dialogues
from bot.inbox import Inbox
from bot.incoming import Incoming, Kind
from bot.reduced import LastResort
from bot.replies import Button, Reply
from bot.settings import DialogueSettings, WorkerSettings
from bot.worker import Worker
from store.engine import Database
from store.tables import citizens, conversations, inbox, now, outbox
from tests.fakes.rasa import FakeRasa
from tests.support.office import Office
from tests.support.waiting import eventually

QUICK = WorkerSettings(
    poll_s=0.05, retry_first_s=0.01, retry_cap_s=0.05, patience_s=30.0, shutdown_s=0.2, concurrency=8
)


Opened = Callable[..., Any]


@pytest.fixture
def open_office(database: Database, rasa: FakeRasa) -> Opened:
    @asynccontextmanager
    async def opened(
        settings: WorkerSettings = QUICK,
        dialogue: DialogueSettings | None = None,
        last_resort: LastResort | None = None,
    ) -> AsyncIterator[Office]:
        async with Dialogues(dialogue or DialogueSettings(url=rasa.url)) as client:
            office = Office(database, settings, client)
            worker = Worker(office.inbox, client, office.routes, settings, office.metrics, last_resort=last_resort)
            task = asyncio.create_task(worker.run())
            try:
                yield office
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    return opened


async def states(database: Database) -> list[tuple[str, str | None]]:
    async with database.connect() as connection:
        rows = (await connection.execute(select(inbox.c.state, inbox.c.error).order_by(inbox.c.id))).all()
    return [(row.state, row.error) for row in rows]


async def test_a_message_is_asked_with_all_that_the_actions_need(
    database: Database, rasa: FakeRasa, open_office: Opened
) -> None:
    rasa.token = "thẻ-bí-mật".encode().hex()
    async with open_office(dialogue=DialogueSettings(url=rasa.url, token=SecretStr(rasa.token))) as office:
        await office.say("xin chào")
        assert await office.answered(1) == ["đã nhận: xin chào"]
    [question] = rasa.calls
    async with database.connect() as connection:
        citizen = (await connection.execute(select(citizens.c.id))).scalar_one()
        conversation = (await connection.execute(select(conversations.c.id))).scalar_one()
    assert question["sender"] == f"{conversation}-1"
    assert question["metadata"] == {
        "conversation": conversation,
        "citizen": citizen,
        "channel": "web",
        "place": None,
        "message_id": question["message_id"],
    }


async def test_a_hundred_messages_at_once_are_answered_in_order(rasa: FakeRasa, open_office: Opened) -> None:
    numbers = [str(n) for n in range(100)]
    async with open_office() as office:
        await asyncio.gather(*(office.say(n) for n in numbers))
        said = await office.answered(100)
    order = [question["message"] for question in rasa.calls]
    assert said == [f"đã nhận: {text}" for text in order]
    assert sorted(order, key=int) == numbers
    assert len(set(order)) == 100


async def test_many_conversations_keep_their_own_order_under_failures(rasa: FakeRasa, open_office: Opened) -> None:
    chance = random.Random(7)
    rasa.faults = [chance.choice(["500", "empty", "die", "garbage"]) for _ in range(25)]
    async with open_office() as office:
        for n in range(8):
            await asyncio.gather(*(office.say(f"{n}", sender=f"s{s}") for s in range(12)))
        await office.answered(96)
        by_conversation: dict[str, list[str]] = {}
        for message in office.delivered:
            by_conversation.setdefault(message.conversation_id, []).append(message.text)
    assert list(by_conversation.values()) == [[f"đã nhận: {n}" for n in range(8)]] * 12
    assert len(rasa.worked) == 96, "nothing is worked through twice"


@pytest.mark.parametrize("fault", ["500", "empty", "die", "garbage", "not_a_list"])
async def test_a_failure_is_tried_again(rasa: FakeRasa, open_office: Opened, fault: Any) -> None:
    rasa.faults = [fault] * 3
    async with open_office() as office:
        await office.say("một", "hai")
        assert await office.answered(2) == ["đã nhận: một", "đã nhận: hai"]
    assert [question["message"] for question in rasa.calls] == ["một"] * 4 + ["hai"]
    assert len({question["message_id"] for question in rasa.calls}) == 2
    assert len({question["sender"] for question in rasa.calls}) == 1


async def test_a_slow_answer_is_given_up_and_asked_for_again(rasa: FakeRasa, open_office: Opened) -> None:
    rasa.faults = ["slow"]
    async with open_office(dialogue=DialogueSettings(url=rasa.url, timeout_s=0.1)) as office:
        await office.say("chậm")
        assert await office.answered(1) == ["đã nhận: chậm"]
    assert len(rasa.calls) == 2


async def test_failing_conversations_hold_up_nobody_else(rasa: FakeRasa, open_office: Opened) -> None:
    def answer(question: dict[str, Any]) -> list[dict[str, Any]]:
        return [] if question["message"].startswith("hỏng") else [{"text": question["message"]}]

    rasa.answer = answer
    async with open_office() as office:
        for n in range(2 * QUICK.concurrency):
            await office.say(f"hỏng {n}", sender=f"bad{n}")
        await rasa.called(2 * QUICK.concurrency)
        for n in range(20):
            await office.say(f"tốt {n}", sender=f"good{n}")
        said = await office.answered(20)
    assert sorted(said) == sorted(f"tốt {n}" for n in range(20))


async def test_past_its_patience_the_worker_answers_in_reduced_service(
    database: Database, rasa: FakeRasa, open_office: Opened
) -> None:
    asked: list[tuple[str, str | None]] = []

    async def look(text: str, place: str | None) -> list[Reply]:
        asked.append((text, place))
        return [Reply("Nộp ở Trung tâm hành chính công.", (Button("Lệ phí", "/followup"),))]

    rasa.always = "empty"
    settings = QUICK.model_copy(update={"patience_s": 0.2})
    async with open_office(settings, last_resort=look) as office:
        await office.say("khai sinh")
        [said] = await office.answered(1)
        assert said == f"{sentences.REDUCED}\n\nNộp ở Trung tâm hành chính công."
        assert asked == [("khai sinh", None)]
        assert len(rasa.calls) >= 2, "it was tried again before"
        [(state, error)] = await states(database)
        assert state == "done"
        assert (error or "").startswith("reduced:")
        rasa.always = None
        await office.say("lần sau")
        assert (await office.answered(2))[-1] == "đã nhận: lần sau"


async def test_with_the_server_gone_everybody_is_answered_in_reduced_service(
    database: Database, rasa: FakeRasa, open_office: Opened
) -> None:
    await rasa.stop()
    settings = QUICK.model_copy(update={"patience_s": 0.3})
    async with open_office(settings) as office:
        for n in range(30):
            await office.say("a", "b", sender=f"s{n}")
        said = await office.answered(60)
        assert set(said) == {sentences.REDUCED_NOTHING}
    assert Counter(state for state, _ in await states(database)) == {"done": 60}


async def test_messages_wait_for_a_server_that_restarts(rasa: FakeRasa, open_office: Opened) -> None:
    await rasa.stop()
    async with open_office() as office:
        for n in range(10):
            await office.say("một", "hai", sender=f"s{n}")
        unreached = office.metrics.failures.labels("dialogue_unreached")._value

        async def down() -> bool:
            return bool(unreached.get() >= 3)

        await eventually(down)
        assert office.delivered == []
        await rasa.start()
        said = await office.answered(20)
    assert Counter(said) == {"đã nhận: một": 10, "đã nhận: hai": 10}
    assert len(rasa.worked) == 20


async def test_a_server_that_dies_in_the_middle_answers_once_after_its_return(
    rasa: FakeRasa, open_office: Opened
) -> None:
    rasa.hold()
    async with open_office() as office:
        await office.say("giữa chừng")
        await rasa.called(1)
        await rasa.stop()
        rasa.release()
        await rasa.start()
        assert await office.answered(1) == ["đã nhận: giữa chừng"]
    assert len(rasa.worked) == 1


async def test_a_refused_message_is_apologised_for_and_put_on_record(
    database: Database, rasa: FakeRasa, open_office: Opened
) -> None:
    rasa.faults = ["400"]
    async with open_office() as office:
        await office.say("lạ", "thường")
        assert await office.answered(2) == [sentences.APOLOGY, "đã nhận: thường"]
    assert await states(database) == [("dead", "dialogue: HTTP 400"), ("done", None)]
    assert len(rasa.calls) == 2


async def test_a_stopped_worker_leaves_the_message_for_the_next_one(
    database: Database, rasa: FakeRasa, open_office: Opened
) -> None:
    rasa.hold()
    async with open_office() as office:
        await office.say("đang hỏi")
        await rasa.called(1)
    assert office.delivered == []
    assert [state for state, _ in await states(database)] == ["ready"]
    rasa.release()
    async with open_office() as office:
        assert await office.answered(1) == ["đã nhận: đang hỏi"]
    async with database.connect() as connection:
        assert len((await connection.execute(select(outbox.c.id))).all()) == 1


async def test_a_killed_worker_leaves_the_message_for_the_next_one(
    database: Database, rasa: FakeRasa, open_office: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def vanish(self: Inbox, *args: object) -> None:
        """A killed process puts nothing back."""

    rasa.hold()
    with monkeypatch.context() as patch:
        patch.setattr(Inbox, "put_back", vanish)
        async with open_office() as office:
            await office.say("đang hỏi", "và nữa")
            await rasa.called(1)
    assert [state for state, _ in await states(database)] == ["leased", "ready"]
    rasa.release()
    async with open_office() as office:
        assert await office.answered(2) == ["đã nhận: đang hỏi", "đã nhận: và nữa"]
    async with database.connect() as connection:
        assert len((await connection.execute(select(outbox.c.id))).all()) == 2


async def test_a_stop_lets_answers_under_way_finish(rasa: FakeRasa, open_office: Opened) -> None:
    rasa.hold()
    async with open_office(QUICK.model_copy(update={"shutdown_s": 5.0})) as office:
        await office.say("gần xong")
        await rasa.called(1)
        asyncio.get_running_loop().call_later(0.05, rasa.release)
    assert [m.text for m in office.delivered] == ["đã nhận: gần xong"]


async def test_trouble_inside_the_worker_is_survived(
    rasa: FakeRasa, open_office: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, answer = Inbox.claim, Inbox.answer
    broken = {"claim": 1, "answer": 1}

    async def claims(self: Inbox, *args: Any, **more: Any) -> Any:
        if broken["claim"]:
            broken["claim"] -= 1
            raise OSError("disk")
        return await claim(self, *args, **more)

    async def answers(self: Inbox, *args: Any, **more: Any) -> Any:
        if broken["answer"]:
            broken["answer"] -= 1
            raise OSError("disk")
        return await answer(self, *args, **more)

    monkeypatch.setattr(Inbox, "claim", claims)
    monkeypatch.setattr(Inbox, "answer", answers)
    async with open_office() as office:
        await office.say("bền")
        assert await office.answered(1) == ["đã nhận: bền"]
    assert len(rasa.worked) == 1
    assert len(rasa.calls) == 2


async def test_commands_presses_and_places_travel_as_payloads_and_slashes_do_not(
    rasa: FakeRasa, open_office: Opened
) -> None:
    async with open_office() as office:
        messages: list[tuple[Kind, dict[str, Any]]] = [
            ("command", {"text": "/start", "payload": "/greet"}),
            ("location", {"lat": 10.38, "lon": 105.43}),
            ("text", {"text": "/restart"}),
            ("text", {"text": "//"}),
            ("text", {"text": "\u200b/affirm"}),
        ]
        for number, (kind, body) in enumerate(messages):
            await office.inbox.receive(Incoming("web", f"a:{number}", "a", kind, body))
        await office.answered(5)
    asked = [question.get("payload") or [question.get("message")] for question in rasa.calls]
    assert asked == ["/greet", '/give_place{"lat": 10.38, "lon": 105.43}', ["restart"], ["?"], ["affirm"]]


async def test_dead_buttons_and_pictures_are_answered_without_the_dialogue(rasa: FakeRasa, open_office: Opened) -> None:
    async with open_office() as office:
        await office.inbox.receive(
            Incoming("web", "a:1", "a", "button", {"button": "khong-con-nua"}),
            Incoming("web", "a:2", "a", "unsupported", {}),
            Incoming("web", "a:3", "a", "flood", {"text": "x"}),
        )
        said = await office.answered(3)
    assert said == [sentences.BUTTON_GONE, sentences.UNSUPPORTED, sentences.TOO_FAST]
    assert rasa.calls == []


async def test_a_shortened_message_is_answered_with_a_notice(rasa: FakeRasa, open_office: Opened) -> None:
    async with open_office() as office:
        await office.inbox.receive(Incoming("web", "a:1", "a", "text", {"text": "dài", "cut": True}))
        assert await office.answered(1) == [sentences.CUT, "đã nhận: dài"]


async def test_the_dialogue_says_whether_a_form_is_open(
    database: Database, rasa: FakeRasa, open_office: Opened
) -> None:
    rasa.answer = lambda question: [
        {"text": "Chuyện gì đã xảy ra?"},
        {"custom": {"motcua": {"form": question["message"] == "mở"}}},
    ]

    async def in_form() -> bool:
        async with database.connect() as connection:
            return bool((await connection.execute(select(conversations.c.in_form))).scalar_one())

    async with open_office() as office:
        await office.say("mở")
        await office.answered(1)
        assert await in_form()
        async with database.begin() as connection:
            await connection.execute(update(conversations).values(last_inbound_at=now() - timedelta(hours=2)))
        await office.say("vẫn trong đơn")
        await office.answered(2)
        assert not await in_form()
    assert [question["sender"][-2:] for question in rasa.calls] == ["-1", "-1"]


async def test_a_long_conversation_moves_to_a_fresh_session(rasa: FakeRasa, open_office: Opened) -> None:
    async with open_office(QUICK.model_copy(update={"session_messages": 3})) as office:
        await office.say(*"abcdefg")
        await office.answered(7)
    assert [question["sender"][-1] for question in rasa.calls] == list("1112223")


async def test_an_idle_worker_looks_seldom(
    rasa: FakeRasa, open_office: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    claim = Inbox.claim

    async def counted(self: Inbox, *args: Any, **more: Any) -> Any:
        nonlocal looks
        looks += 1
        return await claim(self, *args, **more)

    monkeypatch.setattr(Inbox, "claim", counted)
    async with open_office(QUICK.model_copy(update={"poll_s": 60.0})) as office:
        await office.say("một")
        await office.answered(1)
        await office.say("hai")
        await office.answered(2)
        await asyncio.sleep(0.2)
    assert looks <= 5, "a message costs one look, an announcement wakes at once"
