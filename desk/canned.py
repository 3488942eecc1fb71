"""Standard answers of the desk, with placeholders that the case fills in.

Only the functions here change the table `canned_replies`; what was once a standard answer is kept, marked as ended.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import access, audit
from desk.kinds import Kind
from desk.staff import Person
from store.engine import Database
from store.errors import Invalid, NotFound
from store.tables import canned_replies, now, units

PLACEHOLDERS = {
    "ten": "tên người dân nếu biết, nếu không thì “anh/chị”",
    "ma_phieu": "mã phiếu",
    "viec": "việc được hỏi hoặc phản ánh",
    "ngay_gui": "ngày người dân gửi",
    "han": "ngày đến hạn",
    "don_vi": "đơn vị đang giữ phiếu",
    "noi": "xã, phường, đặc khu",
    "thu_tuc": "tên thủ tục",
    "can_bo": "tên cán bộ trả lời",
    "lien_ket": "địa chỉ trang tra cứu phiếu",
}
"""What may stand in braces, and what it becomes."""
LONGEST_TITLE = 120
LONGEST_TEXT = 3_000
MOST = 300
_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Canned:
    """A standard answer.

    Attributes:
        unit_id: the unit it is for; None: every unit.
        unit: that unit's name.
        kind: the kind of case it is for; None: every kind.
        actor: who wrote it last.
    """

    id: int
    title: str
    text: str
    unit_id: int | None
    unit: str | None
    kind: Kind | None
    actor: str
    at: datetime


async def list_(db: Database, *, unit_id: int | None = None, kind: Kind | None = None) -> tuple[Canned, ...]:
    """The standard answers in use, by title; at most `MOST`.

    Args:
        unit_id: only those for this unit or for every unit; None: all.
        kind: only those for this kind or for every kind; None: all.
    """
    wanted = _all().where(canned_replies.c.ended_at.is_(None)).order_by(func.lower(canned_replies.c.title)).limit(MOST)
    if unit_id is not None:
        wanted = wanted.where(or_(canned_replies.c.unit_id.is_(None), canned_replies.c.unit_id == unit_id))
    if kind is not None:
        wanted = wanted.where(or_(canned_replies.c.kind.is_(None), canned_replies.c.kind == kind.value))
    async with db.connect() as connection:
        rows = (await connection.execute(wanted)).mappings().all()
    return tuple(_canned(row) for row in rows)


async def get(db: Database, number: int) -> Canned:
    """A standard answer in use.

    Raises:
        NotFound: there is none of that number.
    """
    async with db.connect() as connection:
        return await _known(connection, number)


async def add(
    db: Database, by: Person, *, title: str, text: str, unit_id: int | None = None, kind: Kind | None = None
) -> Canned:
    """Make a standard answer.

    Raises:
        Forbidden: the person may not, or not for that unit.
        Invalid: title or text is empty or too long, a placeholder is unknown, or there are too many answers.
    """
    values = _checked(by, title, text, unit_id, kind)
    async with db.begin() as connection:
        await _open_unit(connection, unit_id)
        many = await connection.scalar(
            select(func.count()).select_from(canned_replies).where(canned_replies.c.ended_at.is_(None))
        )
        if (many or 0) >= MOST:
            raise Invalid(f"Đã có {MOST} câu trả lời mẫu; hãy bỏ bớt những câu không dùng.")
        made = insert(canned_replies).values(**values, actor=by.name).returning(canned_replies.c.id)
        number = int((await connection.execute(made)).scalar_one())
        await _log(connection, by, "canned_added", number, values)
        return await _known(connection, number)


async def change(
    db: Database,
    by: Person,
    number: int,
    *,
    title: str,
    text: str,
    unit_id: int | None = None,
    kind: Kind | None = None,
) -> Canned:
    """Change a standard answer.

    Raises:
        NotFound: there is none of that number.
        Forbidden: the person may not, or not for that unit.
        Invalid: title or text is empty or too long, or a placeholder is unknown.
    """
    values = _checked(by, title, text, unit_id, kind)
    async with db.begin() as connection:
        before = await _known(connection, number)
        _mine(by, before.unit_id)
        await _open_unit(connection, unit_id)
        await connection.execute(
            update(canned_replies).where(canned_replies.c.id == number).values(**values, actor=by.name, at=now())
        )
        await _log(connection, by, "canned_changed", number, values)
        return await _known(connection, number)


async def end(db: Database, by: Person, number: int) -> Canned:
    """Take a standard answer out of use.

    Raises:
        NotFound: there is none of that number.
        Forbidden: the person may not, or not for that unit.
    """
    access.require(by, "desk.settings")
    async with db.begin() as connection:
        before = await _known(connection, number)
        _mine(by, before.unit_id)
        await connection.execute(
            update(canned_replies).where(canned_replies.c.id == number).values(ended_at=now(), actor=by.name)
        )
        await audit.write(connection, actor=by.name, action="canned_ended", subject=f"canned:{number}")
    return before


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text with its placeholders filled; one without a value becomes an underscored gap, to be seen and filled."""
    return _BRACES.sub(lambda found: values.get(found.group(1)) or "____", text)


def _checked(by: Person, title: str, text: str, unit_id: int | None, kind: Kind | None) -> dict[str, Any]:
    access.require(by, "desk.settings")
    _mine(by, unit_id)
    title, text = title.strip(), text.strip()
    if not title or not text:
        raise Invalid("Câu trả lời mẫu cần có tên gọi và nội dung.")
    if len(title) > LONGEST_TITLE:
        raise Invalid(f"Tên gọi dài quá {LONGEST_TITLE} ký tự; hãy viết ngắn lại.")
    if len(text) > LONGEST_TEXT:
        raise Invalid(f"Nội dung dài quá {LONGEST_TEXT:,} ký tự; hãy viết ngắn lại.".replace(",", "."))
    unknown = [name for name in _BRACES.findall(text) if name not in PLACEHOLDERS]
    if unknown:
        raise Invalid(f"Không có chỗ điền nào tên là {{{unknown[0][:40]}}}; xem danh sách bên cạnh.")
    if kind is Kind.denunciation:
        raise Invalid("Đơn tố cáo không dùng câu trả lời mẫu.")
    return {"title": title, "text": text, "unit_id": unit_id, "kind": kind.value if kind else None}


def _mine(by: Person, unit_id: int | None) -> None:
    if by.unit_id is not None and unit_id != by.unit_id:
        raise access.Forbidden("Anh/chị chỉ sửa được câu trả lời mẫu của đơn vị mình.")


async def _open_unit(connection: AsyncConnection, unit_id: int | None) -> None:
    wanted = select(units.c.id).where(units.c.id == unit_id, units.c.ended_at.is_(None))
    if unit_id is not None and await connection.scalar(wanted) is None:
        raise Invalid("Đơn vị này không còn; anh/chị chọn lại.")


def _all() -> Select[Any]:
    return select(canned_replies, units.c.name.label("unit")).outerjoin(units, units.c.id == canned_replies.c.unit_id)


async def _known(connection: AsyncConnection, number: int) -> Canned:
    found = _all().where(canned_replies.c.id == number, canned_replies.c.ended_at.is_(None))
    row = (await connection.execute(found)).mappings().one_or_none()
    if row is None:
        raise NotFound("Câu trả lời mẫu này không còn; có thể đồng nghiệp vừa bỏ nó.")
    return _canned(row)


async def _log(connection: AsyncConnection, by: Person, action: str, number: int, values: Mapping[str, Any]) -> None:
    data = {"unit": values["unit_id"], "kind": values["kind"], "digest": audit.digest_of(values["text"])}
    await audit.write(connection, actor=by.name, action=action, subject=f"canned:{number}", data=data)


def _canned(row: RowMapping) -> Canned:
    kind = Kind(row["kind"]) if row["kind"] else None
    return Canned(row["id"], row["title"], row["text"], row["unit_id"], row["unit"], kind, row["actor"], row["at"])
