"""The connections of a port: how many there may be, how long one may be idle, how large what comes over it may be."""

from __future__ import annotations

import asyncio
import json
import resource
import socket
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestHandler

_log = structlog.get_logger(__name__)
_MOST_HEADERS = 64
# A refused body is read on for a moment, so that the client gets to read the refusal; then the connection ends.
_LINGER_S = 2.0
# Files that are no connections: the database, calls to the dialogue and the platforms, logs, libraries.
_OTHER_FILES = 256
_BUSY_S = 10


@dataclass
class Connections:
    """The open connections of one port, and what they may do.

    Attributes:
        most: of them in all.
        most_per_address: of them from one network address; 0 for any number, such as behind a proxy.
        idle_s: how long one may wait for the next request, or be at sending the head of one.
        unread_s: how long a client may leave an answer unread.
        headers: what every answer of ours carries, also one to something that is no HTTP.
        open: how many there are.
    """

    most: int = 1000
    most_per_address: int = 0
    idle_s: float = 75.0
    unread_s: float = 60.0
    headers: Mapping[str, str] = field(default_factory=dict)
    open: int = 0
    _by_address: Counter[str] = field(default_factory=Counter)

    def enter(self, address: str) -> bool:
        """Count one more connection; False when there is no room for it."""
        if self.open >= self.most or (self.most_per_address and self._by_address[address] >= self.most_per_address):
            return False
        self.open += 1
        self._by_address[address] += 1
        return True

    def leave(self, address: str) -> None:
        """Count one less."""
        self.open -= 1
        self._by_address[address] -= 1
        if self._by_address[address] <= 0:
            del self._by_address[address]

    def refusal(self, status: int, code: str, message: str) -> tuple[bytes, dict[str, str]]:
        """Body and headers of an answer to a client that no handler sees."""
        body = json.dumps({"error": {"code": code, "message": message}}, ensure_ascii=False).encode()
        kind = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store", "Connection": "close"}
        busy = {"Retry-After": str(_BUSY_S)} if status == 503 else {}
        return body, {**kind, **busy, **self.headers}


class Site(web.BaseSite):
    """A TCP port whose connections are kept within limits.

    Args:
        shared: other processes listen there too; the system gives each connection to one of them.
    """

    def __init__(
        self, runner: web.AppRunner, host: str, port: int, connections: Connections, *, shared: bool = False
    ) -> None:
        super().__init__(runner)
        self._shared = shared
        self._host = host
        self._port = port
        self._connections = connections

    @property
    def name(self) -> str:
        """Where it listens."""
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the address cannot be used.
        """
        await super().start()
        loop = asyncio.get_running_loop()
        manager = self._runner.server
        assert manager is not None, "the runner is set up"

        def connected() -> _Connection:
            return _Connection(self._connections, manager, loop)

        self._server = await loop.create_server(
            connected, self._host, self._port, backlog=512, reuse_port=self._shared or None
        )


def within_files(wanted: int) -> int:
    """How many connections this process can hold: the number wanted, or less when the system gives it fewer files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _OTHER_FILES
    if soft < needed or soft == resource.RLIM_INFINITY:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    room = max(1, min(wanted, soft - _OTHER_FILES))
    if room < wanted:
        _log.warning("fewer connections than wanted: the system's limit of open files is low", wanted=wanted, room=room)
    return room


class _Connection(RequestHandler):
    def __init__(self, connections: Connections, manager: Any, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            manager,
            loop=loop,
            access_log=None,  # type: ignore[arg-type] # none is kept
            keepalive_timeout=connections.idle_s,
            max_headers=_MOST_HEADERS,
            lingering_time=_LINGER_S,
            # Nobody packs what a chat sends; unpacking would let few bytes become many.
            auto_decompress=False,
        )
        self._connections = connections
        self._address: str | None = None

    def connection_made(self, base: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses.
        transport = cast(asyncio.Transport, base)
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        if not self._connections.enter(address):
            transport.write(_raw(*self._connections.refusal(503, "busy", "Hiện có quá nhiều kết nối.")))
            transport.close()
            return
        self._address = address
        _end_when_unread(transport, self._connections.unread_s)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._address is not None:
            super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._address is None:
            return
        self._connections.leave(self._address)
        self._address = None
        super().connection_lost(exc)

    def handle_error(
        self, request: Any, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """The answer to what is no HTTP, or to a failure outside every handler."""
        if request.writer.output_size > 0 or isinstance(exc, ConnectionError):
            raise ConnectionError("nobody is there to be answered, or an answer is under way already")
        if status >= 500:
            _log.error("a request failed outside its handler", error=type(exc).__name__)
            body, headers = self._connections.refusal(status, "error", "Máy chủ gặp lỗi.")
        else:
            body, headers = self._connections.refusal(status, "bad_request", "Yêu cầu không đúng chuẩn HTTP.")
        response = _Unsigned(body=body, status=status, headers=headers)
        response.force_close()
        return response


class _Unsigned(web.Response):
    """A response that does not say by what software it was made."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.pop("Server", None)


def _raw(body: bytes, headers: Mapping[str, str]) -> bytes:
    lines = [f"{name}: {value}" for name, value in {**headers, "Content-Length": str(len(body))}.items()]
    return "\r\n".join(["HTTP/1.1 503 Service Unavailable", *lines, "", ""]).encode() + body


def _end_when_unread(transport: asyncio.Transport, seconds: float) -> None:
    # The system ends a connection whose other side takes nothing for so long: an answer to it would be held for ever.
    connection = transport.get_extra_info("socket")
    if connection is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
