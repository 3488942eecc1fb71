"""A complaint from the first angry sentence on the phone to the rating: citizen and officer, each in a browser.

The pictures of `docs/khieu-nai-tu-dau-den-cuoi.md` are taken here, where MOTCUA_PICTURES names their folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest
from playwright.async_api import Browser, Page, expect

from desk import staff
from store.engine import Database
from tests.browser.conftest import Phone
from tests.support.stack import Stack

PASSWORD = "một mật khẩu đủ dài"
ANGRY = "làm ăn kiểu gì vậy, hồ sơ sổ đỏ hẹn hai tháng rồi chưa trả, tới hỏi thì nạt nộ, tui thưa mấy ông bây giờ"
ANSWER = (
    "Trung tâm đã kiểm tra: hồ sơ của anh trễ do thiếu một bản đo. Chúng tôi xin lỗi anh. "
    "Giấy chứng nhận có tại quầy số 3 từ sáng thứ hai."
)
ANSWER_MS = 60_000


@pytest.fixture
async def office(browser: Browser, stack: Stack) -> AsyncIterator[Page]:
    """The console on a wide screen, with an account that nobody has used yet."""
    database = Database(f"sqlite+aiosqlite:///{stack.home / 'motcua.db'}")
    if "hai.tran" not in {person.name for person in await staff.list_(database)}:
        await staff.add(database, "hai.tran", PASSWORD, ["officer"], actor="test")
    await database.close()
    context = await browser.new_context(
        viewport={"width": 1180, "height": 900}, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh"
    )
    context.set_default_timeout(15_000)
    page = await context.new_page()
    await page.goto(f"http://127.0.0.1:{stack.ports['console']}/")
    yield page
    await context.close()


@pytest.fixture
def picture(artefacts: Path) -> Path:
    """Where pictures go."""
    return Path(os.environ.get("MOTCUA_PICTURES", artefacts))


async def _press(phone: Phone, title: str) -> None:
    """Press the newest button of that name, and wait for what comes back."""
    before = await phone.page.locator(".bot").count()
    await phone.page.locator(".bot").get_by_role("button", name=title, exact=True).last.click()
    await expect(phone.page.locator(".bot").nth(before)).to_be_visible(timeout=ANSWER_MS)
    await expect(phone.page.locator("#typing")).to_be_hidden(timeout=ANSWER_MS)


async def _say(phone: Phone, text: str) -> None:
    before = await phone.page.locator(".bot").count()
    await phone.ask(text)
    await expect(phone.page.locator(".bot").nth(before)).to_be_visible(timeout=ANSWER_MS)
    await expect(phone.page.locator("#typing")).to_be_hidden(timeout=ANSWER_MS)


async def _sign_in(page: Page, picture: Path) -> None:
    await page.fill("#name", "hai.tran")
    await page.fill("#password", PASSWORD)
    await page.get_by_role("button", name="Đăng nhập").click()
    secret = await page.locator("code.key").inner_text()
    await page.screenshot(path=picture / "walk-3-sign-in.png", animations="disabled")
    await page.fill("#code", pyotp.TOTP(secret.replace(" ", "")).now())
    await page.get_by_role("button", name="Xác nhận").click()
    await page.get_by_role("link", name="Đã cất").click()


async def test_an_angry_citizen_is_heard_answered_and_says_how_it_was(
    phone: Phone, chat_url: str, office: Page, picture: Path
) -> None:
    chat = phone.page
    await chat.goto(chat_url)
    await expect(chat.get_by_role("heading", name="Một cửa An Giang")).to_be_visible()

    # The angry sentence is met with one question, not with a guess.
    await _say(phone, ANGRY)
    asked = chat.locator(".bot .chip")
    await expect(asked.filter(has_text="Khiếu nại")).to_be_visible()
    await expect(asked.filter(has_text="Phản ánh")).to_be_visible()
    await asked.last.scroll_into_view_if_needed()
    await chat.screenshot(path=picture / "walk-1-triage.png", animations="disabled")

    await _press(phone, "Khiếu nại")
    told = " ".join(await chat.locator(".bot").all_inner_texts())
    assert "chưa phải là đơn khiếu nại" in told
    await _say(phone, "ấp Mỹ Khánh, xã Mỹ Hòa Hưng")
    await _press(phone, "Đồng ý")
    await _say(phone, "0912345678")
    await _press(phone, "Gửi")
    said = " ".join(await chat.locator(".bot").all_inner_texts())
    found = re.search(r"MC-[A-Z0-9]{6}", said)
    assert found, said
    code = found.group()
    await chat.screenshot(path=picture / "walk-2-receipt.png", animations="disabled")

    # The officer finds it, takes it, says that it is being looked into, and answers.
    await _sign_in(office, picture)
    await expect(office.get_by_role("heading", name="Phiếu của người dân")).to_be_visible()
    await office.goto(office.url.split("/cases")[0] + f"/cases?queue=unassigned&q={code}")
    await office.screenshot(path=picture / "walk-4-queue.png", animations="disabled")
    await office.goto(office.url.split("/cases")[0] + f"/cases/{code}")
    await office.get_by_role("button", name=re.compile("Nhận việc")).click()
    await expect(office.get_by_text("Anh/chị đã nhận phiếu này.")).to_be_visible()
    await expect(office.locator(".contact")).to_have_text("0912345678")
    # The commune, though the hamlet before it has the name of another one.
    await expect(office.locator(".facts")).to_contain_text("Xã Mỹ Hòa Hưng")
    await office.screenshot(path=picture / "walk-5-case.png", animations="disabled", full_page=True)
    await office.get_by_text(re.compile("^Tiếp nhận…")).first.click()
    await office.locator("form[action$='/accept'] button").last.click()
    await expect(office.get_by_text("Đã tiếp nhận và báo cho người dân.")).to_be_visible()
    await expect(chat.locator(".bot").last).to_contain_text(code, timeout=ANSWER_MS)
    await office.locator("input[name=mode][value=answer]").check()
    await office.fill("#text", ANSWER)
    await office.screenshot(path=picture / "walk-6-answer.png", animations="disabled")
    await office.get_by_role("button", name=re.compile("Trả lời và hoàn thành")).click()

    # The answer stands in the same chat; the citizen says how it was.
    await expect(chat.get_by_text("quầy số 3")).to_be_visible(timeout=ANSWER_MS)
    stars = chat.locator(".bot .chip", has_text=re.compile("5"))
    await expect(stars.last).to_be_visible()
    await stars.last.scroll_into_view_if_needed()
    await chat.screenshot(path=picture / "walk-7-answered.png", animations="disabled")
    before = await chat.locator(".bot").count()
    await stars.last.click()
    await expect(chat.locator(".bot").nth(before)).to_be_visible(timeout=ANSWER_MS)
    await expect(chat.locator("#typing")).to_be_hidden(timeout=ANSWER_MS)
    await chat.screenshot(path=picture / "walk-8-rated.png", animations="disabled")
    await office.goto(office.url.split("?")[0])
    await expect(office.get_by_text("5/5 sao").first).to_be_visible()
    await office.screenshot(path=picture / "walk-9-done.png", animations="disabled", full_page=True)

    assert phone.problems == []
