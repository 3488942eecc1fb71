"""Who else has a case open, and which other open cases are about the same."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from desk import presence
from desk.cases import Case
from desk.kinds import Kind
from desk.similar import similar
from store.engine import Database
from store.tables import case_presence, now
from store.tables import cases as case_table
from tests.support.desk_rows import add_case
from tests.support.takeover import member


async def test_colleagues_are_seen_until_they_leave_or_fall_silent(database: Database) -> None:
    number = await add_case(database)
    lan, minh, chi = [await member(database, name) for name in ("lan", "minh", "chi")]
    for _ in range(2):
        await presence.here(database, number, lan.id)
        await presence.here(database, number, minh.id)
    await presence.here(database, number, chi.id)
    assert await presence.others(database, number, lan.id) == ("chi", "minh")
    await presence.gone(database, number, minh.id)
    assert await presence.others(database, number, lan.id) == ("chi",)
    async with database.begin() as connection:
        await connection.execute(update(case_presence).values(until=now() - timedelta(seconds=1)))
    assert await presence.others(database, number, lan.id) == ()


async def test_the_nearest_open_cases_come_first(database: Database) -> None:
    words = {
        "same": "Đèn đường trước chợ Mỹ Bình hỏng một tuần nay, tối om",
        "near": "Đèn đường gần chợ Mỹ Bình không sáng",
        "far": "Xin cấp lại giấy khai sinh cho con",
        "done": "Đèn đường trước chợ Mỹ Bình hỏng một tuần nay",
        "other kind": "Đèn đường trước chợ Mỹ Bình hỏng một tuần nay",
        "vault": "Đèn đường trước chợ Mỹ Bình hỏng một tuần nay",
        "elsewhere": "Đèn đường trước chợ Mỹ Bình hỏng một tuần nay, tối om",
    }
    for number in range(30):
        await add_case(database, subject=f"Việc {number}", text=f"Hồ sơ {number} trễ hẹn", place_code="30307")
    codes = {}
    for name, text in words.items():
        kind = {"other kind": "complaint", "vault": "denunciation"}.get(name, "feedback")
        bucket = {"done": "done", "vault": "vault"}.get(name, "open")
        place = "30337" if name == "elsewhere" else "30307"
        number = await add_case(database, subject=text[:20], text=text, kind=kind, bucket=bucket, place_code=place)
        codes[name] = number
    async with database.connect() as connection:
        rows = {row.id: row for row in await connection.execute(select(case_table))}
    mine = Case.of(rows[codes["same"]]._mapping)
    found = [alike.code for alike in await similar(database, mine)]
    assert found == [rows[codes["elsewhere"]].code, rows[codes["near"]].code]
    assert len(await similar(database, mine, limit=1)) == 1
    assert mine.kind is Kind.feedback
    assert await similar(database, Case.of(rows[codes["vault"]]._mapping)) == ()
