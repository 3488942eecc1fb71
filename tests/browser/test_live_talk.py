"""A citizen on a phone and an officer at a desk: taken over, talked, handed back, in two real browsers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from playwright.async_api import Browser, ConsoleMessage, Page, expect
from sqlalchemy import select

from bot.app import running
from bot.settings import BotSettings, DialogueSettings, WebSettings
from desk import _passwords
from store.tables import conversations
from tests.browser.conftest import Phone
from tests.fakes.rasa import FakeRasa
from tests.support.console import PASSWORD, Console, console

_NAMELESS = """() => [...document.querySelectorAll('button, textarea, input:not([type=hidden]), select, a[href]')]
  .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || (e.labels || []).length)).length"""
_WIDER = "() => document.documentElement.scrollWidth - innerWidth"


@dataclass
class Town:
    """Both sides of the program."""

    console: Console
    chat_url: str
    page: Page
    problems: list[str]

    async def conversation(self) -> str:
        """The only conversation."""
        async with self.console.parts.db.connect() as connection:
            return str((await connection.execute(select(conversations.c.id))).scalar_one())


@pytest.fixture(autouse=True)
def quick_hashes() -> Iterator[None]:
    """Hashes of passwords that take a millisecond."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture
async def town(browser: Browser, tmp_path: Path) -> AsyncIterator[Town]:
    """The front door, the console, and an officer's wide screen."""
    problems: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            problems.append(message.text)

    context = await browser.new_context(
        viewport={"width": 1280, "height": 900}, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh"
    )
    context.set_default_timeout(15_000)
    page = await context.new_page()
    page.on("console", complain)
    page.on("pageerror", lambda error: problems.append(str(error)))
    async with FakeRasa() as rasa, console(tmp_path / "home", (("lan", "officer"),)) as desk:
        # As if the console ran in another process: the chat finds what it wrote by itself.
        settings = BotSettings(
            web=WebSettings(port=0, private_port=0, heartbeat_s=0.3), dialogue=DialogueSettings(url=rasa.url)
        )
        async with running(settings, desk.parts.db, data_dir=tmp_path) as front:
            yield Town(desk, front.public_url, page, problems)
            await context.close()


async def test_a_citizen_is_taken_over_talked_with_and_handed_back(town: Town, phone: Phone, artefacts: Path) -> None:
    citizen, officer = phone.page, town.page
    await citizen.goto(town.chat_url)
    await phone.ask("tôi nộp hồ sơ ba tháng chưa có kết quả, cho tôi gặp cán bộ")
    await expect(citizen.locator(".bot")).to_have_count(1)
    await town.console.parts.takeovers.request(await town.conversation(), reason="asked")

    await officer.goto(f"{town.console.url}/live")
    await officer.keyboard.type("lan")
    await officer.keyboard.press("Tab")
    await officer.keyboard.type(PASSWORD)
    await officer.keyboard.press("Enter")
    await expect(officer.get_by_role("heading", name="Trò chuyện với người dân")).to_be_visible()
    await officer.screenshot(path=artefacts / "live-queue.png", animations="disabled")
    await officer.get_by_role("button", name="Nhận cuộc trò chuyện").click()
    await expect(officer.get_by_text("tôi đang trả lời")).to_be_visible()
    await expect(citizen.locator("#who")).to_have_text("Cán bộ đang trả lời anh/chị")

    # The box has the focus; what arrives meanwhile takes neither it nor what is being written.
    box = officer.get_by_label("Trả lời người dân")
    await expect(box).to_be_focused()
    await officer.keyboard.type("Chào anh/chị, ")
    await phone.ask("mã hồ sơ của tôi là H01.23")
    await expect(officer.locator(".thread")).to_contain_text("mã hồ sơ của tôi là H01.23")
    await expect(box).to_be_focused()
    await officer.keyboard.type("tôi xem ngay.")
    await expect(box).to_have_value("Chào anh/chị, tôi xem ngay.")
    await officer.reload()
    await expect(box).to_have_value("Chào anh/chị, tôi xem ngay.")
    await box.press("Enter")
    await expect(box).to_have_value("")
    await expect(officer.locator(".thread .ours").last).to_contain_text("tôi xem ngay.")
    await expect(citizen.locator(".staff .bubble")).to_contain_text("Chào anh/chị, tôi xem ngay.")
    await expect(citizen.locator(".staff .name")).to_have_text("Cán bộ")
    assert "lan" not in (await citizen.locator("#log").inner_text()).split()
    assert await officer.evaluate(_NAMELESS) == 0
    await officer.screenshot(path=artefacts / "live-desk.png", animations="disabled")
    await citizen.screenshot(path=artefacts / "live-citizen.png", animations="disabled")
    await officer.set_viewport_size({"width": 390, "height": 844})
    assert await officer.evaluate(_WIDER) <= 0
    await officer.screenshot(path=artefacts / "live-desk-phone.png", animations="disabled")

    await officer.get_by_label("Ghi chú cho đồng nghiệp").fill("Đã hẹn trả lời trước thứ Sáu")
    await officer.get_by_role("button", name="Trả lại").click()
    await expect(officer.get_by_text("Không có ai đang chờ.")).to_be_visible()
    await expect(citizen.locator("#who")).to_have_text("Trợ lý tự động (máy trả lời)")
    await expect(citizen.get_by_role("button", name="Gặp cán bộ")).to_be_visible()
    await phone.ask("cảm ơn")
    await expect(citizen.locator(".bot .bubble").last).to_contain_text("đã nhận: cảm ơn")
    assert (phone.problems, town.problems) == ([], [])


async def test_the_queue_shows_who_comes_without_a_reload(town: Town, phone: Phone) -> None:
    officer = town.page
    await officer.goto(f"{town.console.url}/live")
    await officer.fill("[name=name]", "lan")
    await officer.fill("[name=password]", PASSWORD)
    await officer.keyboard.press("Enter")
    await expect(officer.get_by_text("Không có ai đang chờ.")).to_be_visible()
    await phone.page.goto(town.chat_url)
    await phone.ask("alo")
    await expect(phone.page.locator(".bot")).to_have_count(1)
    await town.console.parts.takeovers.request(await town.conversation(), reason="failed")
    await expect(officer.get_by_role("button", name="Nhận cuộc trò chuyện")).to_be_visible()
    await expect(officer.get_by_text("Đang có 1 người chờ.")).to_be_attached()
    assert (await officer.title()).startswith("(1)")
    assert town.problems == []
