"""The connections of the public side: bounded in number, in time and in size, and every answer carries its headers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.app import Running
from bot.connections import Connections, Site, within_files
from bot.settings import WebSettings
from tests.support.hostile import Target, corpus
from tests.support.pages import Pages, pages
from tests.support.waiting import eventually
from tests.support.webclient import WebClient
from tests.support.wire import Reply, exchange

Open = Callable[..., AbstractAsyncContextManager[Running]]
ALWAYS = {
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "cache-control",
}


def address(url: str) -> tuple[str, int]:
    host, port = url.removeprefix("http://").split(":")
    return host, int(port)


@asynccontextmanager
async def held(url: str, count: int, source: str | None = None) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Connections that say nothing."""
    local = (source, 0) if source else None
    opened = [await asyncio.open_connection(*address(url), local_addr=local) for _ in range(count)]
    await asyncio.sleep(0.05)
    yield [reader for reader, _ in opened]
    for _, writer in opened:
        writer.close()
        await writer.wait_closed()
    await asyncio.sleep(0.05)


async def ask(url: str, text: str, **options: float) -> Reply:
    return await exchange(*address(url), [text.encode()], **options)  # type: ignore[arg-type]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path / "var") as opened:
        yield opened


ANSWERS = [
    ("GET / HTTP/1.1\r\nHost: x", 200, "no-cache"),
    ("HEAD / HTTP/1.1\r\nHost: x", 200, "no-cache"),
    ("GET /static/chat.js HTTP/1.1\r\nHost: x", 200, "no-cache"),
    ("GET /static/chat.js HTTP/1.1\r\nHost: x\r\nIf-None-Match: *", 304, "no-cache"),
    ("GET /pages/page.css HTTP/1.1\r\nHost: x", 200, "no-cache"),
    ("GET /t HTTP/1.1\r\nHost: x", 200, "no-store"),
    ("GET /t/MC-7K3Q9D HTTP/1.1\r\nHost: x", 200, "no-store"),
    ("GET /to-cao HTTP/1.1\r\nHost: x", 200, "no-store"),
    ("POST /t/out HTTP/1.1\r\nHost: x\r\nContent-Length: 0", 303, "no-store"),
    ("POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Length: 0", 200, "no-store"),
    ("GET /api/history HTTP/1.1\r\nHost: x", 401, "no-store"),
    ("GET /api/stream HTTP/1.1\r\nHost: x", 401, "no-store"),
    ("POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 0", 401, "no-store"),
    ("POST /api/attachments HTTP/1.1\r\nHost: x\r\nContent-Length: 0", 401, "no-store"),
    ("GET /nowhere HTTP/1.1\r\nHost: x", 404, "no-store"),
    ("DELETE / HTTP/1.1\r\nHost: x", 405, "no-store"),
    ("POST /t HTTP/1.1\r\nHost: x\r\nContent-Length: 0", 415, "no-store"),
    ("POST /t HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\nContent-Length: 0", 403, "no-store"),
    ("POST /t HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 0", 415, "no-store"),
    ("GET / HTTP/1.1\r\nHost: x\r\nExpect: 200-ok", 417, "no-store"),
    ("GET / HTTP/9.9\r\nHost: x", 400, "no-store"),
    ("no HTTP at all", 400, "no-store"),
    ("GET /" + "a" * 20_000 + " HTTP/1.1\r\nHost: x", 400, "no-store"),
    ("GET / HTTP/1.1\r\n" + "\r\n".join(f"X-{n}: y" for n in range(100)), 400, "no-store"),
    ("POST /t HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", 400, "no-store"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "status", "cache"), ANSWERS, ids=[head[:60] for head, _, _ in ANSWERS])
async def test_every_answer_carries_the_security_headers(site: Pages, head: str, status: int, cache: str) -> None:
    reply = await ask(site.url, f"{head}\r\n\r\n")
    assert reply.status == status
    assert set(reply.headers) >= ALWAYS
    assert reply.headers["cache-control"] == cache
    assert "server" not in reply.headers
    assert len(reply.names) == len(set(reply.names)), "a header was sent twice"


# What is wrong with the name of a file is no matter of the log either.
@pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionHeader", "ignore::aiohttp.BadContentDispositionParam")
async def test_each_hostile_request_is_answered_in_time_and_none_with_a_failure(site: Pages) -> None:
    host, port = address(site.url)
    async with WebClient(site.url) as citizen:
        target = Target(f"{host}:{port}", citizen.cookies())
    started = time.monotonic()
    gate = asyncio.Semaphore(8)

    async def fired(data: bytes, *, whole: bool) -> Reply:
        async with gate:
            return await exchange(host, port, [data], wait_s=10 if whole else 0.5)

    shots = corpus(target)
    replies = await asyncio.gather(*(fired(shot.data, whole=shot.whole) for shot in shots))
    for shot, reply in zip(shots, replies, strict=True):
        # Too many at once is said with 429 or 503 and when to come again; nothing else may go wrong.
        assert reply.status < 500 or (reply.status == 503 and reply.headers["retry-after"]), shot.name
        assert reply.status or not shot.whole, f"no answer to {shot.name}"
        assert not reply.status or set(reply.headers) >= ALWAYS, shot.name
        assert "server" not in reply.headers, shot.name
    assert len(shots) > 1000
    assert time.monotonic() - started < 200


async def test_more_connections_than_allowed_are_told_to_come_back_and_the_others_go_on(front_door: Open) -> None:
    web_ = WebSettings(port=0, private_port=0, connections=10, connections_per_address=3)
    async with front_door(web=web_) as front:
        host, port = address(front.public_url)
        request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        async with held(front.public_url, 3, "127.0.0.2"):
            reply = await exchange(host, port, [], source="127.0.0.2")
            assert reply.status == 503
            assert int(reply.headers["retry-after"]) > 0
            assert set(reply.headers) >= ALWAYS
            assert json.loads(reply.body)["error"]["code"] == "busy"
            assert (await exchange(host, port, [request], source="127.0.0.3")).status == 200
        assert (await exchange(host, port, [request], source="127.0.0.2")).status == 200


async def test_there_are_never_more_connections_than_in_all(front_door: Open) -> None:
    web_ = WebSettings(port=0, private_port=0, connections=10)
    async with front_door(web=web_) as front, held(front.public_url, 10):
        assert (await exchange(*address(front.public_url), [], source="127.0.0.9")).status == 503


async def test_a_connection_that_says_nothing_or_sends_its_head_slowly_is_ended(front_door: Open) -> None:
    async with front_door(web=WebSettings(port=0, private_port=0, idle_s=0.5)) as front:
        host, port = address(front.public_url)
        started = time.monotonic()
        async with held(front.public_url, 1) as (silent,):
            assert await asyncio.wait_for(silent.read(), 5) == b""
        slow = [b"GET / HTTP/1.1\r\n", *(b"X: y\r\n" for _ in range(100))]
        assert (await exchange(host, port, slow, pause_s=0.1, wait_s=5)).status == 0
        assert time.monotonic() - started < 15


async def test_a_body_that_nobody_reads_does_not_hold_the_connection(front_door: Open) -> None:
    async with front_door() as front:
        host, port = address(front.public_url)
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n")
        started = time.monotonic()
        answer = await asyncio.wait_for(reader.read(), 8)
        assert answer.startswith(b"HTTP/1.1 404")
        assert time.monotonic() - started < 6
        writer.close()
        await writer.wait_closed()


async def _open(connections: Connections, count: int) -> bool:
    return connections.open == count


async def test_a_client_that_never_reads_its_answer_is_dropped() -> None:
    async def much(_request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 20_000_000)

    app = web.Application()
    app.router.add_get("/", much)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    connections = Connections(unread_s=0.5)
    await Site(runner, "127.0.0.1", 0, connections).start()
    try:
        _, writer = await asyncio.open_connection(*runner.addresses[0][:2], limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await eventually(partial(_open, connections, 1))
        await eventually(partial(_open, connections, 0))
        writer.transport.abort()
    finally:
        await runner.cleanup()


async def test_what_is_packed_is_refused_before_it_is_unpacked(front_door: Open) -> None:
    async with front_door() as front, aiohttp.ClientSession() as session:
        for encoding in ("gzip", "deflate", "br", "zstd", "gzip, gzip"):
            async with session.post(
                f"{front.public_url}/api/messages", data=b"\x1f\x8b", headers={"Content-Encoding": encoding}
            ) as response:
                assert response.status == 415
                assert (await response.json())["error"]["code"] == "packed"


def test_there_are_only_as_many_connections_as_the_system_gives_files() -> None:
    assert within_files(100) == 100
    assert 1 <= within_files(100_000_000) < 100_000_000
