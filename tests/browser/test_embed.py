"""The chat embedded in a portal of another origin, in a real browser, against the real front door."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Browser, Page, Route, expect
from sqlalchemy import func, select

from bot.settings import WebSettings
from store.tables import inbox
from tests.browser.conftest import Phone
from tests.fakes.rasa import FakeRasa
from tests.support.pages import Pages, pages
from tests.support.portal_page import Portal, portal
from tests.support.rasa import free_port

# Runs before the page's own scripts, outside of its policy.
_WATCH = """window.violations = [];
addEventListener('securitypolicyviolation', (e) => violations.push(e.violatedDirective + ' ' + e.blockedURI));"""
_CLOSED = "button#launcher[aria-expanded=false]"
_SMALL = """() => [...document.querySelector('motcua-chat').shadowRoot.querySelectorAll('button')].filter((b) => {
    const r = b.getBoundingClientRect();
    return r.width && (r.height < 44 || r.width < 44 || r.left < 0 || r.right > innerWidth);
}).map((b) => b.textContent.trim() || b.id)"""
_LOOK = """(e) => {
    const s = getComputedStyle(e);
    return [s.color, s.fontSize, s.fontFamily, s.display, s.letterSpacing];
}"""


def answer(question: dict[str, Any]) -> list[dict[str, Any]]:
    """What the dialogue says: a question back with two buttons, then where to go."""
    if "payload" in question:
        return [{"text": "Anh/chị nộp tại **Trung tâm Phục vụ hành chính công xã Mỹ Hòa Hưng**.\n\nNguồn: mã 1.001193"}]
    buttons = [
        {"title": name, "payload": f'/give_place{{"place":"{n}"}}'} for n, name in enumerate(("Mỹ Hòa Hưng", "An Phú"))
    ]
    return [{"text": f"Anh/chị hỏi: {question['message']}. Anh/chị ở xã nào?", "buttons": buttons}]


@dataclass
class Door:
    """The real front door, which can be restarted, and what asks its dialogue."""

    folder: Path
    rasa: FakeRasa
    portal: Portal
    foreign: Portal
    settings: dict[str, Any]
    pages: Pages | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def asked(self) -> list[str]:
        """Texts that reached the dialogue, in order."""
        return [call["message"] for call in self.rasa.calls if "message" in call]

    @property
    def running(self) -> Pages:
        """The front door as it runs now."""
        assert self.pages is not None
        return self.pages

    async def start(self, **more: Any) -> None:
        """Open it, on the port it had before."""
        self.settings.update(more)
        web = WebSettings(private_port=0, form_burst=100, heartbeat_s=1.0, **self.settings)
        self.pages = await self._stack.enter_async_context(pages(self.folder, web=web, dialogue=self.rasa.url))
        self.portal.chat = self.foreign.chat = f"http://127.0.0.1:{self.settings['port']}"

    async def stop(self) -> None:
        """Close it; what it wrote down stays."""
        await self._stack.aclose()
        self._stack = AsyncExitStack()


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """A front door that one portal may embed and another may not."""
    async with FakeRasa(answer=answer) as rasa, portal() as ours, portal() as foreign:
        made = Door(tmp_path, rasa, ours, foreign, {"port": free_port(), "allowed_origins": [ours.origin]})
        await made.start()
        yield made
        await made.stop()
        assert rasa.broken == []


async def visit(page: Page, portal: Portal) -> None:
    """Open the portal's page."""
    await page.add_init_script(_WATCH)
    await page.goto(portal.origin)


async def unharmed(phone: Phone) -> None:
    """Neither the portal's policy nor the browser had anything to complain about."""
    assert await phone.page.evaluate("violations") == []
    assert phone.problems == []


def photo() -> bytes:
    """A picture as a phone sends it."""
    out = io.BytesIO()
    Image.effect_noise((200, 150), 40).convert("RGB").save(out, "JPEG")
    return out.getvalue()


@pytest.mark.parametrize("hostile", [False, True], ids=["plain", "hostile"])
async def test_a_citizen_asks_presses_and_sends_a_photo_whatever_the_portals_styles(
    phone: Phone, door: Door, hostile: bool
) -> None:
    page = phone.page
    door.portal.hostile = hostile
    await visit(page, door.portal)
    launcher = page.get_by_role("button", name="Hỏi thủ tục hành chính")
    await expect(launcher).to_be_visible()
    await launcher.tap()
    await expect(page.get_by_role("dialog", name="Hỏi thủ tục hành chính")).to_be_visible()
    await phone.ask("làm giấy khai sinh")
    await expect(page.locator(".bot")).to_contain_text("Anh/chị ở xã nào?")
    await expect(page.locator(".citizen .mark")).to_have_text("✓ Đã gửi")
    await page.get_by_role("button", name="Mỹ Hòa Hưng").tap()
    await expect(page.locator(".bot").last).to_contain_text("Trung tâm Phục vụ hành chính công")
    await page.locator("#files").set_input_files({"name": "ổ gà.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    await expect(page.locator(".citizen").last).to_contain_text("📎 ổ gà")
    await expect(page.locator(".bot").last).to_contain_text("24 giờ")
    bubble = page.locator(".bot .bubble").first
    colour, size, family, display, spacing = await bubble.evaluate(_LOOK)
    assert (colour, size, display, spacing) == ("rgb(22, 33, 29)", "17px", "block", "normal")
    assert "system-ui" in family
    await unharmed(phone)


async def test_nothing_of_the_chat_reaches_the_portals_own_elements(phone: Phone, door: Door) -> None:
    page = phone.page
    door.portal.chat = door.running.url
    await page.route("**/embed.js", lambda route: route.abort())
    await visit(page, door.portal)
    look = f"[...document.querySelectorAll('body, main, header, h1, p, button, a')].map({_LOOK})"
    without = await page.evaluate(look)
    await page.unroute("**/embed.js")
    await page.reload()
    await page.locator("#launcher").tap()
    await expect(page.locator("#hello")).to_be_visible()
    assert await page.evaluate(look) == without
    assert await page.evaluate("Object.keys(window).filter((name) => /motcua/i.test(name))") == []


async def test_it_works_by_keyboard_and_stays_as_it_was_left_in_this_tab(
    browser: Browser, door: Door, artefacts: Path
) -> None:
    context = await browser.new_context(viewport={"width": 1180, "height": 800}, locale="vi-VN")
    phone = Phone(await context.new_page())
    phone.listen()
    page = phone.page
    await visit(page, door.portal)
    launcher = page.locator("#launcher")
    await page.locator("#mine").focus()
    await expect(launcher).to_have_attribute("aria-expanded", "false")
    await page.keyboard.press("Tab")
    await expect(launcher).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Câu hỏi của anh/chị")).to_be_focused()
    await expect(launcher).to_have_attribute("aria-expanded", "true")
    await expect(page.get_by_role("log")).to_have_attribute("aria-live", "polite")
    await page.evaluate("window.keys = []; document.addEventListener('keydown', (e) => keys.push(e.key))")
    await page.keyboard.type("làm giấy khai sinh")
    await page.keyboard.press("Enter")
    await expect(page.locator(".bot")).to_contain_text("Anh/chị ở xã nào?")
    assert await page.evaluate("keys") == [], "what is typed in the chat is no shortcut of the portal"
    await expect(page.locator("#typing")).to_be_hidden()
    await page.get_by_role("button", name="Mỹ Hòa Hưng").click()
    await expect(page.locator(".bot")).to_have_count(2)
    await page.screenshot(path=artefacts / "embed-portal.png", animations="disabled")

    # Escape closes the menu first, then the panel; the focus is never lost.
    await page.get_by_role("button", name="Mở trình đơn").press("Enter")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("menu")).to_be_hidden()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await expect(page.locator(".citizen")).to_have_count(2)
    await page.locator("#text").focus()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(launcher).to_be_focused()
    await expect(launcher).to_have_attribute("aria-expanded", "false")
    await page.reload()
    await expect(page.locator(_CLOSED)).to_be_visible()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await unharmed(phone)
    await context.close()


async def test_the_script_takes_a_side_a_title_and_whether_it_is_open(phone: Phone, door: Door) -> None:
    page = phone.page
    door.portal.options = 'data-position="left" data-open="true" data-title="Hỏi đáp xã Mẫu"'
    await visit(page, door.portal)
    await expect(page.get_by_role("heading", name="Hỏi đáp xã Mẫu")).to_be_visible()
    # It opened by itself: whoever reads the portal keeps their place.
    assert await page.evaluate("document.activeElement.tagName") == "BODY"
    await page.get_by_role("button", name="Đóng khung chat").tap()
    await expect(page.get_by_role("button", name="Hỏi đáp xã Mẫu")).to_be_focused()
    box = await page.locator("#launcher").bounding_box()
    assert box is not None
    assert box["x"] < 40


async def test_a_narrow_phone_shows_the_whole_of_it(phone: Phone, door: Door) -> None:
    page = phone.page
    await page.set_viewport_size({"width": 320, "height": 568})
    door.portal.hostile = True
    await visit(page, door.portal)
    await page.locator("#launcher").tap()
    await expect(page.locator("#hello")).to_be_visible()
    assert await page.evaluate(_SMALL) == []
    box = await page.get_by_role("dialog").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 320, "height": 568}
    await page.get_by_role("button", name="Cỡ chữ lớn").tap()
    await phone.ask("làm giấy khai sinh")
    await expect(page.locator(".bot .chip")).to_have_count(2)
    assert await page.evaluate(_SMALL) == []


async def test_an_answer_that_comes_while_it_is_closed_is_announced(phone: Phone, door: Door) -> None:
    page = phone.page
    door.rasa.hold()
    await visit(page, door.portal)
    await page.locator("#launcher").tap()
    await phone.ask("làm giấy khai sinh")
    await expect(page.locator(".mark")).to_have_text("✓ Đã gửi")
    await page.get_by_role("button", name="Đóng khung chat").tap()
    door.rasa.release()
    await expect(page.get_by_text("Có tin mới trong khung chat")).to_be_attached()
    await page.locator("#launcher").tap()
    await expect(page.locator(".bot")).to_be_in_viewport()
    await expect(page.get_by_text("Có tin mới trong khung chat")).to_have_count(0)


async def test_the_stream_goes_on_after_the_server_was_restarted(phone: Phone, door: Door) -> None:
    page = phone.page
    await visit(page, door.portal)
    await page.locator("#launcher").tap()
    await phone.ask("một")
    await expect(page.locator(".bot")).to_have_count(1)
    await door.stop()
    await phone.ask("hai")
    await expect(page.locator(".mark").last).to_contain_text("gửi lại")
    await door.start()
    await expect(page.locator(".bot")).to_have_count(2, timeout=30_000)
    await phone.ask("ba")
    await expect(page.locator(".bot")).to_have_count(3)
    assert door.asked == ["một", "hai", "ba"]
    assert await page.evaluate("violations") == []


async def test_what_is_written_offline_survives_a_reload_can_be_taken_back_and_goes_out_in_order(
    phone: Phone, door: Door
) -> None:
    page = phone.page
    await visit(page, door.portal)
    await page.locator("#launcher").tap()
    await phone.ask("không")
    await expect(page.locator(".bot")).to_have_count(1)
    await page.context.set_offline(True)
    await expect(page.locator("#net")).to_contain_text("đang mất mạng")
    for text in ("một", "hai", "ba", "bốn"):
        await phone.ask(text)
    waiting = page.locator(".citizen:not([data-state=sent])")
    await expect(waiting.locator("button", has_text="Bỏ tin này")).to_have_count(4)
    await expect(waiting.first.locator(".mark")).to_have_text("Chờ có mạng sẽ tự gửi.")
    await expect(waiting.last.locator(".mark")).to_have_text("Đang chờ gửi.")
    await waiting.nth(1).get_by_role("button", name="Bỏ tin này").tap()
    await expect(waiting).to_have_count(3)

    # The portal can be loaded again, the chat's server cannot be reached yet.
    async def lost(route: Route) -> None:
        await route.abort()

    await page.route("**/api/**", lost)
    await page.context.set_offline(False)
    await page.reload()
    await expect(page.locator(".citizen")).to_have_count(3)
    await expect(page.get_by_role("button", name="Bỏ tin này")).to_have_count(3)
    await page.get_by_role("button", name="Bỏ tin này").last.tap()
    await page.unroute("**/api/**")
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator(".bot")).to_have_count(3, timeout=30_000)
    assert await page.locator(".citizen .bubble p").all_inner_texts() == ["không", "một", "ba"]
    assert door.asked == ["không", "một", "ba"]
    assert await page.evaluate("Object.keys(localStorage).filter((key) => /queue/.test(key))") == []
    assert await page.evaluate("violations") == []


async def test_without_storage_it_works_for_as_long_as_the_page_is_open(phone: Phone, door: Door) -> None:
    page = phone.page
    await page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(window, name, { get() { throw new DOMException('blocked', 'SecurityError'); } });"
    )
    await visit(page, door.portal)
    await page.locator("#launcher").tap()
    await expect(page.locator("#hello")).to_be_visible()
    await page.context.set_offline(True)
    for text in ("một", "hai"):
        await phone.ask(text)
    await expect(page.get_by_role("button", name="Bỏ tin này")).to_have_count(2)
    await page.context.set_offline(False)
    await expect(page.locator(".bot")).to_have_count(2, timeout=30_000)
    assert door.asked == ["một", "hai"]


async def test_an_older_browser_gets_its_styles_where_the_policy_allows_ours(phone: Phone, door: Door) -> None:
    page = phone.page
    door.portal.styles = door.portal.chat
    await page.add_init_script("delete ShadowRoot.prototype.adoptedStyleSheets;")
    await visit(page, door.portal)
    await page.locator("#launcher").tap()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await phone.ask("làm giấy khai sinh")
    await expect(page.locator(".bot .chip")).to_have_count(2)
    assert (await page.locator(".bubble").first.evaluate(_LOOK))[1] == "17px"
    await unharmed(phone)


async def test_a_portal_of_another_site_keeps_a_session_of_its_own(phone: Phone, door: Door) -> None:
    page = phone.page
    async with portal("localhost") as far:
        await door.stop()
        # Chromium takes Secure cookies of the loopback without TLS.
        await door.start(https=True, cross_site=True, allowed_origins=[far.origin])
        far.chat = door.portal.chat
        await visit(page, far)
        await page.locator("#launcher").tap()
        await phone.ask("làm giấy khai sinh")
        await expect(page.locator(".bot")).to_have_count(1)
        await page.reload()
        await expect(page.locator(".citizen")).to_have_count(1)
        await page.get_by_role("button", name="An Phú").tap()
        await expect(page.locator(".bot")).to_have_count(2)
        await unharmed(phone)
        await page.goto(door.portal.chat)
        await expect(page.locator("#hello")).to_be_visible()
        await expect(page.locator(".citizen")).to_have_count(0)


async def test_a_page_that_is_not_on_the_list_gets_no_chat_reads_nothing_and_posts_nothing(
    phone: Phone, door: Door
) -> None:
    page = phone.page
    # Somebody with a session: the cookie would go along, ports make no other site.
    await visit(page, door.portal)
    await page.locator("#launcher").tap()
    await phone.ask("làm giấy khai sinh")
    await expect(page.locator(".bot")).to_have_count(1)
    door.foreign.policy = False
    await page.goto(door.foreign.origin)
    attempts = """async (chat) => {
        const tried = [];
        const ask = (path, more) => fetch(chat + path, { credentials: 'include', ...more })
            .then((r) => r.text()).catch((e) => e.name);
        const json = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"id":"x","text":"y"}' };
        const form = new FormData();
        form.append('id', 'x');
        form.append('files', new Blob(['x']), 'a.jpg');
        tried.push(await ask('/api/history'), await ask('/static/chat.js'));
        tried.push(await ask('/api/session', { method: 'POST' }));
        tried.push(await ask('/api/messages', json), await ask('/api/attachments', { method: 'POST', body: form }));
        tried.push(await ask('/api/messages', { method: 'POST', mode: 'no-cors', body: '{"id":"x","text":"y"}' }));
        tried.push(await new Promise((done) => {
            const stream = new EventSource(chat + '/api/stream?after=0', { withCredentials: true });
            stream.onmessage = () => done('read');
            stream.onerror = () => done('TypeError');
        }));
        return tried;
    }"""
    assert await page.evaluate(attempts, door.portal.chat) == ["TypeError"] * 7
    await expect(page.locator("motcua-chat")).to_have_count(0)
    assert any("may not embed the chat" in problem for problem in phone.problems)
    async with door.running.desk.database.connect() as connection:
        assert (await connection.execute(select(func.count()).select_from(inbox))).scalar_one() == 1
