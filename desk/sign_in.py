"""Signing in: the password, then the code of the second factor; sessions; what shuts an account for a while.

Of a session only a hash of its token is kept. A session of stage `password` reaches the pages of the second factor
and nothing else; with the code it ends and one of stage `full` begins, under another token.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import _attempts, _passwords, second_factor
from desk._attempts import Limits as Limits
from desk._attempts import TooManyAttempts as TooManyAttempts
from desk.sealing import Seal
from desk.staff import Person, known, login_of, note, people, person_of, row_of
from store.engine import Database
from store.errors import MotcuaError
from store.tables import now, sign_in_failures, staff, staff_sessions

Stage = Literal["password", "full"]
NO_LIMITS = Limits()
_HALF_MINUTES = 15
_UNKNOWN = "?"
_WRONG = "Tên đăng nhập hoặc mật khẩu không đúng."
_log = structlog.get_logger(__name__)


class SignInRefused(MotcuaError):
    """Name and password do not belong together, or the account is shut; which of them is never said."""

    code = "sign_in_refused"
    status = 403


@dataclass(frozen=True)
class Session:
    """Somebody who is signed in, or has given the password only (`stage`)."""

    person: Person
    stage: Stage
    created_at: datetime
    expires_at: datetime
    token_hash: str


async def with_password(
    db: Database,
    name: str,
    password: str,
    *,
    hours: float,
    always: bool = True,
    address: str = "",
    limits: Limits = NO_LIMITS,
) -> tuple[Person, str, Stage]:
    """Check a password and open a session.

    An unknown name costs as much work as a known one, so the time tells nobody which names exist.

    Args:
        hours: how long a full session is good for.
        always: whether everybody needs a second factor; else those who have set one up.
        address: where the person is, for the log and to slow down who tries many names.

    Returns:
        The person, the session's token, which is kept nowhere, and the session's stage.

    Raises:
        SignInRefused: wrong name or password, or the account is shut.
        TooManyAttempts: it failed too often.
    """
    login = name.strip().lower()
    attempt = await _attempts.begin(db, login, address, limits)
    async with db.connect() as connection:
        row = await row_of(connection, login)
    right = await _passwords.verify(row["password_hash"] if row else _passwords.nobody(), password)
    if row is None or not right or row["disabled_at"] is not None:
        await _refused(db, login if row else _UNKNOWN, address, attempt.last, limits)
        raise SignInRefused(_WRONG)
    moment = now()
    if row["locked_until"] is not None and row["locked_until"] > moment:
        await _attempts.take_back(db, attempt)
        raise _attempts.too_many((row["locked_until"] - moment) / timedelta(minutes=1))
    stage: Stage = "password" if always or row["totp_step"] is not None else "full"
    rehashed = _passwords.hasher.check_needs_rehash(row["password_hash"])
    renewed = await _passwords.hashed(password) if rehashed else None
    async with db.begin() as connection:
        # Between the check and now the account may have been shut or its password changed.
        fresh = await row_of(connection, login)
        if fresh is None or fresh["disabled_at"] is not None or fresh["password_hash"] != row["password_hash"]:
            raise SignInRefused(_WRONG)
        values: dict[str, object] = {} if renewed is None else {"password_hash": renewed}
        if fresh["totp_step"] is None:
            # A secret that was shown and never confirmed may have been seen by somebody else.
            values["totp_secret"] = None
        if values:
            await connection.execute(update(staff).where(staff.c.id == row["id"]).values(**values))
        await connection.execute(delete(staff_sessions).where(staff_sessions.c.expires_at < moment))
        token = await _open(connection, row["id"], stage, hours)
        if stage == "full":
            await note(connection, login, "signed_in", login, **_from(address))
    await (_attempts.forget if stage == "full" else _attempts.take_back)(db, attempt)
    return person_of(fresh), token, stage


async def with_code(
    db: Database, token: str, code: str, *, seal: Seal, hours: float, address: str = "", limits: Limits = NO_LIMITS
) -> tuple[Person, str]:
    """Check the code of the second factor, or a recovery code, and open the full session.

    Args:
        token: of the session that the password opened.

    Returns:
        The person and the full session's token; the one before is over.

    Raises:
        SignInRefused: there is no such session any more.
        WrongCode: the code is wrong or was used.
        TooManyAttempts: it failed too often.
    """
    held = await of_session(db, token)
    if held is None or held.stage != "password" or not held.person.has_totp:
        raise SignInRefused("Phiên đăng nhập đã hết. Anh/chị nhập lại tên và mật khẩu.")
    login = held.person.name
    attempt = await _attempts.begin(db, login, address, limits)
    async with db.begin() as connection:
        row = (
            (await connection.execute(select(staff).where(staff.c.id == held.person.id).with_for_update()))
            .mappings()
            .one()
        )
        locked = row["locked_until"] is not None and row["locked_until"] > now()
        used = None if locked else await second_factor.use(connection, row, code, seal=seal)
        if used is not None:
            full = await _instead(connection, held, hours, address, by=used)
        elif not locked:
            await _wrong_code(connection, login, row["failures"] + 1, address, limits)
    if used is None:
        _log.warning("second_factor_refused", name=login)
        if locked:
            raise _attempts.too_many((row["locked_until"] - now()) / timedelta(minutes=1))
        raise second_factor.WrongCode(
            "Mã chưa đúng, hoặc đã dùng rồi. Anh/chị đợi ứng dụng hiện mã mới rồi nhập; mất điện thoại thì nhập một mã "
            "dự phòng."
        )
    await _attempts.forget(db, attempt)
    return held.person, full


async def complete(db: Database, token: str, *, hours: float, address: str = "") -> tuple[Person, str]:
    """Open the full session after the second factor was set up with that of the password.

    Raises:
        SignInRefused: there is no such session any more, or the second factor is not set up.
    """
    held = await of_session(db, token)
    if held is None or not held.person.has_totp:
        raise SignInRefused("Phiên đăng nhập đã hết. Anh/chị nhập lại tên và mật khẩu.")
    async with db.begin() as connection:
        full = await _instead(connection, held, hours, address, by="set_up")
    return held.person, full


async def of_session(db: Database, token: str) -> Session | None:
    """The session of a token; None when it is unknown or over, or the account is shut."""
    digest = token_hash(token)
    columns = (staff_sessions.c.stage, staff_sessions.c.created_at.label("begun_at"), staff_sessions.c.expires_at)
    found = (
        people()
        .add_columns(*columns)
        .join(staff_sessions, staff_sessions.c.staff_id == staff.c.id)
        .where(
            staff_sessions.c.token_hash == digest,
            staff_sessions.c.expires_at > now(),
            staff.c.disabled_at.is_(None),
        )
    )
    async with db.connect() as connection:
        row = (await connection.execute(found)).mappings().one_or_none()
    if row is None:
        return None
    # What is neither of the two reaches nothing.
    stage: Stage = "full" if row["stage"] == "full" else "password"
    return Session(person_of(row), stage, row["begun_at"], row["expires_at"], digest)


async def sessions(db: Database, person: Person) -> tuple[Session, ...]:
    """Where somebody is signed in, the newest first."""
    wanted = (
        select(staff_sessions)
        .where(
            staff_sessions.c.staff_id == person.id,
            staff_sessions.c.stage == "full",
            staff_sessions.c.expires_at > now(),
        )
        .order_by(staff_sessions.c.created_at.desc())
    )
    async with db.connect() as connection:
        rows = (await connection.execute(wanted)).all()
    return tuple(Session(person, "full", row.created_at, row.expires_at, row.token_hash) for row in rows)


async def sign_out(db: Database, token: str) -> None:
    """End a session."""
    gone = delete(staff_sessions).where(staff_sessions.c.token_hash == token_hash(token))
    async with db.begin() as connection:
        ended = await connection.scalar(gone.returning(staff_sessions.c.staff_id))
        if ended is not None:
            name = str(await connection.scalar(select(staff.c.name).where(staff.c.id == ended)))
            await note(connection, name, "signed_out", name)


async def sign_out_elsewhere(db: Database, person: Person, token: str) -> int:
    """End every other session of a person; gives how many."""
    others = (staff_sessions.c.staff_id == person.id, staff_sessions.c.token_hash != token_hash(token))
    async with db.begin() as connection:
        ended = (await connection.execute(delete(staff_sessions).where(*others))).rowcount
        await note(connection, person.name, "signed_out_elsewhere", person.name, sessions=ended)
    return ended


async def unlock(db: Database, name: str, *, actor: str) -> Person:
    """Let somebody try again at once who was shut out by failures.

    Raises:
        NotFound: there is no such account.
    """
    login = login_of(name)
    async with db.begin() as connection:
        person = await known(connection, login)
        await connection.execute(update(staff).where(staff.c.id == person.id).values(failures=0, locked_until=None))
        await connection.execute(delete(sign_in_failures).where(sign_in_failures.c.key == _attempts.name_key(login)))
        await note(connection, actor, "unlocked", login)
        return await known(connection, login)


async def is_password(db: Database, person: Person, password: str, *, limits: Limits = NO_LIMITS) -> bool:
    """Whether a password is the person's own; counted like a sign-in.

    Raises:
        TooManyAttempts: it failed too often.
    """
    attempt = await _attempts.begin(db, person.name, "", limits)
    async with db.connect() as connection:
        row = await row_of(connection, person.name)
    right = row is not None and await _passwords.verify(row["password_hash"], password)
    if right:
        await _attempts.take_back(db, attempt)
    return right


def token_hash(token: str) -> str:
    """What a session is kept under."""
    return hashlib.sha256(token.encode()).hexdigest()


async def _open(connection: AsyncConnection, staff_id: int, stage: Stage, hours: float) -> str:
    token = secrets.token_urlsafe(32)
    end = now() + (timedelta(hours=hours) if stage == "full" else timedelta(minutes=_HALF_MINUTES))
    await connection.execute(
        insert(staff_sessions).values(token_hash=token_hash(token), staff_id=staff_id, stage=stage, expires_at=end)
    )
    return token


async def _instead(connection: AsyncConnection, held: Session, hours: float, address: str, *, by: str) -> str:
    """The full session instead of the one that the password opened."""
    gone = await connection.execute(delete(staff_sessions).where(staff_sessions.c.token_hash == held.token_hash))
    if not gone.rowcount:
        raise SignInRefused("Phiên đăng nhập đã hết. Anh/chị nhập lại tên và mật khẩu.")
    await connection.execute(update(staff).where(staff.c.id == held.person.id).values(failures=0, locked_until=None))
    await note(connection, held.person.name, "signed_in", held.person.name, by=by, **_from(address))
    return await _open(connection, held.person.id, "full", hours)


async def _refused(db: Database, login: str, address: str, last: bool, limits: Limits) -> None:
    _log.warning("sign_in_refused", known=login != _UNKNOWN)
    async with db.begin() as connection:
        await note(connection, "system", "sign_in_failed", login, **_from(address))
        if last and login != _UNKNOWN:
            until = now() + timedelta(minutes=limits.minutes)
            await connection.execute(update(staff).where(staff.c.name == login).values(locked_until=until))
            await note(connection, "system", "locked", login, minutes=int(limits.minutes))


async def _wrong_code(connection: AsyncConnection, login: str, failures: int, address: str, limits: Limits) -> None:
    """Who gives wrong codes has the password: each round of failures shuts the account for twice as long."""
    values: dict[str, object] = {"failures": failures}
    await note(connection, "system", "second_factor_failed", login, **_from(address))
    if failures % limits.by_name == 0:
        minutes = limits.minutes * min(limits.factor, 2 ** (failures // limits.by_name - 1))
        values["locked_until"] = now() + timedelta(minutes=minutes)
        await note(connection, "system", "locked", login, minutes=int(minutes))
    await connection.execute(update(staff).where(staff.c.name == login).values(**values))


def _from(address: str) -> dict[str, str]:
    return {"address": address} if address else {}
