"""The chat page in a real browser against the real stack."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from playwright.async_api import expect

from tests.browser.conftest import Phone

QUESTION = "lam giay khai sinh cho con o dau, em o xa my hoa hung"
# A cold machine loads the catalogue and the model with the first question.
FIRST_ANSWER_MS = 60_000


def _bare(text: str) -> str:
    """Lower case without diacritics: Hòa and Hoà are the same place."""
    parts = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(c for c in parts if not unicodedata.combining(c))


async def test_a_citizen_asks_on_a_phone_and_is_told_the_place(phone: Phone, chat_url: str, artefacts: Path) -> None:
    page = phone.page
    await page.goto(chat_url)
    await expect(page.get_by_role("heading", name="Một cửa An Giang")).to_be_visible()
    await expect(page.get_by_text("Trợ lý tự động (máy trả lời)")).to_be_visible()
    await expect(page.locator(".quick button")).to_have_count(6)

    # A screen reader meets a live log and no control without a name.
    log = page.get_by_role("log")
    assert await log.get_attribute("aria-live") in {"polite", "off"}
    await expect(page.get_by_label("Câu hỏi của anh/chị")).to_be_editable()
    nameless = await page.evaluate(
        """() => [...document.querySelectorAll('button, textarea, input, a[href]')].filter((e) =>
             !e.hidden && !(e.getAttribute('aria-label') || e.textContent || (e.labels || []).length)).length"""
    )
    assert nameless == 0
    assert await page.evaluate("document.documentElement.lang") == "vi"

    await phone.ask(QUESTION)
    await expect(page.locator(".citizen").last).to_contain_text("khai sinh")
    chips = page.locator(".bot .chip")
    await expect(chips.first).to_be_visible(timeout=FIRST_ANSWER_MS)
    await expect(page.locator("#typing")).to_be_hidden(timeout=FIRST_ANSWER_MS)
    await expect(log).to_have_attribute("aria-live", "polite")
    answer = _bare(" ".join(await page.locator(".bot").all_inner_texts()))
    assert "my hoa hung" in answer
    assert "khai sinh" in answer
    await expect(page.locator(".citizen .mark").last).to_have_text(re.compile("Đã gửi"))
    await page.screenshot(path=artefacts / "chat-390x844.png", animations="disabled")

    # A button answers like a question does, and cannot be pressed twice.
    before = await page.locator(".bot").count()
    title = await chips.first.inner_text()
    await chips.first.click()
    await expect(page.locator(".citizen").last).to_contain_text(title)
    await expect(chips.first).to_be_disabled()
    await expect(page.locator(".bot").nth(before)).to_be_visible(timeout=FIRST_ANSWER_MS)

    # Large text, also after coming back; the conversation is still there.
    size = "parseFloat(getComputedStyle(document.querySelector('.bubble')).fontSize)"
    normal = await page.evaluate(size)
    await page.get_by_role("button", name="Cỡ chữ lớn").click()
    assert await page.evaluate(size) >= normal * 1.25
    await page.screenshot(path=artefacts / "chat-390x844-large.png", animations="disabled")
    await page.reload()
    await expect(page.get_by_role("button", name="Cỡ chữ lớn")).to_have_attribute("aria-pressed", "true")
    await expect(page.locator(".citizen").first).to_contain_text("khai sinh")
    await expect(page.locator(".citizen")).to_have_count(2)

    width = "[document.documentElement.scrollWidth, innerWidth]"
    scroll, inner = await page.evaluate(width)
    assert scroll <= inner
    assert phone.problems == []
