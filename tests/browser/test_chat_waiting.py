"""Messages that wait for the network, and the strip at the top; the page against a strict fake of our API."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Phone, Served

_QUEUED = "Object.keys(localStorage).filter((key) => key.startsWith('motcua.queue.')).length"
ONLINE = "dispatchEvent(new Event('online'))"


async def _lost(route: Route) -> None:
    await route.abort()


@pytest.fixture
async def page(phone: Phone, served: Served) -> Page:
    """The page, whose messages do not get through."""
    await phone.page.goto(served.url)
    await expect(phone.page.locator("#hello")).to_be_visible()
    await phone.page.context.route("**/api/messages", _lost)
    return phone.page


async def test_a_waiting_message_can_be_taken_back_and_the_others_go_out(
    phone: Phone, served: Served, page: Page
) -> None:
    for text in ("một", "hai", "ba"):
        await phone.ask(text)
    drop = page.get_by_role("button", name="Bỏ tin này")
    await expect(drop).to_have_count(3)
    # The head of the queue as well: what stands behind it moves up.
    await drop.first.click()
    await expect(page.locator("#toast")).to_contain_text("không gửi nữa")
    await expect(page.locator("#text")).to_be_focused()
    await expect(page.locator(".citizen")).to_have_count(2)
    assert await page.evaluate(_QUEUED) == 2
    await page.context.unroute("**/api/messages")
    await page.evaluate(ONLINE)
    await expect(page.locator(".mark", has_text="✓ Đã gửi")).to_have_count(2)
    await expect(drop).to_have_count(0)
    assert [m["text"] for m in served.front.accepted] == ["hai", "ba"]
    assert await page.evaluate(_QUEUED) == 0


async def test_when_nothing_is_left_the_greeting_is_back(phone: Phone, page: Page) -> None:
    await phone.ask("một")
    await page.get_by_role("button", name="Bỏ tin này").click()
    await expect(page.locator(".quick")).to_be_visible()
    await expect(page.locator(".day")).to_have_count(0)


async def test_a_message_that_had_arrived_is_shown_again_after_it_was_taken_back(
    phone: Phone, served: Served, page: Page
) -> None:
    served.front.silent = True

    async def unheard(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/api/messages", unheard)
    await phone.ask("đã tới nơi")
    await page.get_by_role("button", name="Bỏ tin này").click()
    await expect(page.get_by_role("button", name="Bỏ tin này")).to_have_count(0)
    await expect(page.locator(".citizen .bubble p")).to_have_text("đã tới nơi")
    assert len(served.front.accepted) == 1


async def test_two_tabs_keep_each_others_messages_and_what_one_takes_back_the_other_does_not_send(
    phone: Phone, served: Served, page: Page
) -> None:
    await phone.ask("một")
    await expect(page.get_by_role("button", name="Bỏ tin này")).to_have_count(1)
    other = await page.context.new_page()
    await other.goto(served.url)
    await expect(other.get_by_role("button", name="Bỏ tin này")).to_have_count(1)
    await other.fill("#text", "hai")
    await other.press("#text", "Enter")
    await expect(other.get_by_role("button", name="Bỏ tin này")).to_have_count(2)
    await phone.ask("ba")
    assert await page.evaluate(_QUEUED) == 3
    await page.bring_to_front()
    await page.get_by_role("button", name="Bỏ tin này").first.click()
    await expect(other.locator(".citizen")).to_have_count(1)
    await page.context.unroute("**/api/messages")
    for tab in (page, other):
        await tab.evaluate(ONLINE)
    await expect(page.locator(".mark", has_text="✓ Đã gửi")).to_have_count(1)
    await expect(other.locator(".mark", has_text="✓ Đã gửi")).to_have_count(1)
    assert sorted(m["text"] for m in served.front.accepted) == ["ba", "hai"]


async def test_what_was_written_in_another_session_waits_for_the_citizen_to_send_it(
    phone: Phone, served: Served, page: Page
) -> None:
    await phone.ask("của phiên trước")
    await expect(page.get_by_role("button", name="Bỏ tin này")).to_have_count(1)
    await page.context.clear_cookies()
    await page.context.unroute("**/api/messages")
    await page.reload()
    await expect(page.locator(".mark")).to_have_text("Viết ở phiên trước, chưa gửi.")
    assert served.front.accepted == []
    await page.get_by_role("button", name="Gửi lại").click()
    await expect(page.locator(".mark")).to_have_text("✓ Đã gửi")


async def test_no_more_waits_than_the_phone_can_keep_and_the_text_is_not_lost(phone: Phone, page: Page) -> None:
    for n in range(50):
        await phone.ask(f"tin {n}")
    await phone.ask("tin nữa")
    await expect(page.locator("#toast")).to_contain_text("Nhiều tin đang chờ gửi quá")
    assert await page.input_value("#text") == "tin nữa"
    assert await page.evaluate(_QUEUED) == 50


async def test_the_banner_is_a_quiet_strip_of_text_that_comes_changes_and_goes(phone: Phone, served: Served) -> None:
    page = phone.page
    served.front.banner = "Chiều nay <b>bảo trì</b>."
    await page.goto(served.url)
    strip = page.locator("#banner")
    await expect(strip).to_have_text("Chiều nay <b>bảo trì</b>.")
    await expect(strip).to_have_attribute("role", "status")
    await served.front.hang("Zalo tạm dừng.")
    await expect(strip).to_have_text("Zalo tạm dừng.")
    await served.front.hang(None)
    await expect(strip).to_be_hidden()
    # Lifted while the line was down: the stream begins without a word, the history says so.
    await served.front.hang("Tạm dừng.")
    await expect(strip).to_be_visible()
    served.front.banner = None
    served.front.cut_streams()
    await expect(strip).to_be_hidden()
