"""Calls to the Bot API, through python-telegram-bot, and what their failures mean."""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog

# Waiting times as timedelta: the library warns about its older form. It reads this when it is used.
os.environ.setdefault("PTB_TIMEDELTA", "1")

from telegram import (
    Bot,
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
    WebhookInfo,
)
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.channels.calling import NoAnswer
from bot.channels.contract import NotFetched, Outcome
from bot.channels.rendering import plain
from bot.channels.telegram.commands import MENU
from bot.channels.telegram.request import AiohttpRequest
from bot.channels.telegram.text import ASKING, keyboard, to_html
from bot.channels.telegram.update import answered
from bot.departures import refused
from bot.settings import TelegramSettings
from desk.causes import Cause
from store.errors import MotcuaError, Unavailable

FileOf = Callable[[int], Awaitable[tuple[str, str, bytes]]]
"""Name, media type and content of an attachment by its number."""

_Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | None
_PICTURES = frozenset({"image/jpeg", "image/png"})
_PICTURE_BYTES = 10 * 1024 * 1024
_KEYBOARDS = 10_000  # chats of which it is remembered that a keyboard is shown
_CONNECTIONS = 40  # of Telegram to our webhook at a time
_log = structlog.get_logger(__name__)
# At its lower levels it writes addresses, which hold the token, and what was said.
logging.getLogger("telegram").setLevel(logging.WARNING)


class TelegramCalls:
    """The calls that the channel makes, each within the limits of Telegram.

    Args:
        file_of: gives the content of an attachment that is sent; None: none can be.
    """

    def __init__(self, settings: TelegramSettings, file_of: FileOf | None = None) -> None:
        assert settings.token is not None, "Telegram needs its token"
        self._settings = settings
        self._file_of = file_of
        self._keyboards: dict[str, None] = {}
        self._request = AiohttpRequest(settings.request_timeout_s, settings.senders + 8)
        self._bot = Bot(
            settings.token.get_secret_value(),
            base_url=f"{settings.api_url.rstrip('/')}/bot",
            base_file_url=f"{settings.api_url.rstrip('/')}/file/bot",
            request=self._request,
            get_updates_request=self._request,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._request.shutdown()

    async def send(self, chat: str, body: Mapping[str, Any]) -> Outcome:
        """Send one row of the outbox; a group that has become a supergroup gets it under its new number."""
        try:
            return await self._say(chat, body)
        except ChatMigrated as moved:
            try:
                return await self._say(str(moved.new_chat_id), body)
            except Exception as error:
                return outcome_of(error)
        except Exception as error:
            return outcome_of(error)

    async def _say(self, chat: str, body: Mapping[str, Any]) -> Outcome:
        if body.get("file") is not None:
            return await self._file(chat, int(body["file"]), body)
        text, markup = str(body.get("text", "")), self._markup(chat, body)
        try:
            await self._text(chat, to_html(text), ParseMode.HTML, markup, body)
        except BadRequest as error:
            if "parse entities" not in str(error):
                raise
            _log.error("Telegram could not read our HTML; sent as plain text")
            refused()
            await self._text(chat, plain(text), None, markup, body)
        if isinstance(markup, ReplyKeyboardMarkup):
            self._keyboards[chat] = None
            if len(self._keyboards) > _KEYBOARDS:
                del self._keyboards[next(iter(self._keyboards))]
        elif isinstance(markup, ReplyKeyboardRemove):
            self._keyboards.pop(chat, None)
        return Outcome("sent")

    async def _text(self, chat: str, text: str, mode: str | None, markup: _Markup, body: Mapping[str, Any]) -> None:
        await self._bot.send_message(
            int(chat),
            text,
            parse_mode=mode,
            reply_markup=markup,
            reply_parameters=_reply(body),
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )

    async def _file(self, chat: str, number: int, body: Mapping[str, Any]) -> Outcome:
        if self._file_of is None:
            return Outcome("dead", "there are no files here", Cause.file)
        try:
            name, media_type, content = await self._file_of(number)
        except MotcuaError as error:
            return Outcome("retry" if isinstance(error, Unavailable) else "dead", error.code, Cause.file)
        if media_type in _PICTURES and len(content) <= _PICTURE_BYTES:
            await self._bot.send_photo(int(chat), content, filename=name, reply_parameters=_reply(body))
        else:
            await self._bot.send_document(int(chat), content, filename=name, reply_parameters=_reply(body))
        return Outcome("sent")

    def _markup(self, chat: str, body: Mapping[str, Any]) -> _Markup:
        rows = keyboard(body.get("buttons", ()))
        if rows:
            return InlineKeyboardMarkup(
                [
                    [InlineKeyboardButton(cell["text"], callback_data=cell["callback_data"]) for cell in row]
                    for row in rows
                ]
            )
        # Only in private chats, whose numbers are positive, may a phone be asked.
        asks = body.get("asks")
        if asks in ASKING and not chat.startswith("-"):
            key = KeyboardButton(
                ASKING[asks], request_location=asks == "location" or None, request_contact=asks == "contact" or None
            )
            return ReplyKeyboardMarkup([[key]], resize_keyboard=True, one_time_keyboard=True)
        return ReplyKeyboardRemove() if chat in self._keyboards else None

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

    async def username(self) -> str:
        """The bot's name.

        Raises:
            telegram.error.TelegramError: Telegram does not answer or refuses.
        """
        return (await self._bot.get_me()).username or ""

    async def show_menu(self) -> None:
        """Have Telegram show our commands, where it does not yet.

        Raises:
            telegram.error.TelegramError: Telegram does not answer or refuses.
        """
        ours = tuple(BotCommand(command, description) for command, description in MENU)
        for language in ("", "vi"):
            if await self._bot.get_my_commands(language_code=language or None) != ours:
                await self._bot.set_my_commands(ours, language_code=language or None)

    async def webhook(self) -> WebhookInfo:
        """What Telegram does with updates at present.

        Raises:
            telegram.error.TelegramError: Telegram does not answer or refuses.
        """
        return await self._bot.get_webhook_info()

    async def set_webhook(self, url: str, secret: str, kinds: Sequence[str]) -> None:
        """Have updates sent to an address; what waits is kept.

        Raises:
            telegram.error.TelegramError: Telegram does not answer or refuses.
        """
        await self._bot.set_webhook(url, secret_token=secret, allowed_updates=list(kinds), max_connections=_CONNECTIONS)

    async def file_url(self, file_id: str) -> str:
        """Where a file can be had; the address holds the token.

        Raises:
            NotFetched: Telegram does not give it.
        """
        try:
            found = await self._bot.get_file(file_id)
        except BadRequest as error:
            raise NotFetched(str(error), for_good=True) from None
        except TelegramError as error:
            raise NotFetched(type(error).__name__) from None
        if not found.file_path:
            raise NotFetched("no address of the file", for_good=True)
        return found.file_path


def _reply(body: Mapping[str, Any]) -> ReplyParameters | None:
    message = answered(body.get("reply_to"))
    return None if message is None else ReplyParameters(message, allow_sending_without_reply=True)


def outcome_of(error: Exception) -> Outcome:
    """What a failed send means for its row."""
    reason = f"{type(error).__name__}: {error}"
    match error:
        case RetryAfter():
            wait = error.retry_after
            seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
            return Outcome("retry", reason, Cause.limited, wait_s=max(seconds, 0.05))
        case Forbidden():
            return Outcome("dead", reason, Cause.blocked, blocked=True)
        case InvalidToken():
            # The token was changed or is wrong: the message can go once it is put right.
            return Outcome("retry", "InvalidToken", Cause.access, pause_s=30.0)
        case BadRequest():
            return Outcome("dead", reason, Cause.refused)
        case TimedOut() | NetworkError():
            return _network(error)
        case TelegramError():
            return Outcome("dead", reason, Cause.refused)
        case _:
            # The answer could not be read, so the message may well have arrived.
            return Outcome("unknown", type(error).__name__, Cause.no_answer)


def _network(error: TelegramError) -> Outcome:
    cause = error.__cause__
    if isinstance(cause, NoAnswer):
        # Where the request had left, or may have, sending it again might say everything twice.
        if cause.sent:
            return Outcome("unknown", str(cause), Cause.no_answer)
        return Outcome("retry", str(cause), Cause.unreachable)
    return Outcome("retry", f"{type(error).__name__}: {error}", Cause.fault)
