"""Fetching on a schedule, inside the running program.

When a source was fetched last is in the database: a restart neither forgets a fetch that was due nor repeats one, and
of several processes one fetches.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import structlog

from knowledge.catalogue import Catalogue
from knowledge.settings import SyncSettings, SyncSource
from knowledge.sync._pages import Pages
from knowledge.sync.refresh import refresh
from store.engine import Database
from store.errors import Conflict, MotcuaError
from store.tables import now

VIET_NAM = timezone(timedelta(hours=7))
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A fetch that was broken off is taken up again after this time.
RETRY = timedelta(minutes=15)
# Looked at least this often: another process may have fetched meanwhile, and clocks are set.
_LOOK_S = 60.0
_log = structlog.get_logger(__name__)


async def run(catalogue: Catalogue, db: Database, settings: SyncSettings, *, look_s: float = _LOOK_S) -> None:
    """Fetch every source that has a schedule whenever it is due, until cancelled; returns when none has one.

    Args:
        catalogue: gets the versions.
        db: the database.
        settings: the sources.
        look_s: seconds between two looks at what is due.
    """
    sources = [source for source in settings.sources if source.schedule]
    began = now()
    not_before = dict.fromkeys((source.name for source in sources), began)
    while sources:
        for source in sources:
            try:
                if now() >= not_before[source.name] and await is_due(source, db, began):
                    not_before[source.name] = now() + RETRY
                    await _fetch(source, catalogue, db)
            except Exception:
                # Whatever it was, the other sources and the next time are not lost by it.
                _log.exception("catalogue_sync_failed", source=source.name)
        await asyncio.sleep(look_s)


async def is_due(source: SyncSource, db: Database, began: datetime) -> bool:
    """Whether a source with a schedule is to be fetched now.

    Args:
        source: the source.
        db: knows when it was fetched last.
        began: when this program began; a source that was never fetched is due at its first moment after that.
    """
    last = await Pages(db, source).last()
    if last is None:
        return source.schedule.startswith("every") or now() >= due(source.schedule, began)
    return last.state != "done" or now() >= due(source.schedule, last.started_at)


async def _fetch(source: SyncSource, catalogue: Catalogue, db: Database) -> None:
    try:
        outcome = await refresh(source, catalogue, db, actor=f"sync {source.name}")
    except Conflict as error:
        _log.info("catalogue_sync_elsewhere", source=source.name, error=error.message)
    except MotcuaError as error:
        _log.warning("catalogue_sync_failed", source=source.name, error=error.message)
    else:
        _log.info(
            "catalogue_synced",
            source=source.name,
            state=outcome.state,
            version=outcome.version,
            reason=outcome.reason,
            remarks=outcome.report["counts"],
        )


def due(schedule: str, since: datetime) -> datetime:
    """The first moment after `since` at which a schedule (`SyncSource.schedule`, not empty) is due."""
    first, _, rest = schedule.partition(" ")
    if first == "every":
        number, _, unit = rest.partition(" ")
        return since + int(number) * (timedelta(hours=1) if unit == "h" else timedelta(minutes=1))
    hour, minute = map(int, rest.split(":"))
    local = since.astimezone(VIET_NAM)
    at = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    while at <= local or (first != "daily" and at.weekday() != _DAYS.index(first)):
        at += timedelta(days=1)
    return at.astimezone(since.tzinfo)
