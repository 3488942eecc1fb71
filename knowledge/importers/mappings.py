"""Column mappings that an admin confirmed, remembered for every later file with the same headings."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from knowledge.importers.table import ColumnMapping, fingerprint
from store.engine import Database
from store.tables import column_mappings, now


async def remember(db: Database, mapping: ColumnMapping, *, actor: str) -> None:
    """Keep a confirmed mapping; one of the same headings is replaced."""
    async with db.begin() as connection:
        of_these = column_mappings.c.headings == mapping.fingerprint
        await connection.execute(delete(column_mappings).where(of_these))
        await connection.execute(
            insert(column_mappings).values(
                headings=mapping.fingerprint, mapping=mapping.as_json(), actor=actor, at=now()
            )
        )


async def recall(db: Database, headings: Sequence[str]) -> ColumnMapping | None:
    """The mapping confirmed for these headings, or None."""
    wanted = select(column_mappings.c.mapping).where(column_mappings.c.headings == fingerprint(tuple(headings)))
    async with db.connect() as connection:
        found = (await connection.execute(wanted)).scalar_one_or_none()
    return None if found is None else ColumnMapping.from_json(found)


async def forget(db: Database, headings: Sequence[str]) -> bool:
    """Drop the mapping of these headings; says whether there was one."""
    gone = delete(column_mappings).where(column_mappings.c.headings == fingerprint(tuple(headings)))
    async with db.begin() as connection:
        return (await connection.execute(gone)).rowcount > 0
