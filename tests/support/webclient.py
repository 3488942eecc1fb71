"""A small client of the public web chat: asks, presses buttons, shares a place, reads the answers."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
from yarl import URL


@dataclass(frozen=True)
class Answer:
    """All that was said to one message.

    Attributes:
        messages: as the stream gave them, the last one final.
    """

    messages: tuple[dict[str, Any], ...]

    @property
    def text(self) -> str:
        """The texts, one under the other."""
        return "\n".join(message["text"] for message in self.messages)

    @property
    def buttons(self) -> list[str]:
        """Titles of the buttons, in order."""
        return [button["title"] for message in self.messages for button in message["buttons"]]


class Refusal(Exception):
    """The server did not take a request.

    Attributes:
        status: HTTP status.
        code: the error's stable name.
        retry_after_s: seconds of Retry-After; 0.0 without it.
    """

    def __init__(self, status: int, body: Any, retry_after: str | None) -> None:
        error = body.get("error", {}) if isinstance(body, dict) else {}
        super().__init__(f"{status} {error}")
        self.status = status
        self.code = str(error.get("code", ""))
        self.message = str(error.get("message", ""))
        self.retry_after_s = float(retry_after or 0)


@dataclass
class WebClient:
    """A browser of one citizen. Use as `async with WebClient(url) as chat`.

    Attributes:
        timeout_s: how long an answer may take.
        received: every message of our side, in the order it came.
    """

    url: str
    timeout_s: float = 60.0
    received: list[dict[str, Any]] = field(default_factory=list)
    reconnects: int = 0
    _http: aiohttp.ClientSession | None = None
    _reader: asyncio.Task[None] | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _listening: asyncio.Event = field(default_factory=asyncio.Event)
    _seen: set[int] = field(default_factory=set)
    _last: int = 0

    async def __aenter__(self) -> Self:
        # Loopback by number: the jar drops cookies of bare addresses unless told otherwise.
        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            timeout=aiohttp.ClientTimeout(total=30),
            connector=aiohttp.TCPConnector(limit=0),
        )
        opened = await self.post("/api/session", {})
        self._last = opened["last"]
        self._reader = asyncio.create_task(self._read())
        await asyncio.wait_for(self._listening.wait(), 10)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    async def go_away(self) -> None:
        """Close the stream as a browser without network does; the cookie is kept."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
            self._reader = None

    def come_back(self) -> None:
        """Open the stream again from the last message that was read."""
        if self._reader is None:
            self._reader = asyncio.create_task(self._read())

    # ---- up ----

    async def ask(self, text: str) -> Answer:
        """Write a text and wait for the whole answer."""
        return await self.answer_to(await self.send(text=text))

    async def press(self, title: str) -> Answer:
        """Press the newest button with this title and wait for the whole answer.

        Raises:
            LookupError: no message has such a button.
        """
        for message in reversed(self.received):
            for button in message["buttons"]:
                if button["title"] == title:
                    return await self.answer_to(await self.send(button=button["id"]))
        raise LookupError(f"no button {title!r} in {[m['buttons'] for m in self.received[-3:]]}")

    async def share(self, lat: float, lon: float) -> Answer:
        """Share a place (degrees) and wait for the whole answer."""
        return await self.answer_to(await self.send(location={"lat": lat, "lon": lon}))

    async def send(self, *, id: str | None = None, **content: Any) -> str:
        """Post a message (`text`, `button` or `location`); returns its id.

        Raises:
            Refusal: it was not taken.
        """
        identity = id or str(uuid.uuid4())
        accepted = await self.post("/api/messages", {"id": identity, **content})
        assert accepted == {"id": identity, "accepted": True}, accepted
        return identity

    async def answer_to(self, identity: str) -> Answer:
        """Wait until everything has been said to a message.

        Raises:
            TimeoutError: nothing final came in time.
        """
        async with asyncio.timeout(self.timeout_s):
            while True:
                self._news.clear()
                said = tuple(m for m in self.received if m["reply_to"] == identity)
                if said and said[-1]["final"]:
                    return Answer(said)
                await self._news.wait()

    def cookies(self) -> str:
        """Its cookies as the value of a Cookie header."""
        jar = self._client.cookie_jar.filter_cookies(URL(self.url))
        return "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items())

    async def history(self, after: int = 0) -> list[dict[str, Any]]:
        """Both sides of the conversation."""
        async with self._client.get(f"{self.url}/api/history", params={"after": after}) as response:
            body = await response.json()
            if response.status != 200:
                raise Refusal(response.status, body, response.headers.get("Retry-After"))
            messages: list[dict[str, Any]] = body["messages"]
            return messages

    async def post(self, path: str, body: Any) -> Any:
        """Post JSON; returns the JSON of the answer.

        Raises:
            Refusal: it was not taken.
        """
        content = json.dumps(body, ensure_ascii=False).encode(errors="surrogatepass")
        async with self._client.post(
            self.url + path, data=content, headers={"Content-Type": "application/json"}
        ) as response:
            answer = await response.json()
            if response.status >= 400:
                raise Refusal(response.status, answer, response.headers.get("Retry-After"))
            return answer

    @property
    def _client(self) -> aiohttp.ClientSession:
        assert self._http is not None, "enter the client first"
        return self._http

    # ---- down ----

    async def _read(self) -> None:
        while True:
            try:
                async for message in self._stream():
                    if message["id"] not in self._seen:
                        self._seen.add(message["id"])
                        self._last = max(self._last, message["id"])
                        self.received.append(message)
                        self._news.set()
            except (TimeoutError, aiohttp.ClientError, OSError):
                pass
            self.reconnects += 1
            await asyncio.sleep(0.1)

    async def _stream(self) -> AsyncIterator[dict[str, Any]]:
        async with self._open_stream() as response:
            self._listening.set()
            event: dict[str, str] = {}
            async for line in response.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    event[name] = value
                elif not line.strip():
                    if event.get("event") == "message":
                        message = json.loads(event["data"])
                        assert str(message["id"]) == event["id"]
                        yield message
                    event = {}

    @asynccontextmanager
    async def _open_stream(self) -> AsyncIterator[aiohttp.ClientResponse]:
        async with self._client.get(
            f"{self.url}/api/stream",
            params={"after": self._last},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
        ) as response:
            if response.status != 200:
                raise aiohttp.ClientError(f"stream {response.status}")
            yield response
