"""People who talk with the running program."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from tests.acceptance.people import Person, TelegramPerson, WebPerson, ZaloBotPerson, ZaloOAPerson
from tests.acceptance.script import Channel
from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_bot import FakeZaloBot
from tests.fakes.zalo_oa import FakeZaloOA
from tests.support.stack import Stack

Meet = Callable[[Channel], Awaitable[Person]]


@pytest.fixture
async def meet(stack: Stack, telegram: FakeTelegram, zalo_bot: FakeZaloBot, zalo_oa: FakeZaloOA) -> AsyncIterator[Meet]:
    """Brings somebody new in a channel."""
    async with AsyncExitStack() as opened:

        async def person(channel: Channel) -> Person:
            match channel:
                case "web":
                    return await opened.enter_async_context(WebPerson(stack.url))
                case "telegram":
                    return TelegramPerson(telegram, stack.home)
                case "zalo_oa":
                    return ZaloOAPerson(zalo_oa, stack.home)
                case "zalo_bot":
                    return ZaloBotPerson(zalo_bot, stack.home)

        yield person
