"""In the browser: switching a channel off and back, and messages that did not arrive."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from desk.switchboard import flip, states
from store.tables import now
from tests.browser.conftest import Phone
from tests.support.console import PASSWORD, Console, console
from tests.support.letters import row_of, talk, unanswered, unsent

# New pictures for the documentation are made on demand only.
PICTURES = os.environ.get("MOTCUA_PICTURES")


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Console]:
    """A console with one administrator."""
    async with console(tmp_path, [("ha.tran", "administrator")]) as opened:
        yield opened


@pytest.fixture
async def screen(browser: Browser) -> AsyncIterator[Phone]:
    """A desk's screen; it records its troubles as the phone does."""
    context = await browser.new_context(
        viewport={"width": 1180, "height": 900}, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh"
    )
    context.set_default_timeout(15_000)
    made = Phone(await context.new_page())
    made.listen()
    yield made
    await context.close()


async def sign_in(page: Page, url: str) -> None:
    await page.goto(f"{url}/sign-in")
    await page.fill("#name", "ha.tran")
    await page.fill("#password", PASSWORD)
    await page.click("main button")
    await page.wait_for_url("**/versions")


async def picture(page: Page, artefacts: Path, name: str) -> None:
    await page.screenshot(path=artefacts / f"{name}.png", animations="disabled", full_page=True)
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", animations="disabled", full_page=True)


async def mode(running: Console, channel: str) -> str:
    return next(each.mode for each in await states(running.parts.db) if each.channel == channel)


async def test_a_channel_is_closed_only_with_the_tick_and_put_back(
    running: Console, screen: Phone, artefacts: Path
) -> None:
    await flip(running.parts.db, "telegram", "banner", banner="Trợ lý bảo trì đến 9 giờ sáng nay.", actor="ha.tran")
    page = screen.page
    await sign_in(page, running.url)
    await page.click("nav >> text=Quản trị")
    await page.click("nav >> text=Kênh và công tắc")
    card = page.locator("section[aria-labelledby=t-zalo_oa]")
    await card.locator("summary").click()
    await card.locator("input[value=closed]").check()
    await card.locator("textarea").fill("Kênh Zalo nghỉ hôm nay.")
    await card.locator("button", has_text="Lưu công tắc").click()
    await page.wait_for_selector("p.message")
    assert await mode(running, "zalo_oa") == "open"
    # What was written is still there.
    assert await card.locator("textarea").input_value() == "Kênh Zalo nghỉ hôm nay."
    await card.locator("details input[name=sure]").check()
    await card.locator("button", has_text="Lưu công tắc").click()
    await page.wait_for_selector("p.told")
    assert await mode(running, "zalo_oa") == "closed"
    await picture(page, artefacts, "console-channels")
    await card.locator("button", has_text="Đặt lại như trước").click()
    await page.wait_for_selector("p.told >> text=đang mở")
    assert await mode(running, "zalo_oa") == "open"
    # The browser tells of the refused form.
    assert [one for one in screen.problems if "400" not in one] == []


async def test_a_message_goes_again_when_somebody_is_sure(running: Console, screen: Phone, artefacts: Path) -> None:
    db, moment = running.parts.db, now()
    chat, zalo = await talk(db), await talk(db, "zalo_oa", "z")
    await unanswered(db, chat, received_at=moment - timedelta(hours=3), done_at=moment - timedelta(hours=3))
    await unsent(
        db, zalo, "Anh/chị nộp hồ sơ đăng ký khai sinh tại bộ phận một cửa của xã nơi mình ở.",
        channel="zalo_oa", error="window: -230 outside Zalo's window of 7 days", created_at=moment - timedelta(hours=1),
        next_at=moment - timedelta(minutes=55),
    )  # fmt: skip
    key = await unsent(
        db, chat, "Lệ phí đăng ký kết hôn: miễn. Thời hạn: trong ngày làm việc.", state="unknown", attempts=1,
        error="no_answer: TimedOut", created_at=moment - timedelta(minutes=5), next_at=moment - timedelta(minutes=5),
    )  # fmt: skip
    page = screen.page
    await sign_in(page, running.url)
    await page.goto(f"{running.url}/letters")
    await picture(page, artefacts, "console-letters")
    first = page.locator("article").first
    # The browser itself asks for the tick.
    await first.locator("button", has_text="Gửi lại").click()
    assert (await row_of(db, key)).state == "unknown"
    await first.locator("input[name=sure]").check()
    await first.locator("button", has_text="Gửi lại").click()
    await page.wait_for_selector("p.told")
    assert (await row_of(db, key)).state == "ready"
    await page.locator("article").first.locator("button", has_text="Cho nghỉ").click()
    await page.wait_for_selector("p.told >> text=nghỉ")
    assert await page.locator("article").count() == 1
    assert screen.problems == []


async def test_both_pages_fit_a_phone(running: Console, phone: Phone) -> None:
    chat = await talk(running.parts.db)
    await unsent(running.parts.db, chat, state="unknown", error="x" * 150)
    await flip(running.parts.db, "all", "banner", banner="Nghỉ " * 50, actor="ha.tran")
    await sign_in(phone.page, running.url)
    for path in ("/channels", "/letters"):
        await phone.page.goto(running.url + path)
        wide = await phone.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, path
    assert phone.problems == []
