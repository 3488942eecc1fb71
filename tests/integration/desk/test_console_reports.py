"""The page of the desk's report over HTTP: numbers, periods, files, and what it answers to nonsense."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from datetime import datetime

import openpyxl
import pytest

from desk import periods, tallies
from desk.texts import VIET_NAM
from tests.support.console import Console, console
from tests.support.desk_rows import add_case

_NOVEMBER = "since=2026-11-01&until=2026-11-30"


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Console]:
    """A console with a supervisor, an officer and two cases."""
    people = (("boss", "supervisor"), ("officer", "officer"), ("editor", "catalogue_editor"))
    async with console(tmp_path_factory.mktemp("reports"), people) as running:
        db = running.parts.db
        await add_case(db, office="=1+1 <b>xã</b>", place_code="30001")
        await add_case(db, kind="denunciation", bucket="vault", office="Cơ quan bị tố", folded="")
        await tallies.rebuild(db)
        yield running


async def test_the_page_shows_the_period_that_was_asked_for(desk: Console) -> None:
    async with desk.person("boss") as boss:
        page = await boss.get(f"/reports?{_NOVEMBER}")
        assert page.status == 200
        assert "từ 01/11/2026 đến 30/11/2026" in page.text
        assert "<b>1</b> phiếu tiếp nhận" in page.text
        assert "&lt;b&gt;xã" in page.text
        assert "bị tố" not in page.text
        assert page.text.count("<svg") >= 3
        assert "style=" not in page.text
        other = await boss.get("/reports?since=2026-01-01&until=2026-01-31")
        assert "<b>0</b> phiếu tiếp nhận" in other.text


async def test_without_a_period_the_last_whole_quarter_is_shown(desk: Console) -> None:
    async with desk.person("boss") as boss:
        page = await boss.get("/reports")
    last = periods.before("quarter", datetime.now(VIET_NAM).date())
    assert f'value="{last.since.isoformat()}"' in page.text
    assert f'value="{last.until.isoformat()}"' in page.text


async def test_the_files_are_whole_and_come_under_their_own_name(desk: Console) -> None:
    async with desk.person("boss") as boss, boss.session.get(f"/reports.xlsx?{_NOVEMBER}") as got:
        body = await got.read()
        assert got.headers["Content-Disposition"] == 'attachment; filename="bao-cao-2026-11-01-2026-11-30.xlsx"'
        assert got.headers["X-Content-Type-Options"] == "nosniff"
    book = openpyxl.load_workbook(io.BytesIO(body))
    assert ("Tổng", 1) in {row[:2] for row in book["Theo loại"].iter_rows(values_only=True)}
    async with desk.person("boss") as boss, boss.session.get(f"/reports.csv?{_NOVEMBER}") as got:
        text = (await got.read()).decode("utf-8-sig")
        assert got.content_type == "text/csv"
    assert "'=1+1 <b>xã</b>,1," in text
    assert "bị tố" not in text


async def test_nonsense_in_the_address_is_answered_with_a_sentence(desk: Console) -> None:
    async with desk.person("boss") as boss:
        for query in ("since=x&until=y", "since=2026-02-01&until=2026-01-01", "since=1900-01-01&until=2100-01-01"):
            page = await boss.get(f"/reports?{query}")
            assert page.status == 400
            assert "Kỳ báo cáo" in page.text or "năm-tháng-ngày" in page.text
            assert (await boss.get(f"/reports.xlsx?{query}")).status == 400
        for unit, status in (("x", 400), ("-1", 400), ("9" * 40, 400), ("999999", 404), ("%00", 400)):
            assert (await boss.get(f"/reports?{_NOVEMBER}&unit={unit}")).status == status


async def test_who_has_no_right_to_reports_gets_none(desk: Console) -> None:
    for name in ("officer", "editor"):
        async with desk.person(name) as person:
            for path in ("/reports", "/reports.xlsx", "/reports.csv"):
                assert (await person.get(f"{path}?{_NOVEMBER}")).status == 403
