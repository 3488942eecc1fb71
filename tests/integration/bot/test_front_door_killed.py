"""The process of the front door may end at any moment: nothing is lost, nothing is answered twice."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.app import running, serve
from bot.settings import BotSettings, WebSettings
from store.engine import Database
from store.errors import Conflict
from tests.fakes.rasa import FakeRasa
from tests.support.webclient import WebClient

ROOT = Path(__file__).resolve().parents[3]


@asynccontextmanager
async def front_process(
    home: Path, rasa: FakeRasa, port: int = 0
) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.front_process",
        str(home),
        rasa.url,
        str(port),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            while not (line := (await process.stdout.readline()).decode()).startswith("http"):
                assert line, "the front door did not start"
        yield line.strip(), process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def persistently(chat: WebClient, text: str, identity: str) -> None:
    """Post until the server has it, as the page does."""
    while True:
        try:
            await chat.send(id=identity, text=text)
            return
        except (aiohttp.ClientError, OSError):
            await asyncio.sleep(0.05)


async def test_killing_the_front_door_in_the_middle_loses_and_doubles_nothing(tmp_path: Path, rasa: FakeRasa) -> None:
    rasa.delay_s = 0.02
    total = 40
    async with front_process(tmp_path, rasa) as (url, process):
        port = int(url.rpartition(":")[2])
        async with WebClient(url, timeout_s=60) as chat:
            asking = [asyncio.create_task(persistently(chat, f"{n}", f"m{n}")) for n in range(total)]
            await rasa.called(8)
            process.kill()
            await process.wait()
            async with front_process(tmp_path, rasa, port) as (_, second):
                await rasa.called(16)
                second.kill()
                await second.wait()
                async with front_process(tmp_path, rasa, port):
                    await asyncio.gather(*asking)
                    for n in range(total):
                        await chat.answer_to(f"m{n}")
                    asked = [m["text"] for m in await chat.history() if m["from"] == "citizen"]
                    said = [m["text"] for m in await chat.history() if m["from"] == "bot"]
    assert sorted(asked, key=int) == [f"{n}" for n in range(total)]
    assert said == [f"đã nhận: {text}" for text in asked]
    assert [m["text"] for m in chat.received] == said, "the stream gave each once, in order"
    assert len(rasa.worked) == total


async def test_a_polite_stop_answers_what_is_under_way_and_closes(tmp_path: Path, rasa: FakeRasa) -> None:
    rasa.hold()
    async with front_process(tmp_path, rasa) as (url, process):
        async with WebClient(url) as chat:
            await chat.send(text="gần xong")
            await rasa.called(1)
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.05)
            rasa.release()
            async with asyncio.timeout(20):
                while not chat.received:
                    chat._news.clear()
                    await chat._news.wait()
        assert await asyncio.wait_for(process.wait(), 20) == 0
        assert process.stdout is not None
        assert (await process.stdout.read()).decode().strip().endswith("closed")
    assert [m["text"] for m in chat.received] == ["đã nhận: gần xong"]


async def test_serving_ends_when_it_is_told_to(database: Database, tmp_path: Path) -> None:
    stop = asyncio.Event()
    await serve(
        BotSettings(web=WebSettings(port=0, private_port=0)),
        database,
        data_dir=tmp_path,
        stop=stop,
        started=lambda _front: stop.set(),
    )
    assert stop.is_set()


async def test_a_taken_port_stops_the_start_with_a_sentence(database: Database, tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = BotSettings(web=WebSettings(port=port, private_port=0))
    with pytest.raises(Conflict, match=rf"127\.0\.0\.1:{port}.*MOTCUA_BOT__WEB__PORT"):
        async with running(settings, database, data_dir=tmp_path):
            pytest.fail("it must not open")
    server.close()
    await server.wait_closed()


async def test_a_part_that_breaks_for_good_ends_the_serving(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: object) -> int:
        raise OSError("disk gone")

    monkeypatch.setattr("bot.inbox.Inbox.recover", broken)
    with pytest.raises(OSError, match="disk gone"):
        await serve(
            BotSettings(web=WebSettings(port=0, private_port=0)),
            database,
            data_dir=tmp_path,
            stop=asyncio.Event(),
        )
