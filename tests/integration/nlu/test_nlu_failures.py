"""What breaks stock Rasa and must not break ours: failures below us and clients that go away."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from tests.integration.nlu.fake_actions import FakeActions
from tests.integration.nlu.talk import Talk
from tests.support.rasa import RasaServer

FORM = [
    "tôi muốn phản ánh",
    "đèn đường hư",
    "Đèn đường trước chợ hư mấy tuần nay không ai sửa",
    "ấp Long Thạnh",
    "bỏ qua",
]


async def test_an_action_server_that_is_down_fails_the_message_and_the_retry_is_answered(
    talk: Talk, actions: FakeActions
) -> None:
    body = talk.body("mất cccd làm lại ở đâu")
    await actions.stop()
    status, answer = await talk.post(body)
    assert status == 502
    assert answer["error"]["code"] == "failed"
    await actions.start()
    status, answer = await talk.post(body)
    assert status == 200
    assert "action_answer" in answer[0]["text"]


async def test_an_action_that_raises_leaves_the_form_where_it_was(talk: Talk, actions: FakeActions) -> None:
    for text in FORM[:3]:
        await talk.say(text)
    actions.failing = {"validate_case_form"}
    failed = talk.body("ấp Long Thạnh")
    assert (await talk.post(failed))[0] == 502
    assert (await talk.post(failed))[0] == 502
    actions.failing = set()
    status, answer = await talk.post(failed)
    assert status == 200
    assert "đồng ý để lại số" in answer[0]["text"]
    await talk.say("bỏ qua")
    await talk.say("gửi đi")
    assert [case["case_place"] for case in actions.submitted] == ["ấp Long Thạnh"]


async def test_a_case_is_never_submitted_with_empty_slots(talk: Talk, actions: FakeActions) -> None:
    for action in ("action_start_case", "validate_case_form", "action_ask_case_confirm", "action_submit_case"):
        for text in [*FORM, "gửi đi"]:
            actions.failing = {action}
            status, _ = await talk.post(failed := talk.body(text))
            actions.failing = set()
            if status != 200:
                assert (await talk.post(failed))[0] == 200
    assert len(actions.submitted) == 4
    # The consent alone may be a no.
    assert all(value for case in actions.submitted for slot, value in case.items() if slot != "case_consent")


async def test_a_client_that_hangs_up_finds_its_message_answered(talk: Talk, actions: FakeActions) -> None:
    actions.delays = {"action_answer": 1.0}
    body = talk.body("làm giấy khai sinh ở đâu")
    with pytest.raises(TimeoutError):
        await talk.post(body, timeout=aiohttp.ClientTimeout(total=0.4))
    status, answer = await talk.post(body)
    assert status == 200
    assert "action_answer" in answer[0]["text"]
    assert actions.names().count("action_answer") == 1


async def test_the_same_message_id_is_answered_alike_and_processed_once(talk: Talk, actions: FakeActions) -> None:
    body = talk.body("sang tên xe máy cần giấy gì")
    answers = await asyncio.gather(*(talk.post(body) for _ in range(5)))
    assert {json.dumps(answer) for answer in answers} == {json.dumps(answers[0])}
    assert answers[0][0] == 200
    assert actions.names() == ["action_answer"]


async def test_a_hundred_messages_at_once_are_all_answered_in_order(talk: Talk, actions: FakeActions) -> None:
    texts = [f"làm giấy khai sinh cho con thứ {n} ở đâu" for n in range(100)]
    answered: list[int] = []

    async def send(n: int) -> int:
        status, answer = await talk.post(talk.body(texts[n]))
        answered.append(n)
        return status if answer else 0

    # All others arrive while the first is being answered, a little apart, so that their order is certain.
    actions.delays = {"action_answer": 3.0}
    sent = [asyncio.create_task(send(0))]
    await asyncio.sleep(0.3)
    actions.delays = {}
    for n in range(1, 100):
        sent.append(asyncio.create_task(send(n)))
        await asyncio.sleep(0.015)
    assert answered == []
    assert set(await asyncio.gather(*sent)) == {200}
    assert [text for name, text in actions.calls if name == "action_answer"] == texts
    assert answered == list(range(100))


async def test_other_conversations_do_not_wait_for_a_slow_one(talk: Talk, actions: FakeActions) -> None:
    actions.delays = {"action_answer": 2.0}
    slow = asyncio.create_task(talk.say("đăng ký kết hôn cần giấy tờ gì"))
    await asyncio.sleep(0.3)
    other = Talk(talk.server, talk.session)
    async with asyncio.timeout(1.0):
        assert "Chào anh/chị" in await other.say("xin chào")
    assert "action_answer" in await slow


async def test_a_locked_file_fails_the_message_and_the_form_goes_on_afterwards(
    talk: Talk, actions: FakeActions
) -> None:
    for text in FORM[:2]:
        await talk.say(text)
    body = talk.body(FORM[2])
    locker = sqlite3.connect(talk.server.db, isolation_level=None)
    try:
        locker.execute("BEGIN IMMEDIATE")
        status, answer = await talk.post(body)
        assert (status, answer["error"]["code"]) == (500, "failed")
    finally:
        locker.execute("ROLLBACK")
        locker.close()
    status, answer = await talk.post(body)
    assert status == 200
    assert "ở đâu" in answer[-1]["text"]


async def test_kill_minus_nine_loses_nothing_and_answers_nothing_twice(
    own_server: Callable[..., RasaServer], actions: FakeActions, session: aiohttp.ClientSession
) -> None:
    server = own_server()
    server.start()
    talk = Talk(server, session)
    await talk.say(FORM[0])
    answered = talk.body(FORM[1])
    first = await talk.post(answered)
    actions.delays = {"validate_case_form": 5.0}
    in_flight = talk.body(FORM[2])
    waiting = asyncio.create_task(talk.post(in_flight))
    await asyncio.sleep(0.5)
    server.kill()
    with pytest.raises(aiohttp.ClientError):
        await waiting
    actions.delays = {}
    before = len(actions.calls)

    again = own_server()
    again.start()
    talk.server = again
    assert await talk.post(answered) == first
    assert len(actions.calls) == before
    status, answer = await talk.post(in_flight)
    assert status == 200
    assert "ở đâu" in answer[-1]["text"]
    for text in [*FORM[3:], "gửi đi"]:
        await talk.say(text)
    assert actions.submitted == [
        dict(
            zip(
                ("case_subject", "case_text", "case_place", "case_consent", "case_contact", "case_confirm"),
                [*FORM[1:-1], False, "-", True],
                strict=True,
            )
        )
    ]


def test_a_damaged_file_stops_the_start_with_a_sentence(own_server: Callable[..., RasaServer]) -> None:
    server = own_server()
    server.home.mkdir(exist_ok=True)
    server.db.write_bytes(b"this is no database " * 100)
    server.spawn()
    assert server.process is not None
    assert server.process.wait(60) == 1
    assert "cannot be used as the file of conversations" in server.log
    assert "move it away" in server.log


def test_a_missing_model_is_not_replaced_by_another(own_server: Callable[..., RasaServer], model: Path) -> None:
    server = own_server()
    server.model = model.with_name("0000000000000000.tar.gz")
    server.spawn()
    assert server.process is not None
    assert server.process.wait(60) == 2
    assert "No dialogue model" in server.log


async def test_a_long_conversation_is_compacted_and_keeps_its_slots_and_form(talk: Talk, actions: FakeActions) -> None:
    actions.options = [
        {"title": "Khai sinh", "payload": "/ask_procedure"},
        {"title": "Khai tử", "payload": "/ask_procedure"},
    ]
    for _ in range(30):
        await talk.say("làm giấy khai sinh ở đâu")
    assert "'option': 2" in await talk.say("2")
    actions.options = None
    assert actions.events_seen <= 30
    for text in FORM[:2]:
        await talk.say(text)
    for _ in range(30):  # in a form the conversation may grow four times as long
        assert "chuyện gì đã xảy ra" in await talk.say("làm giấy khai sinh ở đâu?")
    for text in [*FORM[2:], "gửi đi"]:
        await talk.say(text)
    assert actions.submitted[0]["case_subject"] == FORM[1]
    rows = sqlite3.connect(talk.server.db)
    try:
        (stored,) = rows.execute("SELECT sum(length(events)) FROM turn WHERE sender = ?", (talk.sender,)).fetchone()
        (bases,) = rows.execute("SELECT count(*) FROM turn WHERE base = 1 AND sender = ?", (talk.sender,)).fetchone()
    finally:
        rows.close()
    assert bases >= 2
    assert stored < 300_000


async def test_the_log_carries_no_word_of_the_citizen(talk: Talk, actions: FakeActions) -> None:
    actions.failing = {"action_answer"}
    secret = "mất cccd số 089123456789 của bà Tư Lành làm lại ở đâu"
    assert (await talk.post(talk.body(secret)))[0] == 502
    assert "089123456789" not in talk.server.log
    assert "Tư Lành" not in talk.server.log
    assert "action_answer failed" in talk.server.log
