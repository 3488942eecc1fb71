"""A front door over a real database file and a fake dialogue server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.app import Running, running
from bot.settings import (
    BotSettings,
    DialogueSettings,
    TelegramSettings,
    WebSettings,
    WorkerSettings,
    ZaloBotSettings,
    ZaloOASettings,
)
from desk.settings import DeliverySettings
from store.engine import Database
from store.migrate import upgrade
from tests.fakes.rasa import FakeRasa
from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_bot import FakeZaloBot
from tests.fakes.zalo_oa import FakeZaloOA
from tests.support.hook import Hook
from tests.support.pages import desk
from tests.support.zalo import connect, settings


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated SQLite file."""
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}")
    await upgrade(opened)
    yield opened
    await opened.close()


@pytest.fixture
async def rasa() -> AsyncIterator[FakeRasa]:
    """The fake dialogue server; a test that broke its contract fails."""
    async with FakeRasa() as fake:
        yield fake
    assert fake.broken == []


Open = Callable[..., AbstractAsyncContextManager[Running]]

ROOMY = WebSettings(port=0, private_port=0)
QUICK = WorkerSettings(poll_s=0.05, retry_first_s=0.01, retry_cap_s=0.05, shutdown_s=0.5)


@pytest.fixture
def front_door(database: Database, rasa: FakeRasa, tmp_path: Path) -> Open:
    """Opens the front door over the database and the fake dialogue server, on free ports."""

    def opened(
        *,
        web: WebSettings = ROOMY,
        worker: WorkerSettings = QUICK,
        telegram: TelegramSettings | None = None,
        zalo_oa: ZaloOASettings | None = None,
        zalo_bot: ZaloBotSettings | None = None,
        dialogue: DialogueSettings | None = None,
        **more: Any,
    ) -> AbstractAsyncContextManager[Running]:
        settings = BotSettings(
            web=web,
            worker=worker,
            dialogue=dialogue or DialogueSettings(url=rasa.url),
            telegram=telegram or TelegramSettings(),
            zalo_oa=zalo_oa or ZaloOASettings(),
            zalo_bot=zalo_bot or ZaloBotSettings(),
        )
        return running(settings, database, data_dir=tmp_path / "var", **more)

    return opened


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    """The fake Bot API."""
    async with FakeTelegram() as fake:
        yield fake


@pytest.fixture
async def zalo() -> AsyncIterator[FakeZaloOA]:
    """The fake API of a Zalo Official Account, which repeats its webhooks soon."""
    async with FakeZaloOA() as fake:
        fake.hook.delays = (0.05,) * 20
        yield fake


@pytest.fixture
def oa_door(front_door: Open, database: Database, zalo: FakeZaloOA, tmp_path: Path) -> Open:
    """Opens the front door with the account connected, and has Zalo call it."""

    @asynccontextmanager
    async def open_(*, pay: bool = False, **changes: Any) -> AsyncIterator[Running]:
        await connect(database, zalo)
        office = replace(desk(database, tmp_path), delivery=DeliverySettings(zalo_pay=pay))
        async with front_door(zalo_oa=settings(zalo, **changes), desk=office) as front:
            zalo.webhook = f"{front.public_url}/hooks/zalo-oa"
            yield front
            zalo.webhook = ""

    return open_


@pytest.fixture
async def hook(zalo: FakeZaloOA) -> AsyncIterator[Hook]:
    """Listens where Zalo delivers its events, and is not waited for long."""
    async with Hook() as listener:
        zalo.webhook = listener.url
        zalo.hook.delays = (0.01, 0.01, 0.01, 0.01, 0.01)
        zalo.hook.answer_s = 0.2
        yield listener


@pytest.fixture
async def zalo_bot() -> AsyncIterator[FakeZaloBot]:
    """The fake Zalo Bot API."""
    async with FakeZaloBot() as fake:
        yield fake
