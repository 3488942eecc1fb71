"""A webhook that takes whatever comes, and answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Self

from aiohttp import web


class Hook:
    """The listener.

    Attributes:
        bodies: what came, in the order of its arrival.
        headers: beside each of them.
        answers: statuses of the next answers; 200 when there are none.
        slow_s: seconds before each answer.
        most: requests that were open at a time.
    """

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[Mapping[str, str]] = []
        self.answers: list[int] = []
        self.slow_s = 0.0
        self.most = 0
        self._open = 0
        self.url = ""
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hook"
        return self

    async def __aexit__(self, *_exc: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def until(self, count: int, timeout_s: float = 10) -> None:
        """Wait until so many requests have come."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: len(self.bodies) >= count)

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self._open += 1
        self.most = max(self.most, self._open)
        async with self._changed:
            self.bodies.append(body)
            self.headers.append(request.headers)
            self._changed.notify_all()
        await asyncio.sleep(self.slow_s)
        self._open -= 1
        return web.Response(status=self.answers.pop(0) if self.answers else 200)
