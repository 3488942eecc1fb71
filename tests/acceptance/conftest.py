"""People who talk with the running program."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from tests.acceptance.people import Person, TelegramPerson, WebPerson
from tests.acceptance.script import Channel
from tests.fakes.telegram import FakeTelegram
from tests.support.stack import Stack

Meet = Callable[[Channel], Awaitable[Person]]


@pytest.fixture
async def meet(stack: Stack, telegram: FakeTelegram) -> AsyncIterator[Meet]:
    """Brings somebody new in a channel."""
    async with AsyncExitStack() as opened:

        async def person(channel: Channel) -> Person:
            if channel == "web":
                return await opened.enter_async_context(WebPerson(stack.url))
            return TelegramPerson(telegram, stack.home)

        yield person
