"""A file's link never makes the program fetch from inside the network it stands in."""

from __future__ import annotations

import asyncio

import pytest

from bot.channels.contract import NotFetched
from bot.channels.download import download, session

INSIDE = [
    "http://127.0.0.1:PORT/a.jpg",
    "https://127.0.0.1:PORT/a.jpg",
    "https://[::1]:PORT/a.jpg",
    "https://[::ffff:127.0.0.1]:PORT/a.jpg",
    "https://10.0.0.1/a.jpg",
    "https://169.254.169.254/latest/meta-data",
    "https://0.0.0.0:PORT/a.jpg",
    "https://localhost:PORT/a.jpg",
    "https://2130706433:PORT/a.jpg",
    "https://user@127.0.0.1:PORT/a.jpg",
    "file:///etc/passwd",
    "ftp://127.0.0.1/a",
    "//127.0.0.1/a.jpg",
    "https://",
    "https://[::1",
    "\ud800",
]


@pytest.mark.parametrize("url", INSIDE)
async def test_an_address_inside_is_not_even_connected_to(url: str) -> None:
    came: list[object] = []

    async def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer)
        writer.close()

    async with await asyncio.start_server(connected, ["127.0.0.1", "::1"]) as server, session(private=False) as opened:
        for listening in server.sockets:
            with pytest.raises(NotFetched):
                await download(opened, url.replace("PORT", str(listening.getsockname()[1])), most=1000, private=False)
        assert came == []
