"""Bytes to a port and what comes back, without a library that would put anything right on the way."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

_LONGEST_HEAD = 64 * 1024


@dataclass(frozen=True)
class Reply:
    """What came back.

    Attributes:
        status: 0 when the connection ended without an answer.
        headers: names in lower case; of a repeated one the last.
        body: empty of an answer that does not end, such as a stream.
        seconds: from the last byte sent to the last one read.
        names: every header's name, as often as it came.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    names: tuple[str, ...] = ()


async def exchange(
    host: str,
    port: int,
    pieces: Sequence[bytes],
    *,
    pause_s: float = 0.0,
    wait_s: float = 10.0,
    source: str | None = None,
    half_close: bool = False,
) -> Reply:
    """Send the pieces over a connection of its own and read one answer.

    Args:
        pause_s: between the pieces.
        wait_s: how long an answer is waited for; none within it counts as none.
        source: own address (of loopback).
        half_close: nothing more will be sent, says the connection.

    Raises:
        OSError: the port does not take the connection.
    """
    local = (source, 0) if source else None
    reader, writer = await asyncio.open_connection(host, port, local_addr=local, limit=_LONGEST_HEAD)
    # Many thousands of connections: the system is not left to remember each of them for a minute.
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    started = time.perf_counter()
    try:
        async with asyncio.timeout(wait_s + pause_s * len(pieces)):
            try:
                for number, piece in enumerate(pieces):
                    if number and pause_s:
                        await asyncio.sleep(pause_s)
                    writer.write(piece)
                    await writer.drain()
                if half_close:
                    writer.write_eof()
            except OSError:
                pass  # it has answered and hung up before everything was sent
            started = time.perf_counter()
            reply = await _read(reader, body=not b"".join(pieces[:1]).startswith(b"HEAD "))
    except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        reply = Reply(0)
    finally:
        writer.transport.abort()
    return Reply(reply.status, reply.headers, reply.body, time.perf_counter() - started, reply.names)


async def _read(reader: asyncio.StreamReader, *, body: bool) -> Reply:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines if line)]
    headers = dict(pairs)
    status = int(first.split(" ")[1])
    if status == 100:
        return await _read(reader, body=body)
    length = headers.get("content-length", "")
    content = await reader.readexactly(int(length)) if body and length.isdigit() else b""
    return Reply(status, headers, content, names=tuple(name for name, _ in pairs))
