"""The page of a case: who gets in, what is shown, what can be done there, what is lost (nothing)."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from bot.pages import track
from bot.pages._passes import Passes
from bot.settings import WebSettings
from desk import staff
from desk.cases import State
from desk.handling import Handling
from tests.support.pages import ROOMY, Pages, pages

FILE = "ảnh ổ gà.jpg"


@pytest.fixture(scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pages]:
    """The front door with the pages; a refusal does not wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(track, "_ANSWER_S", 0.0)
        async with pages(tmp_path_factory.mktemp("track")) as opened:
            yield opened


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "green").save(out, "JPEG")
    return out.getvalue()


async def answered(door: Pages, key: str) -> tuple[str, str]:
    """Code and PIN of a case with an answer."""
    case, pin = await door.case(key=key)
    known = {person.name: person for person in await staff.list_(door.desk.database)}
    by = known.get("lan.nguyen") or await staff.add(
        door.desk.database, "lan.nguyen", "một mật khẩu đủ dài", ["officer"], actor="test"
    )
    handling = Handling(door.desk.database, cases=door.cases)
    await handling.take(by, case.code)
    await handling.reply(by, case.code, "Xã sẽ **vá đường** trước 30/11 <script>alert(1)</script>", final=True)
    return case.code, pin


async def test_code_and_pin_open_the_page_of_the_case_and_of_no_other(door: Pages) -> None:
    case, pin = await door.case(key="open-1", office="Phòng Mẫu", place_text="chợ Mẫu")
    other, _ = await door.case(key="open-2")
    async with door.visitor() as visitor:
        asked = await visitor.get(f"/t/{case.code}")
        assert case.subject not in asked.text
        assert f'value="{case.code}"' in asked.text
        shown = await visitor.sign_in(case.code.lower().replace("mc-", " "), f" {pin[:3]} {pin[3:]} ")
        assert shown.path == f"/t/{case.code}"
        for said in (case.subject, case.text, "chợ Mẫu", "Phòng Mẫu", "Đã tiếp nhận"):
            assert said in shown.text
        assert case.subject not in (await visitor.get(f"/t/{other.code}")).text
        await visitor.post("/t/out", {})
        assert case.subject not in (await visitor.get(f"/t/{case.code}")).text


async def test_the_cookie_is_for_these_pages_only_and_no_script_and_no_cache_sees_anything(door: Pages) -> None:
    case, pin = await door.case(key="cookie-1")
    async with door.visitor() as visitor:
        token = await visitor.token("/t", "/t")
        async with visitor.session.post(
            "/t", data={"token": token, "code": case.code, "pin": pin}, allow_redirects=False
        ) as got:
            cookie = got.headers["Set-Cookie"]
            assert got.status == 303
        assert "Path=/t" in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "Max-Age=3600" in cookie
        shown = await visitor.get(f"/t/{case.code}")
        assert shown.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
        assert "unsafe" not in shown.headers["Content-Security-Policy"]
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        assert shown.headers["Referrer-Policy"] == "same-origin"
        assert pin not in shown.text


async def test_a_wrong_pin_an_unknown_code_and_a_shut_case_are_answered_alike(door: Pages) -> None:
    case, pin = await door.case(key="alike-1")
    wrong = "000000" if pin != "000000" else "111111"
    async with door.visitor() as visitor:
        seen = set()
        for code, tried in [(case.code, wrong)] * 4 + [("MC-222222", wrong), (case.code, pin), (case.code, "")]:
            answer = await visitor.sign_in(code, tried)
            assert answer.status == 403
            plain = re.sub(r'value="[^"]*"', "", answer.text)
            seen.add(plain)
        assert len(seen) == 1
        assert track.WRONG in next(iter(seen))


@pytest.mark.parametrize("code", ["", "'; DROP TABLE cases;--", "MC-000000", "<script>", "x" * 5000, "MC-\u202eABC"])
async def test_garbage_instead_of_a_code_is_refused_and_escaped(door: Pages, code: str) -> None:
    async with door.visitor() as visitor:
        answer = await visitor.sign_in(code, "123456")
        assert answer.status == 403
        assert "<script>" not in answer.text


async def test_pins_and_forms_of_one_address_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(track, "_ANSWER_S", 0.0)
    tight = ROOMY.model_copy(update={"pin_burst": 2, "form_burst": 1})
    async with pages(tmp_path, web=tight) as door, door.visitor() as visitor:
        assert [(await visitor.sign_in("MC-222222", "123456")).status for _ in range(3)] == [403, 403, 429]
        assert [(await visitor.post("/to-cao", {"text": "x"})).status for _ in range(2)] == [403, 429]
        last = await visitor.post("/to-cao", {"text": "x"})
        assert int(last.headers["Retry-After"]) > 1
        assert "thử lại sau" in last.text


async def test_more_is_sent_with_photos_which_nobody_else_gets(door: Pages) -> None:
    case, pin = await door.case(key="add-1")
    other, other_pin = await door.case(key="add-2")
    async with door.visitor() as visitor, door.visitor() as stranger:
        await visitor.sign_in(case.code, pin)
        add = f"/t/{case.code}/add"
        token = await visitor.token(f"/t/{case.code}", add)
        fields = {"token": token, "text": "Hôm qua lại có người té."}
        sent = await visitor.post(add, fields, files=((FILE, photo(), "image/jpeg"),))
        assert "Đã gửi cho cán bộ" in sent.text
        assert "Hôm qua lại có người té." in sent.text
        # The same form again, after an answer that was lost on the way.
        again = await visitor.post(add, fields, files=((FILE, photo(), "image/jpeg"),))
        assert again.text.count("Hôm qua lại có người té.") == 1
        links = re.findall(rf'href="(/t/{case.code}/files/[0-9]+)"', again.text)
        assert len(links) == 1
        file = await visitor.get(links[0])
        assert Image.open(io.BytesIO(file.body)).size == (64, 48)
        assert file.headers["Content-Disposition"].startswith("attachment")
        assert file.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert file.headers["X-Content-Type-Options"] == "nosniff"
        await stranger.sign_in(other.code, other_pin)
        assert (await stranger.get(links[0])).body != file.body
        crossed = links[0].replace(case.code, other.code)
        assert (await stranger.get(crossed)).status == 404


async def test_what_was_written_stays_when_a_file_is_refused_the_time_is_up_or_the_form_is_old(door: Pages) -> None:
    case, pin = await door.case(key="kept-1")
    text = 'Tôi viết "rất dài"\nvà không muốn viết lại.'
    async with door.visitor() as visitor:
        await visitor.sign_in(case.code, pin)
        add = f"/t/{case.code}/add"
        token = await visitor.token(f"/t/{case.code}", add)
        fields = {"token": token, "text": text}
        for content, status, said in (
            (b"<html><script>alert(1)</script>", 415, "Tôi chỉ nhận ảnh"),
            (b"", 415, "rỗng"),
            (b"\xff\xd8\xff" + b"0" * (10 * 1024 * 1024), 413, "lớn hơn 10 MB"),
        ):
            answer = await visitor.post(add, fields, files=(("anh.jpg", content, "image/jpeg"),))
            assert answer.status == status
            assert said in answer.text
            assert "không muốn viết lại." in answer.text
        many = await visitor.post(add, fields, files=tuple((f"{i}.jpg", photo(), "image/jpeg") for i in range(6)))
        assert (many.status, "tối đa 5 tệp" in many.text) == (413, True)
        old = await visitor.post(add, {**fields, "token": "x"})
        assert old.status == 403
        assert track.OLD_FORM in old.text
        assert (await visitor.post(add, {"token": token, "text": " "})).status == 400
        visitor.session.cookie_jar.clear()
        shut = await visitor.post(add, fields)
        assert shut.status == 403
        assert track.CLOSED in shut.text
        kept = re.search(r'name="kept_text" value="([^"]*)"', shut.text)
        assert kept is not None
        again = await visitor.post(
            "/t",
            {"token": await visitor.token("/t", "/t"), "code": case.code, "pin": pin, "kept_text": text},
        )
        assert "không muốn viết lại.</textarea>" in again.text
    assert await door.cases.messages_for_citizen(case) == ()


async def test_an_answer_is_read_rated_settled_and_the_case_opened_again(door: Pages) -> None:
    code, pin = await answered(door, "rate-1")
    async with door.visitor() as visitor:
        shown = await visitor.sign_in(code, pin)
        assert "<strong>vá đường</strong>" in shown.text
        assert "<script>alert" not in shown.text
        assert "Việc của anh/chị đã được giải quyết chưa?" in shown.text
        rate, solved = f"/t/{code}/rate", f"/t/{code}/solved"
        for stars in ("", "0", "6", "-1", "²", "55"):
            token = await visitor.token(f"/t/{code}", rate)
            refused = await visitor.post(rate, {"token": token, "stars": stars, "comment": "Góp ý của tôi"})
            assert refused.status == 400
            assert "Góp ý của tôi</textarea>" in refused.text
        token = await visitor.token(f"/t/{code}", rate)
        done = await visitor.post(rate, {"token": token, "stars": "4", "comment": "Nhanh hơn tôi nghĩ."})
        assert "Đánh giá của anh/chị: 4 sao" in done.text
        assert "Nhanh hơn tôi nghĩ." in done.text
        token = await visitor.token(f"/t/{code}", solved)
        assert (await visitor.post(solved, {"token": token, "solved": "maybe"})).status == 400
        token = await visitor.token(f"/t/{code}", solved)
        assert "Phiếu đã đóng" in (await visitor.post(solved, {"token": token, "solved": "yes"})).text
        again = f"/t/{code}/reopen"
        token = await visitor.token(f"/t/{code}", again)
        opened = await visitor.post(
            again, {"token": token, "text": "Vá rồi lại hư."}, files=((FILE, photo(), "image/jpeg"),)
        )
        assert "Phiếu đã mở lại" in opened.text
        assert "Vá rồi lại hư." in opened.text
        assert FILE in opened.text
    assert (await door.cases.show(code)).state is State.reopened


async def test_not_settled_opens_the_case_again_with_what_is_missing(door: Pages) -> None:
    code, pin = await answered(door, "no-1")
    async with door.visitor() as visitor:
        await visitor.sign_in(code, pin)
        token = await visitor.token(f"/t/{code}", f"/t/{code}/reopen")
        opened = await visitor.post(f"/t/{code}/reopen", {"token": token, "text": "Chưa thấy ai tới."})
        assert "Chưa thấy ai tới." in opened.text
    case = await door.cases.show(code)
    assert (case.state, case.solved) == (State.reopened, False)


async def test_a_form_from_another_page_or_of_another_kind_is_refused(door: Pages) -> None:
    case, pin = await door.case(key="csrf-1")
    async with door.visitor() as visitor:
        await visitor.sign_in(case.code, pin)
        add = f"/t/{case.code}/add"
        token = await visitor.token(f"/t/{case.code}", add)
        foreign = await visitor.post(add, {"token": token, "text": "x"}, headers={"Origin": "https://evil.example"})
        assert foreign.status == 403
        of_rating = await visitor.post(add, {"token": await visitor.token("/t", "/t"), "text": "x"})
        assert of_rating.status == 403
        async with visitor.session.post(add, json={"text": "x"}) as got:
            assert got.status == 415
        async with visitor.session.post(
            add, data=b"--x\r\nbroken", headers={"Content-Type": "multipart/form-data; boundary=x"}
        ) as got:
            assert got.status == 400
        async with visitor.session.post(
            add, data="text=" + "x" * 200_000, headers={"Content-Type": "application/x-www-form-urlencoded"}
        ) as got:
            assert got.status == 413
    assert await door.cases.messages_for_citizen(case) == ()


def test_a_pass_opens_one_case_for_a_while_and_cannot_be_made_up() -> None:
    clock = [1_000_000.0]
    passes = Passes(b"k" * 32, minutes=60, clock=lambda: clock[0])
    cookie = passes.cookie("MC-234567")
    assert passes.opened(cookie) == "MC-234567"
    for forged in (None, "", "x", cookie[:-1] + "x", cookie.replace("234567", "234568"), cookie + "\n"):
        assert passes.opened(forged) is None
    assert Passes(b"j" * 32, minutes=60, clock=lambda: clock[0]).opened(cookie) is None
    token = passes.token("case:MC-234567")
    assert passes.form("case:MC-234567", token)
    assert passes.form("case:MC-234568", token) is None
    clock[0] += 3601
    assert passes.opened(cookie) is None
    assert passes.form("case:MC-234567", token)
    clock[0] += 24 * 3600
    assert passes.form("case:MC-234567", token) is None


async def test_the_style_is_served_and_small(door: Pages) -> None:
    async with door.visitor() as visitor:
        style = await visitor.get("/pages/page.css")
        assert style.headers["Content-Type"].startswith("text/css")
        assert int(style.headers["Content-Length"]) < 4096
        assert (await visitor.get("/pages/..%2f__init__.py")).status == 404
        assert WebSettings().case_minutes == 60


async def test_what_is_added_to_a_merged_case_is_not_shown_to_whom_the_other_case_belongs(door: Pages) -> None:
    mine, _ = await door.case(key="merged-1")
    other, pin = await door.case(key="merged-2")
    by = await staff.add(door.desk.database, "hai.tran", "một mật khẩu đủ dài", ["officer"], actor="test")
    await Handling(door.desk.database, cases=door.cases).merge(by, mine.code, other.code)
    assert await door.cases.add(mine.code, "Nhà tôi số 12, gọi tôi 0912345678.", key="merged-word")
    async with door.visitor() as visitor:
        shown = await visitor.sign_in(other.code, pin)
        assert other.code in shown.text
        assert "Nhà tôi số 12" not in shown.text
