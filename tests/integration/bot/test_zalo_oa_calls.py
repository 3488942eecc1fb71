"""What leaves for Zalo, message by message, against the strict fake."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.channels.zalo_oa.calls import ZaloOACalls
from bot.channels.zalo_oa.limits import FILE_BYTES, IMAGE_BYTES
from store.engine import Database
from tests.fakes.zalo_oa import FakeZaloOA
from tests.fakes.zalo_oa.citizens import AN
from tests.support.zalo import connect, settings, tokens

PDF, PNG, JPEG = b"%PDF-1.7 x", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"
FILES = {
    1: ("anh.png", "image/png", PNG),
    2: ("giấy hẹn.pdf", "application/pdf", PDF),
    3: ("lớn.jpg", "image/jpeg", JPEG + bytes(IMAGE_BYTES)),
    4: ("lớn.pdf", "application/pdf", PDF + bytes(FILE_BYTES)),
    5: ("bảng.xlsx", "application/vnd.ms-excel", b"PK\x03\x04"),
}


async def file_of(number: int) -> tuple[str, str, bytes]:
    return FILES[number]


@pytest.fixture
async def zalo(database: Database) -> AsyncIterator[FakeZaloOA]:
    async with FakeZaloOA() as fake:
        await connect(database, fake)
        await fake.write("chào")
        yield fake


async def said(database: Database, zalo: FakeZaloOA, body: dict[str, Any], **changes: Any) -> str:
    """What the citizen sees of one message."""
    async with aiohttp.ClientSession() as client:
        own = tokens(database, zalo, client)
        calls = ZaloOACalls(settings(zalo, **changes), own, client, file_of, page_url="https://motcua.vn/t")
        outcome = await calls.send(AN, body)
    assert outcome.state == "sent", outcome
    (text,) = zalo.texts(AN)
    return text


@pytest.mark.parametrize(
    ("number", "starts"),
    [(1, "[image]"), (2, "[file "), (3, "lớn.jpg: Zalo"), (4, "lớn.pdf: Zalo"), (5, "bảng.xlsx: Zalo")],
)
async def test_a_file_goes_as_zalo_takes_it_else_it_is_said_where_it_is(
    database: Database, zalo: FakeZaloOA, number: int, starts: str
) -> None:
    text = await said(database, zalo, {"text": "", "file": number})
    assert text.startswith(starts)
    assert text.endswith("trang tra cứu phiếu: https://motcua.vn/t") == (number > 2)


@pytest.mark.parametrize("text", ["Anh/chị cho xin số điện thoại.", "x" * 1500, "Ngắn\n" + "dài " * 200])
async def test_a_telephone_number_is_asked_for_with_the_form_or_in_words(
    database: Database, zalo: FakeZaloOA, text: str
) -> None:
    await said(database, zalo, {"text": text, "asks": "contact"}, form_image_url="https://motcua.vn/so.png")
    assert zalo.sent[-1][2]["attachment"]["payload"]["template_type"] == "request_user_info"
    zalo.sent.clear()
    assert await said(database, zalo, {"text": text, "asks": "contact"}) == text
    assert "attachment" not in zalo.sent[-1][2]


@pytest.mark.parametrize("press", ["oa.query.hide", "oa.query.show"])
async def test_at_most_five_buttons_leave_of_the_kind_that_is_set(
    database: Database, zalo: FakeZaloOA, press: str
) -> None:
    many = [{"title": f"Nút {number}", "id": f"abcdefgh{number}"} for number in range(7)]
    assert await said(database, zalo, {"text": "Chọn:", "buttons": many}, press=press) == "Chọn:"
    left = zalo.sent[-1][2]["attachment"]["payload"]["buttons"]
    assert [(button["type"], button["payload"]) for button in left] == [
        (press, f"nut:abcdefgh{number}") for number in range(5)
    ]
