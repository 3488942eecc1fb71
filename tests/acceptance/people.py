"""Citizens of a test: one who uses the web chat, one who uses Telegram."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.fakes.telegram import FakeTelegram
from tests.support.webclient import Refusal, WebClient

_chats = itertools.count(5_000_000)


@dataclass(frozen=True)
class Heard:
    """All that was said to one message."""

    text: str
    buttons: tuple[str, ...] = ()


class Person(ABC):
    """Somebody who talks with the bot."""

    @abstractmethod
    async def say(self, *texts: str) -> list[Heard]:
        """Write texts one after the other without waiting; gives the answer to each."""

    @abstractmethod
    async def press(self, title: str) -> Heard:
        """Press the newest button with this title."""

    @abstractmethod
    async def share(self, lat: float, lon: float) -> Heard:
        """Share a place, in degrees."""


class WebPerson(Person):
    """A browser. Use as `async with WebPerson(url) as person`."""

    def __init__(self, url: str, timeout_s: float = 60.0) -> None:
        self.client = WebClient(url, timeout_s=timeout_s)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.client)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    async def say(self, *texts: str) -> list[Heard]:
        try:
            sent = [await self.client.send(text=text) for text in texts]
        except Refusal as refusal:
            # The page shows this sentence under the message that was not taken.
            return [Heard(refusal.message)]
        return [await self._heard(identity) for identity in sent]

    async def press(self, title: str) -> Heard:
        answer = await self.client.press(title)
        return Heard(answer.text, tuple(answer.buttons))

    async def share(self, lat: float, lon: float) -> Heard:
        answer = await self.client.share(lat, lon)
        return Heard(answer.text, tuple(answer.buttons))

    async def _heard(self, identity: str) -> Heard:
        answer = await self.client.answer_to(identity)
        return Heard(answer.text, tuple(answer.buttons))


class TelegramPerson(Person):
    """A private chat in the fake of Telegram.

    Args:
        home: data folder of the program: Telegram does not say which message an answer belongs to, its outbox does.
    """

    def __init__(self, telegram: FakeTelegram, home: Path, timeout_s: float = 60.0) -> None:
        self._telegram = telegram
        self._database = home / "motcua.db"
        self._timeout_s = timeout_s
        self._chat = next(_chats)
        self._read = 0

    async def say(self, *texts: str) -> list[Heard]:
        updates = [await self._telegram.write(text, self._chat) for text in texts]
        return [await self._heard(update) for update in updates]

    async def press(self, title: str) -> Heard:
        return await self._heard(await self._telegram.press(title, self._chat))

    async def share(self, lat: float, lon: float) -> Heard:
        return await self._heard(await self._telegram.share(lat, lon, self._chat))

    async def _heard(self, update: dict[str, Any]) -> Heard:
        bot = self._telegram.token.partition(":")[0]
        async with asyncio.timeout(self._timeout_s):
            while (count := self._answers(f"{bot}:{update['update_id']}")) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            await self._telegram.until(lambda: len(self._shown()) >= self._read + count, self._timeout_s)
        messages = self._shown()[self._read : self._read + count]
        self._read += count
        texts = [message["text"] for message in messages]
        rows = [row for message in messages for row in message.get("reply_markup", {}).get("inline_keyboard", [])]
        return Heard("\n".join(texts), tuple(button["text"] for row in rows for button in row))

    def _shown(self) -> Sequence[dict[str, Any]]:
        return [message for chat, _, message in self._telegram.sent if chat == self._chat]

    def _answers(self, external: str) -> int | None:
        """How many messages answer an update; None while it is being worked on."""
        connection = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=10)
        try:
            row = connection.execute(
                "SELECT state, (SELECT count(*) FROM outbox WHERE inbox_id = inbox.id) FROM inbox "
                "WHERE channel = 'telegram' AND external_id = ?",
                [external],
            ).fetchone()
        finally:
            connection.close()
        return int(row[1]) if row is not None and row[0] not in {"ready", "leased"} else None
