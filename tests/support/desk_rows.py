"""Cases, units and staff put straight into a database, for tests of what reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from sqlalchemy import insert

from desk.search import folded
from desk.staff import Person, Role
from store.engine import Database
from store.tables import cases, now, staff, units

MOMENT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
"""A Friday, 9 o'clock in Viet Nam."""
_numbers = count(1)


async def add_unit(db: Database, code: str) -> int:
    """A unit; gives its number."""
    async with db.begin() as connection:
        made = await connection.execute(insert(units).values(code=code, name=f"Đơn vị {code}").returning(units.c.id))
        return int(made.scalar_one())


async def add_person(db: Database, name: str, *roles: Role, unit: int | None = None) -> Person:
    """A member of staff who never signs in."""
    values = {"name": name, "password_hash": "none", "roles": [role.value for role in roles], "unit_id": unit}
    async with db.begin() as connection:
        number = (await connection.execute(insert(staff).values(**values).returning(staff.c.id))).scalar_one()
    return Person(id=int(number), name=name, roles=frozenset(roles), created_at=now(), disabled_at=None, unit_id=unit)


async def add_case(db: Database, **values: Any) -> int:
    """A case with these columns, feedback that was just received without them; gives its number."""
    number = next(_numbers)
    row = {
        "code": f"MC-X{number}",
        "idempotency_key": f"row-{number}",
        "kind": "feedback",
        "state": "received",
        "subject": "Đèn đường hỏng",
        "text": "Đèn đường trước chợ hỏng đã một tuần",
        "created_at": MOMENT,
        "changed_at": MOMENT,
        **values,
    }
    row.setdefault("folded", folded(row["subject"], row["text"], row.get("place_text")))
    async with db.begin() as connection:
        made = await connection.execute(insert(cases).values(**row).returning(cases.c.id))
        return int(made.scalar_one())
