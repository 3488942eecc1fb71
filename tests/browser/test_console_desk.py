"""In the browser: a day at the desk with the keyboard, on a screen and on a phone."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from desk.kinds import State
from tests.browser.conftest import Phone
from tests.support.console import PASSWORD
from tests.support.console_cases import COLLEAGUE, OFFICER, SUPERVISOR, Desk, busy_day, desk

# New pictures for the documentation are made on demand only.
PICTURES = os.environ.get("MOTCUA_PICTURES")


@pytest.fixture(scope="module")
async def made(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


@pytest.fixture(scope="module")
async def codes(made: Desk) -> dict[str, str]:
    return await busy_day(made)


@pytest.fixture
async def screen(browser: Browser) -> AsyncIterator[Phone]:
    """A desk's screen; it records its troubles as the phone does."""
    context = await browser.new_context(
        viewport={"width": 1180, "height": 900}, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh"
    )
    context.set_default_timeout(15_000)
    opened = Phone(await context.new_page())
    opened.listen()
    yield opened
    await context.close()


async def sign_in(page: Page, made: Desk, name: str) -> None:
    await page.goto(f"{made.console.url}/sign-in")
    await page.fill("#name", name)
    await page.fill("#password", PASSWORD)
    await page.click("main button")
    await page.wait_for_url("**/cases")


async def picture(page: Page, artefacts: Path, name: str) -> None:
    await page.screenshot(path=artefacts / f"{name}.png")
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png")


async def test_a_case_is_answered_without_the_mouse(
    made: Desk, codes: dict[str, str], screen: Phone, artefacts: Path
) -> None:
    page = screen.page
    await sign_in(page, made, OFFICER)
    await picture(page, artefacts, "desk-queue")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/{codes['late']}")
    assert "Quá" in await page.inner_text(".case-head")
    # How the date came about, step by step.
    await page.click("text=Hạn này tính ra sao >> nth=0")
    await picture(page, artefacts, "desk-case")
    # A standard answer goes where the cursor is; its gap is selected and written over.
    await page.keyboard.press("e")
    assert await page.is_checked("[value=answer]")
    assert "Trả lời và hoàn thành" in await page.inner_text(".under button")
    await page.keyboard.type("Kính gửi anh/chị. ")
    await page.keyboard.press("Escape")
    await page.keyboard.press("m")
    await page.locator("[data-find]").press_sequentially("xin loi")
    await page.keyboard.press("Enter")
    await page.keyboard.type("24/11/2026")
    written = await page.input_value("#text")
    assert written.startswith("Kính gửi anh/chị. Chúng tôi xin lỗi anh/chị")
    assert "sẽ có vào ngày 24/11/2026" in written
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("p.told")
    assert "phiếu hoàn thành" in await page.inner_text("p.told")
    case = await made.case(codes["late"])
    assert case.state is State.answered
    assert case.on_time is False
    # Back to the list as it was.
    await page.keyboard.press("b")
    await page.wait_for_selector("table.queue")
    assert codes["late"] not in await page.content()
    assert screen.problems == []


async def test_the_sheets_of_a_case_open_by_key_and_close_by_escape(
    made: Desk, codes: dict[str, str], screen: Phone
) -> None:
    page = screen.page
    await sign_in(page, made, SUPERVISOR)
    await page.goto(f"{made.console.url}/cases/{codes['complaint']}")
    await page.keyboard.press(".")
    assert await page.is_visible("text=Tính thời hạn theo luật…")
    await page.keyboard.press("Escape")
    assert not await page.is_visible("text=Tính thời hạn theo luật…")
    # A sheet behind another opens with it.
    await page.keyboard.press("p")
    await page.keyboard.type("Chờ kết quả giám định")
    assert await page.input_value("#a-pause-reason") == "Chờ kết quả giám định"
    await page.keyboard.press("Escape")
    # Single keys can be switched off, and stay so.
    await page.keyboard.press("?")
    await page.click("text=Dùng phím tắt một chữ")
    await page.click("dialog >> text=Đóng")
    await page.reload()
    await page.keyboard.press("r")
    assert not await page.evaluate("document.activeElement.matches('#text')")
    assert screen.problems == []


async def test_a_colleague_in_the_same_case_is_announced(
    made: Desk, codes: dict[str, str], screen: Phone, browser: Browser
) -> None:
    page = screen.page
    await sign_in(page, made, OFFICER)
    await page.goto(f"{made.console.url}/cases/{codes['again']}")
    async with made.at_work(COLLEAGUE) as tam:
        await tam.do(codes["again"], "take")
    # What the next beat of the page says, without waiting for its hour.
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await page.wait_for_selector("[data-others]:not([hidden])")
    assert COLLEAGUE in await page.inner_text("[data-others]")
    assert "vừa có thay đổi" in await page.inner_text("[data-changed]")
    assert screen.problems == []


async def test_the_pages_of_the_desk_fit_a_phone(
    made: Desk, codes: dict[str, str], phone: Phone, artefacts: Path
) -> None:
    page = phone.page
    await sign_in(page, made, SUPERVISOR)
    for path in ("/cases?queue=open", f"/cases/{codes['rude']}", f"/cases/{codes['question']}", "/cases/new", "/canned",
                 f"/cases/{codes['rude']}/print"):  # fmt: skip
        await page.goto(made.console.url + path)
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, path
        small = await page.evaluate(
            "[...document.querySelectorAll('main button, main summary, main select')]"
            ".filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 24).length"
        )
        assert small == 0, path
    await page.goto(f"{made.console.url}/cases/{codes['rude']}")
    await picture(page, artefacts, "desk-phone")
    await page.click("text=Việc khác")
    await page.click("summary:has-text('Chuyển đơn vị khác')")
    await page.fill("#a-move-reason", "Thuộc đất đai")
    assert phone.problems == []
