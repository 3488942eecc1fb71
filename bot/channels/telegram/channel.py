"""The Telegram channel.

The polling is our own: the library's hangs on one update it cannot parse. Updates are written down raw, together with
the offset that confirms them, before the next call confirms them to Telegram.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import aiohttp
import structlog
from telegram.error import BadRequest, RetryAfter, TelegramError

from bot.channels import polling
from bot.channels.contract import Door, Event, Forged, NotFetched, Outcome, Switches, Work
from bot.channels.download import download, session
from bot.channels.polling import PollFailed
from bot.channels.receiving import Receiver
from bot.channels.telegram.calls import FileOf, TelegramCalls
from bot.channels.telegram.groups import Me
from bot.channels.telegram.text import CAN, NAME
from bot.channels.telegram.update import callback_id, events, number
from bot.incoming import Incoming
from bot.metrics import Metrics
from bot.settings import TelegramSettings
from desk.attachments import Upload

_log = structlog.get_logger(__name__)
_ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member"]
_GROUP_RATE = 20 / 60  # messages a second; Telegram's limit for groups
_NAMED_S = 3.0  # how long a start waits for the bot's name
_AGAIN_S = 10.0
_LOOK_S = 600.0


class Telegram:
    """The channel; see `bot.channels.contract.Channel`.

    Args:
        secret: what Telegram sends with each webhook.
        file_of: gives the content of a file that is sent.
        most_bytes: size of the largest file that is fetched.
    """

    name = NAME
    can = CAN

    def __init__(
        self,
        settings: TelegramSettings,
        receiver: Receiver,
        switches: Switches,
        metrics: Metrics,
        *,
        secret: str,
        file_of: FileOf | None = None,
        most_bytes: int = 10 * 1024 * 1024,
    ) -> None:
        assert settings.token is not None, "Telegram needs its token"
        token = settings.token.get_secret_value()
        self._settings = settings
        self._receiver = receiver
        self._switches = switches
        self._metrics = metrics
        self._secret = secret
        self._most_bytes = most_bytes
        self._me = Me(token.partition(":")[0])
        self._offset_key = f"telegram:{self._me.id}:offset"
        self._offset: int | None = None
        self._hook_removed = False
        self._poll_url = f"{settings.api_url.rstrip('/')}/bot{token}/getUpdates"
        self._calls = TelegramCalls(settings, file_of)
        self._presses: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._downloads: aiohttp.ClientSession | None = None
        self._naming: asyncio.Task[None] | None = None
        self._hook_set = False
        self.door: Door | None = _Door(secret, lambda: self._me) if settings.webhook_url else None
        way: tuple[str, Work] = ("telegram-hook", self._register) if self.door else ("telegram-poll", self._poll)
        self.works: Mapping[str, Work] = {way[0]: way[1], "telegram-menu": self._show_menu}

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._settings.poll_timeout_s + self._settings.request_timeout_s)
        )
        # The address is the Bot API's own, which may run on our network.
        self._downloads = session(private=True)
        # Every process needs the name to know what is meant for the bot in groups.
        self._naming = asyncio.create_task(self._patiently(self._name, "telegram_name"))
        await asyncio.wait({self._naming}, timeout=_NAMED_S)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = [*self._presses, *([self._naming] if self._naming else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for client in (self._session, self._downloads):
            if client is not None:
                await client.close()
        await self._calls.close()

    async def send(self, to: str, body: Mapping[str, Any]) -> Outcome:
        """Send one row of the outbox to a chat."""
        return await self._calls.send(to, body)

    async def has_arrived(self, to: str, body: Mapping[str, Any], since: datetime) -> bool | None:
        """Not known: a bot cannot read its own messages."""
        return None

    def pace(self, to: str) -> float:
        """Messages a second to this chat."""
        return min(self._settings.chat_rate, _GROUP_RATE) if to.startswith("-") else self._settings.chat_rate

    async def fetch(self, wanted: Mapping[str, Any]) -> Upload:
        """A file that a citizen sent."""
        identity, size = wanted.get("file_id"), wanted.get("size")
        if self._downloads is None or not isinstance(identity, str):
            raise NotFetched("no name of the file", for_good=True)
        if isinstance(size, int) and size > self._most_bytes:
            raise NotFetched("too large", for_good=True)
        url = await self._calls.file_url(identity)
        content = await download(self._downloads, url, most=self._most_bytes, private=True)
        return Upload(str(wanted.get("name") or "tep"), content)

    async def taken(self, events: Sequence[Event]) -> None:
        """Stop pressed buttons from waiting."""
        for event in events:
            press = callback_id(event.raw) if isinstance(event, Incoming) and event.raw else None
            if press is not None:
                task = asyncio.create_task(self._calls.acknowledge(press))
                self._presses.add(task)
                task.add_done_callback(self._presses.discard)

    async def _register(self) -> None:
        """Have Telegram send updates to us, now and whenever somebody else has changed the address."""
        while True:
            await self._patiently(self._hook, "telegram_hook")
            await asyncio.sleep(_LOOK_S)

    async def _hook(self) -> None:
        url = self._settings.webhook_url.rstrip("/") + _Door.path
        about = await self._calls.webhook()
        if not self._hook_set or about.url != url or set(about.allowed_updates) != set(_ALLOWED):
            await self._calls.set_webhook(url, self._secret, _ALLOWED)
            self._hook_set = True
        if about.last_error_message:
            _log.warning("Telegram could not reach the webhook", reason=about.last_error_message)

    async def _show_menu(self) -> None:
        while True:
            await self._patiently(self._calls.show_menu, "telegram_menu")
            await asyncio.sleep(_LOOK_S)

    async def _name(self) -> None:
        self._me = Me(self._me.id, await self._calls.username())

    async def _patiently(self, call: Callable[[], Awaitable[None]], kind: str) -> None:
        """Make a call until it succeeds."""
        while True:
            try:
                await call()
                return
            except TelegramError as error:
                self._metrics.failures.labels(kind).inc()
                # Other errors may hold the address, and with it the token.
                reason = str(error) if isinstance(error, BadRequest | RetryAfter) else type(error).__name__
                _log.warning("Telegram did not take a call", call=kind, reason=reason)
                await asyncio.sleep(_AGAIN_S)

    async def _poll(self) -> None:
        await polling.run(self._once, self._receiver, self._switches, self._metrics)

    async def _once(self) -> None:
        if self._offset is None:
            self._offset = int(await self._receiver.recall(self._offset_key) or 0)
        if not self._hook_removed:
            # A webhook left by another program makes every getUpdates fail.
            await self._calls.delete_webhook()
            self._hook_removed = True
        updates = await self._updates(self._offset)
        numbers = [found for found in map(number, updates) if found is not None]
        if not numbers:
            if updates:
                raise PollFailed("updates without numbers")
            return
        offset = max(self._offset, max(numbers) + 1)
        found = events(updates, self._me)
        await self._receiver.take(found, remember=(self._offset_key, str(offset)))
        self._offset = offset
        await self.taken(found)

    async def _updates(self, offset: int) -> list[Any]:
        assert self._session is not None, "enter the channel first"
        body = {"offset": offset, "timeout": self._settings.poll_timeout_s, "allowed_updates": _ALLOWED}
        async with self._session.post(self._poll_url, json=body) as response:
            content = await response.read()
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise PollFailed(f"{response.status} not JSON") from error
        if not isinstance(answer, dict) or answer.get("ok") is not True:
            described = answer if isinstance(answer, dict) else {}
            code = described.get("error_code") or response.status
            raise PollFailed(f"{code} {described.get('description', '')}", _wait(described))
        result = answer.get("result")
        if not isinstance(result, list):
            raise PollFailed(f"{response.status} no list of updates")
        return result


class _Door:
    path = "/hooks/telegram"

    def __init__(self, secret: str, me: Callable[[], Me]) -> None:
        self._secret = secret
        self._me = me

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        given = headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode(errors="replace"), self._secret.encode()):
            raise Forged("the secret is missing or wrong")

    def parse(self, content: Any) -> Sequence[Event]:
        return events([content], self._me())


def _wait(answer: dict[str, Any]) -> float:
    parameters = answer.get("parameters")
    wait = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return float(wait) if isinstance(wait, int | float) and not isinstance(wait, bool) else 0.0
