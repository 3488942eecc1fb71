"""What the chat page does when line, server or text are not kind; against a strict fake of our API."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Phone, Served

LONG = "\n".join(f"Dòng {n} của câu trả lời dài." for n in range(60))


async def _open(phone: Phone, served: Served) -> Page:
    await phone.page.goto(served.url)
    await asyncio.sleep(0.3)
    return phone.page


@pytest.mark.parametrize("answered", [True, False])
async def test_a_message_whose_receipt_was_lost_is_taken_and_answered_once(
    phone: Phone, served: Served, answered: bool
) -> None:
    served.front.faults = [0]
    served.front.silent = not answered
    page = await _open(phone, served)
    await phone.ask("mất căn cước")
    await expect(page.locator(".mark")).to_have_text("✓ Đã gửi")
    await asyncio.sleep(2.5)
    assert len(served.front.accepted) == 1
    assert answered or served.front.posts > 1
    await expect(page.locator(".citizen")).to_have_count(1)
    await expect(page.locator(".bot")).to_have_count(2 if answered else 0)


async def test_what_was_written_without_network_survives_a_reload_and_goes_out_in_order(
    phone: Phone, served: Served
) -> None:
    page = await _open(phone, served)

    async def lost(route: Route) -> None:
        await route.abort()

    await page.route("**/api/messages", lost)
    for text in ("một", "hai", "ba"):
        await phone.ask(text)
    await expect(page.locator(".mark").first).to_contain_text("đang gửi lại")
    await page.reload()
    await expect(page.locator(".citizen")).to_have_count(3)
    await page.unroute("**/api/messages")
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator(".mark", has_text="✓ Đã gửi")).to_have_count(3)
    assert [m["text"] for m in served.front.accepted] == ["một", "hai", "ba"]


async def test_a_lost_session_is_replaced_and_the_message_still_arrives(phone: Phone, served: Served) -> None:
    page = await _open(phone, served)
    served.front.sessions.clear()
    await phone.ask("đăng ký kết hôn")
    await expect(page.locator(".bot")).to_have_count(2)
    await expect(page.locator("#log")).to_contain_text("phiên mới")
    assert len(served.front.sessions) == 1


@pytest.mark.parametrize(("status", "words"), [(429, "nhắn hơi nhanh"), (503, "Hệ thống đang bận")])
async def test_a_busy_server_is_explained_and_the_message_goes_out_by_itself(
    phone: Phone, served: Served, status: int, words: str
) -> None:
    served.front.faults = [status]
    page = await _open(phone, served)
    await phone.ask("lệ phí bao nhiêu")
    await expect(page.locator(".mark")).to_contain_text(words)
    await expect(page.locator(".mark")).to_have_text("✓ Đã gửi")
    assert len(served.front.accepted) == 1


async def test_a_refused_message_says_why_and_can_be_sent_again(phone: Phone, served: Served) -> None:
    served.front.faults = [400]
    page = await _open(phone, served)
    await phone.ask("xin chào")
    await expect(page.locator(".mark")).to_contain_text("Nội dung này không gửi được.")
    await phone.ask("câu sau vẫn đi")
    await expect(page.locator(".mark").last).to_have_text("✓ Đã gửi")
    await page.get_by_role("button", name="Gửi lại").click()
    await expect(page.locator(".mark").first).to_have_text("✓ Đã gửi")
    assert [m["text"] for m in served.front.accepted] == ["câu sau vẫn đi", "xin chào"]


async def test_a_cut_stream_resumes_after_the_last_message_seen(phone: Phone, served: Served) -> None:
    page = await _open(phone, served)
    await phone.ask("một")
    await expect(page.locator(".bot")).to_have_count(2)
    served.front.cut_streams()
    (token,) = served.front.sessions
    await served.front.say(token, "Tin đến lúc mất mạng.")
    await expect(page.locator(".bot")).to_have_count(3)
    assert served.front.resumed[-1] == "2"
    assert await page.locator(".bot").last.inner_text() != ""


async def test_without_a_stream_the_answers_are_fetched(phone: Phone, served: Served) -> None:
    served.front.stream = "refuse"
    page = await _open(phone, served)
    await phone.ask("hộ kinh doanh")
    await expect(page.locator(".bot")).to_have_count(2, timeout=20_000)
    await expect(page.locator("#typing")).to_be_hidden()


async def test_a_stream_that_is_open_but_silent_does_not_keep_an_answer_back(phone: Phone, served: Served) -> None:
    served.front.stream = "silent"
    page = await _open(phone, served)
    await phone.ask("hộ kinh doanh")
    await expect(page.locator("#typing")).to_be_visible()
    await expect(page.locator(".bot")).to_have_count(2, timeout=20_000)
    await expect(page.locator("#typing")).to_be_hidden()


async def test_text_never_becomes_markup_other_than_bold_lines_and_links(phone: Phone, served: Served) -> None:
    served.front.answer = (
        "<img src=x onerror=alert(1)> **đậm** javascript:alert(1) http://xau.example\n\n"
        "Xem https://dichvucong.gov.vn/x?a=1&b=2. Gọi 0912.345.678 hoặc 1900 1234.\n"
        "Mã 1.001193, số 0891234567890, ngày 01/07/2025, phí 1.000.000 đồng."
    )
    page = await _open(phone, served)
    await phone.ask("<b>tôi</b> **không đậm**")
    bubble = page.locator(".bot .bubble").last
    await expect(bubble).to_contain_text("<img src=x onerror=alert(1)>")
    assert await bubble.locator("strong").all_inner_texts() == ["đậm"]
    assert await page.locator("#log img, #log b").count() == 0
    links = await bubble.locator("a").evaluate_all("(all) => all.map((a) => a.getAttribute('href'))")
    assert links == ["https://dichvucong.gov.vn/x?a=1&b=2", "tel:0912345678", "tel:19001234"]
    await expect(page.locator(".citizen")).to_contain_text("<b>tôi</b> **không đậm**")
    assert phone.problems == []


async def test_a_refused_location_is_explained_and_a_given_one_is_sent_rounded(phone: Phone, served: Served) -> None:
    page = await _open(phone, served)
    locate = page.get_by_role("button", name="Gửi vị trí của tôi")
    await locate.click()
    await expect(page.locator("#toast")).to_contain_text("viết tên xã, phường")
    await page.context.grant_permissions(["geolocation"])
    await page.context.set_geolocation({"latitude": 10.412345678, "longitude": 105.43219876})
    await locate.click()
    await expect(page.locator(".citizen")).to_contain_text("Vị trí của tôi")
    await expect(page.locator(".bot")).to_have_count(2)
    assert served.front.accepted[0]["location"] == {"lat": 10.4123, "lon": 105.4322}


async def test_the_reader_is_not_moved_while_reading_above(phone: Phone, served: Served) -> None:
    served.front.answer = LONG
    page = await _open(phone, served)
    await phone.ask("kể dài giúp tôi")
    await expect(page.locator(".bot")).to_have_count(2)
    newer = page.locator("#newer")
    await expect(newer).to_have_text("Xem tiếp ↓")
    # A long answer is shown from its beginning, with the question above it.
    await expect(page.locator(".citizen")).to_be_in_viewport()
    await page.evaluate("document.getElementById('scroll').scrollTop = 300")
    (token,) = served.front.sessions
    await served.front.say(token, "Thêm một tin.")
    await expect(page.locator(".bot")).to_have_count(3)
    assert await page.evaluate("document.getElementById('scroll').scrollTop") == 300
    await newer.click()
    await expect(page.get_by_text("Thêm một tin.")).to_be_in_viewport()
    await expect(newer).to_be_hidden()


async def test_enter_sends_shift_enter_breaks_the_line_and_too_long_a_text_stays(phone: Phone, served: Served) -> None:
    page = await _open(phone, served)
    await page.fill("#text", "dòng một")
    height = "document.getElementById('text').offsetHeight"
    low = await page.evaluate(height)
    await page.press("#text", "Shift+Enter")
    await page.type("#text", "dòng hai")
    assert await page.evaluate(height) > low
    await page.press("#text", "Enter")
    await expect(page.locator(".mark")).to_have_text("✓ Đã gửi")
    assert served.front.accepted[0]["text"] == "dòng một\ndòng hai"
    await phone.ask("ă" * 2001)
    await expect(page.locator("#toast")).to_contain_text("tối đa 2000")
    await expect(page.locator("#count")).to_contain_text("Quá 1 ký tự")
    assert len(await page.input_value("#text")) == 2001
    await phone.ask("ă" * 2000)
    await expect(page.locator(".mark")).to_have_count(2)


async def test_the_menu_works_by_keyboard_and_reaches_a_person(phone: Phone, served: Served) -> None:
    page = await _open(phone, served)
    opener = page.get_by_role("button", name="Mở trình đơn")
    await opener.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="Nói chuyện với cán bộ")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("menuitemcheckbox", name="Cỡ chữ lớn")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(opener).to_be_focused()
    await expect(page.get_by_role("menu")).to_be_hidden()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.locator(".citizen")).to_contain_text("nói chuyện với cán bộ")


async def test_a_person_who_took_over_is_named_and_the_machine_stops_typing(phone: Phone, served: Served) -> None:
    served.front.silent = True
    page = await _open(phone, served)
    await phone.ask("cho tôi gặp cán bộ")
    await expect(page.locator("#typing")).to_be_visible()
    (token,) = served.front.sessions
    await served.front.say(token, "Chào anh/chị, tôi là cán bộ tiếp nhận.", **{"from": "staff"})
    await expect(page.locator(".staff .name")).to_have_text("Cán bộ")
    await expect(page.locator("#typing")).to_be_hidden()


async def test_who_answers_stands_at_the_top_while_a_person_has_the_conversation(phone: Phone, served: Served) -> None:
    served.front.silent = True
    page = await _open(phone, served)
    await phone.ask("cho tôi gặp cán bộ")
    (token,) = served.front.sessions
    await served.front.say(token, "Cán bộ đã vào cuộc trò chuyện.", **{"from": "notice", "notice": "person"})
    await expect(page.locator("#who")).to_have_text("Cán bộ đang trả lời anh/chị")
    await phone.ask("dạ em chào anh")
    await expect(page.locator(".citizen .mark").last).to_have_text("✓ Đã gửi")
    await expect(page.locator("#typing")).to_be_hidden()
    served.front.person = True
    await page.reload()
    await expect(page.locator("#who")).to_have_text("Cán bộ đang trả lời anh/chị")
    await served.front.say(token, "Cán bộ đã kết thúc trao đổi.", **{"from": "notice", "notice": "bot"})
    await expect(page.locator("#who")).to_have_text("Trợ lý tự động (máy trả lời)")


async def test_a_cleared_screen_can_be_undone_and_stays_clear_after_a_reload(phone: Phone, served: Served) -> None:
    page = await _open(phone, served)
    await phone.ask("một")
    await expect(page.locator(".bot")).to_have_count(2)
    for last in (False, True):
        await page.get_by_role("button", name="Mở trình đơn").click()
        await page.get_by_role("menuitem", name="Xoá màn hình").click()
        await expect(page.locator(".row")).to_have_count(0)
        await expect(page.locator(".quick")).to_be_visible()
        if not last:
            await page.get_by_role("button", name="Hoàn tác").click()
            await expect(page.locator(".row")).to_have_count(3)
    await page.reload()
    await expect(page.locator(".quick")).to_be_visible()
    await asyncio.sleep(0.3)
    await expect(page.locator(".row")).to_have_count(0)
    await phone.ask("hai")
    await expect(page.locator(".bot")).to_have_count(2)


@pytest.mark.parametrize("large", [False, True])
async def test_on_a_320_pixel_phone_nothing_is_cut_off_and_every_target_is_44_pixels(
    phone: Phone, served: Served, large: bool
) -> None:
    page = phone.page
    await page.set_viewport_size({"width": 320, "height": 568})
    await page.goto(served.url)
    if large:
        await page.get_by_role("button", name="Cỡ chữ lớn").click()
    small = """() => [...document.querySelectorAll('button')].filter((b) => {
        const r = b.getBoundingClientRect();
        return r.width && (r.height < 44 || r.width < 44 || r.left < 0 || r.right > innerWidth);
    }).map((b) => b.textContent.trim() || b.id)"""
    assert await page.evaluate(small) == []
    await page.locator(".quick button").first.click()
    await expect(page.locator(".bot")).to_have_count(2)
    assert await page.evaluate(small) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
