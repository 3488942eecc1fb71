"""What the fakes of messaging platforms have in common: a server, things that go wrong on purpose, and waiting.

A request whose body has arrived is worked on to the end, though its client may have gone meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.parser import HeaderParser
from typing import Any, Generic, Self, TypeVar

from aiohttp import web

from tests.fakes._hook import Hook

_LARGEST = 64 * 1024 * 1024

Person = TypeVar("Person")


class Refused(Exception):
    """An answer that says no."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


@dataclass
class Fault:
    """What goes wrong with a call: an error answer, or a connection cut before or after the work is done."""

    code: int = 0
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    cut: str = ""  # "before" or "after"
    hang_s: float = 0.0  # the work is done, the answer comes later than anybody waits
    chat: int | str | None = None  # only for this chat
    http: int = 0  # HTTP status of an answer that holds no JSON


def take(faults: list[Fault], chat: object) -> Fault | None:
    """The first fault that concerns a call to this chat, taken off the list."""
    for fault in faults:
        if fault.chat is None or str(fault.chat) == str(chat):
            faults.remove(fault)
            return fault
    return None


def cut(request: web.Request) -> web.Response:
    """An answer that never arrives: the connection breaks."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


@dataclass
class Watched:
    """Something that tests wait for."""

    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, condition: Callable[[], bool], timeout_s: float = 10) -> None:
        """Wait until something holds; looked at after each call."""
        async with asyncio.timeout(timeout_s), self.changed:
            await self.changed.wait_for(condition)

    async def notify(self) -> None:
        """Have those who wait look again."""
        async with self.changed:
            self.changed.notify_all()


@dataclass(frozen=True)
class Sent(Generic[Person]):
    """A message that was accepted.

    Attributes:
        serial: counts them, from 1.
        at: by the monotonic clock.
    """

    serial: int
    at: float
    to: Person
    text: str


@dataclass(frozen=True)
class Upload:
    """A file in a form."""

    name: str
    content: bytes


@dataclass(kw_only=True)
class Platform(Watched, Generic[Person]):
    """The server of a fake.

    Attributes:
        sent: messages that reached somebody, as (whom, text as shown, whole message).
        accepted: the same with serial numbers, noted before the answer is written.
        calls: (method, parameters) of every call.
        faults: by method in lower case, taken one by one.
        mishap: asked for a fault at each call for which none waits, with the method and whom it is for.
        hook: where events are delivered, and how that went.
    """

    sent: list[tuple[Person, str, dict[str, Any]]] = field(default_factory=list)
    accepted: list[Sent[Person]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    mishap: Callable[[str, str], Fault | None] = lambda _method, _to: None
    hook: Hook = field(init=False)
    port: int = 0
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def webhook(self) -> str:
        """Where events are delivered; empty when nowhere."""
        return self.hook.url

    @webhook.setter
    def webhook(self, url: str) -> None:
        self.hook.url = url

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=_LARGEST)
        self._add_routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.hook.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def _add_routes(self, app: web.Application) -> None:
        raise NotImplementedError

    def _success(self, result: Any) -> web.Response:
        raise NotImplementedError

    def _refusal(self, error: Refused) -> web.Response:
        raise NotImplementedError

    async def _serve(
        self,
        request: web.Request,
        method: str,
        parameters: dict[str, Any],
        to: str,
        work: Callable[[], Awaitable[Any]],
    ) -> web.StreamResponse:
        self.calls.append((method, parameters))
        return await self._suffer(request, self._fault(method, to), work, self._success, self._refusal)

    async def _suffer(
        self,
        request: web.Request,
        fault: Fault,
        work: Callable[[], Awaitable[Any]],
        success: Callable[[Any], web.Response],
        refusal: Callable[[Refused], web.Response],
    ) -> web.StreamResponse:
        if fault.http:
            return web.Response(status=fault.http, text="<html>Bad Gateway</html>", content_type="text/html")
        if fault.cut == "before":
            return cut(request)
        try:
            if fault.code:
                raise Refused(fault.code, fault.description, **fault.parameters)
            response = success(await work())
        except Refused as error:
            # A "no" is always heard: what a fault swallows or holds back is the word that something was done.
            return refusal(error)
        finally:
            await self.notify()
        if fault.cut == "after":
            return cut(request)
        await asyncio.sleep(fault.hang_s)
        return response

    def _fault(self, method: str, to: str) -> Fault:
        return take(self.faults.get(method, []), to) or self.mishap(method, to) or Fault()

    def _accept(self, to: Person, text: str, message: dict[str, Any]) -> None:
        self.sent.append((to, text, message))
        self.accepted.append(Sent(len(self.sent), time.monotonic(), to, text))


async def form(request: web.Request) -> dict[str, Any]:
    """The parameters of a request: of its query, and of its body as JSON, form or multipart form.

    The body is read as a whole first, so that a client that goes away afterwards changes nothing.

    Raises:
        Refused: the body is not what it says it is.
    """
    body = await request.read()
    found: dict[str, Any] = dict(request.query)
    if not body:
        return found
    if request.content_type == "application/json":
        try:
            given = json.loads(body)
        except ValueError:
            given = None
        if not isinstance(given, dict):
            raise Refused(400, "Bad Request: can't parse JSON object")
        return {**found, **given}
    if request.content_type == "multipart/form-data":
        return {**found, **_multipart(request.headers["Content-Type"], body)}
    return {**found, **{name: value for name, value in (await request.post()).items() if isinstance(value, str)}}


def _multipart(content_type: str, body: bytes) -> dict[str, str | Upload]:
    boundary = str(HeaderParser().parsestr(f"Content-Type: {content_type}").get_param("boundary"))
    found: dict[str, str | Upload] = {}
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = HeaderParser().parsestr(head.decode())
        name = str(headers.get_param("name", header="Content-Disposition"))
        filename = headers.get_filename()
        found[name] = content.decode() if filename is None else Upload(filename, content)
    return found
