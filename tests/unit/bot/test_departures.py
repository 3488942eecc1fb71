"""What had left when a process died is known, and what is not known is not guessed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter

from bot.channels.calling import NoAnswer
from bot.channels.telegram.request import AiohttpRequest
from bot.departures import Departures, Fate, NotedBody, arrived, leaving, refused

ROOT = Path(__file__).resolve().parents[3]
# A process that lets row 7 leave, takes row 8 without letting it leave, says so, and waits to be killed.
CHILD = """
import sys, time
from pathlib import Path
from bot.channels.calling import NoAnswer
from bot.channels.telegram.request import AiohttpRequest
from bot.departures import Departures, leaving
journal = Departures(Path(sys.argv[1]))
with journal.sending(7, 1):
    leaving()
with journal.sending(8, 1):
    print(journal.holder, flush=True)
    time.sleep(60)
"""


def dying(folder: Path) -> tuple[str, subprocess.Popen[str]]:
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    return child.stdout.readline().strip(), child


def kill(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert child.stdout is not None
    child.stdout.close()


def test_a_killed_process_leaves_word_of_what_had_left(tmp_path: Path) -> None:
    journal = Departures(tmp_path)
    holder, child = dying(tmp_path)
    assert journal.fate(holder) == Fate(alive=True)
    kill(child)
    assert journal.fate(holder) == Fate(known=True, left=frozenset({(7, 1)}))
    assert journal.holders() == [holder]
    journal.forget(holder)
    assert journal.fate(holder) == Fate()
    journal.close()


def test_a_journal_from_before_the_machine_started_is_not_trusted(tmp_path: Path) -> None:
    journal = Departures(tmp_path)
    holder, child = dying(tmp_path)
    kill(child)
    path = tmp_path / f"{holder}.journal"
    path.write_text("00000000-0000-0000-0000-000000000000\n" + path.read_text().partition("\n")[2])
    assert journal.fate(holder) == Fate()
    path.write_text("")
    assert journal.fate(holder) == Fate()
    journal.close()


@pytest.mark.parametrize("holder", [None, "", "unbekannt", "../../etc/passwd", "a/b"])
def test_nothing_is_known_of_a_process_without_a_journal_here(tmp_path: Path, holder: str | None) -> None:
    journal = Departures(tmp_path)
    assert journal.fate(holder) == Fate()
    assert journal.fate(journal.holder) == Fate(alive=True)
    journal.close()


def test_a_long_journal_is_begun_anew_when_nothing_is_under_way(tmp_path: Path) -> None:
    journal = Departures(tmp_path)
    path = tmp_path / f"{journal.holder}.journal"
    os.truncate(path, path.stat().st_size)
    with journal.sending(10**18, 1):
        for number in range(60_000):
            with journal.sending(10**18 + number, 1):
                leaving()
        assert path.stat().st_size > 1024 * 1024, "a send is under way: its row must stay"
    assert path.stat().st_size < 100
    journal.close()


def test_nothing_is_noted_outside_of_a_send(tmp_path: Path) -> None:
    journal = Departures(tmp_path)
    before = (tmp_path / f"{journal.holder}.journal").read_text()
    leaving()
    assert (tmp_path / f"{journal.holder}.journal").read_text() == before
    journal.close()


def test_what_was_certainly_refused_has_not_left_and_each_try_stands_for_itself(tmp_path: Path) -> None:
    dead, journal = Departures(tmp_path), Departures(tmp_path)
    with dead.sending(1, 1):
        leaving()
        refused()
    with dead.sending(2, 1):
        leaving()
        refused()
        leaving()
    with dead.sending(3, 1):
        leaving()
    with dead.sending(3, 2):
        pass
    with dead.sending(4, 1):
        leaving()
        arrived()
    dead.close()
    fate = journal.fate(dead.holder)
    assert fate == Fate(known=True, left=frozenset({(2, 1), (3, 1)}), arrived=frozenset({(4, 1)}))
    journal.close()


@pytest.fixture
async def platform() -> AsyncIterator[str]:
    async def take(request: web.Request) -> web.Response:
        return web.Response(text=await request.text())

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def aiohttp_post(url: str) -> None:
    async with aiohttp.ClientSession() as client, client.post(url, data=NotedBody(b"x", content_type="a/b")) as got:
        assert await got.text() == "x"


async def telegram_post(url: str) -> None:
    request = AiohttpRequest(5.0, 4)
    try:
        assert await request.do_request(url, "POST", RequestData([RequestParameter("x", "y", None)])) == (200, b"x=y")
    finally:
        await request.shutdown()


@pytest.mark.parametrize("post", [aiohttp_post, telegram_post])
async def test_a_request_is_noted_when_it_leaves_and_one_that_cannot_leave_is_not(
    tmp_path: Path, platform: str, post: object
) -> None:
    assert callable(post)
    journal = Departures(tmp_path)
    path = tmp_path / f"{journal.holder}.journal"
    with journal.sending(1, 1), pytest.raises((aiohttp.ClientError, NoAnswer)):
        await post("http://127.0.0.1:1/")
    with journal.sending(2, 3):
        await post(platform)
    assert path.read_text().split("\n")[1:] == ["2 3 left", ""]
    journal.close()


@pytest.mark.parametrize("post", [aiohttp_post, telegram_post])
async def test_sends_side_by_side_are_noted_each_for_itself(tmp_path: Path, platform: str, post: object) -> None:
    assert callable(post)
    journal = Departures(tmp_path)

    async def send(row: int) -> None:
        with journal.sending(row, 1):
            await post(platform)

    await asyncio.gather(*(send(row) for row in range(20)))
    noted = (tmp_path / f"{journal.holder}.journal").read_text().split("\n")[1:-1]
    assert sorted(int(line.split()[0]) for line in noted) == list(range(20))
    journal.close()
