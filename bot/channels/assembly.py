"""Opens the channels that the settings ask for, each with its sender, its webhook and its work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from bot.channels import telegram, zalo_bot, zalo_oa
from bot.channels.contract import Channel, Route, Switches, Work
from bot.channels.receiving import Receiver
from bot.channels.sending import Sender
from bot.channels.webhooks import Webhook
from bot.departures import Departures
from bot.http import Check
from bot.inbox import Inbox
from bot.metrics import Metrics
from bot.outbox import forget_settled
from bot.settings import BotSettings, PushedSettings
from desk.sealing import Seal
from desk.settings import DeliverySettings
from store import keys
from store.engine import Database
from store.errors import Invalid


@dataclass
class Open:
    """The channels to which messages are carried, while they are open.

    Attributes:
        routes: the way out of each.
        hooks: their webhooks.
        works: what has to run, by the channel's name and a name of its own; each channel's only where it is led.
        checks: whether each is connected, by its name.
    """

    routes: dict[str, Route] = field(default_factory=dict)
    hooks: list[Webhook] = field(default_factory=list)
    works: dict[str, dict[str, Work]] = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)


@dataclass(frozen=True)
class Surroundings:
    """What every channel is given.

    Args:
        data_dir: keys and journals are kept here.
        seal: closes tokens where they are kept.
        delivery: for how long Zalo carries replies.
        file_of: gives name, media type and content of an attachment that is sent.
        most_bytes: size of the largest file that is fetched.
        page_url: where citizens look up a case.
        full: whether there is no room to keep anything.
    """

    settings: BotSettings
    database: Database
    inbox: Inbox
    switches: Switches
    metrics: Metrics
    data_dir: Path
    seal: Seal | None = None
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    file_of: Callable[[int], Awaitable[tuple[str, str, bytes]]] | None = None
    most_bytes: int = 10 * 1024 * 1024
    page_url: str = ""
    full: Callable[[], bool] = lambda: False

    def receiver(self, name: str, settings: PushedSettings) -> Receiver:
        """The receiving side of a channel."""
        backlog = self.settings.worker.backlog
        return Receiver(name, settings, self.inbox, self.database, self.metrics, backlog=backlog, no_room=self.full)

    def secret(self, name: str, given: SecretStr | None) -> str:
        """What a platform sends with its webhooks: the one that is set, else one made once and kept."""
        return given.get_secret_value() if given else keys.kept(self.data_dir / f"{name}-webhook.key")


@asynccontextmanager
async def opened(around: Surroundings) -> AsyncIterator[Open]:
    """The channels, open inside the block."""
    found = Open()
    settings = around.settings
    async with AsyncExitStack() as stack:
        departures = Departures(around.data_dir / "departures")
        stack.callback(departures.close)
        await forget_settled(around.database, departures)

        async def add(channel: Channel, own: PushedSettings, receiver: Receiver) -> None:
            sender = Sender(channel, own, around.database, departures, around.switches, around.metrics)
            found.routes[channel.name] = sender.route
            found.works[channel.name] = {f"{channel.name}-send": sender.run, **channel.works}
            if channel.door is not None:
                found.hooks.append(Webhook(channel, receiver, around.switches, around.metrics, full=around.full))

        # Imported here: without a token a channel's library costs neither memory nor start-up time.
        if settings.telegram.token is not None:
            from bot.channels.telegram.channel import Telegram

            receiver = around.receiver(telegram.NAME, settings.telegram)
            secret = around.secret("telegram", settings.telegram.webhook_secret)
            channel = Telegram(
                settings.telegram,
                receiver,
                around.switches,
                around.metrics,
                secret=secret,
                file_of=around.file_of,
                most_bytes=around.most_bytes,
            )
            await add(await stack.enter_async_context(channel), settings.telegram, receiver)
        if settings.zalo_oa.app_id:
            from bot.channels.zalo_oa.channel import ZaloOA

            if around.seal is None:
                raise Invalid("the Zalo Official Account needs the seal of the desk for its tokens")
            account = ZaloOA(
                settings.zalo_oa,
                around.database,
                around.seal,
                around.metrics,
                delivery=around.delivery,
                file_of=around.file_of,
                most_bytes=around.most_bytes,
                page_url=around.page_url,
            )
            found.checks[zalo_oa.NAME] = account.well
            receiver = around.receiver(zalo_oa.NAME, settings.zalo_oa)
            await add(await stack.enter_async_context(account), settings.zalo_oa, receiver)
        if settings.zalo_bot.token is not None:
            from bot.channels.zalo_bot.channel import ZaloBot

            receiver = around.receiver(zalo_bot.NAME, settings.zalo_bot)
            secret = around.secret("zalo-bot", settings.zalo_bot.webhook_secret)
            bot = ZaloBot(
                settings.zalo_bot,
                receiver,
                around.switches,
                around.metrics,
                secret=secret,
                most_bytes=around.most_bytes,
            )
            await add(await stack.enter_async_context(bot), settings.zalo_bot, receiver)
        yield found
