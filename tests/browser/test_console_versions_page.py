"""The console in a real browser: upload by dropping a file, look at the difference, approve, publish, roll back."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from playwright.async_api import Browser, ConsoleMessage, Page, expect
from playwright.async_api import Error as PlaywrightError

from desk import _passwords
from tests.support.console import PASSWORD, Console, changed_register, console

WORK_MS = 90_000
FEE = "8.000 đồng"
_DROP = """([text, name]) => {
  const held = new DataTransfer();
  held.items.add(new File([text], name, {type: "application/yaml"}));
  const drop = document.querySelector(".drop");
  for (const kind of ["dragenter", "dragover", "drop"]) {
    drop.dispatchEvent(new DragEvent(kind, {dataTransfer: held, bubbles: true, cancelable: true}));
  }
}"""
_NAMELESS = """() => [...document.querySelectorAll('button, textarea, input:not([type=hidden]), select, a[href]')]
  .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || (e.labels || []).length)).length"""


@dataclass
class Desk:
    """A console, a page of a wide screen, and what the page complained about."""

    console: Console
    page: Page
    problems: list[str]


@pytest.fixture(autouse=True)
def quick_hashes() -> Iterator[None]:
    """Hashes of passwords that take a millisecond."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture
async def desk(browser: Browser, tmp_path: Path) -> AsyncIterator[Desk]:
    """The console over a live catalogue, open in a browser."""
    problems: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            problems.append(message.text)

    context = await browser.new_context(
        viewport={"width": 1200, "height": 900}, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh"
    )
    context.set_default_timeout(20_000)
    page = await context.new_page()
    page.on("console", complain)
    page.on("pageerror", lambda error: problems.append(str(error)))
    async with console(tmp_path, (("lan.nguyen", "administrator"),), live=True) as running:
        yield Desk(running, page, problems)
        await context.close()


async def test_a_new_catalogue_is_dropped_compared_approved_published_and_taken_back(
    desk: Desk, artefacts: Path
) -> None:
    page = desk.page
    await page.goto(desk.console.url)
    await expect(page.get_by_role("heading", name="Đăng nhập")).to_be_visible()
    # By keyboard alone: the name has the focus already.
    await page.keyboard.type("lan.nguyen")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Các bản danh mục")).to_be_visible()

    await page.get_by_role("link", name="Nạp bản mới").click()
    await page.evaluate(_DROP, [changed_register(), "danh muc thang 12.yml"])
    await expect(page.locator("[data-name]")).to_contain_text("danh muc thang 12.yml")
    await page.screenshot(path=artefacts / "console-upload.png", animations="disabled")
    await page.get_by_role("button", name="Gửi và kiểm tra").click()
    await expect(page.get_by_text("chờ duyệt")).to_be_visible(timeout=WORK_MS)
    address = page.url

    await page.get_by_role("link", name="Báo cáo nạp").click()
    await expect(page.get_by_role("heading", name="Báo cáo nạp")).to_be_visible()
    await page.screenshot(path=artefacts / "console-report.png", animations="disabled")

    await page.goto(f"{address}/diff")
    first = page.locator("article.change").first
    await expect(first).to_contain_text("1.001193")
    await expect(first.locator("ins").first).to_contain_text(FEE)
    await expect(first.locator("del").first).to_contain_text("Miễn phí")
    await page.screenshot(path=artefacts / "console-diff.png", animations="disabled")
    await page.get_by_label("Mục thay đổi").select_option("times")
    await page.get_by_role("button", name="Lọc").click()
    await expect(page.locator("article.change")).to_have_count(1)
    await expect(page.locator("article.change")).to_contain_text("7 ngày")

    await page.goto(address)
    await page.get_by_role("button", name="Duyệt bản này").click()
    await expect(page.get_by_role("status")).to_contain_text("Đã duyệt")
    await page.screenshot(path=artefacts / "console-approve.png", animations="disabled", full_page=True)

    await page.get_by_role("button", name="Đưa vào dùng").click()
    await page.wait_for_url("**/work/*")
    bar = page.get_by_role("progressbar")
    await expect(bar).to_be_visible()
    # The work is the server's: a page that is loaded anew shows it again.
    await page.reload()
    # On a quick machine it is over before there is something to see.
    with suppress(PlaywrightError):
        await page.locator("[data-percent]", has_text=re.compile("[1-9]")).wait_for(timeout=10_000)
        await page.screenshot(path=artefacts / "console-publish.png", animations="disabled")
    await page.wait_for_url(address, timeout=WORK_MS)
    await expect(page.get_by_text("đang dùng").first).to_be_visible()
    assert (await desk.console.parts.catalogue.show("1.001193")).fees[0].text == FEE

    await page.get_by_role("link", name="Các bản danh mục").click()
    await expect(page.locator("tr.live")).to_contain_text("danh muc thang 12.yml")
    await page.screenshot(path=artefacts / "console-versions.png", animations="disabled")
    await page.get_by_role("link", name="Quay về bản trước").click()
    await page.screenshot(path=artefacts / "console-rollback.png", animations="disabled")
    await page.get_by_role("button", name="Quay về bản").click()
    await expect(page.get_by_role("status")).to_contain_text("Đã quay về")
    assert (await desk.console.parts.catalogue.show("1.001193")).fees[0].text == "Miễn phí"

    await page.get_by_role("link", name="Lịch sử").click()
    await expect(page.locator("#events tbody tr").first).to_contain_text("quay về bản trước")
    await page.get_by_label("Tìm trong trang").fill("quay ve")
    await expect(page.locator("#events tbody tr:visible")).to_have_count(1)
    await page.screenshot(path=artefacts / "console-history.png", animations="disabled")
    assert desk.problems == []


async def test_every_page_fits_a_phone_and_names_its_controls(desk: Desk, artefacts: Path) -> None:
    page = desk.page
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto(f"{desk.console.url}/sign-in")
    await page.get_by_label("Tên đăng nhập").fill("lan.nguyen")
    await page.get_by_label("Mật khẩu").fill(PASSWORD)
    await page.get_by_role("button", name="Đăng nhập").click()
    version = (await desk.console.parts.catalogue.list())[0].id
    paths = ["/versions", f"/versions/{version}", f"/versions/{version}/diff", f"/versions/{version}/report"]
    for path in [*paths, "/upload", "/history"]:
        await page.goto(desk.console.url + path)
        scroll, inner = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert scroll <= inner, path
        assert await page.evaluate(_NAMELESS) == 0, path
        assert await page.locator("h1").count() == 1, path
        if path == f"/versions/{version}":
            await page.screenshot(path=artefacts / "console-phone.png", animations="disabled")
    assert desk.problems == []


async def test_a_file_that_is_too_large_is_said_before_it_travels(desk: Desk) -> None:
    page = desk.page
    await page.goto(f"{desk.console.url}/sign-in?to=/upload")
    await page.get_by_label("Tên đăng nhập").fill("lan.nguyen")
    await page.get_by_label("Mật khẩu").fill(PASSWORD)
    await page.get_by_role("button", name="Đăng nhập").click()
    await page.wait_for_url("**/upload")
    await page.evaluate("document.querySelector('form[data-upload]').dataset.most = '1048576'")
    await page.evaluate(_DROP, ["x" * 1_100_000, "qua lon.yml"])
    await page.get_by_role("button", name="Gửi và kiểm tra").click()
    await expect(page.get_by_role("alert")).to_contain_text("lớn hơn 1 MB")
    # What the server refuses is said on the same page.
    await page.evaluate("document.querySelector('form[data-upload]').dataset.most = '0'")
    await page.evaluate(_DROP, ["", "rong.yml"])
    await page.get_by_role("button", name="Gửi và kiểm tra").click()
    await expect(page.get_by_role("alert")).to_contain_text("rỗng")
