"""The Zalo Bot channel."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import aiohttp
import structlog

from bot.channels import polling
from bot.channels.contract import Door, Event, Forged, Outcome, Switches, Work
from bot.channels.download import fetched, session
from bot.channels.polling import PollFailed
from bot.channels.receiving import Receiver
from bot.channels.zalo_bot.calls import NOTHING_NEW, Failed, ZaloBotCalls
from bot.channels.zalo_bot.events import events
from bot.channels.zalo_bot.limits import CAN, NAME
from bot.metrics import Metrics
from bot.settings import ZaloBotSettings
from desk.attachments import Upload

_log = structlog.get_logger(__name__)
_LOOK_S = 600.0
_AGAIN_S = 10.0


class ZaloBot:
    """The channel; see `bot.channels.contract.Channel`.

    Args:
        secret: what Zalo sends with each webhook, 8 to 256 characters.
        most_bytes: size of the largest file that is fetched.
    """

    name = NAME
    can = CAN

    def __init__(
        self,
        settings: ZaloBotSettings,
        receiver: Receiver,
        switches: Switches,
        metrics: Metrics,
        *,
        secret: str,
        most_bytes: int,
    ) -> None:
        assert settings.token is not None, "the Zalo Bot needs its token"
        self._settings = settings
        self._receiver = receiver
        self._switches = switches
        self._metrics = metrics
        self._secret = secret
        self._most_bytes = most_bytes
        self._bot = settings.token.get_secret_value().partition(":")[0]
        self._private = settings.private_files
        self._calls = ZaloBotCalls(settings)
        self._downloads: aiohttp.ClientSession | None = None
        self._stack = AsyncExitStack()
        self._hook_removed = False
        self.door: Door | None = _Door(self._bot, secret) if settings.webhook_url else None
        hooked: Mapping[str, Work] = {"zalo_bot-hook": self._register}
        self.works = hooked if self.door else {"zalo_bot-poll": self._poll}

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._calls)
        self._downloads = await self._stack.enter_async_context(session(private=self._private))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def send(self, to: str, body: Mapping[str, Any]) -> Outcome:
        """Send one row of the outbox to a chat."""
        return await self._calls.send(to, str(body.get("text", "")))

    async def has_arrived(self, to: str, body: Mapping[str, Any], since: datetime) -> bool | None:
        """Not known: a bot cannot read its own messages."""
        return None

    def pace(self, to: str) -> float:
        """Messages a second to this chat."""
        return self._settings.chat_rate

    async def fetch(self, wanted: Mapping[str, Any]) -> Upload:
        """A picture that a citizen sent."""
        return await fetched(self._downloads, wanted, most=self._most_bytes, private=self._private)

    async def taken(self, events: Sequence[Event]) -> None:
        """Nothing waits for a word."""

    async def _register(self) -> None:
        """Have Zalo send its webhooks to us, now and whenever somebody else has changed the address."""
        url = self._settings.webhook_url.rstrip("/") + _Door.path
        while True:
            try:
                await self._calls.call("setWebhook", {"url": url, "secret_token": self._secret})
                await asyncio.sleep(_LOOK_S)
            except Failed as failed:
                self._metrics.failures.labels("zalo_bot_hook").inc()
                _log.warning("the Zalo Bot's webhook is not registered", reason=str(failed))
                await asyncio.sleep(_AGAIN_S)

    async def _poll(self) -> None:
        await polling.run(self._once, self._receiver, self._switches, self._metrics)

    async def _once(self) -> None:
        wait = self._settings.poll_timeout_s
        try:
            if not self._hook_removed:
                await self._calls.call("deleteWebhook", {})
                self._hook_removed = True
            update = await self._calls.call("getUpdates", {"timeout": str(wait)}, wait_s=wait)
        except Failed as failed:
            if failed.code == NOTHING_NEW:
                return
            raise PollFailed(str(failed)) from None
        # One object, or a list of them.
        for each in update if isinstance(update, list) else [update]:
            await self._receiver.take(events(each, self._bot))


class _Door:
    path = "/hooks/zalo-bot"

    def __init__(self, bot: str, secret: str) -> None:
        self._bot = bot
        self._secret = secret

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        given = headers.get("X-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode(errors="replace"), self._secret.encode()):
            raise Forged("the secret is missing or wrong")

    def parse(self, content: Any) -> Sequence[Event]:
        return events(content, self._bot)
