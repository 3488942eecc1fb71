"""The desk's report in a real browser: a period is chosen, the charts are there, on a wide screen and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from playwright.async_api import Browser, expect

from desk import _passwords, tallies, units
from tests.support.console import PASSWORD, console
from tests.support.desk_rows import MOMENT, add_case

_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(autouse=True)
def quick_hashes() -> Iterator[None]:
    """Hashes of passwords that take a millisecond."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


async def test_a_supervisor_chooses_a_period_and_sees_it_drawn(
    browser: Browser, tmp_path: Path, artefacts: Path
) -> None:
    async with console(tmp_path, (("phu.trach", "supervisor"),)) as running:
        db = running.parts.db
        await units.ensure(db)
        of = {unit.code: unit.id for unit in await units.list_(db)}
        for number in range(40):
            at = MOMENT - timedelta(days=2 * number % 60)
            done = number % 5 != 0
            await add_case(
                db,
                kind=("feedback", "feedback", "question", "complaint")[number % 4],
                unit_id=of[units.CONTROL if number % 3 else units.CONDUCT],
                place_code=("30337", "30292", "30307")[number % 3],
                created_at=at,
                state="answered" if done else "accepted",
                bucket="done" if done else "open",
                answered_at=at + timedelta(days=3) if done else None,
                on_time=number % 7 != 1 if done else None,
                rating=4 + number % 2 if done and number % 2 else None,
                rated_at=at + timedelta(days=4) if done and number % 2 else None,
            )
        await tallies.rebuild(db)
        context = await browser.new_context(viewport={"width": 1200, "height": 900}, locale="vi-VN")
        page = await context.new_page()
        await page.goto(f"{running.url}/sign-in")
        await page.get_by_label("Tên đăng nhập").fill("phu.trach")
        await page.get_by_label("Mật khẩu").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url(lambda address: "sign-in" not in address)
        await page.goto(f"{running.url}/reports")
        await page.get_by_label("Từ ngày").fill("2026-09-01")
        await page.get_by_label("Đến hết ngày").fill("2026-11-30")
        await page.get_by_role("button", name="Xem").click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("từ 01/09/2026 đến 30/11/2026")
        drawn = page.get_by_role("img", name="Số phiếu tiếp nhận và số lần trả lời theo thời gian")
        await expect(drawn).to_be_visible()
        assert await drawn.locator("rect").count() >= 20
        await page.screenshot(path=artefacts / "desk-report.png", animations="disabled", full_page=True)
        async with page.expect_download() as saved:
            await page.get_by_role("link", name="Tải XLSX").click()
        assert (await saved.value).suggested_filename == "bao-cao-2026-09-01-2026-11-30.xlsx"
        await page.set_viewport_size({"width": 360, "height": 1600})
        assert not await page.evaluate(_TOO_WIDE)
        await page.screenshot(path=artefacts / "desk-report-phone.png", animations="disabled")
        await context.close()
