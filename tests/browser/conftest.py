"""A headless Chromium of the machine (never a downloaded one), and a phone that records its troubles."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from tests.browser.fake_front import Front

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Phone:
    """A page of 390 x 844 and what its console complained about."""

    page: Page
    problems: list[str] = field(default_factory=list)

    async def ask(self, text: str) -> None:
        """Writes into the composer and sends with Enter."""
        await self.page.fill("#text", text)
        await self.page.press("#text", "Enter")

    def listen(self) -> None:
        """Starts recording errors of scripts, of the console and of the content security policy."""

        def console(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                self.problems.append(message.text)

        self.page.on("console", console)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the machine's Chromium; skips where there is none."""
    named = os.environ.get("MOTCUA_CHROMIUM")
    found = named or next((path for name in NAMES if (path := shutil.which(name))), None)
    if not found:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium; or set MOTCUA_CHROMIUM)")
    return found


@pytest.fixture(scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """One browser for all tests."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield running
        await running.close()


@pytest.fixture
async def phone(browser: Browser) -> AsyncIterator[Phone]:
    """A fresh phone: no cookies, nothing remembered."""
    context = await browser.new_context(
        viewport={"width": 390, "height": 844},
        device_scale_factor=2,
        has_touch=True,
        is_mobile=True,
        locale="vi-VN",
        timezone_id="Asia/Ho_Chi_Minh",
    )
    context.set_default_timeout(15_000)
    made = Phone(await context.new_page())
    made.listen()
    yield made
    await context.close()


@pytest.fixture
def chat_url(request: pytest.FixtureRequest) -> str:
    """Address of the chat page of a running stack: MOTCUA_BROWSER_URL, else the one the session starts."""
    return os.environ.get("MOTCUA_BROWSER_URL") or str(request.getfixturevalue("stack_url"))


@pytest.fixture
def artefacts() -> Path:
    """Where pictures are kept."""
    folder = Path(__file__).resolve().parents[2] / "var" / "artefacts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass
class Served:
    """A fake front door and its address."""

    front: Front
    url: str


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """The strict fake of the public API on a free port of the loopback."""
    front = Front()
    runner = web.AppRunner(front.app(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield Served(front, f"http://{host}:{port}/")
    front.cut_streams()
    await runner.cleanup()
