"""The rows about versions: what the tables hold, and the few ways in which they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.errors import Conflict, NotFound
from store.tables import catalogue_events, catalogue_live, catalogue_versions, now

_LIVE = 1


@dataclass(frozen=True)
class Version:
    """A version as the database knows it.

    Attributes:
        id: its name, and that of its folder; begins with the day it was staged.
        state: staged, approved, rejected, building, ready, published, failed or removed.
        live: whether it answers now.
        source: name of the file, folder or portal it came from.
        source_sha256: checksum of that.
        procedures: how many it holds.
        actor: who staged it.
        created_at: when.
        published_at: when it went live last.
        base_id: the version that was live when it was staged (or approved), with which it was compared.
        diff: how much differs from that one (`knowledge.diff.Diff.counts`).
        approved_by: who approved it, and
        approved_at: when.
        measured: the golden questions with it and with the version live then; empty before it was tested.
        report: what the import said; only `Catalogue.version` fills it.
    """

    id: str
    state: str
    live: bool
    source: str
    source_sha256: str
    procedures: int
    actor: str
    created_at: datetime
    published_at: datetime | None = None
    base_id: str | None = None
    diff: Mapping[str, Any] = field(default_factory=dict)
    approved_by: str | None = None
    approved_at: datetime | None = None
    measured: Mapping[str, Any] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """Something that was done to a version.

    `what` is staged, approved, rejected, built, failed, interrupted, published, rolled_back or removed; `data` says
    why (`why`), from which file (`source`, `source_sha256`), what was live before (`before`).
    """

    at: datetime
    actor: str
    what: str
    version_id: str
    data: Mapping[str, Any]


async def live(connection: AsyncConnection) -> str | None:
    """Id of the version that answers now."""
    found = await connection.execute(select(catalogue_live.c.version_id).where(catalogue_live.c.id == _LIVE))
    return found.scalar_one_or_none()


async def previous(connection: AsyncConnection) -> str | None:
    """Id of the version that was live before."""
    found = await connection.execute(select(catalogue_live.c.previous_id).where(catalogue_live.c.id == _LIVE))
    return found.scalar_one_or_none()


async def all_(connection: AsyncConnection) -> tuple[Version, ...]:
    """Every version, the newest first, without the reports."""
    now_live = await live(connection)
    # A report has thousands of lines and a list shows none of them.
    columns = [column for column in catalogue_versions.c if column.name != "report"]
    newest = select(*columns).order_by(catalogue_versions.c.created_at.desc(), catalogue_versions.c.id.desc())
    return tuple(_version(row, now_live) for row in (await connection.execute(newest)).mappings())


async def one(connection: AsyncConnection, version: str) -> Version:
    """One version, with its report; raises NotFound."""
    now_live = await live(connection)
    found = await connection.execute(select(catalogue_versions).where(catalogue_versions.c.id == version))
    row = found.mappings().first()
    if row is None:
        raise NotFound(f"There is no version {version} of the catalogue; `motcua catalogue list` names them.")
    return _version(row, now_live)


async def add(connection: AsyncConnection, version: Version) -> None:
    """Write a new version."""
    values = {name: getattr(version, name) for name in Version.__dataclass_fields__ if name != "live"}
    await connection.execute(insert(catalogue_versions).values(**values))


async def change(connection: AsyncConnection, version: str, allowed: Sequence[str], **values: Any) -> None:
    """Change a version that is in one of the allowed states.

    Raises:
        Conflict: it is in another one by now.
    """
    which = update(catalogue_versions).where(
        catalogue_versions.c.id == version, catalogue_versions.c.state.in_(allowed)
    )
    if (await connection.execute(which.values(**values))).rowcount != 1:
        raise Conflict(f"Version {version} is no longer {' or '.join(allowed)}; look at it again.")


async def note(connection: AsyncConnection, actor: str, what: str, version: str, **data: Any) -> None:
    """Write into the history."""
    kept = {name: value for name, value in data.items() if value is not None and value != ""}
    await connection.execute(
        insert(catalogue_events).values(actor=actor, what=what, version_id=version, data=kept, at=now())
    )


async def events(connection: AsyncConnection, limit: int) -> tuple[Event, ...]:
    """The history, the newest first."""
    newest = select(catalogue_events).order_by(catalogue_events.c.id.desc()).limit(limit)
    rows = (await connection.execute(newest)).mappings()
    return tuple(Event(row["at"], row["actor"], row["what"], row["version_id"], row["data"]) for row in rows)


async def switch(connection: AsyncConnection, version: str, actor: str) -> str | None:
    """Let another version answer; gives the one that did before."""
    old = await live(connection)
    values = {"version_id": version, "previous_id": old, "actor": actor, "at": now()}
    if old is None:
        await connection.execute(insert(catalogue_live).values(id=_LIVE, **values))
    else:
        await connection.execute(update(catalogue_live).where(catalogue_live.c.id == _LIVE).values(**values))
    one_ = update(catalogue_versions).where(catalogue_versions.c.id == version)
    await connection.execute(one_.values(state="published", published_at=now()))
    return old


async def recover(connection: AsyncConnection) -> None:
    """Put back what an interrupted build left, so that it can be built again.

    Only for who holds the lock: then nobody else is building.
    """
    building = select(catalogue_versions.c.id, catalogue_versions.c.approved_by, catalogue_versions.c.actor)
    rows = (await connection.execute(building.where(catalogue_versions.c.state == "building"))).mappings().all()
    for row in rows:
        await change(connection, row["id"], ["building"], state="approved" if row["approved_by"] else "staged")
        await note(connection, row["actor"], "interrupted", row["id"])


def _version(row: Mapping[Any, Any], now_live: str | None) -> Version:
    held = {name: row[name] for name in Version.__dataclass_fields__ if name in row}
    return Version(live=held["id"] == now_live, **{name: value for name, value in held.items() if value is not None})
