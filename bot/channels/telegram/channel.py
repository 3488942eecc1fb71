"""The Telegram channel.

The polling is our own: the library's hangs on one update it cannot parse. Updates are written down raw, together with
the offset that confirms them, before the next call confirms them to Telegram.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import aiohttp

from bot.channels import polling
from bot.channels.contract import Door, Event, Forged, NotFetched, Outcome, Switches, Work
from bot.channels.polling import PollFailed
from bot.channels.receiving import Receiver
from bot.channels.telegram.calls import TelegramCalls
from bot.channels.telegram.text import CAN, NAME
from bot.channels.telegram.update import callback_id, events, number
from bot.incoming import Incoming
from bot.metrics import Metrics
from bot.settings import TelegramSettings
from desk.attachments import Upload

_ALLOWED = ["message", "callback_query", "my_chat_member"]


class Telegram:
    """The channel; see `bot.channels.contract.Channel`.

    Args:
        secret: what Telegram sends with each webhook.
    """

    name = NAME
    can = CAN

    def __init__(
        self, settings: TelegramSettings, receiver: Receiver, switches: Switches, metrics: Metrics, *, secret: str
    ) -> None:
        assert settings.token is not None, "Telegram needs its token"
        token = settings.token.get_secret_value()
        self._settings = settings
        self._receiver = receiver
        self._switches = switches
        self._metrics = metrics
        self._secret = secret
        self._bot = token.partition(":")[0]
        self._offset_key = f"telegram:{self._bot}:offset"
        self._offset: int | None = None
        self._hook_removed = False
        self._poll_url = f"{settings.api_url.rstrip('/')}/bot{token}/getUpdates"
        self._calls = TelegramCalls(settings)
        self._presses: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self.door: Door | None = _Door(self._bot, secret) if settings.webhook_url else None
        hooked: Mapping[str, Work] = {"telegram-hook": self._register}
        self.works = hooked if self.door else {"telegram-poll": self._poll}

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._settings.poll_timeout_s + self._settings.request_timeout_s)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._presses:
            task.cancel()
        await asyncio.gather(*self._presses, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        await self._calls.close()

    async def send(self, to: str, body: Mapping[str, Any]) -> Outcome:
        """Send one row of the outbox to a chat."""
        return await self._calls.send(to, body)

    def pace(self, to: str) -> float:
        """Messages a second to this chat."""
        return self._settings.chat_rate

    async def fetch(self, wanted: Mapping[str, Any]) -> Upload:
        """A file that a citizen sent."""
        raise NotFetched("files are not fetched", for_good=True)

    async def taken(self, events: Sequence[Event]) -> None:
        """Stop pressed buttons from waiting."""
        for event in events:
            press = callback_id(event.raw) if isinstance(event, Incoming) and event.raw else None
            if press is not None:
                task = asyncio.create_task(self._calls.acknowledge(press))
                self._presses.add(task)
                task.add_done_callback(self._presses.discard)

    async def _register(self) -> None:
        raise NotImplementedError

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
        found = events(updates, self._bot)
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

    def __init__(self, bot: str, secret: str) -> None:
        self._bot = bot
        self._secret = secret

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        given = headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode(errors="replace"), self._secret.encode()):
            raise Forged("the secret is missing or wrong")

    def parse(self, content: Any) -> Sequence[Event]:
        return events([content], self._bot)


def _wait(answer: dict[str, Any]) -> float:
    parameters = answer.get("parameters")
    wait = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return float(wait) if isinstance(wait, int | float) and not isinstance(wait, bool) else 0.0
