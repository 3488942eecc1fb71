"""Calls to the Bot API, through python-telegram-bot, and what their failures mean."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import structlog

# Waiting times as timedelta: the library warns about its older form. It reads this when it is used.
os.environ.setdefault("PTB_TIMEDELTA", "1")

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from bot.channels.contract import Outcome
from bot.channels.rendering import plain
from bot.channels.telegram.text import keyboard, to_html
from bot.departures import NotingTransport
from bot.settings import TelegramSettings

_log = structlog.get_logger(__name__)
# At their lower levels these write addresses, which hold the token, and what was said.
for _name in ("httpx", "httpcore", "telegram"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class TelegramCalls:
    """The calls that the channel makes, each within the limits of Telegram."""

    def __init__(self, settings: TelegramSettings) -> None:
        assert settings.token is not None, "Telegram needs its token"
        self._settings = settings
        timeout = settings.request_timeout_s
        self._request = HTTPXRequest(
            connection_pool_size=settings.senders + 8,
            read_timeout=timeout,
            write_timeout=timeout,
            connect_timeout=min(5.0, timeout),
            pool_timeout=timeout,
            httpx_kwargs={"transport": NotingTransport(limits=httpx.Limits(max_connections=settings.senders + 8))},
        )
        self._bot = Bot(
            settings.token.get_secret_value(),
            base_url=f"{settings.api_url.rstrip('/')}/bot",
            request=self._request,
            get_updates_request=self._request,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._request.shutdown()

    async def send(self, chat: str, body: Mapping[str, Any]) -> Outcome:
        """Send one row of the outbox."""
        text = str(body.get("text", ""))
        rows = keyboard(body.get("buttons", ()))
        markup = (
            InlineKeyboardMarkup(
                [
                    [InlineKeyboardButton(cell["text"], callback_data=cell["callback_data"]) for cell in row]
                    for row in rows
                ]
            )
            if rows
            else None
        )
        outcome = await self._send(chat, to_html(text), ParseMode.HTML, markup)
        if outcome.state == "dead" and outcome.error and "parse entities" in outcome.error:
            _log.error("Telegram could not read our HTML; sent as plain text")
            return await self._send(chat, plain(text), None, markup)
        return outcome

    async def _send(self, chat: str, text: str, mode: str | None, markup: InlineKeyboardMarkup | None) -> Outcome:
        try:
            await self._bot.send_message(
                int(chat),
                text,
                parse_mode=mode,
                reply_markup=markup,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        except Exception as error:
            return outcome_of(error)
        return Outcome("sent")

    async def acknowledge(self, press: str) -> None:
        """Tell Telegram that a button press arrived, so that the button stops waiting. Best effort."""
        try:
            await self._bot.answer_callback_query(press)
        except TelegramError as error:
            # Too late, as a rule: the press itself is in the inbox.
            _log.info("a button press could not be acknowledged", reason=type(error).__name__)

    async def delete_webhook(self) -> None:
        """Make sure that updates are kept for polling.

        Raises:
            telegram.error.TelegramError: Telegram does not answer or refuses.
        """
        await self._bot.delete_webhook(drop_pending_updates=False)


def outcome_of(error: Exception) -> Outcome:
    """What a failed send means for its row."""
    reason = f"{type(error).__name__}: {error}"
    match error:
        case RetryAfter():
            wait = error.retry_after
            seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
            return Outcome("retry", reason, wait_s=max(seconds, 0.05))
        case Forbidden():
            return Outcome("dead", reason, blocked=True)
        case InvalidToken():
            # The token was changed or is wrong: the message can go once it is put right.
            return Outcome("retry", "InvalidToken", pause_s=30.0)
        case BadRequest():
            return Outcome("dead", reason)
        case TimedOut() | NetworkError():
            return _network(error)
        case TelegramError():
            return Outcome("dead", reason)
        case _:
            # The answer could not be read, so the message may well have arrived.
            return Outcome("unknown", type(error).__name__)


def _network(error: TelegramError) -> Outcome:
    cause = error.__cause__
    if isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.UnsupportedProtocol):
        return Outcome("retry", type(cause).__name__)
    if isinstance(cause, httpx.HTTPError):
        # The request had left, or may have: sending it again might say everything twice.
        return Outcome("unknown", type(cause).__name__)
    return Outcome("retry", f"{type(error).__name__}: {error}")
