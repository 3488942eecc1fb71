"""Forms while they are read: what they hold in memory is bounded, and nobody keeps others out by being slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

import pytest

from bot import uploads
from tests.support.pages import Pages, pages
from tests.support.wire import Reply, exchange

KIB = 1024
BOUNDARY = b"--b\r\nContent-Disposition: form-data; name="


@pytest.fixture
async def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pages]:
    """The front door with room for 600 KiB of forms, 250 KiB of one address."""
    monkeypatch.setattr(uploads, "_room", uploads.Room(600 * KIB, 250 * KIB))
    async with pages(tmp_path / "pages") as opened:
        yield opened


def head(size: int) -> bytes:
    return (
        b"POST /to-cao HTTP/1.1\r\nHost: motcua\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        b"Content-Length: %d\r\n\r\n" % size
    )


def begun(kib: int) -> bytes:
    """The beginning of a form with a file of that size, of which some 64 KiB may be on the way still."""
    return head(10**6) + BOUNDARY + b'"files"; filename="anh.jpg"\r\n\r\n' + b"x" * (kib * KIB)


@asynccontextmanager
async def stalled(door: Pages, number: int, content: bytes, source: str = "127.0.0.1") -> AsyncIterator[None]:
    """Forms that begin and do not go on."""
    async with AsyncExitStack() as stack:
        for _ in range(number):
            _, writer = await asyncio.open_connection(*place(door), local_addr=(source, 0))
            stack.enter_context(closing(writer))
            writer.write(content)
            await writer.drain()
        await asyncio.sleep(0.3)
        yield


def place(door: Pages) -> tuple[str, int]:
    host, port = door.url.removeprefix("http://").split(":")
    return host, int(port)


async def post(door: Pages, kib: int = 1, source: str = "127.0.0.1") -> Reply:
    """Send a whole form with a file of that size; it has no token, so 403 means that it was read to its end."""
    body = BOUNDARY + b'"files"; filename="anh.jpg"\r\n\r\n' + b"x" * (kib * KIB) + b"\r\n--b--\r\n"
    return await exchange(*place(door), [head(len(body)) + body], source=source)


async def test_many_forms_that_stall_keep_nobody_out(door: Pages) -> None:
    async with stalled(door, 15, begun(1)):
        assert (await post(door)).status == 403


async def test_one_address_cannot_take_all_the_room(door: Pages) -> None:
    async with stalled(door, 2, begun(120)):
        refused = await post(door, 150)
        assert (refused.status, "nhiều người gửi cùng lúc" in refused.body.decode()) == (503, True)
        assert (await post(door, 150, source="127.0.0.2")).status == 403
    await asyncio.sleep(0.3)
    assert (await post(door, 150)).status == 403


async def test_all_addresses_together_hold_no_more_than_there_is_room_for(door: Pages) -> None:
    async with AsyncExitStack() as stack:
        for number in range(2, 5):
            await stack.enter_async_context(stalled(door, 1, begun(200), source=f"127.0.0.{number}"))
        assert (await post(door, 240)).status == 503
    await asyncio.sleep(0.3)
    assert (await post(door, 240)).status == 403
