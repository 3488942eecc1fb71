"""Sums and reports on both databases: what is counted where, what is not, and the same after counting again."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from sqlalchemy import delete, insert, select

from desk import audit, reports, tallies
from desk.access import Forbidden
from desk.kinds import Kind
from desk.periods import Period
from desk.report_files import as_csv, as_xlsx, tables
from desk.staff import Role
from desk.tallies import Measure
from store.engine import Database
from store.errors import NotFound
from store.tables import asked_questions, case_tallies, cases, citizens, conversations, takeovers
from tests.support.desk_rows import MOMENT, add_case, add_person, add_unit

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest) -> Database:
    """A migrated database of either kind."""
    made: Database = request.getfixturevalue("database" if request.param == "sqlite" else "postgres")
    return made


async def _bump(db: Database, number: int, measure: Measure, by: int = 1, at: datetime = MOMENT) -> None:
    async with db.begin() as connection:
        case = (await connection.execute(select(cases).where(cases.c.id == number))).mappings().one()
        await tallies.bump(connection, case, measure, by, at=at)


async def _sums(db: Database) -> set[tuple[Any, ...]]:
    async with db.connect() as connection:
        return {tuple(row) for row in await connection.execute(select(case_tallies))}


async def test_a_report_says_what_happened_by_kind_unit_place_procedure_and_office(both: Database) -> None:
    unit = await add_unit(both, "here")
    boss = await add_person(both, "boss", Role.supervisor)
    lamp = await add_case(both, unit_id=unit, place_code="30001", procedure_code="1.2", office="=UBND xã")
    angry = await add_case(both, kind="complaint")
    secret = await add_case(both, kind="denunciation", bucket="vault", unit_id=unit, folded="")
    for number in (lamp, angry, secret):
        await _bump(both, number, "received")
    for measure in ("answered", "on_time", "closed", "reopened", "ratings"):
        await _bump(both, lamp, measure)
        await _bump(both, secret, measure)
    await _bump(both, lamp, "rating_sum", 4)
    await _bump(both, angry, "answered")
    await _bump(both, angry, "late")
    # 17:30 UTC on 30 November is December in Viet Nam.
    await _bump(both, lamp, "received", at=datetime(2026, 11, 30, 17, 30, tzinfo=UTC))

    found = await reports.report(both, boss, NOVEMBER, procedures={"1.2": "Cấp bản sao"})
    total = found.total
    assert (total.received, total.answered, total.on_time, total.late) == (2, 2, 1, 1)
    assert (total.closed, total.reopened, total.ratings, total.rating) == (1, 1, 1, 4.0)
    assert total.on_time_share == 0.5
    assert {kind: sums.received for kind, sums in found.kinds.items()} == {
        Kind.question: 0,
        Kind.feedback: 1,
        Kind.complaint: 1,
        Kind.data_request: 0,
    }
    assert {grouping: [(g.name, g.sums.received) for g in groups] for grouping, groups in found.groups.items()} == {
        "unit": [("Đơn vị here", 1)],
        "place": [("30001", 1)],
        "procedure": [("Cấp bản sao", 1)],
        "office": [("=UBND xã", 1)],
    }
    assert [(name, sums.received) for name, sums in found.steps if sums.received] == [("20/11", 2)]
    assert (found.backlog.open, found.backlog.overdue) == (2, 0)
    of_unit = await reports.report(both, boss, NOVEMBER, unit=unit)
    assert (of_unit.unit, of_unit.total.received, of_unit.groups, of_unit.backlog.open) == ("Đơn vị here", 1, {}, 1)


async def test_counting_again_from_the_cases_gives_the_same_sums(both: Database) -> None:
    unit = await add_unit(both, "here")
    answered, closed = MOMENT + timedelta(days=1), MOMENT + timedelta(days=12)
    done = await add_case(
        both,
        unit_id=unit,
        place_code="30001",
        state="reopened",
        answered_at=answered,
        on_time=False,
        closed_at=closed,
        reopened=1,
        rating=2,
        rated_at=answered,
    )
    fresh = await add_case(both, kind="question", office="o" * 300)
    await add_case(both, kind="denunciation", bucket="vault", answered_at=answered, on_time=True)
    async with both.begin() as connection:
        await audit.write(connection, actor="citizen", action="reopened", subject=f"case:{done}")
    events: list[tuple[int, Measure, int, datetime]] = [
        (done, "received", 1, MOMENT),
        (fresh, "received", 1, MOMENT),
        (done, "answered", 1, answered),
        (done, "late", 1, answered),
        (done, "closed", 1, closed),
        (done, "reopened", 1, datetime.now(UTC)),
        (done, "ratings", 1, answered),
        (done, "rating_sum", 2, answered),
    ]
    for number, measure, by, at in events:
        await _bump(both, number, measure, by, at)
    kept = await _sums(both)
    assert kept
    async with both.begin() as connection:
        await connection.execute(delete(case_tallies))
    for _ in range(2):
        assert await tallies.rebuild(both) == 3
        assert await _sums(both) == kept


async def test_sums_that_two_transactions_add_to_at_once_are_both_kept(postgres: Database) -> None:
    import asyncio

    number = await add_case(postgres)
    await asyncio.gather(*(_bump(postgres, number, "received") for _ in range(20)))
    found = await reports.report(postgres, None, NOVEMBER)
    assert found.total.received == 20


async def test_who_works_for_a_unit_gets_its_report_and_others_none(database: Database) -> None:
    here, there = await add_unit(database, "here"), await add_unit(database, "there")
    for unit in (here, there, there):
        await _bump(database, await add_case(database, unit_id=unit), "received")
    chief = await add_person(database, "chief", Role.supervisor, unit=here)
    assert (await reports.report(database, chief, NOVEMBER, unit=there)).total.received == 1
    for role in (Role.officer, Role.vault, Role.catalogue_editor):
        with pytest.raises(Forbidden):
            await reports.report(database, await add_person(database, role.value, role), NOVEMBER)
    with pytest.raises(NotFound):
        await reports.report(database, None, NOVEMBER, unit=999)


async def test_waits_and_questions_of_the_period_are_in_the_report(both: Database) -> None:
    async with both.begin() as connection:
        await connection.execute(insert(citizens).values(id=1, channel="web", external_id="a"))
        for number, (reason, wait) in enumerate(
            [("asked", 60), ("asked", 120), ("failed", 600), ("angry", None), ("staff", 0)]
        ):
            values = {"id": f"c{number}", "channel": "web", "external_id": str(number), "citizen_id": 1}
            await connection.execute(insert(conversations).values(**values))
            taken = None if wait is None else MOMENT + timedelta(seconds=wait)
            await connection.execute(
                insert(takeovers).values(
                    conversation_id=f"c{number}",
                    reason=reason,
                    state="left" if taken is None else "ended",
                    asked_at=MOMENT,
                    taken_at=taken,
                )
            )
        for number, (verdict, state, at) in enumerate(
            [
                ("wrong", "open", MOMENT),
                ("wrong", "closed", MOMENT),
                ("unanswered", "open", MOMENT - timedelta(days=90)),
            ]
        ):
            await connection.execute(
                insert(asked_questions).values(
                    idempotency_key=str(number),
                    question="q",
                    verdict=verdict,
                    codes=[],
                    version_id="v",
                    state=state,
                    at=at,
                )
            )
    found = await reports.report(both, None, NOVEMBER)
    waits, questions = found.waits, found.questions
    assert (waits.asked, waits.taken, waits.left, waits.median_s, waits.tenth_s) == (4, 3, 1, 120.0, 600.0)
    assert waits.reasons == {"asked": 2, "failed": 1, "angry": 1}
    assert questions is not None
    assert (questions.verdicts, questions.closed) == ({"wrong": 2}, 1)


async def test_files_hold_every_number_and_no_formula(database: Database) -> None:
    evil = ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", '"=1', "＝1", "UBND\x00\x0b\r\nxã", "a,b;c"]
    for office in evil:
        await _bump(database, await add_case(database, office=office.replace("\x00", "")), "received")
    found = await reports.report(database, None, NOVEMBER)
    said = as_csv(found)
    assert said.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(said.decode("utf-8-sig"), newline="")))
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.strip(" '\"\t")[:1] in "=+-@＝" and cell.strip() and cell[0] != "'"]
    offices = [row for row in rows if row[0] == "Theo cơ quan được nhắc tới"]
    assert sum(int(row[2]) for row in offices[1:]) == len(evil)
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(found)))
    assert book.sheetnames == [table.title[:31] for table in tables(found)]
    kinds = [cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row]
    assert "f" not in kinds
    names = {str(row[0]) for row in book["Theo cơ quan được nhắc tới"].iter_rows(values_only=True)}
    assert {"=HYPERLINK(1)", "a,b;c"} <= names
    totals = [row for row in book["Theo loại"].iter_rows(values_only=True) if row[0] == "Tổng"]
    assert totals == [("Tổng", len(evil), 0, 0, 0, None, 0, 0, 0, None)]
