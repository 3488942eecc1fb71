"""Signing in with a real browser on a phone: the QR code is read off the screen, as a telephone's camera would."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import zxingcpp
from argon2 import PasswordHasher
from PIL import Image
from playwright.async_api import Browser, ConsoleMessage, Page, expect
from sqlalchemy import update

from desk import _passwords, units
from desk.settings import ConsoleSettings
from store.tables import staff
from tests.support.console import PASSWORD, Console, console

_NAMELESS = """() => [...document.querySelectorAll('button, textarea, input:not([type=hidden]), select, a[href]')]
  .filter((e) => e.checkVisibility())
  .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || (e.labels || []).length)).length"""
_MENU_ROWS = """() => [...document.querySelectorAll('header nav ul')]
  .map((row) => new Set([...row.children].map((one) => one.getBoundingClientRect().top)).size)"""


@pytest.fixture(autouse=True)
def quick_hashes() -> Iterator[None]:
    """Hashes of passwords that take a millisecond."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Console]:
    """A console in which everybody needs a second factor, and one administrator who has none yet."""
    settings = ConsoleSettings(port=0, totp="required")
    people = [("lan.nguyen", "administrator+supervisor+officer+vault")]
    async with console(tmp_path, people, settings=settings) as running:
        await units.ensure(running.parts.db)
        yield running


async def test_the_first_sign_in_on_a_phone_and_the_second(browser: Browser, desk: Console, artefacts: Path) -> None:
    problems: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            problems.append(message.text)

    context = await browser.new_context(viewport={"width": 390, "height": 844}, locale="vi-VN")
    page = await context.new_page()
    page.on("console", complain)
    page.on("pageerror", lambda error: problems.append(str(error)))
    await page.goto(f"{desk.url}/accounts")
    await _password(page)
    await expect(page.get_by_role("heading", name="Cài ứng dụng tạo mã")).to_be_visible()
    await page.screenshot(path=artefacts / "console-totp.png", animations="disabled")
    seen = Image.open(io.BytesIO(await page.locator(".qr img").screenshot()))
    told = urlsplit(zxingcpp.read_barcodes(seen)[0].text)
    assert (told.scheme, told.netloc) == ("otpauth", "totp")
    app = pyotp.TOTP(parse_qs(told.query)["secret"][0])
    await page.get_by_label("Nhập 6 chữ số mà ứng dụng đang hiện").fill(str(app.now()))
    await page.get_by_role("button", name="Xác nhận").click()
    await expect(page.get_by_role("heading", name="Mã dự phòng")).to_be_visible()
    codes = await page.locator(".codes code").all_inner_texts()
    assert len(codes) == 8
    await _fits(page)
    await page.get_by_role("link", name="Đã cất, vào trang cán bộ").click()
    await page.wait_for_url("**/accounts")
    for path in ("/accounts", "/accounts/lan.nguyen", "/units", "/account"):
        await page.goto(desk.url + path)
        await _fits(page)
    await page.goto(f"{desk.url}/accounts")
    await page.screenshot(path=artefacts / "console-accounts.png", animations="disabled")
    await page.get_by_role("button", name="Đăng xuất").click()

    # The second time the code is asked for; the one of before does not serve again.
    async with desk.parts.db.begin() as connection:
        await connection.execute(update(staff).values(totp_step=staff.c.totp_step - 3))
    await _password(page)
    await expect(page.get_by_label("6 chữ số trong ứng dụng tạo mã của lan.nguyen")).to_be_focused()
    await page.keyboard.type(str(app.now()))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="lan.nguyen")).to_be_visible()
    assert problems == []

    wide = await context.new_page()
    for width in (1280, 800, 360):
        await wide.set_viewport_size({"width": width, "height": 800})
        for path in ("/versions", "/accounts"):
            await wide.goto(desk.url + path)
            assert await wide.evaluate(_MENU_ROWS) == [1, 1], (width, path)
            await _fits(wide)
    await context.close()


async def _password(page: Page) -> None:
    await page.get_by_label("Tên đăng nhập").fill("lan.nguyen")
    await page.get_by_label("Mật khẩu").fill(PASSWORD)
    await page.get_by_role("button", name="Đăng nhập").click()


async def _fits(page: Page) -> None:
    """Nothing is wider than the screen, everything that can be used has a name, there is one heading of the page."""
    scroll, inner = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert scroll <= inner, page.url
    assert await page.evaluate(_NAMELESS) == 0, page.url
    assert await page.locator("h1").count() == 1, page.url
