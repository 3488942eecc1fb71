"""Citizens in every channel at once, who write numbered questions and note what comes back, in the order it comes."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Protocol

import aiohttp

from tests.fakes._platform import Fault
from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_bot import FakeZaloBot
from tests.fakes.zalo_oa import FakeZaloOA
from tests.support.webclient import Refusal, WebClient

_CHATS = 700_000
_SWALLOWED = Fault(cut="after")
_LATE = Fault(hang_s=6.0)


class Mishaps:
    """A share of all sends goes wrong, in one of the ways that a platform has.

    What is swallowed or comes too late had been accepted: its end is unknown to us.

    Args:
        share: 0 to 1.
        kinds: what may happen to a send, by name, with its weight.
    """

    def __init__(
        self, method: str, share: float, kinds: Mapping[str, tuple[Fault, int]], chance: random.Random
    ) -> None:
        self._method = method
        self._share = share
        self._names = list(kinds)
        self._faults = {name: fault for name, (fault, _) in kinds.items()}
        self._weights = [weight for _, weight in kinds.values()]
        self._chance = chance
        self.seen: Counter[str] = Counter()

    def __call__(self, method: str, _to: str) -> Fault | None:
        if method != self._method or self._chance.random() >= self._share:
            return None
        [name] = self._chance.choices(self._names, self._weights)
        self.seen[name] += 1
        return self._faults[name]


class Crowd(Protocol):
    """The citizens of one channel, by number from 0.

    Attributes:
        name: the channel's.
        mishaps: what has happened to sends.
    """

    name: str
    mishaps: Counter[str]

    async def say(self, person: int, text: str) -> None:
        """A citizen writes; returns when the platform has it (not: the program)."""

    def heard(self, person: int) -> Sequence[str]:
        """What they were sent so far, in the order it came."""

    async def trouble(self, chance: random.Random, people: int) -> str:
        """After a while something goes wrong that has nothing to do with a single send; gives what, or nothing."""


class Web:
    """Browsers: each sends until its message is taken, always under the same id, and reads on where it stopped."""

    name = "web"

    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self.mishaps: Counter[str] = Counter()
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
        await asyncio.sleep(2.0 * chance.random())
        client = self._people[chance.randrange(people)]
        await client.go_away()
        await asyncio.sleep(chance.random())
        client.come_back()
        return "stream lost"


class Telegram:
    """Private chats in the fake of Telegram."""

    name = "telegram"

    def __init__(self, fake: FakeTelegram, share: float, chance: random.Random) -> None:
        slow = Fault(429, "Too Many Requests: retry after 1", {"retry_after": 1})
        fake.mishap = mishaps = Mishaps("sendmessage", share, _kinds(slow), chance)
        self.mishaps = mishaps.seen
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
        """Asking for news is cut off before or after the platform has answered."""
        await asyncio.sleep(20.0 * chance.random())
        if self._fake.faults.get("getupdates"):
            return ""
        fault = Fault(cut=chance.choice(("before", "after")))
        self._fake.faults["getupdates"] = [fault]
        return f"getUpdates cut {fault.cut}"


class ZaloBot:
    """Citizens in the fake of the Zalo Bot; its webhook sends every tenth event twice."""

    name = "zalo_bot"

    def __init__(self, fake: FakeZaloBot, share: float, chance: random.Random) -> None:
        fake.mishap = mishaps = Mishaps("sendmessage", share, _kinds(Fault(429, "Too Many Requests")), chance)
        self.mishaps = mishaps.seen
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
        """Nothing but what happens to sends."""
        await asyncio.Event().wait()
        return ""


class ZaloOA:
    """Citizens of the fake Official Account; its webhook sends every tenth event twice, and its tokens run out."""

    name = "zalo_oa"

    def __init__(self, fake: FakeZaloOA, share: float, chance: random.Random) -> None:
        gone, slow = Fault(http=502), Fault(-32, "Rate limited")
        # The last makes the whole channel wait, so it is rare.
        kinds = {"HTTP 502": (gone, 80), "swallowed": (_SWALLOWED, 10), "late": (_LATE, 10), "-32": (slow, 2)}
        fake.mishap = mishaps = Mishaps("message/cs", share, kinds, chance)
        self.mishaps = mishaps.seen
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
        """The access token ends before its time."""
        await asyncio.sleep(40.0 * chance.random())
        self._fake.tokens.expire()
        return "access token ended"


def _kinds(slow: Fault) -> dict[str, tuple[Fault, int]]:
    return {"429": (slow, 4), "HTTP 500": (Fault(http=500), 4), "swallowed": (_SWALLOWED, 1), "late": (_LATE, 1)}
