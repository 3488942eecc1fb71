"""The citizens' pages on a phone and on a wide screen, in a real browser, without script where none is needed."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from desk import staff
from desk.cases import Draft, Kind
from desk.handling import Handling
from store.tables import case_attachments
from tests.browser.conftest import Phone
from tests.support.pages import Pages, pages

_NAMELESS = """() => [...document.querySelectorAll('button, textarea, input:not([type=hidden]), a[href]')]
  .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || (e.labels || []).length)).length"""
_WIDER = "() => document.documentElement.scrollWidth > innerWidth"
# Of what can be pressed, what is less than 44 px high; links inside a text are exempt (WCAG 2.5.5).
_SMALL = """() => [...document.querySelectorAll('button, textarea, input, .button, summary')]
  .filter((e) => e.offsetParent && !['hidden', 'radio', 'checkbox'].includes(e.type))
  .filter((e) => e.getBoundingClientRect().height < 44).map((e) => e.outerHTML)"""


@pytest.fixture(scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pages]:
    """The front door with the pages."""
    async with pages(tmp_path_factory.mktemp("pages")) as opened:
        yield opened


def photo() -> bytes:
    """A picture as a phone sends it."""
    out = io.BytesIO()
    Image.effect_noise((600, 400), 40).convert("RGB").save(out, "JPEG")
    return out.getvalue()


async def sound(page: Page) -> None:
    """Everything has a name, is large enough to be pressed, and fits the screen."""
    assert await page.evaluate(_NAMELESS) == 0
    assert await page.evaluate(_SMALL) == []
    assert not await page.evaluate(_WIDER)


async def test_a_case_is_followed_added_to_answered_and_rated_on_a_phone(
    phone: Phone, door: Pages, artefacts: Path
) -> None:
    page = phone.page
    case, pin = await door.cases.open(
        Draft(
            kind=Kind.feedback,
            subject="Đường trước chợ hư ba tháng chưa sửa",
            text="Đường trước cổng chợ nhiều ổ gà sâu, ba tháng nay chưa ai sửa.\nTuần rồi có hai người té xe.",
            place_text="chợ xã An Phú",
            via="page",
        ),
        key="browser",
    )
    database = door.desk.database
    by = await staff.add(database, "lan.nguyen", "một mật khẩu đủ dài", ["officer"], actor="test")
    handling = Handling(database, cases=door.cases)
    await handling.ask_information(by, case.code, "Anh/chị cho biết đoạn nào? Có hình thì gửi giúp.")
    await page.goto(f"{door.url}/t/{case.code}")
    await expect(page.get_by_label("Mã phiếu")).to_have_value(case.code)
    await expect(page.get_by_label("PIN (6 số)")).to_be_focused()
    await sound(page)
    await page.screenshot(path=artefacts / "track-pin-phone.png", full_page=True)
    await page.keyboard.type(pin)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Cán bộ hỏi thêm anh/chị")).to_be_visible()
    await sound(page)
    await page.screenshot(path=artefacts / "track-asked-phone.png", full_page=True)
    await page.get_by_role("link", name="Trả lời ngay").click()
    await page.get_by_label("Nội dung", exact=True).fill("Đoạn từ cổng chợ tới cầu.")
    files = page.get_by_label("Ảnh hoặc PDF")
    await files.set_input_files({"name": "ổ gà.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    await page.get_by_role("button", name="Gửi", exact=True).click()
    await expect(page.get_by_role("status")).to_have_text("Đã gửi cho cán bộ.")
    await expect(page.get_by_text("Đoạn từ cổng chợ tới cầu.")).to_be_visible()
    async with page.expect_download() as loading:
        await page.get_by_role("link", name="ổ gà.jpg").click()
    assert (await loading.value).suggested_filename == "ổ gà.jpg"
    await handling.begin(by, case.code)
    await handling.reply(by, case.code, "Xã vá mặt đường xong trước ngày 30/11/2026.", final=True)
    await page.goto(f"{door.url}/t/{case.code}")
    await page.get_by_text("4 sao – hài lòng").click()
    await page.get_by_label("Góp ý thêm").fill("Cảm ơn, mong làm sớm.")
    await sound(page)
    await page.screenshot(path=artefacts / "track-answer-phone.png", full_page=True)
    await page.get_by_role("button", name="Gửi đánh giá").click()
    await expect(page.get_by_role("heading", name="Đánh giá của anh/chị: 4 sao")).to_be_visible()
    await page.get_by_role("button", name="Đã giải quyết").click()
    await expect(page.get_by_text("Phiếu đã đóng", exact=False).first).to_be_visible()
    assert (await door.cases.show(case.code)).rating == 4
    await page.get_by_role("button", name="Thoát").click()
    await page.goto(f"{door.url}/t/{case.code}")
    await expect(page.get_by_label("PIN (6 số)")).to_be_visible()
    assert phone.problems == []


async def test_a_denunciation_is_sent_without_script_and_read_on_a_wide_screen(
    browser: Browser, door: Pages, artefacts: Path
) -> None:
    context = await browser.new_context(
        viewport={"width": 1180, "height": 844},
        locale="vi-VN",
        timezone_id="Asia/Ho_Chi_Minh",
        java_script_enabled=False,
    )
    context.set_default_timeout(15_000)
    try:
        page = await context.new_page()
        await page.goto(f"{door.url}/to-cao")
        await page.screenshot(path=artefacts / "track-sealed-wide.png", full_page=True)
        await page.get_by_label("Việc gì?").fill("Nhận tiền mới nhận hồ sơ")
        await page.get_by_label("Cán bộ hoặc cơ quan bị tố cáo").fill("Cán bộ địa chính xã Mẫu")
        await page.get_by_label("Kể lại").fill("Ngày 2/11 người này nhận hai triệu đồng.")
        await page.get_by_label("Họ và tên").fill("Người Tố Cáo")
        await page.get_by_role("button", name="Gửi kín").click()
        await expect(page.get_by_role("alert")).to_contain_text("chưa đánh dấu đồng ý")
        await expect(page.get_by_label("Kể lại")).to_have_value("Ngày 2/11 người này nhận hai triệu đồng.")
        await page.get_by_label("Tôi đồng ý").check()
        await page.get_by_role("button", name="Gửi kín").click()
        await expect(page.get_by_role("heading", name="Chép lại hai dòng này")).to_be_visible()
        code, pin = await page.locator("dd.code").all_inner_texts()
        assert await context.cookies() == []
        assert page.url == f"{door.url}/to-cao"
        await page.get_by_role("link", name="Theo dõi").click()
        await page.get_by_label("Mã phiếu").fill(code)
        await page.get_by_label("PIN (6 số)").fill(pin)
        await page.get_by_role("button", name="Xem phiếu").click()
        await expect(page.get_by_text("Ngày 2/11 người này nhận hai triệu đồng.")).to_be_visible()
        await expect(page.get_by_text("Người Tố Cáo")).to_have_count(0)
        await page.screenshot(path=artefacts / "track-case-wide.png", full_page=True)
    finally:
        await context.close()


async def test_a_photo_is_made_smaller_and_sent_from_the_chat(phone: Phone, door: Pages) -> None:
    page = phone.page
    await page.goto(door.url)
    large = io.BytesIO()
    Image.effect_noise((2800, 900), 60).convert("RGB").save(large, "JPEG", quality=92)
    async with page.expect_response("**/api/attachments") as sending:
        await page.set_input_files("#files", {"name": "hố.jpg", "mimeType": "image/jpeg", "buffer": large.getvalue()})
    sent = (await sending.value).request
    assert int((await sent.all_headers())["content-length"]) < len(large.getvalue())
    await expect(page.get_by_text("📎 hố.jpg")).to_be_visible()
    await expect(page.locator(".citizen .mark")).to_have_text("✓ Đã gửi")
    async with door.desk.database.connect() as connection:
        name = await connection.scalar(select(case_attachments.c.name).where(case_attachments.c.case_id.is_(None)))
    assert name == "hố.jpg"
    await page.set_input_files("#files", {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": b"<html>"})
    await expect(page.locator(".citizen .mark").last).to_contain_text("Tôi chỉ nhận ảnh")
    await expect(page.get_by_role("button", name="Gửi lại")).to_be_visible()
