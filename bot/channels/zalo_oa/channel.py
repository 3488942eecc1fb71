"""The channel of a Zalo Official Account."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import aiohttp

from bot.channels.contract import Door, Event, Forged, Outcome, Work
from bot.channels.download import fetched, session
from bot.channels.zalo_oa.calls import FileOf, ZaloOACalls
from bot.channels.zalo_oa.events import events
from bot.channels.zalo_oa.limits import CAN, NAME
from bot.channels.zalo_oa.signature import check
from bot.channels.zalo_oa.tokens import Tokens
from bot.conversations import conversation_id
from bot.metrics import Metrics
from bot.settings import ZaloOASettings
from desk.attachments import Upload
from desk.causes import Cause
from desk.delivery import goes_out, window
from desk.sealing import Seal
from desk.settings import DeliverySettings
from store.engine import Database
from store.errors import Invalid
from store.tables import now


class ZaloOA:
    """The channel; see `bot.channels.contract.Channel`.

    Args:
        seal: closes the tokens where they are kept.
        delivery: for how long Zalo carries replies, and whether those that cost a fee are sent.
        file_of: gives the content of a file that is sent.
        page_url: where citizens look up a case; empty: not known.
        most_bytes: size of the largest file that is fetched.

    Raises:
        Invalid: a secret is missing.
    """

    name = NAME
    can = CAN

    def __init__(
        self,
        settings: ZaloOASettings,
        database: Database,
        seal: Seal,
        metrics: Metrics,
        *,
        delivery: DeliverySettings,
        file_of: FileOf | None,
        most_bytes: int,
        page_url: str = "",
    ) -> None:
        if settings.app_secret is None or settings.oa_secret is None:
            raise Invalid(
                "MOTCUA_BOT__ZALO_OA__APP_SECRET and MOTCUA_BOT__ZALO_OA__OA_SECRET are needed with the app id: the "
                "app's secret key renews the tokens, the account's proves that a webhook is Zalo's"
            )
        self._settings = settings
        self._database = database
        self._seal = seal
        self._metrics = metrics
        self._delivery = delivery
        self._file_of = file_of
        self._most_bytes = most_bytes
        self._page_url = page_url
        self._stack = AsyncExitStack()
        self._downloads: aiohttp.ClientSession | None = None
        self.door: Door | None = _Door(settings.app_id, settings.oa_secret.get_secret_value(), metrics)
        self.works: Mapping[str, Work] = {"zalo_oa-tokens": self._mind}

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=0)
        client = await self._stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        self._downloads = await self._stack.enter_async_context(session(private=self._settings.private_files))
        self._tokens = Tokens(self._database, self._seal, self._settings, client)
        self._stack.push_async_callback(self._tokens.settled)
        self._calls = ZaloOACalls(self._settings, self._tokens, client, self._file_of, page_url=self._page_url)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def send(self, to: str, body: Mapping[str, Any]) -> Outcome:
        """Send one row of the outbox to a citizen, if Zalo carries it and it may cost what it costs."""
        async with self._database.connect() as connection:
            way = await window(connection, conversation_id(NAME, to), self._delivery)
        self._metrics.zalo_sends.labels(way).inc()
        if way == "closed":
            return Outcome("dead", "outside Zalo's window, or the citizen has left the account", Cause.window)
        if way == "paid" and not goes_out(way, self._delivery):
            return Outcome("dead", "outside Zalo's free window, and settings do not pay", Cause.unpaid)
        outcome = await self._calls.send(to, body)
        if outcome.state == "retry" and self._calls.trouble:
            self._metrics.failures.labels("zalo_oa_person").inc()
        return outcome

    async def has_arrived(self, to: str, body: Mapping[str, Any], since: datetime) -> bool | None:
        """Whether a row whose end is not known stands in the conversation at Zalo."""
        wait = self._settings.look_after_s
        if not wait:
            return None
        # What Zalo has taken may stand there only a moment later.
        await asyncio.sleep(max(0.0, wait - (now() - since).total_seconds()))
        return await self._calls.has_arrived(to, str(body.get("text", "")), since)

    async def well(self) -> bool:
        """Whether the account is connected, and nothing of it has to be put right by a person as far as is known here.

        Raises:
            NotConnected: it is not.
        """
        await self._tokens.state()
        return self._calls.trouble is None

    def pace(self, to: str) -> float:
        """Messages a second to this citizen."""
        return self._settings.chat_rate

    async def fetch(self, wanted: Mapping[str, Any]) -> Upload:
        """A picture or file that a citizen sent."""
        private = self._settings.private_files
        return await fetched(self._downloads, wanted, most=self._most_bytes, private=private)

    async def taken(self, events: Sequence[Event]) -> None:
        """Nothing waits for a word."""

    async def _mind(self) -> None:
        await self._tokens.mind()


class _Door:
    path = "/hooks/zalo-oa"

    def __init__(self, app_id: str, secret: str, metrics: Metrics) -> None:
        self._app_id = app_id
        self._secret = secret
        self._metrics = metrics

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        variant = check(headers, body, app_id=self._app_id, secret=self._secret)
        if variant is None:
            raise Forged("the signature is missing or wrong")
        self._metrics.zalo_signatures.labels(variant).inc()

    def parse(self, content: Any) -> Sequence[Event]:
        return events(content, self._app_id)
