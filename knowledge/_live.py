"""The version that answers, held in memory, and exchanged for the next one without an answer noticing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from knowledge import _version_rows, _versions
from knowledge.procedures import Procedure
from knowledge.search import Searcher
from store.engine import Database
from store.errors import MotcuaError, Unavailable

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """One version, loaded; an answer uses one snapshot from beginning to end."""

    version: str
    procedures: Mapping[str, Procedure]
    searcher: Searcher

    @property
    def day(self) -> date:
        """The day its data were taken in."""
        return date.fromisoformat(f"{self.version[:4]}-{self.version[4:6]}-{self.version[6:8]}")


class Live:
    """Follows which version is live.

    Args:
        db: the database.
        home: the folder of the versions' folders.
        refresh_s: how often, at most, the database is asked which version is live.
    """

    def __init__(self, db: Database, home: Path, refresh_s: float) -> None:
        self._db = db
        self._home = home
        self._refresh_s = refresh_s
        self._current: Snapshot | None = None
        self._looked = float("-inf")
        self._loading = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def snapshot(self) -> Snapshot:
        """The live version; see `Catalogue.snapshot`."""
        if self._current is None:
            await self.refresh()
        elif time.monotonic() - self._looked >= self._refresh_s and (self._task is None or self._task.done()):
            self._looked = time.monotonic()
            self._task = asyncio.create_task(self._follow())
        if self._current is None:
            raise Unavailable("No catalogue is live yet; run `motcua catalogue import FILE`.")
        return self._current

    async def refresh(self) -> None:
        """Load the live version now, if it is another one than that in use."""
        async with self._loading:
            self._looked = time.monotonic()
            async with self._db.connect() as connection:
                live = await _version_rows.live(connection)
            if live is None or (self._current is not None and self._current.version == live):
                return
            try:
                self._current = await asyncio.to_thread(_load, self._home / live)
            except (OSError, ValueError) as error:
                raise Unavailable(f"The live version {live} of the catalogue cannot be loaded: {error}") from error

    async def close(self) -> None:
        """Wait for a version that is being loaded in the background."""
        if self._task is not None:
            await self._task

    async def _follow(self) -> None:
        try:
            await self.refresh()
        except (MotcuaError, SQLAlchemyError, OSError) as error:
            # What answers now goes on answering.
            _log.error("catalogue_refresh_failed", error=str(error))


def _load(folder: Path) -> Snapshot:
    return Snapshot(folder.name, _versions.Procedures(folder), Searcher.load(folder))
