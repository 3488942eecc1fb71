"""The front door as a process of its own with every channel's webhook on, over fakes of what is around it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bot.channels.zalo_oa.signature import HEADER, mac
from store.engine import Database
from store.migrate import upgrade
from tests.fakes.rasa import FakeRasa
from tests.fakes.telegram import TOKEN as TELEGRAM_TOKEN
from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_bot import TOKEN as ZALO_BOT_TOKEN
from tests.fakes.zalo_bot import FakeZaloBot
from tests.fakes.zalo_oa import APP_ID, APP_SECRET, OA_SECRET, FakeZaloOA
from tests.support.door_process import SIZES
from tests.support.hostile import Hook, Target
from tests.support.zalo import connect

SECRET = "bi-mat-cua-webhook"
PORTAL = "https://portal.example"
_TIME = "1"


def _signed(body: bytes) -> dict[str, str]:
    return {"X-ZEvent-Timestamp": _TIME, HEADER: f"mac={mac(APP_ID, body, _TIME, OA_SECRET)}"}


HOOKS = (
    Hook("telegram", "/hooks/telegram", lambda _body: {"X-Telegram-Bot-Api-Secret-Token": SECRET}),
    Hook("zalo_oa", "/hooks/zalo-oa", _signed),
    Hook("zalo_bot", "/hooks/zalo-bot", lambda _body: {"X-Bot-Api-Secret-Token": SECRET}),
)
_ROOT = Path(__file__).parent.parent.parent
_STOP_S = 15.0
_SIZES_S = 10.0
OPEN_LIMITS = {
    "address_burst": 10_000_000,
    "address_rate": 1e6,
    "session_burst": 10_000_000,
    "session_rate": 1e6,
    "form_burst": 10_000_000,
    "forms_an_hour": 1e9,
    "pin_burst": 10_000_000,
    "pins_an_hour": 1e9,
}
"""Limits for each address and session so high that what is behind them is reached."""


@dataclass(frozen=True)
class Doors:
    """The running process.

    Attributes:
        home: its data folder.
        pid: of it.
        url: of its public side.
        private_url: of health and metrics.
        rasa: what answers its citizens.
    """

    home: Path
    pid: int
    url: str
    private_url: str
    rasa: FakeRasa

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the public side."""
        host, _, port = self.url.removeprefix("http://").partition(":")
        return host, int(port)

    async def target(self) -> Target:
        """What hostile requests have to fit, with a session of its own."""
        async with aiohttp.ClientSession() as session, session.post(f"{self.url}/api/session", json={}) as answer:
            cookie = answer.cookies["motcua_session"].value
        return Target(self.url.removeprefix("http://"), f"motcua_session={cookie}", HOOKS, PORTAL)

    async def measure(self, name: str) -> float:
        """The sum of one of its metrics over all labels."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.private_url}/metrics") as answer:
            lines = (await answer.text()).splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    async def sizes(self) -> dict[str, int]:
        """What it keeps in memory at this moment; see `tests.support.sizes`."""
        file = self.home / SIZES
        file.unlink(missing_ok=True)
        os.kill(self.pid, signal.SIGUSR1)
        async with asyncio.timeout(_SIZES_S):
            while not file.exists():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return dict(json.loads(file.read_text()))


@asynccontextmanager
async def doors(home: Path, web: Mapping[str, Any]) -> AsyncIterator[Doors]:
    """The process, running inside the block.

    Args:
        home: its data folder; its log is `doors.log` there.
        web: settings of the web side.

    Raises:
        RuntimeError: it did not start.
    """
    async with FakeRasa() as rasa, FakeTelegram() as telegram, FakeZaloOA() as account, FakeZaloBot() as zalo_bot:
        await _connected(home, account)
        fast = {"chat_burst": 10_000_000, "chat_rate": 10_000, "total_rate": 10_000}
        hook = {"webhook_url": "https://chat.example", "webhook_secret": SECRET}
        settings = {
            "web": {"port": 0, "private_port": 0, "allowed_origins": [PORTAL], **web},
            "dialogue": {"url": rasa.url},
            "telegram": {"token": TELEGRAM_TOKEN, "api_url": telegram.url, **hook, **fast},
            "zalo_oa": {
                "app_id": APP_ID,
                "app_secret": APP_SECRET,
                "oa_secret": OA_SECRET,
                "api_url": account.url,
                "oauth_url": account.url,
                **fast,
            },
            "zalo_bot": {"token": ZALO_BOT_TOKEN, "api_url": zalo_bot.url, **hook, **fast},
        }
        with (home / "doors.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.support.door_process",
                str(home),
                json.dumps(settings),
                cwd=_ROOT,
                env={**os.environ, "PYTHONPATH": str(_ROOT)},
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
            assert process.stdout is not None
            try:
                first = await process.stdout.readline()
                if not first:
                    raise RuntimeError(f"the front door did not start:\n{(home / 'doors.log').read_text()[-2000:]}")
                said = json.loads(first)
                yield Doors(home, process.pid, said["public"], said["private"], rasa)
            finally:
                if process.returncode is None:
                    process.terminate()
                    await asyncio.wait_for(process.wait(), _STOP_S)


async def _connected(home: Path, account: FakeZaloOA) -> None:
    """Have the account's tokens in the database that the process will open."""
    database = Database(f"sqlite+aiosqlite:///{home / 'motcua.db'}")
    await upgrade(database)
    await connect(database, account)
    await database.close()
