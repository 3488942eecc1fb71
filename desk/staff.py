"""Staff: who has an account of the console, with which roles, in which unit.

Only the functions here and in `desk.sign_in` and `desk.second_factor` change the tables `staff` and `staff_sessions`;
each change writes its audit entry in the same transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping, Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import _passwords, audit
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from store.tables import audit as audit_table
from store.tables import now, staff, staff_sessions, units
from store.upsert import insert

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
_SUBJECT = "staff:"


class Role(StrEnum):
    """What a member of staff may do (`desk.access.RIGHTS`)."""

    catalogue_editor = "catalogue_editor"
    catalogue_approver = "catalogue_approver"
    administrator = "administrator"
    officer = "officer"
    supervisor = "supervisor"
    vault = "vault"


@dataclass(frozen=True)
class Person:
    """A member of staff.

    Attributes:
        unit_id: the unit they work for; None: the whole province.
        unit_code: its code (`desk.units`).
        reviewed: whether another person has to approve what they write to citizens.
        has_totp: whether their second factor is set up.
        locked_until: until when wrong codes or passwords keep them out.
    """

    id: int
    name: str
    roles: frozenset[Role]
    created_at: datetime
    disabled_at: datetime | None
    unit_id: int | None = None
    unit_code: str | None = None
    reviewed: bool = False
    has_totp: bool = False
    locked_until: datetime | None = None


@dataclass(frozen=True)
class Event:
    """One entry of the accounts' history: who did what to which account."""

    at: datetime
    actor: str
    what: str
    name: str
    data: Mapping[str, Any]


async def add(
    db: Database,
    name: str,
    password: str,
    roles: Iterable[str],
    *,
    actor: str,
    unit: str | None = None,
    reviewed: bool = False,
) -> Person:
    """Make an account.

    Args:
        name: 2 to 40 of a–z, 0–9, point, hyphen, underscore; capitals are taken as small letters.
        password: 12 to 200 characters.
        roles: at least one.
        actor: who makes it.
        unit: code of the unit they work for; None: the whole province.
        reviewed: whether another person has to approve what they write to citizens.

    Raises:
        Invalid: the name, the password or a role cannot be used.
        NotFound: there is no such unit.
        Conflict: the name is taken.
    """
    login = login_of(name)
    wanted = _roles(roles)
    _passwords.check(password, login)
    hashed = await _passwords.hashed(password)
    async with db.begin() as connection:
        values = {
            "name": login,
            "password_hash": hashed,
            "roles": sorted(role.value for role in wanted),
            "unit_id": await _unit_id(connection, unit),
            "reviewed": reviewed,
            "created_at": now(),
        }
        made = insert(db.dialect, staff).values(**values).on_conflict_do_nothing().returning(staff.c.id)
        if await connection.scalar(made) is None:
            raise Conflict(f"Đã có tài khoản {login}; hãy chọn tên khác.")
        await note(connection, actor, "added", login, roles=sorted(wanted), unit=unit or "", reviewed=reviewed)
        return await known(connection, login)


async def set_password(db: Database, name: str, password: str, *, actor: str, keep_session: str = "") -> None:
    """Give an account a new password; every session of it ends.

    Args:
        keep_session: hash of the one session that goes on (`desk.sign_in.token_hash`).

    Raises:
        NotFound: there is no such account.
        Invalid: the password cannot be used.
    """
    login = login_of(name)
    _passwords.check(password, login)
    hashed = await _passwords.hashed(password)
    async with db.begin() as connection:
        person = await known(connection, login)
        await connection.execute(update(staff).where(staff.c.id == person.id).values(password_hash=hashed))
        await _end_sessions(connection, person, keep_session)
        await note(connection, actor, "password_set", login)


async def set_roles(db: Database, name: str, roles: Iterable[str], *, actor: str) -> Person:
    """Give an account these roles instead of those it has.

    Raises:
        NotFound: there is no such account.
        Invalid: a role does not exist, or there is none.
        Conflict: nobody would be left who is an administrator.
    """
    login = login_of(name)
    wanted = _roles(roles)
    async with db.begin() as connection:
        person = await known(connection, login)
        if Role.administrator not in wanted:
            await _keep_an_administrator(connection, person)
        values = {"roles": sorted(role.value for role in wanted)}
        await connection.execute(update(staff).where(staff.c.id == person.id).values(**values))
        await note(connection, actor, "roles_set", login, roles=sorted(wanted), before=sorted(person.roles))
        return await known(connection, login)


async def set_desk(db: Database, name: str, *, unit: str | None, reviewed: bool, actor: str) -> Person:
    """Say for which unit somebody works, and whether another person approves what they write.

    Args:
        unit: code of the unit; None: the whole province.

    Raises:
        NotFound: there is no such account or unit.
    """
    login = login_of(name)
    async with db.begin() as connection:
        person = await known(connection, login)
        values = {"unit_id": await _unit_id(connection, unit), "reviewed": reviewed}
        await connection.execute(update(staff).where(staff.c.id == person.id).values(**values))
        before = {"unit": person.unit_code or "", "reviewed": person.reviewed}
        await note(connection, actor, "desk_set", login, unit=unit or "", reviewed=reviewed, before=before)
        return await known(connection, login)


async def disable(db: Database, name: str, *, actor: str) -> Person:
    """Shut an account; every session of it ends. Its name stays taken: the history names it.

    Raises:
        NotFound: there is no such account.
        Conflict: nobody would be left who is an administrator.
    """
    login = login_of(name)
    async with db.begin() as connection:
        person = await known(connection, login)
        await _keep_an_administrator(connection, person)
        if person.disabled_at is None:
            await connection.execute(update(staff).where(staff.c.id == person.id).values(disabled_at=now()))
        await _end_sessions(connection, person)
        await note(connection, actor, "disabled", login)
        return await known(connection, login)


async def enable(db: Database, name: str, *, actor: str) -> Person:
    """Open an account again that was shut.

    Raises:
        NotFound: there is no such account.
    """
    login = login_of(name)
    async with db.begin() as connection:
        person = await known(connection, login)
        await connection.execute(update(staff).where(staff.c.id == person.id).values(disabled_at=None))
        await note(connection, actor, "enabled", login)
        return await known(connection, login)


async def get(db: Database, name: str) -> Person:
    """An account.

    Raises:
        NotFound: there is none of that name.
    """
    async with db.connect() as connection:
        return await known(connection, name.strip().lower())


async def list_(db: Database) -> tuple[Person, ...]:
    """Every account, by name."""
    async with db.connect() as connection:
        rows = (await connection.execute(people().order_by(staff.c.name))).mappings().all()
    return tuple(person_of(row) for row in rows)


async def events(db: Database, name: str | None = None, *, limit: int = 200) -> tuple[Event, ...]:
    """What happened to accounts, the newest first; at most `limit` entries.

    Args:
        name: of one account only.
    """
    subject = audit_table.c.subject
    # The range of all subjects that begin so; ";" follows ":".
    about = subject == f"{_SUBJECT}{name}" if name else subject.between(_SUBJECT, "staff;")
    newest = select(audit_table).where(about).order_by(audit_table.c.id.desc()).limit(limit)
    async with db.connect() as connection:
        rows = (await connection.execute(newest)).all()
    return tuple(Event(row.at, row.actor, row.action, row.subject.removeprefix(_SUBJECT), row.data) for row in rows)


def login_of(name: str) -> str:
    """A sign-in name as it is kept.

    Raises:
        Invalid: it cannot be one.
    """
    login = name.strip().lower()
    if not _NAME.fullmatch(login):
        raise Invalid(
            "Tên đăng nhập gồm 2 đến 40 chữ cái không dấu, chữ số, dấu chấm, gạch nối hoặc gạch dưới, "
            "bắt đầu bằng chữ hoặc số; ví dụ: lan.nguyen"
        )
    return login


def people() -> Select[Any]:
    """Accounts with the code of their unit, as `person_of` reads them."""
    return select(staff, units.c.code.label("unit_code")).outerjoin(units, units.c.id == staff.c.unit_id)


async def row_of(connection: AsyncConnection, login: str) -> RowMapping | None:
    """The row of an account; None when there is none, or the name cannot be one."""
    if not _NAME.fullmatch(login):
        return None
    row: RowMapping | None = (await connection.execute(people().where(staff.c.name == login))).mappings().one_or_none()
    return row


async def known(connection: AsyncConnection, login: str) -> Person:
    """An account.

    Raises:
        NotFound: there is none of that name.
    """
    row = await row_of(connection, login)
    if row is None:
        raise NotFound(f"Không có tài khoản {login[:60]}; xem danh sách bằng: motcua staff list")
    return person_of(row)


def person_of(row: RowMapping) -> Person:
    """The person of a row of `people`."""
    return Person(
        id=row["id"],
        name=row["name"],
        # A role that a newer release wrote is not known here and gives no right.
        roles=frozenset(role for role in Role if role.value in row["roles"]),
        created_at=row["created_at"],
        disabled_at=row["disabled_at"],
        unit_id=row["unit_id"],
        unit_code=row["unit_code"],
        reviewed=row["reviewed"],
        has_totp=row["totp_step"] is not None,
        locked_until=row["locked_until"],
    )


async def note(connection: AsyncConnection, actor: str, what: str, login: str, **data: Any) -> None:
    """Write an entry about an account."""
    await audit.write(connection, actor=actor, action=what, subject=f"{_SUBJECT}{login}", data=data)


def _roles(names: Iterable[str]) -> frozenset[Role]:
    try:
        wanted = frozenset(Role(name) for name in names)
    except ValueError as error:
        raise Invalid(f"Không có vai trò như vậy ({error}); các vai trò: {', '.join(Role)}.") from None
    if not wanted:
        raise Invalid(f"Cần ít nhất một vai trò trong: {', '.join(Role)}.")
    return wanted


async def _unit_id(connection: AsyncConnection, code: str | None) -> int | None:
    if not code:
        return None
    found = await connection.scalar(select(units.c.id).where(units.c.code == code, units.c.ended_at.is_(None)))
    if found is None:
        raise NotFound(f"Không có đơn vị {code[:60]}; xem danh sách bằng: motcua unit list")
    return int(found)


async def _end_sessions(connection: AsyncConnection, person: Person, keep: str = "") -> None:
    await connection.execute(
        delete(staff_sessions).where(staff_sessions.c.staff_id == person.id, staff_sessions.c.token_hash != keep)
    )


async def _keep_an_administrator(connection: AsyncConnection, leaving: Person) -> None:
    # Held in one order: two who shut each other's account at the same time do so one after the other.
    open_ones = select(staff).where(staff.c.disabled_at.is_(None)).order_by(staff.c.id).with_for_update()
    rows = (await connection.execute(open_ones)).mappings().all()
    left = [row for row in rows if row["id"] != leaving.id and Role.administrator.value in row["roles"]]
    if Role.administrator in leaving.roles and leaving.disabled_at is None and not left:
        raise Conflict(f"{leaving.name} là quản trị viên duy nhất; hãy cử một quản trị viên khác trước.")
