"""Citizens of a test, one in each channel."""

from __future__ import annotations

import asyncio
import itertools
import re
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from bot.channels.rendering import HINT
from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_bot import FakeZaloBot
from tests.fakes.zalo_oa import FakeZaloOA
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


class ChatPerson(Person):
    """Somebody in a chat app, whose messages are carried there.

    Args:
        home: data folder of the program: a chat app does not say which message an answer belongs to, the program's
            outbox does.
    """

    channel = ""

    def __init__(self, home: Path, timeout_s: float = 60.0) -> None:
        self._database = home / "motcua.db"
        self._timeout_s = timeout_s
        self._chat = next(_chats)
        self._read = 0

    @abstractmethod
    def shown(self) -> Sequence[Heard]:
        """Every message that the chat shows from the bot."""

    @abstractmethod
    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds of the chat."""

    async def heard(self, external_id: str) -> Heard:
        """All that is said to a message, by its id in the inbox."""
        async with asyncio.timeout(self._timeout_s):
            while (count := self._answers(external_id)) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            await self.until(lambda: len(self.shown()) >= self._read + count)
        messages = self.shown()[self._read : self._read + count]
        self._read += count
        return Heard(
            "\n".join(message.text for message in messages),
            tuple(title for message in messages for title in message.buttons),
        )

    def _answers(self, external: str) -> int | None:
        """How many messages answer one; None while it is being worked on."""
        connection = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=10)
        try:
            row = connection.execute(
                "SELECT state, (SELECT count(*) FROM outbox WHERE inbox_id = inbox.id) FROM inbox "
                "WHERE channel = ? AND external_id = ?",
                [self.channel, external],
            ).fetchone()
        finally:
            connection.close()
        return int(row[1]) if row is not None and row[0] not in {"ready", "leased"} else None


class TelegramPerson(ChatPerson):
    """A private chat in the fake of Telegram."""

    channel = "telegram"

    def __init__(self, telegram: FakeTelegram, home: Path) -> None:
        super().__init__(home)
        self._telegram = telegram

    async def say(self, *texts: str) -> list[Heard]:
        updates = [await self._telegram.write(text, self._chat) for text in texts]
        return [await self._heard(update) for update in updates]

    async def press(self, title: str) -> Heard:
        return await self._heard(await self._telegram.press(title, self._chat))

    async def share(self, lat: float, lon: float) -> Heard:
        return await self._heard(await self._telegram.share(lat, lon, self._chat))

    async def until(self, condition: Callable[[], bool]) -> None:
        await self._telegram.until(condition, self._timeout_s)

    def shown(self) -> Sequence[Heard]:
        return [_telegram_message(message) for chat, _, message in self._telegram.sent if chat == self._chat]

    async def _heard(self, update: dict[str, Any]) -> Heard:
        bot = self._telegram.token.partition(":")[0]
        return await self.heard(f"{bot}:{update['update_id']}")


def _telegram_message(message: dict[str, Any]) -> Heard:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return Heard(message["text"], tuple(button["text"] for row in rows for button in row))


class ZaloBotPerson(ChatPerson):
    """A chat in the fake of the Zalo Bot, where buttons are numbers."""

    channel = "zalo_bot"

    def __init__(self, zalo_bot: FakeZaloBot, home: Path) -> None:
        super().__init__(home)
        self._zalo_bot = zalo_bot

    async def say(self, *texts: str) -> list[Heard]:
        written = [await self._zalo_bot.write(text, str(self._chat)) for text in texts]
        return [await self._heard(update) for update in written]

    async def press(self, title: str) -> Heard:
        for message in reversed(self.shown()):
            if title in message.buttons:
                [heard] = await self.say(next(n for n, t in menu(message.text) if t == title))
                return heard
        raise LookupError(title)

    async def share(self, lat: float, lon: float) -> Heard:
        raise NotImplementedError("the Zalo Bot knows no places")

    async def until(self, condition: Callable[[], bool]) -> None:
        await self._zalo_bot.until(condition, self._timeout_s)

    def shown(self) -> Sequence[Heard]:
        texts = self._zalo_bot.texts(str(self._chat))
        return [Heard(text, tuple(title for _, title in menu(text))) for text in texts]

    async def _heard(self, update: dict[str, Any]) -> Heard:
        bot = self._zalo_bot.token.partition(":")[0]
        return await self.heard(f"{bot}:{update['message']['message_id']}")


class ZaloOAPerson(ChatPerson):
    """A citizen who writes to the fake of the Official Account: five buttons at most, more of them are numbers."""

    channel = "zalo_oa"

    def __init__(self, zalo: FakeZaloOA, home: Path) -> None:
        super().__init__(home)
        self._zalo = zalo
        self._user = str(self._chat)

    async def say(self, *texts: str) -> list[Heard]:
        events = [await self._zalo.write(text, self._user) for text in texts]
        return [await self._heard(event) for event in events]

    async def press(self, title: str) -> Heard:
        try:
            event = await self._zalo.press(title, self._user)
        except LookupError:
            numbers = [number for said in self.shown()[-1:] for number, name in menu(said.text) if name == title]
            if not numbers:
                raise
            event = await self._zalo.write(numbers[0], self._user)
        return await self._heard(event)

    async def share(self, lat: float, lon: float) -> Heard:
        return await self._heard(await self._zalo.share(lat, lon, self._user))

    async def until(self, condition: Callable[[], bool]) -> None:
        await self._zalo.until(condition, self._timeout_s)

    def shown(self) -> Sequence[Heard]:
        return [_zalo_message(text, message) for user, text, message in self._zalo.sent if user == self._user]

    async def _heard(self, event: dict[str, Any]) -> Heard:
        return await self.heard(event["message"]["msg_id"])


def _zalo_message(text: str, message: dict[str, Any]) -> Heard:
    pressed = tuple(button["title"] for button in message.get("attachment", {}).get("payload", {}).get("buttons", ()))
    return Heard(text, tuple(dict.fromkeys((*pressed, *(title for _, title in menu(text))))))


def menu(text: str) -> list[tuple[str, str]]:
    """Numbers and titles of the menu in a text."""
    if HINT not in text:
        return []
    return [(number, line.partition(": ")[0]) for number, line in re.findall(r"^(\d+)\. (.+)$", text, re.MULTILINE)]
