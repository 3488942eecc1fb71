"""Who has a case open at the moment, so that two colleagues do not answer at once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Database
from store.tables import case_presence, now, staff
from store.upsert import insert

HELD = timedelta(seconds=60)
"""How long an open page counts without another sign of life."""


async def here(db: Database, case_id: int, staff_id: int) -> None:
    """Note that somebody has a case open; to be repeated while they do."""
    until = now() + HELD
    async with db.begin() as connection:
        statement = insert(connection.dialect.name, case_presence)
        statement = statement.values(case_id=case_id, staff_id=staff_id, until=until)
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["case_id", "staff_id"], set_={"until": until})
        )


async def gone(db: Database, case_id: int, staff_id: int) -> None:
    """Note that somebody has left a case, and forget who left others without a word."""
    async with db.begin() as connection:
        await connection.execute(
            delete(case_presence).where(
                case_presence.c.case_id == case_id,
                (case_presence.c.staff_id == staff_id) | (case_presence.c.until < now()),
            )
        )


async def others(source: Database | AsyncConnection, case_id: int, staff_id: int) -> tuple[str, ...]:
    """Names of the colleagues who have a case open, without one's own."""
    if isinstance(source, Database):
        async with source.connect() as connection:
            return await others(connection, case_id, staff_id)
    wanted = (
        select(staff.c.name)
        .join(case_presence, case_presence.c.staff_id == staff.c.id)
        .where(case_presence.c.case_id == case_id, case_presence.c.staff_id != staff_id, case_presence.c.until > now())
        .order_by(staff.c.name)
    )
    return tuple((await source.scalars(wanted)).all())
