"""A lean client of the public web API, for load: one session, its stream, and the time to the last reply."""

from __future__ import annotations

import asyncio
import json
import time
import uuid

import aiohttp


class WebSender:
    """One citizen in the web chat.

    Args:
        url: address of the web chat.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._final: dict[str, asyncio.Future[None]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._heard: dict[str, list[str]] = {}
        self.replies = 0

    async def open(self) -> None:
        """Start the session and its stream."""
        async with self._session.post(f"{self._url}/api/session", json={}) as answer:
            answer.raise_for_status()
            last = (await answer.json())["last"]
        opened = asyncio.Event()
        self._reader = asyncio.create_task(self._read(last, opened))
        await opened.wait()

    async def send(self, text: str, *, timeout_s: float = 120.0) -> float:
        """Send a text; gives the seconds until its last reply was read.

        Raises:
            TimeoutError: it was not answered in time.
        """
        return (await self.ask(text, timeout_s=timeout_s))[0]

    async def ask(self, text: str, *, timeout_s: float = 120.0) -> tuple[float, list[str]]:
        """The same, with the texts of the replies."""
        key = str(uuid.uuid4())
        final = self._final[key] = asyncio.get_running_loop().create_future()
        started = time.perf_counter()
        async with self._session.post(f"{self._url}/api/messages", json={"id": key, "text": text}) as answer:
            answer.raise_for_status()
        try:
            await asyncio.wait_for(final, timeout_s)
        finally:
            heard = self._heard.pop(key, [])
        return time.perf_counter() - started, heard

    async def close(self) -> None:
        """End the stream and the session."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        await self._session.close()

    async def _read(self, last: int, opened: asyncio.Event) -> None:
        timeout = aiohttp.ClientTimeout(total=None)
        async with self._session.get(f"{self._url}/api/stream?after={last}", timeout=timeout) as stream:
            opened.set()
            async for line in stream.content:
                if not line.startswith(b"data:"):
                    continue
                message = json.loads(line[5:])
                self.replies += 1
                self._heard.setdefault(message.get("reply_to") or "", []).append(str(message.get("text") or ""))
                final = self._final.pop(message.get("reply_to") or "", None) if message.get("final") else None
                if final is not None and not final.done():
                    final.set_result(None)
