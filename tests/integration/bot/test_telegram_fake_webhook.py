"""Webhooks of the fake Bot API, received by a server that is not ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from tests.fakes.telegram import FakeTelegram
from tests.support.hook import Hook

SECRET = "secret-of_the-webhook"


@pytest.fixture
async def client(telegram: FakeTelegram) -> AsyncIterator[Bot]:
    telegram.hook.delays = (0.01,)
    bot = Bot(telegram.token, session=AiohttpSession(api=TelegramAPIServer.from_base(telegram.url)))
    yield bot
    await bot.session.close()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with Hook() as listener:
        yield listener


def _texts(hook: Hook) -> list[str]:
    return [json.loads(body)["message"]["text"] for body in hook.bodies]


async def test_an_independent_server_receives_updates_and_answers(telegram: FakeTelegram, client: Bot) -> None:
    dispatcher = Dispatcher()
    heard: list[str] = []

    async def echo(message: Message) -> None:
        heard.append(message.text or "")
        await message.answer(f"nghe: {message.text}")

    dispatcher.message.register(echo)
    app = web.Application()
    handler = SimpleRequestHandler(dispatcher, client, handle_in_background=False, secret_token=SECRET)
    handler.register(app, path="/hook")
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    await client.set_webhook(url, secret_token="another")
    await telegram.write("bí mật sai")
    await asyncio.sleep(0.1)
    assert heard == []
    assert (await client.get_webhook_info()).pending_update_count == 1
    await client.set_webhook(url, secret_token=SECRET)
    await telegram.write("xin chào")
    await telegram.hook.settled()
    assert heard == ["bí mật sai", "xin chào"]
    assert telegram.texts() == ["nghe: bí mật sai", "nghe: xin chào"]
    assert (await client.get_webhook_info()).pending_update_count == 0
    await runner.cleanup()


async def test_what_is_not_taken_comes_again_in_order_and_with_the_secret(
    telegram: FakeTelegram, client: Bot, hook: Hook
) -> None:
    await client.set_webhook(hook.url, secret_token=SECRET)
    hook.answers = [503, 500, 201]
    await telegram.write("một")
    await telegram.write("hai")
    await telegram.hook.settled()
    assert _texts(hook) == ["một"] * 3 + ["hai"]
    assert len(set(hook.bodies)) == 2
    assert {headers["X-Telegram-Bot-Api-Secret-Token"] for headers in hook.headers} == {SECRET}
    about = await client.get_webhook_info()
    assert (about.url, about.pending_update_count) == (hook.url, 0)
    assert about.last_error_message is not None
    assert "500" in about.last_error_message


async def test_updates_come_twice_on_purpose(telegram: FakeTelegram, client: Bot, hook: Hook) -> None:
    await client.set_webhook(hook.url)
    telegram.hook.duplicate = 1.0
    await telegram.write("một")
    await telegram.write("hai")
    await telegram.hook.settled()
    assert _texts(hook) == ["một", "một", "hai", "hai"]
    assert "X-Telegram-Bot-Api-Secret-Token" not in hook.headers[0]


async def test_only_the_kinds_asked_for_come_and_what_waits_is_kept_for_polling(
    telegram: FakeTelegram, client: Bot, hook: Hook
) -> None:
    await client.set_webhook(hook.url, allowed_updates=["message"])
    await telegram.block()
    await telegram.unblock()
    await telegram.write("một")
    await telegram.hook.settled()
    assert _texts(hook) == ["một"]
    hook.answers = [500] * 1000
    await telegram.write("hai")
    await hook.until(3)
    with pytest.raises(TelegramConflictError):
        await client.get_updates()
    await client.delete_webhook()
    [update] = await client.get_updates(allowed_updates=["message"])
    assert update.message is not None
    assert update.message.text == "hai"
    await client.set_webhook(hook.url, drop_pending_updates=True)
    assert (await client.get_webhook_info()).pending_update_count == 0


async def test_no_more_connections_are_open_than_were_allowed(telegram: FakeTelegram, client: Bot, hook: Hook) -> None:
    await client.set_webhook(hook.url, max_connections=2)
    hook.slow_s = 0.05
    for chat in range(1, 9):
        await telegram.write("x", chat)
    await telegram.hook.settled()
    assert (len(hook.bodies), hook.most) == (8, 2)


@pytest.mark.parametrize(
    ("url", "secret", "reason"),
    [
        ("http://example.vn/hook", None, "HTTPS URL must be provided"),
        ("https://example.vn/hook", "có dấu", "unallowed characters"),
        ("https://example.vn/hook", "a" * 257, "unallowed characters"),
    ],
)
async def test_webhooks_that_telegram_refuses_are_refused(
    client: Bot, url: str, secret: str | None, reason: str
) -> None:
    with pytest.raises(TelegramBadRequest, match=reason):
        await client.set_webhook(url, secret_token=secret)
