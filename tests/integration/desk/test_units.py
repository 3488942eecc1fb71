"""Units: those every desk has, others, and which of them a new case goes to."""

from __future__ import annotations

import asyncio

import pytest

from desk import staff, units
from desk.kinds import Kind
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from tests.support.console import PASSWORD

COMMUNE = "30313"


async def routed(db: Database, kind: Kind, text: str, *, place: str | None = None, office: str | None = None) -> str:
    """Code of the unit that a case goes to; `-` for none."""
    async with db.begin() as connection:
        found = await units.route(connection, kind, place, office, text)
    names = {unit.id: unit.code for unit in await units.list_(db, ended=True)}
    return "-" if found is None else names[found]


async def test_the_province_has_its_units_and_one_for_each_commune(database: Database) -> None:
    made = await asyncio.gather(units.ensure(database), units.ensure(database))
    assert max(made) == 3 + 102
    assert await units.ensure(database) == 0
    found = await units.list_(database)
    assert len(found) == 105
    assert {unit.code for unit in found[:3]} == {"kstthc", "cong-vu", "trung-tam-tinh"}
    commune = await units.get(database, f"xa-{COMMUNE}")
    assert commune.name == "Trung tâm Phục vụ hành chính công xã Mỹ Hòa Hưng"
    assert commune.place_code == COMMUNE


async def test_what_an_administrator_changed_stays(database: Database) -> None:
    await units.ensure(database)
    await units.rename(database, "kstthc", "Phòng kiểm soát thủ tục hành chính", actor="lan")
    await units.end(database, f"xa-{COMMUNE}", actor="lan")
    await units.ensure(database)
    assert (await units.get(database, "kstthc")).name == "Phòng kiểm soát thủ tục hành chính"
    assert COMMUNE not in {unit.place_code for unit in await units.list_(database)}
    assert COMMUNE in {unit.place_code for unit in await units.list_(database, ended=True)}


async def test_units_are_added_and_ended(database: Database) -> None:
    await units.ensure(database)
    made = await units.add(database, " So-Tu-Phap ", "Sở  Tư pháp", actor="lan")
    assert (made.code, made.name, made.staff) == ("so-tu-phap", "Sở Tư pháp", 0)
    with pytest.raises(Conflict):
        await units.add(database, "so-tu-phap", "Sở khác", actor="lan")
    await staff.add(database, "minh", PASSWORD, ["officer"], actor="lan", unit="so-tu-phap")
    with pytest.raises(Conflict, match="1 tài khoản"):
        await units.end(database, "so-tu-phap", actor="lan")
    await staff.disable(database, "minh", actor="lan")
    assert (await units.end(database, "so-tu-phap", actor="lan")).ended_at is not None
    with pytest.raises(NotFound):
        await staff.add(database, "hoa", PASSWORD, ["officer"], actor="lan", unit="so-tu-phap")
    with pytest.raises(Conflict):
        await units.end(database, "kstthc", actor="lan")
    hours = {"mon": ["07:00-11:00"]}
    assert (await units.set_hours(database, "cong-vu", hours, actor="lan")).hours == hours
    assert (await units.set_hours(database, "cong-vu", None, actor="lan")).hours is None


NO_UNITS = (
    ("", "Sở Tư pháp", None),
    ("x", "Sở Tư pháp", None),
    ("sở", "Sở Tư pháp", None),
    ("so tu phap", "Sở Tư pháp", None),
    ("a" * 41, "Sở Tư pháp", None),
    ("--", "Sở Tư pháp", None),
    ("so", " ", None),
    ("so", "x" * 201, None),
    ("so", "Sở\x00Tư pháp", None),
    ("so", "Sở Tư pháp", "không có"),
    ("so", "Sở Tư pháp", "30313-old"),
)


async def test_what_cannot_be_a_unit_is_refused(database: Database) -> None:
    for code, name, place in NO_UNITS:
        with pytest.raises(Invalid):
            await units.add(database, code, name, place_code=place, actor="lan")
    assert await units.list_(database) == ()


async def test_nothing_is_changed_that_does_not_exist(database: Database) -> None:
    for work in (
        units.get(database, "x"),
        units.rename(database, "x", "Tên mới", actor="lan"),
        units.end(database, "x", actor="lan"),
        units.set_hours(database, "x", None, actor="lan"),
    ):
        with pytest.raises(NotFound):
            await work


async def test_a_case_goes_to_the_section_of_procedures_unless_another_is_nearer(database: Database) -> None:
    # Also in a database in which the program never started.
    assert await routed(database, Kind.feedback, "Trả hồ sơ trễ hẹn") == "kstthc"
    await units.ensure(database)
    assert await routed(database, Kind.question, "Cần giấy gì", place=COMMUNE) == "kstthc"
    await staff.add(database, "minh", PASSWORD, ["officer"], actor="lan", unit=f"xa-{COMMUNE}")
    assert await routed(database, Kind.question, "Cần giấy gì", place=COMMUNE) == f"xa-{COMMUNE}"
    assert await routed(database, Kind.feedback, "Trả hồ sơ trễ hẹn", place="30307") == "kstthc"
    assert await routed(database, Kind.data_request, "Xóa dữ liệu của tôi", place=COMMUNE) == "kstthc"
    async with database.begin() as connection:
        kept = await units.route(connection, Kind.question, COMMUNE, None, "Cần giấy gì", to_communes=False)
    assert kept == (await units.get(database, "kstthc")).id
    await staff.disable(database, "minh", actor="lan")
    assert await routed(database, Kind.question, "Cần giấy gì", place=COMMUNE) == "kstthc"
    assert await routed(database, Kind.denunciation, "Cán bộ nhận tiền lót tay", place=COMMUNE) == "-"


ROUTED = (
    (Kind.feedback, "Cán bộ hách dịch, bắt dân chờ.", None, "cong-vu"),
    (Kind.complaint, "can bo mot cua co thai do khong tot", None, "cong-vu"),
    (Kind.feedback, "Đòi hỏi tiền mới ký giấy", "UBND xã", "cong-vu"),
    (Kind.feedback, "Nộp hồ sơ đất đai ba tháng chưa có kết quả", "Thái độ phục vụ", "cong-vu"),
    (Kind.question, "Phản ánh thái độ cán bộ thì gửi ở đâu", None, "kstthc"),
    (Kind.feedback, "Đổi tiền lẻ ở quầy rất khó", None, "kstthc"),
    (Kind.feedback, "", None, "kstthc"),
    (Kind.complaint, "x" * 20_000, None, "kstthc"),
)


async def test_the_conduct_of_officers_is_for_those_who_inspect_it(database: Database) -> None:
    for kind, text, office, unit in ROUTED:
        assert await routed(database, kind, text, office=office) == unit, text


async def test_when_the_inspectors_end_their_cases_go_to_the_section_of_procedures(database: Database) -> None:
    await units.ensure(database)
    await units.end(database, "cong-vu", actor="lan")
    assert await routed(database, Kind.feedback, "Cán bộ hách dịch") == "kstthc"
