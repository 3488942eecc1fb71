"""What the fakes of messaging platforms have in common: things that go wrong, waiting, and webhooks with repetition."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web


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


@dataclass
class Hook:
    """A platform's webhook: events go out in the order of each citizen, and again when they are not answered 200.

    Attributes:
        url: where to; empty: events wait.
        delays: seconds before each repetition; when they are used up the webhook is switched off.
        patient: repeat with the last delay for ever instead.
        answer_s: seconds after which an answer counts as none.
        duplicate: share of events that are sent again although they were taken.
        delivered: events that were taken.
        refused: (status, body) of answers that were not 200; 0 where there was none.
        slow: answers that came too late.
    """

    headers: Callable[[bytes], Mapping[str, str]]
    url: str = ""
    delays: Sequence[float] = (0.05, 0.1, 0.2, 0.5, 1.0)
    patient: bool = False
    answer_s: float = 2.0
    duplicate: float = 0.0
    delivered: int = 0
    duplicates: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    slow: int = 0
    slowest_s: float = 0.0
    disabled: bool = False
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    _queues: dict[str, asyncio.Queue[bytes]] = field(default_factory=dict)
    _workers: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _client: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Send nothing more."""
        for worker in self._workers.values():
            worker.cancel()
        await asyncio.gather(*self._workers.values(), return_exceptions=True)
        if self._client is not None:
            await self._client.close()

    def push(self, citizen: str, event: Any) -> None:
        """Send an event after the earlier ones of the same citizen."""
        queue = self._queues.setdefault(citizen, asyncio.Queue())
        queue.put_nowait(json.dumps(event, ensure_ascii=False).encode())
        if citizen not in self._workers:
            self._workers[citizen] = asyncio.create_task(self._deliver(queue))

    def waiting(self) -> int:
        """Events that were not taken yet."""
        return sum(queue.qsize() for queue in self._queues.values())

    async def post(self, body: bytes, headers: Mapping[str, str] | None = None) -> int:
        """One request as it is; gives the status of the answer, 0 when there is none."""
        if self._client is None:
            self._client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        sent = {"Content-Type": "application/json", **(self.headers(body) if headers is None else headers)}
        started = time.monotonic()
        try:
            timeout = aiohttp.ClientTimeout(total=self.answer_s)
            async with self._client.post(self.url, data=body, headers=sent, timeout=timeout) as answer:
                if answer.status != 200:
                    self.refused.append((answer.status, await answer.text()))
                return answer.status
        except TimeoutError:
            self.slow += 1
        except (aiohttp.ClientError, OSError):
            pass
        finally:
            self.slowest_s = max(self.slowest_s, time.monotonic() - started)
        self.refused.append((0, ""))
        return 0

    async def _deliver(self, queue: asyncio.Queue[bytes]) -> None:
        while True:
            body = await queue.get()
            while not self.url:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            if not await self._taken(body):
                self.disabled = True
                return
            self.delivered += 1
            if self.chance.random() < self.duplicate:
                self.duplicates += 1
                await self.post(body)

    async def _taken(self, body: bytes) -> bool:
        attempt = 0
        while await self.post(body) != 200:
            if attempt >= len(self.delays) and not self.patient:
                return False
            await asyncio.sleep(self.delays[min(attempt, len(self.delays) - 1)])
            attempt += 1
        return True
