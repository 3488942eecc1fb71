"""Units: who takes cases in, and which of them gets a new one.

An Giang's report of 2019 has two that count apart: the section that controls administrative procedures (81 phản ánh,
kiến nghị that year) and the team that inspects officers' conduct (7). Beside them stand the province's one-stop centre
and, since 1 July 2025, the centre of each of the 102 communes (Nghị định 118/2025/NĐ-CP).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import audit
from desk.kinds import Kind
from knowledge.places import Gazetteer
from knowledge.text import fold
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from store.tables import now, staff, units
from store.upsert import insert

CONTROL = "kstthc"
CONDUCT = "cong-vu"
CENTRE = "trung-tam-tinh"
_NAMES = {
    CONTROL: "Bộ phận kiểm soát thủ tục hành chính",
    CONDUCT: "Tổ kiểm tra công vụ",
    CENTRE: "Trung tâm Phục vụ hành chính công tỉnh An Giang",
}
_LONGEST_NAME = 200
_WORD = re.compile(r"\w+")
# What people call bad conduct of an officer, folded; whole words.
_CONDUCT_WORDS = (
    "thai do", "tac phong", "hach dich", "nhung nhieu", "sach nhieu", "voi vinh", "quat nat", "quat thao", "quat mang",
    "can bo quat", "can bo mang", "can bo chui", "chui boi", "coi thuong dan", "vo trach nhiem", "thieu trach nhiem",
    "lam kho dan", "gay kho de", "hanh dan", "doi hoi tien", "doi hoi lo lot", "lot tay", "dua phong bi",
    "dao duc cong vu",
)  # fmt: skip


@dataclass(frozen=True)
class Unit:
    """A unit that takes cases in.

    Attributes:
        place_code: the commune whose unit it is.
        hours: its working hours by weekday as `desk.calendar` reads them; None: the province's.
        staff: how many open accounts work for it.
    """

    id: int
    code: str
    name: str
    place_code: str | None
    hours: Mapping[str, Any] | None
    created_at: datetime
    ended_at: datetime | None
    staff: int = 0


def of_place(place_code: str) -> str:
    """Code of the unit of a commune."""
    return f"xa-{place_code}"


async def ensure(db: Database) -> int:
    """Make the units that every province's desk has; those that are there stay as they are. Gives how many were made.

    Run at each start: a few milliseconds when nothing is missing.
    """
    wanted = {code: (name, None) for code, name in _NAMES.items()} | {
        of_place(place.code): (_commune_name(place.name), place.code) for place in Gazetteer.load().communes()
    }
    async with db.connect() as connection:
        there = set((await connection.scalars(select(units.c.code))).all())
    missing = [
        {"code": code, "name": name, "place_code": place, "created_at": now()}
        for code, (name, place) in wanted.items()
        if code not in there
    ]
    if missing:
        async with db.begin() as connection:
            # Two processes may start at once.
            await connection.execute(insert(db.dialect, units).on_conflict_do_nothing(), missing)
    return len(missing)


async def list_(db: Database, *, ended: bool = False) -> tuple[Unit, ...]:
    """The units, those of the province first, then the communes' by name.

    Args:
        ended: those that were taken back as well.
    """
    wanted = _units().order_by(units.c.place_code.isnot(None), units.c.name, units.c.id)
    if not ended:
        wanted = wanted.where(units.c.ended_at.is_(None))
    async with db.connect() as connection:
        rows = (await connection.execute(wanted)).mappings().all()
    return tuple(_unit(row) for row in rows)


async def get(db: Database, code: str) -> Unit:
    """A unit.

    Raises:
        NotFound: there is none of that code.
    """
    async with db.connect() as connection:
        return await _known(connection, code)


async def add(db: Database, code: str, name: str, *, place_code: str | None = None, actor: str) -> Unit:
    """Make a unit.

    Args:
        code: 2 to 40 of a–z, 0–9, hyphen.
        name: as people say it.
        place_code: the commune whose unit it is.

    Raises:
        Invalid: the code or the name cannot be used, or there is no such commune.
        Conflict: the code is taken.
    """
    wanted = code.strip().lower()
    if not (2 <= len(wanted) <= 40 and wanted.isascii() and wanted.replace("-", "").isalnum()):
        raise Invalid("Mã đơn vị gồm 2 đến 40 chữ cái không dấu, chữ số hoặc gạch nối; ví dụ: so-tu-phap")
    title = _title(name)
    if place_code is not None and place_code not in {place.code for place in Gazetteer.load().communes()}:
        raise Invalid(f"Không có xã, phường, đặc khu nào mang mã {place_code[:20]}.")
    async with db.begin() as connection:
        values = {"code": wanted, "name": title, "place_code": place_code, "created_at": now()}
        made = insert(db.dialect, units).values(**values).on_conflict_do_nothing().returning(units.c.id)
        if await connection.scalar(made) is None:
            raise Conflict(f"Đã có đơn vị {wanted}; hãy chọn mã khác.")
        await _note(connection, actor, "unit_added", wanted, name=title, place=place_code or "")
        return await _known(connection, wanted)


async def rename(db: Database, code: str, name: str, *, actor: str) -> Unit:
    """Give a unit another name.

    Raises:
        NotFound: there is no such unit.
        Invalid: the name cannot be used.
    """
    title = _title(name)
    async with db.begin() as connection:
        unit = await _known(connection, code)
        await connection.execute(update(units).where(units.c.id == unit.id).values(name=title))
        await _note(connection, actor, "unit_renamed", unit.code, name=title, before=unit.name)
        return await _known(connection, unit.code)


async def set_hours(db: Database, code: str, hours: Mapping[str, Any] | None, *, actor: str) -> Unit:
    """Give a unit working hours of its own; None: those of the province again.

    Args:
        hours: as `desk.calendar` reads them; the caller has checked them.

    Raises:
        NotFound: there is no such unit.
    """
    async with db.begin() as connection:
        unit = await _known(connection, code)
        kept = dict(hours) if hours is not None else None
        await connection.execute(update(units).where(units.c.id == unit.id).values(hours=kept))
        await _note(connection, actor, "unit_hours_set", unit.code, hours=kept or {}, before=dict(unit.hours or {}))
        return await _known(connection, unit.code)


async def end(db: Database, code: str, *, actor: str) -> Unit:
    """Take a unit back: no new case comes to it. Those it has stay with it until they are moved.

    Raises:
        NotFound: there is no such unit.
        Conflict: staff still work for it, or cases without a better place go to it.
    """
    async with db.begin() as connection:
        unit = await _known(connection, code)
        if unit.code == CONTROL:
            raise Conflict(f"{unit.name} nhận mọi phiếu chưa có nơi khác nhận nên không thể kết thúc.")
        if unit.staff:
            raise Conflict(f"Còn {unit.staff} tài khoản thuộc {unit.name}; hãy chuyển họ sang đơn vị khác trước.")
        if unit.ended_at is None:
            await connection.execute(update(units).where(units.c.id == unit.id).values(ended_at=now()))
            await _note(connection, actor, "unit_ended", unit.code)
        return await _known(connection, unit.code)


async def route(
    connection: AsyncConnection,
    kind: Kind,
    place_code: str | None,
    office: str | None,
    text: str,
    *,
    to_communes: bool = True,
) -> int | None:
    """The unit that gets a new case, in the caller's write transaction.

    What is said about the conduct of officers goes to the team that inspects it; what is about a commune to the
    commune's own unit as soon as staff work there; all else to the section that controls procedures.

    Args:
        office: the office it is about, as the citizen named it.
        text: what happened.
        to_communes: whether communes' units take cases in.

    Returns:
        None for a denunciation, which belongs to no unit.
    """
    if kind is Kind.denunciation:
        return None
    if kind in {Kind.feedback, Kind.complaint} and about_conduct(f"{office or ''} {text}"):
        found = await _open_id(connection, CONDUCT)
        if found is not None:
            return found
    if to_communes and place_code and kind is not Kind.data_request:
        manned = (
            select(units.c.id)
            .join(staff, staff.c.unit_id == units.c.id)
            .where(units.c.place_code == place_code, units.c.ended_at.is_(None), staff.c.disabled_at.is_(None))
            .order_by(units.c.id)
            .limit(1)
        )
        found = await connection.scalar(manned)
        if found is not None:
            return int(found)
    found = await _open_id(connection, CONTROL)
    assert found is not None
    return found


def about_conduct(text: str) -> bool:
    """Whether a text is about how officers behave."""
    words = f" {' '.join(_WORD.findall(fold(text)))} "
    return any(f" {phrase} " in words for phrase in _CONDUCT_WORDS)


async def _open_id(connection: AsyncConnection, code: str) -> int | None:
    """Id of one of the units that must exist; None when it was taken back. Made when the program never started."""
    row = (await connection.execute(select(units.c.id, units.c.ended_at).where(units.c.code == code))).one_or_none()
    if row is None:
        made = insert(connection.dialect.name, units).values(code=code, name=_NAMES[code], created_at=now())
        await connection.execute(made.on_conflict_do_nothing())
        row = (await connection.execute(select(units.c.id, units.c.ended_at).where(units.c.code == code))).one()
    return int(row.id) if row.ended_at is None else None


def _units() -> Any:
    people = select(func.count()).where(staff.c.unit_id == units.c.id, staff.c.disabled_at.is_(None)).scalar_subquery()
    return select(units, people.label("staff"))


async def _known(connection: AsyncConnection, code: str) -> Unit:
    row = (await connection.execute(_units().where(units.c.code == code.strip().lower()))).mappings().one_or_none()
    if row is None:
        raise NotFound(f"Không có đơn vị {code[:60]}; xem danh sách bằng: motcua unit list")
    return _unit(row)


def _unit(row: RowMapping) -> Unit:
    return Unit(**{name: row[name] for name in Unit.__dataclass_fields__})


def _title(name: str) -> str:
    title = " ".join(name.split())
    if not 3 <= len(title) <= _LONGEST_NAME or not title.isprintable():
        raise Invalid(f"Tên đơn vị cần từ 3 đến {_LONGEST_NAME} ký tự.")
    return title


def _commune_name(place: str) -> str:
    return f"Trung tâm Phục vụ hành chính công {place[:1].lower()}{place[1:]}"


async def _note(connection: AsyncConnection, actor: str, what: str, code: str, **data: Any) -> None:
    await audit.write(connection, actor=actor, action=what, subject=f"unit:{code}", data=data)
