"""The second factor: six digits of an authenticator app (TOTP, RFC 6238), recovery codes for a lost phone.

The secret is sealed in the database, recovery codes are kept as hashes only. A secret counts once a first code has
shown that the app has it: until then `totp_step` is empty.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp
import segno
from sqlalchemy import RowMapping, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.sealing import Seal
from desk.staff import Person, known, login_of, note
from store.engine import Database
from store.errors import Conflict, Invalid, MotcuaError
from store.tables import now, staff, staff_sessions

ISSUER = "Một cửa"
_STEP_S = 30
# A phone's clock may be off by one step (RFC 6238, 5.2).
_DRIFT = 1
_RECOVERY_CODES = 8
_RECOVERY_LENGTH = 16
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


class WrongCode(MotcuaError):
    """The code is not the one that the app shows now, or was used already."""

    code = "wrong_code"
    status = 403


def uri(name: str, secret: str) -> str:
    """What the QR code tells an authenticator app."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER))


def picture(name: str, secret: str) -> str:
    """The QR code as a `data:` address of an SVG."""
    return str(segno.make(uri(name, secret), error="m").svg_data_uri(scale=5, border=3, light="#fff"))


def grouped(text: str) -> str:
    """A secret or recovery code as people type it: in groups of four."""
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def step_of(secret: str, code: str, moment: datetime, *, after: int | None) -> int | None:
    """The time step whose code this is.

    Args:
        code: as typed; blanks do not matter.
        after: the last step that was used: only later ones count.

    Returns:
        None when it is the code of no step that counts.
    """
    digits = "".join(code.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    totp, present = pyotp.TOTP(secret), int(moment.timestamp()) // _STEP_S
    for step in range(present - _DRIFT, present + _DRIFT + 1):
        right = hmac.compare_digest(str(totp.at(step * _STEP_S)), digits)
        if right and (after is None or step > after):
            return step
    return None


async def begin(db: Database, person: Person, *, seal: Seal) -> str:
    """The secret that an app is to be given; the same until it is confirmed.

    Raises:
        Conflict: the second factor is set up already.
    """
    async with db.begin() as connection:
        row = await _row(connection, person.id)
        if row["totp_step"] is not None:
            raise Conflict("Tài khoản này đã có ứng dụng tạo mã.")
        if row["totp_secret"]:
            return seal.open(row["totp_secret"])
        secret = str(pyotp.random_base32())
        await connection.execute(update(staff).where(staff.c.id == person.id).values(totp_secret=seal.close(secret)))
    return secret


async def confirm(db: Database, person: Person, code: str, *, seal: Seal) -> tuple[str, ...]:
    """Set the second factor up: the code shows that the app has the secret.

    Returns:
        The recovery codes; they are shown once and kept nowhere.

    Raises:
        WrongCode: the code is wrong; nothing changes.
        Conflict: it is set up already, or was not begun.
    """
    codes = _new_codes()
    async with db.begin() as connection:
        row = await _row(connection, person.id)
        if row["totp_step"] is not None or not row["totp_secret"]:
            raise Conflict("Trang này đã cũ. Anh/chị đăng nhập lại rồi làm tiếp.")
        step = step_of(seal.open(row["totp_secret"]), code, now(), after=None)
        if step is None:
            raise WrongCode(
                "Mã chưa đúng. Anh/chị nhập 6 chữ số mà ứng dụng đang hiện; đồng hồ điện thoại cần đúng giờ."
            )
        values = {"totp_step": step, "recovery_hashes": [_hash(one) for one in codes]}
        await connection.execute(update(staff).where(staff.c.id == person.id).values(**values))
        await note(connection, person.name, "second_factor_set", person.name)
    return tuple(grouped(one) for one in codes)


async def use(connection: AsyncConnection, row: RowMapping, code: str, *, seal: Seal) -> str | None:
    """Use a code, in the caller's write transaction: it serves once.

    Args:
        row: the account's row, read for update.

    Returns:
        `code` or `recovery`, whichever it was; None when it is wrong or was used.
    """
    if row["totp_step"] is None:
        # It was reset while the code was on its way.
        return None
    mine = staff.c.id == row["id"]
    step = step_of(seal.open(row["totp_secret"]), code, now(), after=row["totp_step"])
    if step is not None:
        await connection.execute(update(staff).where(mine).values(totp_step=step))
        return "code"
    given = _hash("".join(sign for sign in code.upper() if sign in _ALPHABET))
    kept = list(row["recovery_hashes"] or [])
    left = [one for one in kept if not hmac.compare_digest(one, given)]
    if len(left) == len(kept):
        return None
    await connection.execute(update(staff).where(mine).values(recovery_hashes=left))
    return "recovery"


async def new_recovery_codes(db: Database, person: Person, code: str, *, seal: Seal) -> tuple[str, ...]:
    """Other recovery codes instead of those there are; shown once.

    Args:
        code: a code of the app, which shows that it is the person.

    Raises:
        WrongCode: the code is wrong; the old recovery codes stay.
        Invalid: the second factor is not set up.
    """
    codes = _new_codes()
    async with db.begin() as connection:
        row = await _row(connection, person.id)
        if row["totp_step"] is None:
            raise Invalid("Tài khoản này chưa có ứng dụng tạo mã.")
        step = step_of(seal.open(row["totp_secret"]), code, now(), after=row["totp_step"])
        if step is None:
            raise WrongCode("Mã chưa đúng, hoặc đã dùng rồi. Anh/chị đợi ứng dụng hiện mã mới rồi nhập.")
        values = {"totp_step": step, "recovery_hashes": [_hash(one) for one in codes]}
        await connection.execute(update(staff).where(staff.c.id == person.id).values(**values))
        await note(connection, person.name, "recovery_codes_renewed", person.name)
    return tuple(grouped(one) for one in codes)


async def recovery_left(db: Database, person: Person) -> int:
    """How many recovery codes have not been used."""
    async with db.connect() as connection:
        kept = await connection.scalar(select(staff.c.recovery_hashes).where(staff.c.id == person.id))
    return len(kept or [])


async def reset(db: Database, name: str, *, actor: str) -> Person:
    """Take an account's second factor away, for a lost phone: it is set up anew at the next sign-in.

    Every session of it ends.

    Raises:
        NotFound: there is no such account.
    """
    login = login_of(name)
    async with db.begin() as connection:
        person = await known(connection, login)
        values = {"totp_secret": None, "totp_step": None, "recovery_hashes": None}
        await connection.execute(update(staff).where(staff.c.id == person.id).values(**values))
        await connection.execute(delete(staff_sessions).where(staff_sessions.c.staff_id == person.id))
        await note(connection, actor, "second_factor_reset", login)
        return await known(connection, login)


async def _row(connection: AsyncConnection, person_id: int) -> RowMapping:
    wanted = select(staff).where(staff.c.id == person_id).with_for_update()
    return (await connection.execute(wanted)).mappings().one()


def _new_codes() -> tuple[str, ...]:
    return tuple("".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_LENGTH)) for _ in range(_RECOVERY_CODES))


def _hash(code: str) -> str:
    # 79 random bits: nothing to guess, so no slow hash is needed.
    return hashlib.sha256(code.encode()).hexdigest()
