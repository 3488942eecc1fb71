"""Citizens in every channel at once, who write numbered questions and note what comes back, in the order it comes."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any, Protocol

import aiohttp

from tests.fakes._platform import Fault
from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_bot import FakeZaloBot
from tests.fakes.zalo_oa import FakeZaloOA
from tests.support.webclient import Refusal, WebClient

_CHATS = 700_000
_MOST_WAITING = 3


class Crowd(Protocol):
    """The citizens of one channel, by number from 0.

    Attributes:
        name: the channel's.
        pushed: whether messages are carried there, so that a send can have an unknown end.
    """

    name: str
    pushed: bool

    async def say(self, person: int, text: str) -> None:
        """A citizen writes; returns when the platform has it (not: the program)."""

    def heard(self, person: int) -> Sequence[str]:
        """What they were sent so far, in the order it came."""

    async def trouble(self, chance: random.Random, people: int) -> str:
        """Something goes wrong with the platform; gives what."""


class Web:
    """Browsers: each sends until its message is taken, always under the same id, and reads on where it stopped."""

    name = "web"
    pushed = False

    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self._url = url
        self._stack = stack
        self._people: dict[int, WebClient] = {}
        self._lines: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def meet(self, people: int) -> None:
        """Open the page for that many."""
        for person in range(people):
            self._people[person] = await self._stack.enter_async_context(WebClient(self._url, timeout_s=600))

    async def say(self, person: int, text: str) -> None:
        client, identity = self._people[person], uuid.uuid4().hex
        async with self._lines[person]:
            while True:
                try:
                    await client.send(id=identity, text=text)
                    return
                except Refusal as refusal:
                    await asyncio.sleep(min(refusal.retry_after_s or 0.2, 1.0))
                except (TimeoutError, aiohttp.ClientError, OSError):
                    await asyncio.sleep(0.2)

    def heard(self, person: int) -> Sequence[str]:
        return [str(message["text"]) for message in self._people[person].received]

    async def trouble(self, chance: random.Random, people: int) -> str:
        """A browser loses its stream, as a phone in a tunnel does."""
        client = self._people[chance.randrange(people)]
        await client.go_away()
        await asyncio.sleep(chance.random())
        client.come_back()
        return "stream lost"


class Telegram:
    """Private chats in the fake of Telegram."""

    name = "telegram"
    pushed = True

    def __init__(self, fake: FakeTelegram) -> None:
        self._fake = fake
        self._heard: dict[int, list[str]] = defaultdict(list)
        self._read = 0

    async def say(self, person: int, text: str) -> None:
        await self._fake.write(text, _CHATS + person)

    def heard(self, person: int) -> Sequence[str]:
        for chat, text, _ in self._fake.sent[self._read :]:
            self._heard[chat].append(text)
        self._read = len(self._fake.sent)
        return self._heard[_CHATS + person]

    async def trouble(self, chance: random.Random, people: int) -> str:
        chat = _CHATS + chance.randrange(people)
        if chance.random() < 0.05 and not self._fake.faults.get("getupdates"):
            fault = Fault(cut=chance.choice(("before", "after")))
            return _add(self._fake.faults, "getupdates", fault, f"getUpdates cut {fault.cut}")
        wait = {"retry_after": 1}
        retry = Fault(429, "Too Many Requests: retry after 1", wait, chat=chat)
        return _outbound(self._fake.faults, "sendmessage", chance, retry)


class ZaloBot:
    """Citizens in the fake of the Zalo Bot; its webhook sends every tenth event twice."""

    name = "zalo_bot"
    pushed = True

    def __init__(self, fake: FakeZaloBot) -> None:
        self._fake = fake
        self._heard: dict[str, list[str]] = defaultdict(list)
        self._read = 0

    async def say(self, person: int, text: str) -> None:
        await self._fake.write(text, f"b{person}")

    def heard(self, person: int) -> Sequence[str]:
        for chat, text, _ in self._fake.sent[self._read :]:
            self._heard[chat].append(text)
        self._read = len(self._fake.sent)
        return self._heard[f"b{person}"]

    async def trouble(self, chance: random.Random, people: int) -> str:
        retry = Fault(429, "Too Many Requests", chat=f"b{chance.randrange(people)}")
        return _outbound(self._fake.faults, "sendmessage", chance, retry)


class ZaloOA:
    """Citizens of the fake Official Account; its webhook sends every tenth event twice, and its tokens run out."""

    name = "zalo_oa"
    pushed = True

    def __init__(self, fake: FakeZaloOA) -> None:
        self._fake = fake
        self._heard: dict[str, list[str]] = defaultdict(list)
        self._read = 0

    async def say(self, person: int, text: str) -> None:
        await self._fake.write(text, f"{_CHATS + person}")

    def heard(self, person: int) -> Sequence[str]:
        for user, text, _ in self._fake.sent[self._read :]:
            self._heard[user].append(text)
        self._read = len(self._fake.sent)
        return self._heard[f"{_CHATS + person}"]

    async def trouble(self, chance: random.Random, people: int) -> str:
        if chance.random() < 0.05:
            self._fake.tokens.expire()
            return "access token ended"
        if chance.random() < 0.02:
            # It makes the whole channel wait, so it is rare.
            return _add(self._fake.faults, "message/cs", Fault(-32, "Rate limited"), "-32 rate limited")
        return _outbound(self._fake.faults, "message/cs", chance, Fault(http=502), name="HTTP 502")


def _outbound(
    faults: dict[str, list[Fault]], method: str, chance: random.Random, retry: Fault, *, name: str = "429"
) -> str:
    """One send ends in one of the ways that a platform has; what it swallows after accepting is unknown to us."""
    kinds = [
        (name, retry),
        ("HTTP 500", Fault(http=500)),
        ("answer swallowed", Fault(cut="after")),
        ("answer too late", Fault(hang_s=6.0)),
    ]
    what, fault = chance.choices(kinds, weights=(4, 4, 1, 1))[0]
    return _add(faults, method, fault, what)


def _add(faults: dict[str, Any], method: str, fault: Fault, name: str) -> str:
    waiting = faults.setdefault(method, [])
    if len(waiting) >= _MOST_WAITING:
        # Else the last message of all meets one fault after the other.
        return "nothing"
    waiting.append(fault)
    return name
