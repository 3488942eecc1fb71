"""Processes are killed, clients go away, everybody writes at once: nothing is lost, nothing is answered twice."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import FAST
from tests.support.stack import ROOT, Stack
from tests.support.webclient import WebClient

pytestmark = pytest.mark.timeout(900)

PATIENCE_S = 180.0
PROGRAMS = ["rasa", "actions", "app"]
QUESTIONS = ["đăng ký tạm trú", "đăng ký kết hôn", "đăng ký khai tử", "đăng ký khai sinh", "cấp đổi thẻ căn cước"]


@pytest.fixture(scope="module")
async def own(prepared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A program of our own, to be ill-treated."""
    home = tmp_path_factory.mktemp("faults") / "home"
    await asyncio.to_thread(shutil.copytree, prepared_home, home)
    running = Stack(home, {**FAST, "MOTCUA_BOT__WORKER__PATIENCE_S": str(PATIENCE_S)})
    await asyncio.to_thread(running.start)
    yield running
    await asyncio.to_thread(running.stop)


async def _until(condition: Callable[[], Any], what: str) -> None:
    """Wait until something holds, at most `PATIENCE_S`."""
    end = time.monotonic() + PATIENCE_S
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < end, f"after {PATIENCE_S:.0f} s still not: {what}"
        await asyncio.sleep(0.1)


async def _sent(client: WebClient, text: str) -> str:
    """Post a text until it is taken, always under the same id, as the page does while the program is away."""
    identity = os.urandom(8).hex()
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await client.send(id=identity, text=text)
        except OSError:
            assert time.monotonic() < end, "the program does not come back"
            await asyncio.sleep(0.2)


def _killed(stack: Stack, program: str) -> list[int]:
    """Kill a program at once; gives the numbers of the processes that were."""
    before = stack.pids(_NEEDLES[program])
    assert len(before) == 1, f"{program} runs {len(before)} times"
    stack.kill(program)
    return before


_NEEDLES = {"rasa": "nlu.serve", "actions": "serve-actions", "app": "serve-app"}


async def _answered_once_each(client: WebClient, sent: list[str]) -> list[str]:
    """Wait for the answers; gives their texts in the order of the questions."""
    answers = [await client.answer_to(identity) for identity in sent]
    # The history is what the database holds, whatever the stream has shown.
    said = Counter(
        message["reply_to"] for message in await client.history() if message["from"] == "bot" and message["final"]
    )
    assert {identity: said[identity] for identity in sent} == dict.fromkeys(sent, 1)
    # The answer of last resort would do for a citizen, but here the program has time to come back.
    assert not [answer.text for answer in answers if "chế độ rút gọn" in answer.text]
    return [answer.text for answer in answers]


@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_kill_in_the_middle_of_a_conversation_loses_nothing(own: Stack, program: str) -> None:
    async with WebClient(own.url, timeout_s=PATIENCE_S) as client:
        first = await client.ask("đăng ký tạm trú lệ phí bao nhiêu")
        assert "1.004194" in first.text
        sent = [await _sent(client, question) for question in QUESTIONS]
        before = _killed(own, program)
        sent += [await _sent(client, question) for question in QUESTIONS]
        texts = await _answered_once_each(client, sent)
        for question, text in zip(QUESTIONS * 2, texts, strict=True):
            assert question in text.lower()
        await _until(lambda: own.pids(_NEEDLES[program]) not in ([], before), f"{program} runs again")
        await _until(lambda: (own.ready() or {}).get("ready"), "all parts are ready again")
        follow_up = await client.ask("mất bao lâu")
        assert "1.014063" in follow_up.text, "what was talked about is remembered"


@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_kill_in_the_middle_of_the_form_does_not_end_it(own: Stack, program: str) -> None:
    async with WebClient(own.url, timeout_s=PATIENCE_S) as client:
        assert "việc gì" in (await client.ask("tôi muốn phản ánh")).text
        subject = f"Đèn đường hư ({program})"
        assert "chuyện gì đã xảy ra" in (await client.ask(subject)).text
        _killed(own, program)
        sent = await _sent(client, "Đèn trước nhà hư hai tháng nay, tối thui đi té hoài")
        assert "ở đâu" in (await client.answer_to(sent)).text
        await client.ask("ấp Mỹ Khánh xã Mỹ Hòa Hưng")
        _killed(own, program)
        sent = await _sent(client, "bỏ qua")
        summary = (await client.answer_to(sent)).text
        assert subject in summary
        assert "tối thui" in summary
        identity = await _sent(client, "gửi")
        _killed(own, program)
        receipt = (await client.answer_to(identity)).text
        assert "MC-" in receipt
        own_cases = await client.answer_to(await _sent(client, "phản ánh của tôi tới đâu rồi"))
        assert own_cases.text.count("Phiếu") == 1, "one case, however often the message was tried"
        assert subject in own_cases.text
        everything = [message["reply_to"] for message in client.received if message["final"]]
        assert len(everything) == len(set(everything))


async def test_a_hundred_messages_at_once_are_all_answered_in_order(own: Stack) -> None:
    async with WebClient(own.url, timeout_s=PATIENCE_S) as client:
        wanted = [QUESTIONS[number % len(QUESTIONS)] for number in range(100)]
        identities = [f"m{number:03d}-{os.urandom(4).hex()}" for number in range(100)]
        # One after the other without waiting for answers: the order in which they arrive is known.
        sent = [await client.send(id=i, text=text) for i, text in zip(identities, wanted, strict=True)]
        texts = await _answered_once_each(client, sent)
        for question, text in zip(wanted, texts, strict=True):
            assert question in text.lower()
        finals = [message["reply_to"] for message in client.received if message["final"]]
        assert finals == sent


async def test_a_hundred_messages_over_a_hundred_connections_are_each_answered_once(own: Stack) -> None:
    async with WebClient(own.url, timeout_s=PATIENCE_S) as client:
        wanted = [QUESTIONS[number % len(QUESTIONS)] for number in range(100)]
        sent = await asyncio.gather(*(client.send(text=text) for text in wanted))
        for question, text in zip(wanted, await _answered_once_each(client, list(sent)), strict=True):
            assert question in text.lower()


async def test_a_client_that_goes_away_finds_its_answers_when_it_comes_back(own: Stack) -> None:
    async with WebClient(own.url, timeout_s=PATIENCE_S) as client:
        sent = [await client.send(text=question) for question in QUESTIONS]
        await client.go_away()
        heard = len(client.received)
        told: list[Any] = []
        end = time.monotonic() + PATIENCE_S
        while len(told) < len(sent):
            assert time.monotonic() < end, "its messages are not answered while it is away"
            await asyncio.sleep(0.1)
            told = [message["reply_to"] for message in await client.history() if message.get("final")]
        assert told == sent
        assert len(client.received) == heard
        client.come_back()
        texts = [(await client.answer_to(identity)).text for identity in sent]
        for question, text in zip(QUESTIONS, texts, strict=True):
            assert question in text.lower()


async def test_a_request_that_is_broken_off_is_answered_all_the_same(own: Stack) -> None:
    async with WebClient(own.url, timeout_s=PATIENCE_S) as client:
        identity = os.urandom(8).hex()
        body = json.dumps({"id": identity, "text": QUESTIONS[0]}).encode()
        cookies = client.cookies()
        port = own.ports["web"]
        head = (
            f"POST /api/messages HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookies}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode() + body)
        await writer.drain()
        # The phone has lost its network before it saw the answer.
        writer.transport.abort()
        assert QUESTIONS[0] in (await client.answer_to(identity)).text.lower()


async def test_a_second_program_over_the_same_folder_is_refused_with_a_reason(own: Stack) -> None:
    other = Stack(own.home, dict(own.extra))
    done = await asyncio.to_thread(other.command, "up")
    assert done.returncode != 0
    assert "already runs over this data folder" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert (own.ready() or {}).get("ready"), "the first one goes on"


async def test_a_port_that_is_taken_is_named(own: Stack, tmp_path: Path) -> None:
    other = Stack(tmp_path / "home", dict(own.extra), ports=dict(own.ports))
    done = await asyncio.to_thread(other.command, "up")
    assert done.returncode != 0
    assert "MOTCUA_BOT__WEB__PORT" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_everything(fresh_home: Path, number: signal.Signals) -> None:
    stack = Stack(fresh_home, dict(FAST))
    await asyncio.to_thread(stack.start)
    assert stack.process is not None
    try:
        family = psutil.Process(stack.process.pid).children(recursive=True)
        assert len(family) >= len(PROGRAMS)
        stack.process.send_signal(number)
        await _until(lambda: stack.process is not None and stack.process.poll() is not None, "it has ended")
        assert stack.process.returncode == 0
        assert [child.pid for child in family if child.is_running()] == []
    finally:
        await asyncio.to_thread(stack.stop)


async def test_a_killed_supervisor_leaves_no_children(fresh_home: Path) -> None:
    stack = Stack(fresh_home, dict(FAST))
    await asyncio.to_thread(stack.start)
    assert stack.process is not None
    family = psutil.Process(stack.process.pid).children(recursive=True)
    stack.process.kill()
    stack.process.wait()
    await _until(lambda: not any(_alive(child) for child in family), "its children are gone")


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_up_without_rasa_says_what_to_do(tmp_path: Path) -> None:
    environment = {**os.environ, "MOTCUA_HOME": str(tmp_path), "MOTCUA_RASA__PYTHON": str(tmp_path / "nowhere")}
    command = [sys.executable, "-m", "motcua", "train"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0
    assert "make install" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
