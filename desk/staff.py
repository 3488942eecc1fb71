"""Staff: who may sign in to the console, with which roles.

Only the functions here change the tables `staff` and `staff_sessions`; each change and each sign-in is an entry of
`staff_events` in the same transaction. Passwords are kept as Argon2id hashes (RFC 9106), sessions as hashes of their
token.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Database
from store.errors import Conflict, Invalid, MotcuaError, NotFound
from store.tables import now, staff, staff_events, staff_sessions

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
_log = structlog.get_logger(__name__)
_hasher = PasswordHasher()
# Each check takes 64 MiB for a moment: a flood of sign-ins waits instead of eating the machine.
_hashing = ThreadPoolExecutor(2, "passwords")


class Role(StrEnum):
    """What a member of staff may do; more come with the desk's queues."""

    catalogue_editor = "catalogue_editor"
    catalogue_approver = "catalogue_approver"
    administrator = "administrator"


class SignInRefused(MotcuaError):
    """Name and password do not belong together, or the account is shut; which of them is never said."""

    code = "sign_in_refused"
    status = 403


@dataclass(frozen=True)
class Person:
    """A member of staff."""

    id: int
    name: str
    roles: frozenset[Role]
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True)
class Event:
    """One entry of the accounts' history: who did what to which account."""

    at: datetime
    actor: str
    what: str
    name: str
    data: Mapping[str, Any]


async def add(db: Database, name: str, password: str, roles: Iterable[str], *, actor: str) -> Person:
    """Make an account.

    Args:
        name: 2 to 40 of a–z, 0–9, point, hyphen, underscore; capitals are taken as small letters.
        password: 12 to 200 characters.
        roles: at least one.
        actor: who makes it.

    Raises:
        Invalid: the name, the password or a role cannot be used.
        Conflict: the name is taken.
    """
    login = _login(name)
    wanted = _roles(roles)
    _check_password(password, login)
    hashed = await _hash(password)
    async with db.begin() as connection:
        if await _row(connection, login) is not None:
            raise Conflict(f"Đã có tài khoản {login}; hãy chọn tên khác.")
        await connection.execute(
            insert(staff).values(name=login, password_hash=hashed, roles=sorted(role.value for role in wanted))
        )
        row = await _row(connection, login)
        assert row is not None
        await _note(connection, actor, "added", login, roles=sorted(wanted))
    return _person(row)


async def set_password(db: Database, name: str, password: str, *, actor: str) -> None:
    """Give an account a new password; every session of it ends.

    Raises:
        NotFound: there is no such account.
        Invalid: the password cannot be used.
    """
    login = _login(name)
    _check_password(password, login)
    hashed = await _hash(password)
    async with db.begin() as connection:
        person = await _known(connection, login)
        await connection.execute(update(staff).where(staff.c.id == person.id).values(password_hash=hashed))
        await connection.execute(delete(staff_sessions).where(staff_sessions.c.staff_id == person.id))
        await _note(connection, actor, "password_set", login)


async def set_roles(db: Database, name: str, roles: Iterable[str], *, actor: str) -> Person:
    """Give an account these roles instead of those it has.

    Raises:
        NotFound: there is no such account.
        Invalid: a role does not exist, or there is none.
        Conflict: nobody would be left who is an administrator.
    """
    login = _login(name)
    wanted = _roles(roles)
    async with db.begin() as connection:
        person = await _known(connection, login)
        if Role.administrator not in wanted:
            await _keep_an_administrator(connection, person)
        await connection.execute(
            update(staff).where(staff.c.id == person.id).values(roles=sorted(role.value for role in wanted))
        )
        changed = await _known(connection, login)
        await _note(connection, actor, "roles_set", login, roles=sorted(wanted), before=sorted(person.roles))
    return changed


async def disable(db: Database, name: str, *, actor: str) -> Person:
    """Shut an account; every session of it ends. Its name stays taken: the history names it.

    Raises:
        NotFound: there is no such account.
        Conflict: nobody would be left who is an administrator.
    """
    login = _login(name)
    async with db.begin() as connection:
        person = await _known(connection, login)
        await _keep_an_administrator(connection, person)
        if person.disabled_at is None:
            await connection.execute(update(staff).where(staff.c.id == person.id).values(disabled_at=now()))
        await connection.execute(delete(staff_sessions).where(staff_sessions.c.staff_id == person.id))
        shut = await _known(connection, login)
        await _note(connection, actor, "disabled", login)
    return shut


async def list_(db: Database) -> tuple[Person, ...]:
    """Every account, by name."""
    async with db.connect() as connection:
        rows = (await connection.execute(select(staff).order_by(staff.c.name))).mappings().all()
    return tuple(_person(row) for row in rows)


async def events(db: Database, *, limit: int = 200) -> tuple[Event, ...]:
    """What happened to accounts, the newest first; at most `limit` entries."""
    newest = select(staff_events).order_by(staff_events.c.id.desc()).limit(limit)
    async with db.connect() as connection:
        rows = (await connection.execute(newest)).mappings().all()
    return tuple(Event(row["at"], row["actor"], row["what"], row["name"], row["data"]) for row in rows)


async def sign_in(db: Database, name: str, password: str, *, hours: float) -> tuple[Person, str]:
    """Check a password and open a session.

    An unknown name costs as much work as a known one, so the time tells nobody which names exist.

    Args:
        hours: how long the session is good for.

    Returns:
        The person and the session's token, which is kept nowhere.

    Raises:
        SignInRefused: wrong name or password, or the account is shut.
    """
    login = name.strip().lower()
    async with db.connect() as connection:
        row = await _row(connection, login)
    right = await _verify(row["password_hash"] if row else _nobody(), password[: LONGEST_PASSWORD + 1])
    if row is None or not right or row["disabled_at"] is not None:
        _log.warning("sign_in_refused", known=row is not None)
        raise SignInRefused("Tên đăng nhập hoặc mật khẩu không đúng.")
    token = secrets.token_urlsafe(32)
    renewed = await _hash(password) if _hasher.check_needs_rehash(row["password_hash"]) else None
    async with db.begin() as connection:
        # Between the check and now the account may have been shut or its password changed.
        fresh = await _row(connection, login)
        if fresh is None or fresh["disabled_at"] is not None or fresh["password_hash"] != row["password_hash"]:
            raise SignInRefused("Tên đăng nhập hoặc mật khẩu không đúng.")
        if renewed is not None:
            await connection.execute(update(staff).where(staff.c.id == row["id"]).values(password_hash=renewed))
        await connection.execute(delete(staff_sessions).where(staff_sessions.c.expires_at < now()))
        await connection.execute(
            insert(staff_sessions).values(
                token_hash=_token_hash(token), staff_id=row["id"], expires_at=now() + timedelta(hours=hours)
            )
        )
        await _note(connection, login, "signed_in", login)
    return _person(row), token


async def of_session(db: Database, token: str) -> Person | None:
    """Who a session belongs to; None when it is unknown or over, or the account is shut."""
    found = (
        select(staff)
        .join(staff_sessions, staff_sessions.c.staff_id == staff.c.id)
        .where(
            staff_sessions.c.token_hash == _token_hash(token),
            staff_sessions.c.expires_at > now(),
            staff.c.disabled_at.is_(None),
        )
    )
    async with db.connect() as connection:
        row = (await connection.execute(found)).mappings().one_or_none()
    return _person(row) if row else None


async def sign_out(db: Database, token: str) -> None:
    """End a session."""
    async with db.begin() as connection:
        await connection.execute(delete(staff_sessions).where(staff_sessions.c.token_hash == _token_hash(token)))


def _login(name: str) -> str:
    login = name.strip().lower()
    if not _NAME.fullmatch(login):
        raise Invalid(
            "Tên đăng nhập gồm 2 đến 40 chữ cái không dấu, chữ số, dấu chấm, gạch nối hoặc gạch dưới, "
            "bắt đầu bằng chữ hoặc số; ví dụ: lan.nguyen"
        )
    return login


def _roles(names: Iterable[str]) -> frozenset[Role]:
    try:
        wanted = frozenset(Role(name) for name in names)
    except ValueError as error:
        raise Invalid(f"Không có vai trò như vậy ({error}); các vai trò: {', '.join(Role)}.") from None
    if not wanted:
        raise Invalid(f"Cần ít nhất một vai trò trong: {', '.join(Role)}.")
    return wanted


def _check_password(password: str, login: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid(f"Mật khẩu cần từ {SHORTEST_PASSWORD} đến {LONGEST_PASSWORD} ký tự.")
    if len(set(password)) < 5 or login in password.lower():
        raise Invalid("Mật khẩu quá dễ đoán: đừng lặp một vài ký tự, đừng chứa tên đăng nhập.")


async def _hash(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_hashing, _hasher.hash, password)


async def _verify(hashed: str, password: str) -> bool:
    def check() -> bool:
        try:
            return _hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    return await asyncio.get_running_loop().run_in_executor(_hashing, check)


@cache
def _nobody() -> str:
    """The hash of a password that nobody has."""
    return _hasher.hash(secrets.token_urlsafe(32))


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def _note(connection: AsyncConnection, actor: str, what: str, name: str, **data: Any) -> None:
    await connection.execute(insert(staff_events).values(actor=actor, what=what, name=name, data=data))


async def _row(connection: AsyncConnection, login: str) -> RowMapping | None:
    return (await connection.execute(select(staff).where(staff.c.name == login))).mappings().one_or_none()


async def _known(connection: AsyncConnection, login: str) -> Person:
    row = await _row(connection, login)
    if row is None:
        raise NotFound(f"Không có tài khoản {login}; xem danh sách bằng: motcua staff list")
    return _person(row)


async def _keep_an_administrator(connection: AsyncConnection, leaving: Person) -> None:
    rows = (await connection.execute(select(staff).where(staff.c.disabled_at.is_(None)))).mappings().all()
    left = [row for row in rows if row["id"] != leaving.id and Role.administrator.value in row["roles"]]
    if Role.administrator in leaving.roles and leaving.disabled_at is None and not left:
        raise Conflict(f"{leaving.name} là quản trị viên duy nhất; hãy cử một quản trị viên khác trước.")


def _person(row: RowMapping) -> Person:
    # A role that a newer release wrote is not known here and gives no right.
    known = frozenset(role for role in Role if role.value in row["roles"])
    return Person(row["id"], row["name"], known, row["created_at"], row["disabled_at"])
