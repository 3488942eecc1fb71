"""How often a sign-in may fail: counted in the database, so that a restart forgets nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, insert, select

from store.engine import Database
from store.errors import MotcuaError
from store.tables import audit_head, now, sign_in_failures

_SWEEP_EVERY = 50


@dataclass(frozen=True)
class Limits:
    """How many failures are allowed, and how long one that was too many shuts the way.

    Attributes:
        by_name: for one name, whether it exists or not.
        by_address: from one address.
        minutes: within which they are counted, and for which the way is shut.
        factor: the most times that `minutes` grows to while wrong codes go on.
    """

    by_name: int = 8
    by_address: int = 60
    minutes: float = 15.0
    factor: int = 96


class TooManyAttempts(MotcuaError):
    """Signing in failed too often; it is shut for a while."""

    code = "too_many_attempts"
    status = 429


@dataclass(frozen=True)
class Attempt:
    """An attempt that was counted as a failure before its outcome is known.

    Attributes:
        rows: what was counted.
        name_key: what failures of the name are counted under.
        last: whether one more failure shuts the name: this one, when it fails.
    """

    rows: tuple[int, ...]
    name_key: str
    last: bool


def name_key(name: str) -> str:
    """What failures of a name are counted under; hashed, since people type passwords into the wrong field."""
    return f"name:{hashlib.sha256(name.encode()).hexdigest()}"


def too_many(minutes: float) -> TooManyAttempts:
    """What is said to who has to wait."""
    return TooManyAttempts(f"Sai quá nhiều lần. Anh/chị thử lại sau {int(minutes) + 1} phút.")


async def begin(db: Database, name: str, address: str, limits: Limits) -> Attempt:
    """Count an attempt before it is checked, so that attempts made at the same time count as well.

    Raises:
        TooManyAttempts: there were too many; this one is not counted.
    """
    moment, window = now(), timedelta(minutes=limits.minutes)
    key = name_key(name)
    counted = [(key, limits.by_name)]
    if address:
        counted.append((f"address:{address[:60]}", limits.by_address))
    table = sign_in_failures
    async with db.begin() as connection:
        # One after the other: two who come at once must not both be the last that is allowed.
        await connection.execute(select(audit_head.c.id).where(audit_head.c.id == 1).with_for_update())
        last = False
        for held, limit in counted:
            seen = (
                await connection.execute(
                    select(func.count().label("n"), func.max(table.c.at).label("newest")).where(
                        table.c.key == held, table.c.at > moment - window
                    )
                )
            ).one()
            if seen.n >= limit:
                raise too_many(max(0.0, (seen.newest + window - moment) / timedelta(minutes=1)))
            last = last or (held == key and seen.n + 1 >= limit)
        rows = [
            int(
                (await connection.execute(insert(table).values(key=held, at=moment).returning(table.c.id))).scalar_one()
            )
            for held, _ in counted
        ]
        if rows[0] % _SWEEP_EVERY == 0:
            await connection.execute(delete(table).where(table.c.at <= moment - window))
    return Attempt(tuple(rows), key, last)


async def take_back(db: Database, attempt: Attempt) -> None:
    """The attempt was right: it does not count."""
    await _delete(db, attempt.rows)


async def forget(db: Database, attempt: Attempt) -> None:
    """Somebody is in: neither this attempt nor the failures of the name count any more."""
    await _delete(db, attempt.rows, attempt.name_key)


async def _delete(db: Database, rows: Sequence[int], key: str | None = None) -> None:
    async with db.begin() as connection:
        await connection.execute(delete(sign_in_failures).where(sign_in_failures.c.id.in_(rows)))
        if key is not None:
            await connection.execute(delete(sign_in_failures).where(sign_in_failures.c.key == key))
