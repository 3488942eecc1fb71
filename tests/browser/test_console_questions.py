"""In the browser: what was asked in vain becomes a word of the vocabulary with one click."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from knowledge import asked, words
from tests.browser.conftest import Phone
from tests.support.console import PASSWORD, Console
from tests.support.console_editing import EDITOR, ask_in_vain, editing

SINGLE = "1.004873"
# A new picture for the documentation is made on demand only.
PICTURES = os.environ.get("MOTCUA_PICTURES")


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Console]:
    async with editing(tmp_path_factory.mktemp("console")) as opened:
        await ask_in_vain(opened.parts.db)
        yield opened


@pytest.fixture
async def desk(browser: Browser) -> AsyncIterator[Phone]:
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
    await page.fill("#name", EDITOR)
    await page.fill("#password", PASSWORD)
    await page.click("main button")


async def test_one_click_says_which_procedure_was_meant(running: Console, desk: Phone, artefacts: Path) -> None:
    page = desk.page
    await sign_in(page, running.url)
    await page.click("nav >> text=Câu hỏi chưa đáp")
    group = page.locator("form.cluster").first
    assert "ế vợ" in await group.inner_text()
    assert "0912345678" not in await page.content()
    await page.screenshot(path=artefacts / "console-questions.png")
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / "console-questions.png")
    before = len(await asked.open_(running.parts.db))
    await group.locator(f"button[value='vocabulary:{SINGLE}']").click()
    await page.wait_for_selector("p.told")
    assert "Đã thêm vào từ vựng" in await page.inner_text("p.told")
    (row,) = await words.list_(running.parts.db)
    assert row.codes == (SINGLE,)
    assert any("ế vợ" in phrase for phrase in row.phrases)
    assert before - len(await asked.open_(running.parts.db)) >= 3
    assert "ế vợ" not in await page.locator("form.cluster").first.inner_text()
    # What was learnt is in the vocabulary, marked as not live yet.
    await page.click("nav >> text=Từ vựng")
    assert "chưa dùng" in await page.inner_text("#words")
    assert desk.problems == []


async def test_every_page_of_editing_fits_a_phone(running: Console, phone: Phone) -> None:
    page = phone.page
    await sign_in(page, running.url)
    for path in ("/questions", "/vocabulary", "/golden", "/quality", "/receiving", "/offices", "/freshness",
                 f"/procedures/{SINGLE}"):  # fmt: skip
        await page.goto(running.url + path)
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, path
    assert phone.problems == []


async def test_a_procedure_is_edited_and_previewed_beside_its_form(
    running: Console, desk: Phone, artefacts: Path
) -> None:
    page = desk.page
    await sign_in(page, running.url)
    await page.goto(f"{running.url}/procedures/{SINGLE}")
    await page.locator("input[name=fee_text]").first.fill("8.000 đồng một bản")
    await page.click("button[value=preview]")
    seen = page.locator("section[aria-labelledby=seen]")
    assert "8.000 đồng một bản" in await seen.locator(".chat").first.inner_text()
    assert "8.000 đồng một bản" not in await seen.locator(".chat").last.inner_text()
    await page.screenshot(path=artefacts / "console-procedure.png")
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / "console-procedure.png")
    await page.click("button[value=stage]")
    await page.wait_for_selector(".pair.heavy")
    assert "8.000 đồng một bản" in await page.inner_text("main")
    assert desk.problems == []
