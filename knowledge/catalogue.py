"""Versions of the catalogue: imported, built, checked, switched live in one transaction, taken back with one call.

A version is a row of `catalogue_versions` and a folder `home/<id>/`. Which one answers is the one row of
`catalogue_live`; every switch is an entry of `catalogue_events`. Nothing else writes these tables.

States of a version: `building`, `ready` (built and checked), `published` (is or was live), `failed`, `removed`.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge import _versions
from knowledge.importers import canonical, overlay
from knowledge.importers.report import Imported, Report
from knowledge.procedures import Procedure
from knowledge.search import Searcher
from knowledge.settings import KnowledgeSettings
from store.engine import Database
from store.errors import Conflict, Invalid, MotcuaError, NotFound, Unavailable
from store.tables import catalogue_events, catalogue_live, catalogue_versions, now

STARTER = Path(__file__).parent / "starter"
_LIVE = 1
_log = structlog.get_logger(__name__)
Progress = Callable[[str, float], None]


def _silent(_what: str, _share: float) -> None:
    """No progress is shown."""


@dataclass(frozen=True)
class Version:
    """A version as the database knows it."""

    id: str
    state: str
    live: bool
    source: str
    source_sha256: str
    procedures: int
    report: Mapping[str, Any]
    actor: str
    created_at: datetime
    published_at: datetime | None


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


class Catalogue:
    """All versions, and the one that is live.

    Args:
        db: the database.
        home: the folder of the versions' folders; made when first needed.
        settings: the model and its training.
    """

    def __init__(self, db: Database, home: Path, settings: KnowledgeSettings) -> None:
        self._db = db
        self._home = home
        self._settings = settings
        self._current: Snapshot | None = None
        self._looked = float("-inf")
        self._loading = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def import_(
        self, path: Path, *, actor: str, as_of: date | None = None, progress: Progress = _silent
    ) -> Version:
        """Read a file (canonical JSONL, plain or gzipped; our YAML, a file or a folder of them) and build a version.

        Nothing goes live. Raises Invalid for a source that cannot be used, Conflict while another build runs.
        """
        progress("reading", 0.0)
        imported = await asyncio.to_thread(read_source, path, as_of=as_of)
        return await self.build(imported, actor=actor, progress=progress)

    async def build(self, imported: Imported, *, actor: str, progress: Progress = _silent) -> Version:
        """Build a version of imported records and check it.

        Raises:
            Invalid: there are no records, or the built version does not pass its check.
            Conflict: another build is running.
        """
        if not imported.procedures:
            raise Invalid(f"{imported.report.source} holds no procedure that can be taken over; see the report.")
        with self._alone():
            return await self._build(imported, actor, progress)

    async def _build(self, imported: Imported, actor: str, progress: Progress) -> Version:
        await asyncio.to_thread(_versions.remove_unfinished, self._home)
        report = imported.report
        version = f"{now():%Y%m%d-%H%M%S}-{report.sha256[:8] or 'none'}-{secrets.token_hex(2)}"
        async with self._db.begin() as connection:
            # The lock is ours, so whatever still says "building" was interrupted.
            stale = update(catalogue_versions).where(catalogue_versions.c.state == "building")
            await connection.execute(stale.values(state="failed"))
            await connection.execute(
                insert(catalogue_versions).values(
                    id=version,
                    state="building",
                    source=report.source,
                    source_sha256=report.sha256,
                    procedures=len(imported.procedures),
                    report=report.as_json(),
                    actor=actor,
                )
            )
        about = {"source": report.source, "source_sha256": report.sha256, "model": self._settings.model}
        loop = asyncio.get_running_loop()

        def told(what: str, share: float) -> None:
            loop.call_soon_threadsafe(progress, what, share)

        try:
            folder = await asyncio.to_thread(
                _versions.write, self._home, version, imported.procedures, about, self._settings, told
            )
            progress("checking", 1.0)
            await asyncio.to_thread(_versions.check, folder)
        except BaseException:
            await asyncio.shield(self._mark(version, "failed"))
            shutil.rmtree(self._home / version, ignore_errors=True)
            raise
        await self._mark(version, "ready")
        return await self.version(version)

    async def publish(self, version: str, *, actor: str) -> Version:
        """Make a built version the live one, in one transaction with its audit entry.

        Raises:
            NotFound: there is no such version.
            Invalid: it was not built to the end, or its files were changed.
            Conflict: another build or publication is running.
        """
        with self._alone():
            known = await self.version(version)
            if known.state not in {"ready", "published"}:
                raise Invalid(f"Version {version} is {known.state} and cannot go live.")
            await asyncio.to_thread(_versions.check, self._home / version, searches=False)
            await self._switch(version, actor, "published", known.source_sha256)
            await self._prune()
        await self.refresh()
        return await self.version(version)

    async def rollback(self, *, actor: str) -> Version:
        """Make the version that was live before the live one again.

        Raises:
            NotFound: nothing was live before.
            Invalid: the files of that version are gone or changed.
            Conflict: another build or publication is running.
        """
        with self._alone():
            async with self._db.connect() as connection:
                row = (await connection.execute(select(catalogue_live))).mappings().first()
            if row is None or row["previous_id"] is None:
                raise NotFound("No version of the catalogue was live before this one.")
            previous: str = row["previous_id"]
            await asyncio.to_thread(_versions.check, self._home / previous, searches=False)
            known = await self.version(previous)
            await self._switch(previous, actor, "rolled_back", known.source_sha256)
        await self.refresh()
        return await self.version(previous)

    async def list(self) -> tuple[Version, ...]:
        """All versions, the newest first."""
        async with self._db.connect() as connection:
            live = await self._live(connection)
            newest = select(catalogue_versions).order_by(catalogue_versions.c.created_at.desc())
            rows = (await connection.execute(newest)).mappings().all()
        return tuple(_version(row, live) for row in rows)

    async def version(self, version: str) -> Version:
        """One version; raises NotFound."""
        async with self._db.connect() as connection:
            live = await self._live(connection)
            one = select(catalogue_versions).where(catalogue_versions.c.id == version)
            row = (await connection.execute(one)).mappings().first()
        if row is None:
            raise NotFound(f"There is no version {version} of the catalogue.")
        return _version(row, live)

    async def show(self, code: str) -> Procedure:
        """A procedure of the live version; raises NotFound, or Unavailable when nothing is live."""
        snapshot = await self.snapshot()
        try:
            return snapshot.procedures[code]
        except KeyError:
            raise NotFound(f"The live catalogue holds no procedure {code}.") from None

    async def ensure_live(self, *, actor: str = "system", progress: Progress = _silent) -> Version | None:
        """Make sure that what is live can answer with this release of the program.

        Publishes the starter catalogue if nothing is live, or if it is live and the program now ships a newer one;
        indexes what is live anew if another release, or another model, made its index.

        Returns:
            The version published for that, or None when nothing was to be done.
        """
        async with self._db.connect() as connection:
            live = await self._live(connection)
        known = await self.version(live) if live is not None else None
        shipped = await asyncio.to_thread(overlay.checksum, STARTER.glob("*.yml"))
        if known is None or (known.source == STARTER.name and known.source_sha256 != shipped):
            built = await self.import_(STARTER, actor=actor, progress=progress)
        elif await asyncio.to_thread(_versions.is_current, self._home / known.id, self._settings):
            return None
        else:
            procedures = await asyncio.to_thread(_versions.read, self._home / known.id)
            report = Report(known.source, known.source_sha256, total=len(procedures), accepted=len(procedures))
            built = await self.build(Imported(procedures, report), actor=actor, progress=progress)
        return await self.publish(built.id, actor=actor)

    async def snapshot(self) -> Snapshot:
        """The live version, loaded.

        Looks into the database at most every `refresh_s` seconds. A newly published version is loaded in the
        background while the old one goes on answering; the first one is waited for.

        Raises:
            Unavailable: nothing is live, or what is live cannot be loaded.
        """
        if self._current is None:
            await self.refresh()
        elif time.monotonic() - self._looked >= self._settings.refresh_s and (self._task is None or self._task.done()):
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
                live = await self._live(connection)
            if live is None or (self._current is not None and self._current.version == live):
                return
            try:
                self._current = await asyncio.to_thread(_load, self._home / live)
            except (OSError, ValueError) as error:
                raise Unavailable(f"The live version {live} of the catalogue cannot be loaded: {error}") from error

    async def close(self) -> None:
        """Wait for a version that is being loaded in the background; call it before the database is closed."""
        if self._task is not None:
            await self._task

    async def _follow(self) -> None:
        try:
            await self.refresh()
        except (MotcuaError, SQLAlchemyError, OSError) as error:
            # What answers now goes on answering.
            _log.error("catalogue_refresh_failed", error=str(error))

    async def _switch(self, version: str, actor: str, what: str, sha256: str) -> None:
        async with self._db.begin() as connection:
            old = await self._live(connection)
            if old == version:
                return
            values = {"version_id": version, "previous_id": old, "actor": actor, "at": now()}
            if old is None:
                await connection.execute(insert(catalogue_live).values(id=_LIVE, **values))
            else:
                await connection.execute(update(catalogue_live).where(catalogue_live.c.id == _LIVE).values(**values))
            await connection.execute(
                update(catalogue_versions)
                .where(catalogue_versions.c.id == version)
                .values(state="published", published_at=now())
            )
            await connection.execute(
                insert(catalogue_events).values(
                    actor=actor, what=what, version_id=version, data={"before": old, "source_sha256": sha256}
                )
            )

    async def _prune(self) -> None:
        """Take the files of the oldest versions away; their rows stay as a record."""
        async with self._db.connect() as connection:
            row = (await connection.execute(select(catalogue_live))).mappings().one()
        kept = {row["version_id"], row["previous_id"]}
        versions = [v for v in await self.list() if v.state in {"ready", "published"}]
        for version in versions[self._settings.keep_versions :]:
            if version.id not in kept:
                await self._mark(version.id, "removed")
                await asyncio.to_thread(shutil.rmtree, self._home / version.id, ignore_errors=True)

    async def _mark(self, version: str, state: str) -> None:
        async with self._db.begin() as connection:
            one = update(catalogue_versions).where(catalogue_versions.c.id == version)
            await connection.execute(one.values(state=state))

    async def _live(self, connection: AsyncConnection) -> str | None:
        found = await connection.execute(select(catalogue_live.c.version_id).where(catalogue_live.c.id == _LIVE))
        return found.scalar_one_or_none()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock file of the home folder; the system lets go of it when the process dies."""
        self._home.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._home / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict("Another import or publication of the catalogue is running; try again later.") from None
            yield
        finally:
            os.close(handle)


def read_source(path: Path, *, as_of: date | None = None) -> Imported:
    """Read whatever kind of source `path` is.

    National records bring no everyday names: those that the starter catalogue gives to the same codes are added, since
    they are words of citizens and not facts of an authority.

    Raises:
        Invalid: the kind is unknown, or the source cannot be read.
    """
    if path.is_dir():
        return overlay.load(path.glob("*.yml"), starter=path.resolve() == STARTER.resolve(), name=path.name)
    if path.suffix in {".yml", ".yaml"}:
        return overlay.load([path])
    if path.name.endswith((".jsonl", ".jsonl.gz")):
        imported = canonical.load(path, as_of=as_of)
        return Imported(_with_everyday(imported.procedures), imported.report)
    raise Invalid(f"{path.name}: a catalogue is a .jsonl, .jsonl.gz, .yml file or a folder of .yml files.")


def _with_everyday(procedures: Sequence[Procedure]) -> tuple[Procedure, ...]:
    if not STARTER.is_dir():
        return tuple(procedures)
    said = {p.code: p.everyday for p in overlay.load(STARTER.glob("*.yml")).procedures}
    return tuple(
        p.model_copy(update={"everyday": said[p.code]}) if not p.everyday and p.code in said else p for p in procedures
    )


def _load(folder: Path) -> Snapshot:
    return Snapshot(folder.name, _versions.Procedures(folder), Searcher.load(folder))


def _version(row: Mapping[Any, Any], live: str | None) -> Version:
    fields = {name: row[name] for name in catalogue_versions.c.keys()}  # noqa: SIM118
    return Version(live=fields["id"] == live, **fields)
