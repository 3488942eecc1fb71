"""The fake Bot API, proven by a client that is not ours."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from tests.fakes._platform import Fault
from tests.fakes.telegram import FakeTelegram


@pytest.fixture
async def client(telegram: FakeTelegram) -> AsyncIterator[Bot]:
    bot = Bot(telegram.token, session=AiohttpSession(api=TelegramAPIServer.from_base(telegram.url)))
    yield bot
    await bot.session.close()


async def test_an_independent_client_reads_updates_and_confirms_them_by_offset(
    telegram: FakeTelegram, client: Bot
) -> None:
    assert (await client.get_me()).username == "motcua_test_bot"
    await telegram.write("xin chào")
    await telegram.share(10.38, 105.43)
    first = await client.get_updates(timeout=1)
    assert [update.message.text if update.message else None for update in first] == ["xin chào", None]
    assert first[1].message is not None
    assert first[1].message.location is not None
    again = await client.get_updates(timeout=0)
    assert [u.update_id for u in again] == [u.update_id for u in first], "unconfirmed updates come again"
    assert await client.get_updates(offset=first[-1].update_id + 1, timeout=0) == []
    assert telegram.updates == []


async def test_an_independent_client_sends_buttons_and_sees_the_press(telegram: FakeTelegram, client: Bot) -> None:
    await telegram.write("/start")
    [update] = await client.get_updates()
    board = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Có", callback_data="abc")]])
    sent = await client.send_message(
        7, "<b>Xin</b> chào &lt;anh/chị&gt;", parse_mode=ParseMode.HTML, reply_markup=board
    )
    assert sent.text == "Xin chào <anh/chị>"
    await telegram.press("Có")
    [pressed] = await client.get_updates(offset=update.update_id + 1)
    assert pressed.callback_query is not None
    assert pressed.callback_query.data == "abc"
    assert await client.answer_callback_query(pressed.callback_query.id)
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await client.answer_callback_query(pressed.callback_query.id)


@pytest.mark.parametrize(
    ("text", "mode", "reason"),
    [
        ("", None, "text is empty"),
        ("  \n", None, "text is empty"),
        ("a" * 4097, None, "too long"),
        ("😀" * 2049, None, "too long"),
        ("<b>mở", ParseMode.HTML, "can't parse entities"),
        ("1 < 2", ParseMode.HTML, "can't parse entities"),
        ("<script>x</script>", ParseMode.HTML, "can't parse entities"),
        ("a &nbsp; b", ParseMode.HTML, "can't parse entities"),
        ("</b>", ParseMode.HTML, "can't parse entities"),
    ],
)
async def test_texts_that_telegram_refuses_are_refused(
    telegram: FakeTelegram, client: Bot, text: str, mode: ParseMode | None, reason: str
) -> None:
    telegram.chats.add(7)
    with pytest.raises(TelegramBadRequest, match=reason):
        await client.send_message(7, text, parse_mode=mode)
    assert telegram.sent == []


async def test_the_longest_text_and_button_that_telegram_takes_are_taken(telegram: FakeTelegram, client: Bot) -> None:
    telegram.chats.add(7)
    data = "x" * 64
    board = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="n", callback_data=data)]])
    await client.send_message(7, html.escape("<" * 4096), parse_mode=ParseMode.HTML, reply_markup=board)
    assert telegram.texts() == ["<" * 4096]


async def test_button_data_is_counted_in_bytes(telegram: FakeTelegram, client: Bot) -> None:
    telegram.chats.add(7)
    board = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="n", callback_data="ế" * 22)]])
    with pytest.raises(TelegramBadRequest, match="BUTTON_DATA_INVALID"):
        await client.send_message(7, "x", reply_markup=board)


async def test_unknown_blocked_and_hurried_chats_are_refused(telegram: FakeTelegram, client: Bot) -> None:
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await client.send_message(99, "x")
    telegram.chats.add(7)
    telegram.blocked.add(7)
    with pytest.raises(TelegramForbiddenError, match="blocked by the user"):
        await client.send_message(7, "x")
    telegram.blocked.clear()
    telegram.faults["sendmessage"] = [Fault(429, "Too Many Requests: retry after 3", {"retry_after": 3})]
    with pytest.raises(TelegramRetryAfter) as caught:
        await client.send_message(7, "x")
    assert caught.value.retry_after == 3


async def test_a_second_poller_and_a_webhook_conflict(telegram: FakeTelegram, client: Bot) -> None:
    first = asyncio.create_task(client.get_updates(timeout=10))
    await telegram.until(lambda: any(method == "getupdates" for method, _ in telegram.calls))
    second = asyncio.create_task(client.get_updates(timeout=10))
    with pytest.raises(TelegramConflictError, match="terminated by other getUpdates"):
        await first
    await telegram.write("x")
    assert len(await second) == 1
    await client.set_webhook("https://example.invalid/hook")
    with pytest.raises(TelegramConflictError, match="webhook is active"):
        await client.get_updates()


async def test_a_wrong_token_and_an_unknown_method_are_refused(telegram: FakeTelegram) -> None:
    stranger = Bot("1:wrong", session=AiohttpSession(api=TelegramAPIServer.from_base(telegram.url)))
    with pytest.raises(TelegramUnauthorizedError):
        await stranger.get_me()
    await stranger.session.close()
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{telegram.url}/bot{telegram.token}/noSuchMethod") as response,
    ):
        assert response.status == 404
