"""Webhooks as the platforms call them: events are repeated until they are taken, each citizen's in order."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp


@dataclass(frozen=True)
class Parcel:
    """One event on its way; the same bytes however often it is sent."""

    citizen: str
    body: bytes
    headers: Mapping[str, str]


def _is_200(status: int) -> bool:
    return status == 200


@dataclass
class Hook:
    """A platform's webhook: events go out in the order of each citizen, and again when they are not taken.

    Attributes:
        headers: what goes with a body.
        url: where to; empty: events wait.
        delays: seconds before each repetition; when they are used up the webhook is switched off.
        patient: repeat with the last delay for ever instead.
        answer_s: seconds after which an answer counts as none.
        duplicate: share of events that are sent a second time although they were taken.
        most: requests at a time.
        takes: which status means that an event was taken.
        done: told of what was taken.
        taken: what was taken, in this order; `delivered` counts it.
        sent: requests made, with the repetitions.
        refused: (status, body) of answers that took nothing; 0 where there was none.
        slow: answers that came too late.
        disabled: the webhook was switched off; what comes then is `dropped`.
        last_error: of the newest failure, in Telegram's words.
    """

    headers: Callable[[bytes], Mapping[str, str]]
    url: str = ""
    delays: Sequence[float] = (0.05, 0.1, 0.2, 0.5, 1.0)
    patient: bool = False
    answer_s: float = 2.0
    duplicate: float = 0.0
    most: int = 100
    takes: Callable[[int], bool] = _is_200
    done: Callable[[Parcel], None] = lambda _parcel: None
    taken: list[Parcel] = field(default_factory=list)
    sent: int = 0
    duplicates: int = 0
    dropped: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    slow: int = 0
    slowest_s: float = 0.0
    disabled: bool = False
    last_error: str = ""
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    _last: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _open: int = 0
    _client: aiohttp.ClientSession | None = None

    @property
    def delivered(self) -> int:
        """Events that were taken."""
        return len(self.taken)

    async def close(self) -> None:
        """Send nothing more."""
        await self.clear()
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def clear(self) -> None:
        """Give up what is on its way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def push(self, citizen: str, event: Any, *, copies: int | None = None, in_order: bool = True) -> None:
        """Send an event after the earlier ones of the same citizen.

        Args:
            event: anything for JSON, or the body itself as bytes.
            copies: how often it is sent besides, at the same time; None: once more after it, now and then.
            in_order: False: without waiting for the earlier ones.
        """
        body = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
        before = self._last.get(citizen) if in_order else None
        task = asyncio.create_task(self._deliver(citizen, body, copies, before))
        if in_order:
            self._last[citizen] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def waiting(self) -> int:
        """Events that are on their way."""
        return len(self._tasks)

    async def settled(self, timeout_s: float = 10) -> None:
        """Wait until nothing is on its way."""
        async with asyncio.timeout(timeout_s):
            while self._tasks:
                await asyncio.wait(set(self._tasks))

    async def repeat(self, parcel: Parcel) -> int:
        """Send once more what was taken; gives the status of the answer."""
        self.duplicates += 1
        return await self.post(parcel.body, parcel.headers)

    async def post(self, body: bytes, headers: Mapping[str, str] | None = None) -> int:
        """One request as it is; gives the status of the answer, 0 when there is none."""
        if self._client is None:
            self._client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        sent = {"Content-Type": "application/json", **(self.headers(body) if headers is None else headers)}
        while self._open >= self.most:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        started = time.monotonic()
        self.sent += 1
        self._open += 1
        try:
            timeout = aiohttp.ClientTimeout(total=self.answer_s)
            async with self._client.post(self.url, data=body, headers=sent, timeout=timeout) as answer:
                if not self.takes(answer.status):
                    self.last_error = f"Wrong response from the webhook: {answer.status} {answer.reason}"
                    self.refused.append((answer.status, await answer.text()))
                return answer.status
        except TimeoutError:
            self.slow += 1
            self.last_error = "Read timeout expired"
        except (aiohttp.ClientError, OSError) as error:
            self.last_error = f"Connection failed: {type(error).__name__}"
        finally:
            self._open -= 1
            self.slowest_s = max(self.slowest_s, time.monotonic() - started)
        self.refused.append((0, ""))
        return 0

    async def _deliver(self, citizen: str, body: bytes, copies: int | None, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait({before})
        while not self.url:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        parcel = Parcel(citizen, body, self.headers(body))
        if self.disabled or not await self._taken(parcel, copies or 0):
            self.disabled = True
            self.dropped += 1
            return
        self.taken.append(parcel)
        self.done(parcel)
        if copies is None and self.chance.random() < self.duplicate:
            await self.repeat(parcel)

    async def _taken(self, parcel: Parcel, copies: int) -> bool:
        self.duplicates += copies
        first = await asyncio.gather(*(self.post(parcel.body, parcel.headers) for _ in range(copies + 1)))
        if any(map(self.takes, first)):
            return True
        attempt = 0
        while attempt < len(self.delays) or self.patient:
            await asyncio.sleep(self.delays[min(attempt, len(self.delays) - 1)])
            if self.takes(await self.post(parcel.body, parcel.headers)):
                return True
            attempt += 1
        return False
