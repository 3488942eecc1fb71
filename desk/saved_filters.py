"""Filters of the queues that a member of staff keeps under a name, for themselves."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select

from desk.staff import Person
from store.engine import Database
from store.errors import Invalid
from store.tables import saved_filters

MOST = 20
LONGEST_NAME = 60
_LONGEST_QUERY = 1_000


@dataclass(frozen=True)
class Saved:
    """A filter under its name; `query` is that of the queue's address."""

    id: int
    name: str
    query: str


async def of(db: Database, by: Person) -> tuple[Saved, ...]:
    """What this person keeps, in the order of saving."""
    wanted = select(saved_filters).where(saved_filters.c.staff_id == by.id).order_by(saved_filters.c.id)
    async with db.connect() as connection:
        rows = (await connection.execute(wanted)).all()
    return tuple(Saved(row.id, row.name, row.query) for row in rows)


async def save(db: Database, by: Person, name: str, query: str) -> None:
    """Keep a filter; one of the same name is replaced.

    Raises:
        Invalid: the name is empty or too long, or there are too many.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(f"Anh/chị đặt tên cho bộ lọc, nhiều nhất {LONGEST_NAME} ký tự.")
    if len(query) > _LONGEST_QUERY:
        raise Invalid("Bộ lọc này dài quá; anh/chị bớt điều kiện đi.")
    mine = saved_filters.c.staff_id == by.id
    async with db.begin() as connection:
        await connection.execute(delete(saved_filters).where(mine, saved_filters.c.name == name))
        many = await connection.scalar(select(func.count()).select_from(saved_filters).where(mine))
        if (many or 0) >= MOST:
            raise Invalid(f"Anh/chị đã lưu {MOST} bộ lọc; hãy bỏ bớt một cái.")
        await connection.execute(insert(saved_filters).values(staff_id=by.id, name=name, query=query))


async def remove(db: Database, by: Person, number: int) -> None:
    """Forget a filter of this person; one that is not there is forgotten already."""
    async with db.begin() as connection:
        await connection.execute(
            delete(saved_filters).where(saved_filters.c.staff_id == by.id, saved_filters.c.id == number)
        )
