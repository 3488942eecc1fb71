"""The whole program, started once for all tests that talk to it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_bot import FakeZaloBot
from tests.fakes.zalo_oa import FakeZaloOA
from tests.support import zalo
from tests.support.postgres import module_server as module_server
from tests.support.postgres import own_server as own_server
from tests.support.postgres import postgres as postgres
from tests.support.postgres import postgres_server as postgres_server
from tests.support.postgres import postgres_template as postgres_template
from tests.support.rasa import trained_model
from tests.support.stack import RASA_PYTHON, Stack

# A test sends in a second what a citizen writes in an hour; the paces of the real world have tests of their own.
FAST = {
    "MOTCUA_BOT__WEB__SESSION_BURST": "1000",
    "MOTCUA_BOT__WEB__ADDRESS_BURST": "100000",
    "MOTCUA_BOT__WEB__ADDRESS_RATE": "10000",
    "MOTCUA_BOT__TELEGRAM__CHAT_RATE": "100",
    "MOTCUA_BOT__TELEGRAM__TOTAL_RATE": "1000",
    "MOTCUA_BOT__TELEGRAM__POLL_TIMEOUT_S": "2",
    "MOTCUA_BOT__ZALO_OA__CHAT_RATE": "100",
    "MOTCUA_BOT__ZALO_OA__TOTAL_RATE": "1000",
    "MOTCUA_BOT__ZALO_BOT__CHAT_RATE": "100",
    "MOTCUA_BOT__ZALO_BOT__TOTAL_RATE": "1000",
}


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the starter catalogue published and the dialogue model trained; copy it, do not use it.

    Test processes that run side by side share one.
    """
    if not os.access(RASA_PYTHON, os.X_OK):
        pytest.skip(f"Rasa's environment is not there ({RASA_PYTHON}): run `make install`")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    folder = tmp_path_factory.getbasetemp().parent / f"prepared-{run}" if run else tmp_path_factory.mktemp("prepared")
    folder.mkdir(exist_ok=True)
    stack = Stack(folder / "home")
    done = folder / "done"
    with FileLock(folder / "lock", timeout=600):
        if not done.exists():
            models = stack.home / "models"
            models.mkdir(parents=True, exist_ok=True)
            shutil.copy(trained_model(RASA_PYTHON), models)
            for command in (["train"], ["catalogue", "reindex"]):
                ended = stack.command(*command)
                assert ended.returncode == 0, ended.stdout + ended.stderr + stack.tails()
            done.touch()
    return stack.home


@pytest.fixture
def fresh_home(prepared_home: Path, tmp_path: Path) -> Path:
    """A prepared data folder for one test."""
    home = tmp_path / "home"
    shutil.copytree(prepared_home, home)
    return home


@pytest.fixture(scope="session")
async def telegram() -> AsyncIterator[FakeTelegram]:
    """Telegram, as strict as the real one."""
    async with FakeTelegram() as fake:
        yield fake


@pytest.fixture(scope="session")
async def zalo_bot() -> AsyncIterator[FakeZaloBot]:
    """The Zalo Bot API, as strict as the real one."""
    async with FakeZaloBot() as fake:
        yield fake


@pytest.fixture(scope="session")
async def zalo_oa() -> AsyncIterator[FakeZaloOA]:
    """The API of an Official Account, as strict as the real one."""
    async with FakeZaloOA() as fake:
        yield fake


@pytest.fixture(scope="session")
async def stack(
    prepared_home: Path,
    telegram: FakeTelegram,
    zalo_oa: FakeZaloOA,
    zalo_bot: FakeZaloBot,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Stack]:
    """The program with the starter catalogue and every channel open."""
    home = tmp_path_factory.mktemp("stack") / "home"
    shutil.copytree(prepared_home, home)
    extra = {**FAST, "MOTCUA_BOT__TELEGRAM__TOKEN": telegram.token, "MOTCUA_BOT__TELEGRAM__API_URL": telegram.url}
    extra |= {"MOTCUA_BOT__ZALO_BOT__TOKEN": zalo_bot.token, "MOTCUA_BOT__ZALO_BOT__API_URL": zalo_bot.url}
    running = Stack(home, extra)
    await zalo.join(running, zalo_oa)
    running.extra["MOTCUA_BOT__ZALO_BOT__WEBHOOK_URL"] = running.url
    # In a thread: the fake answers in this loop while the program starts.
    await asyncio.to_thread(running.start)
    yield running
    await asyncio.to_thread(running.stop)


@pytest.fixture(scope="session")
def stack_url(stack: Stack) -> str:
    """Address of the chat page."""
    return stack.url
