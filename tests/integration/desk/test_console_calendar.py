"""The pages of the calendar, of extensions and of apologies."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from docx import Document
from sqlalchemy import update

from desk import apology, calendar_days, case_clocks, staff, units
from desk.calendar import VIET_NAM
from desk.deadlines import rules
from store.tables import case_clocks as clock_rows
from store.tables import now
from tests.support.console_cases import OFFICER, SUPERVISOR, Desk, desk

DAY = "2026-12-14"


@pytest.fixture(scope="module")
async def made(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A console for the tests of this file."""
    async with desk(tmp_path_factory.mktemp("calendar")) as opened:
        yield opened


async def test_a_day_is_written_shown_and_taken_back(made: Desk) -> None:
    async with made.at_work(SUPERVISOR) as chi:
        page = await chi.see("/calendar?year=2026")
        assert "Thứ Bảy làm bù cho thứ Sáu 02/01/2026" in page.text
        assert "chưa kiểm chứng" in page.text
        fields = {"day": DAY, "working": "0", "note": "Nghỉ <b>bão</b>", "source": "Công điện 7", "unit": ""}
        told = await chi.browser.post("/calendar", fields, page="/calendar")
        assert told.status == 200
        assert "14/12/2026 là ngày nghỉ" in told.text
        assert "Nghỉ &lt;b&gt;bão" in told.text
        again = await chi.browser.post("/calendar", {**fields, "working": "1"}, page="/calendar")
        assert again.status == 409
        assert 'value="Công điện 7"' in again.text
        [row] = await calendar_days.list_(made.console.parts.db)
        gone = await chi.browser.post(f"/calendar/{row.id}/end", page="/calendar")
        assert "Đã gỡ" in gone.text
        assert (await chi.browser.post(f"/calendar/{row.id}/end", page="/calendar")).status == 404
        assert await calendar_days.list_(made.console.parts.db) == ()


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 400),
        ({"day": "14/12/2026", "note": "x", "source": "y"}, 400),
        ({"day": "9999-12-31", "note": "x", "source": "y"}, 400),
        ({"day": DAY, "note": "", "source": "y"}, 400),
        ({"day": DAY, "note": "x", "source": "y", "unit": "không có"}, 404),
    ],
)
async def test_a_form_with_garbage_comes_back_with_a_sentence(made: Desk, fields: dict[str, str], status: int) -> None:
    async with made.at_work(SUPERVISOR) as chi:
        answer = await chi.browser.post("/calendar", fields, page="/calendar")
        assert answer.status == status
        assert 'role="alert"' in answer.text
        for query in ("year=abc", "year=0000", "year=99999", "unit=%00", "year=²²²²"):
            assert (await chi.see(f"/calendar?{query}")).status == 200


async def test_hours_of_a_unit_are_its_own(made: Desk) -> None:
    parts = made.console.parts
    hours = {f"hours{day}": "07:30 – 11:30; 13:30-17:00".replace(" ", "") for day in range(1, 6)}
    async with made.at_work(SUPERVISOR) as chi:
        told = await chi.browser.post("/calendar/hours", {"unit": "cong-vu", **hours}, page="/calendar")
        assert "Đã ghi giờ làm việc" in told.text
        assert 'value="07:30-11:30, 13:30-17:00"' in told.text
        wrong = await chi.browser.post(
            "/calendar/hours", {"unit": "cong-vu", **hours, "hours3": "sáng"}, page="/calendar"
        )
        assert wrong.status == 400
        assert 'value="sáng"' in wrong.text
        for fields in ({"unit": "", **hours}, {"unit": "cong-vu", "hours1": "07:00-11:00"}):
            assert (await chi.browser.post("/calendar/hours", fields, page="/calendar")).status == 400
        unit = await units.get(parts.db, "cong-vu")
        calendar = await case_clocks.calendar_of(parts.db, unit.id)
        assert calendar.closes(datetime(2026, 7, 1, tzinfo=VIET_NAM).date()).hour == 17
        assert calendar.is_open(datetime(2026, 7, 1, 11, 15, tzinfo=VIET_NAM))
        back = await chi.browser.post("/calendar/hours", {"unit": "cong-vu"}, page="/calendar")
        assert "dùng giờ chung" in back.text
        assert not (await case_clocks.calendar_of(parts.db, unit.id)).is_open(
            datetime(2026, 7, 1, 11, 15, tzinfo=VIET_NAM)
        )


async def test_who_works_for_one_unit_changes_that_units_days_only(made: Desk) -> None:
    db = made.console.parts.db
    await staff.add(db, "phu.trach", "một mật khẩu đủ dài", ["supervisor"], actor="test")
    await staff.set_desk(db, "phu.trach", unit="cong-vu", reviewed=False, actor="test")
    whole = await calendar_days.add(
        db, datetime(2026, 12, 21, tzinfo=VIET_NAM).date(), False, note="Nghỉ", source="TB", actor="x"
    )
    fields = {"day": DAY, "working": "0", "note": "Dời trụ sở", "source": "TB 8"}
    async with made.at_work("phu.trach") as browser:
        assert (await browser.browser.post("/calendar", {**fields, "unit": ""}, page="/calendar")).status == 404
        assert (await browser.browser.post("/calendar", {**fields, "unit": "kstthc"}, page="/calendar")).status == 404
        assert (await browser.browser.post(f"/calendar/{whole.id}/end", page="/calendar")).status == 404
        done = await browser.browser.post("/calendar", {**fields, "unit": "cong-vu"}, page="/calendar")
        assert done.status == 200
    rows = await calendar_days.list_(db)
    assert {(row.day.isoformat(), row.unit_id is None) for row in rows} == {(DAY, False), ("2026-12-21", True)}
    for row in rows:
        await calendar_days.end(db, row.id, actor="x")


async def test_an_officer_apologises_and_takes_the_letter_to_be_signed(made: Desk) -> None:
    code = await made.open("Chờ giấy khai sinh", channel="telegram")
    async with made.at_work(OFFICER) as lan:
        page = await lan.see(f"/cases/{code}/apology")
        assert "Mỗi phiếu chỉ hẹn lại một lần" in page.text
        empty = await lan.do(code, "apology", {"reason": "", "day": "2027-01-04"})
        assert empty.status == 400
        assert "Chờ giấy khai sinh" in empty.text
        for wrong in ("", "04/01/2027", "2020-01-06"):
            assert (await lan.do(code, "apology", {"reason": "Chờ sở trả lời", "day": wrong})).status == 400
        proposed = await apology.of(made.console.parts.db, await made.person(OFFICER), code, at=now())
        day = proposed.new_due_at.astimezone(VIET_NAM).date()
        done = await lan.do(code, "apology", {"reason": "Chờ sở trả lời", "day": day.isoformat()})
        assert done.status == 200
        assert f"{day:%d/%m/%Y}" in done.text
        assert (await lan.do(code, "apology", {"reason": "Nữa", "day": day.isoformat()})).status == 409
        async with lan.browser.session.get(f"/cases/{code}/apology.docx") as got:
            assert got.status == 200
            assert got.headers["Content-Disposition"] == f'attachment; filename="phieu-xin-loi-{code}.docx"'
            document = Document(io.BytesIO(await got.read()))
        text = "\n".join(paragraph.text for paragraph in document.paragraphs)
        assert "Chờ sở trả lời." in text
        assert (await lan.see("/cases/MC-222222/apology")).status == 404
        assert (await lan.see("/cases/%F0%9F%98%80/apology.docx")).status == 404
        assert (await lan.see(f"/cases/{code}/extend")).status == 403


async def test_a_supervisor_extends_what_may_be_extended(made: Desk) -> None:
    code = await made.open("Đèn đường hỏng", channel="web")
    async with made.at_work(SUPERVISOR) as chi:
        page = await chi.see(f"/cases/{code}/extend")
        assert "Trả lời phản ánh, kiến nghị" in page.text
        assert rules()["feedback_forward"][0].title not in page.text
        wrong = await chi.do(code, "extend", {"rule": "feedback_forward", "reason": "Phải đi thực tế"})
        assert wrong.status == 409
        assert "Phải đi thực tế" in wrong.text
        assert (await chi.do(code, "extend", {"rule": "<x>", "reason": "Phải đi thực tế"})).status == 400
        done = await chi.do(code, "extend", {"rule": "feedback_answer", "reason": "Phải đi thực tế"})
        assert "Đã gia hạn" in done.text
        assert "Không có thời hạn nào gia hạn được" in (await chi.see(f"/cases/{code}/extend")).text
        assert (await chi.see("/cases/MC-222222/extend")).status == 404


async def test_the_case_page_explains_the_date_step_by_step(made: Desk) -> None:
    code = await made.open("Rác ba ngày", channel="web")
    case = await made.case(code)
    started = now() - timedelta(days=400)
    async with made.console.parts.db.begin() as connection:
        of_case = clock_rows.c.case_id == case.id
        await connection.execute(update(clock_rows).where(of_case).values(started_at=started))
        await case_clocks.recount(connection, case.id)
    async with made.at_work(OFFICER) as lan:
        page = await lan.see(f"/cases/{code}")
    assert "Nghị định 20/2008/NĐ-CP, Điều 9 khoản 1 điểm d" in page.text
    assert "không tính (Bộ luật Dân sự 2015, Điều 147)" in page.text
    assert "chưa kiểm chứng" in page.text
    assert f"/cases/{code}/apology" in page.text
