"""Versions of the catalogue: staged, compared, approved, built, switched live in one transaction, taken back.

A version is a row of `catalogue_versions` and a folder `home/<id>/`. Which one answers is the one row of
`catalogue_live`; all that is done is an entry of `catalogue_events`, written in the same transaction. Nothing else
writes these tables.

States of a version: `staged` (read, compared with what was live), `approved`, `rejected`, `building`, `ready` (built
and checked), `published` (is or was live), `failed` (its build did not end well; it can be tried again), `removed` (its
index was taken away to save room; its records stay, and publishing builds it anew).

Reading, building and testing run in a process of their own (`knowledge._build_process`), so the one that calls goes on
serving; killing either leaves what was live, or what goes live, whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from knowledge import _version_rows, _versions, diff
from knowledge._live import Live
from knowledge._live import Snapshot as Snapshot
from knowledge._source import STARTER as STARTER
from knowledge._source import read_source as read_source
from knowledge._version_rows import Event as Event
from knowledge._version_rows import Version as Version
from knowledge._workshop import WAITING, Workshop
from knowledge.diff import Diff
from knowledge.importers import overlay
from knowledge.importers.report import Imported, Report
from knowledge.importers.table import ColumnMapping
from knowledge.procedures import Procedure
from knowledge.settings import KnowledgeSettings
from store.engine import Database
from store.errors import Conflict, NotFound
from store.tables import now

Progress = Callable[[str, float], None]


def _silent(_what: str, _share: float) -> None:
    """No progress is shown."""


class Catalogue:
    """All versions, and the one that is live.

    Args:
        db: the database.
        home: the folder of the versions' folders; made when first needed.
        settings: the model and its training; who may publish.
    """

    def __init__(self, db: Database, home: Path, settings: KnowledgeSettings) -> None:
        self._db = db
        self._home = home
        self._settings = settings
        self._live = Live(db, home, settings.refresh_s)
        self._workshop = Workshop(db, home, settings)

    async def stage(
        self,
        path: Path,
        *,
        actor: str,
        as_of: date | None = None,
        mapping: ColumnMapping | None = None,
        keep: bool = False,
        why: str = "",
        progress: Progress = _silent,
    ) -> Version:
        """Read a source and keep its records as a new version, compared with what is live. Nothing goes live.

        Args:
            path: a file or folder of any known format (`knowledge.importers`).
            actor: who does it.
            as_of: the day the data describe.
            mapping: which column means what, for a table; the remembered one when not given.
            keep: the live procedures stay too, and those in both are merged by the rule that the report shows.
            why: a reason for the history.
            progress: told each step and its share.

        Raises:
            Invalid: the source cannot be used, or holds no procedure that can be taken over.
        """
        place = await asyncio.to_thread(path.resolve)
        wanted = {
            "path": str(place),
            "as_of": as_of.isoformat() if as_of else None,
            "mapping": mapping.as_json() if mapping else None,
            "keep": keep,
        }
        return await self._workshop.stage(path.name, actor, why, progress, source=wanted)

    async def stage_records(
        self, imported: Imported, *, actor: str, why: str = "", progress: Progress = _silent
    ) -> Version:
        """The same for records that are here already: a portal's, or the live ones with a change.

        The province's layer and the vocabulary are those of this moment.

        Raises:
            Invalid: there are no records, or two with the same code.
        """
        return await self._workshop.stage(imported.report.source, actor, why, progress, imported=imported)

    async def stage_again(self, *, actor: str, why: str = "", progress: Progress = _silent) -> Version:
        """Stage the live records once more, with the province's layer and the vocabulary as they are now.

        Raises:
            NotFound: nothing is live.
        """
        known = await self._workshop.live()
        if known is None:
            raise NotFound("No catalogue is live; import one first.")
        return await self.stage_records(await self._imported(known), actor=actor, why=why, progress=progress)

    async def diff(self, version: str, *, against: str | None = None) -> Diff:
        """What a version changes, field by field; fee, time and place first.

        Args:
            version: its id.
            against: the version to compare with. When not given: for one that has been live, the version that was live
                before it was staged; for any other the one that is live now.

        Raises:
            NotFound: there is no such version, or its records are gone.
        """
        known = await self.version(version)
        async with self._db.connect() as connection:
            live = await _version_rows.live(connection)
        base = against or (known.base_id if known.published_at else live)
        if base is not None:
            await self.version(base)
        return await asyncio.to_thread(self._compare, version, base)

    async def approve(self, version: str, *, actor: str, why: str = "") -> Version:
        """Confirm a version, and with it the comparison with what is live now.

        Raises:
            NotFound: there is no such version.
            Conflict: it is not waiting for approval, or two persons are needed and this one staged it.
        """
        known = await self.version(version)
        if self._settings.two_persons and actor == known.actor:
            raise Conflict(f"{actor} staged version {version}; another person has to approve it.")
        if known.published_at is not None or known.state not in WAITING:
            raise Conflict(f"Version {version} is {known.state} and is not waiting for approval.")
        difference = await self.diff(version)
        await asyncio.to_thread(_versions.write_diff, self._home / version, difference.as_json())
        async with self._db.begin() as connection:
            state = "ready" if known.state == "ready" else "approved"
            values = {"state": state, "approved_by": actor, "approved_at": now(), "base_id": difference.base}
            await _version_rows.change(connection, version, [known.state], **values, diff=difference.counts())
            await _version_rows.note(connection, actor, "approved", version, why=why, before=difference.base)
        return await self.version(version)

    async def reject(self, version: str, *, actor: str, reason: str) -> Version:
        """Decide that a version never goes live; its records stay to be looked at.

        Raises:
            NotFound: there is no such version.
            Conflict: it is or was live, or is being built.
        """
        known = await self.version(version)
        if known.published_at is not None or known.state not in WAITING:
            raise Conflict(f"Version {version} is {known.state} and cannot be rejected.")
        async with self._db.begin() as connection:
            await _version_rows.change(connection, version, [known.state], state="rejected")
            await _version_rows.note(connection, actor, "rejected", version, why=reason)
        await asyncio.to_thread(_versions.strip, self._home / version)
        return await self.version(version)

    async def import_(
        self,
        path: Path,
        *,
        actor: str,
        as_of: date | None = None,
        mapping: ColumnMapping | None = None,
        progress: Progress = _silent,
    ) -> Version:
        """Stage a source and build it; nothing goes live. Raises what `stage` and `build` raise."""
        staged = await self.stage(path, actor=actor, as_of=as_of, mapping=mapping, progress=progress)
        return await self.build(staged.id, actor=actor, progress=progress)

    async def build(self, version: str, *, actor: str, progress: Progress = _silent) -> Version:
        """Train, index and check a staged version, without letting it answer.

        Raises:
            NotFound: there is no such version.
            Invalid: the built version does not pass its check.
            Conflict: it was rejected or is built already, or another build or publication is running.
        """
        async with self._workshop.alone() as lock:
            await self._workshop.build(await self.version(version), actor, progress, lock)
        return await self.version(version)

    async def publish(
        self, version: str, *, actor: str, why: str = "", progress: Progress = _silent, force: bool = False
    ) -> Version:
        """Make a version the live one: build it if it is not, ask the golden questions, switch in one transaction.

        Args:
            version: its id.
            actor: who does it.
            why: a reason for the history.
            progress: told each step and its share.
            force: let it go live although the golden questions are answered worse.

        Raises:
            NotFound: there is no such version.
            Invalid: its build does not pass its check, its files were changed, or the golden questions got worse.
            Conflict: it was rejected, waits for a second person, was compared with another version than the one that is
                live now, or another build or publication is running.
        """
        async with self._workshop.alone() as lock:
            known = await self.version(version)
            live = await self._workshop.live()
            if known.published_at is None:
                if self._settings.two_persons and known.approved_by is None:
                    raise Conflict(f"Version {version} waits for the approval of a second person.")
                if known.base_id != (live.id if live else None):
                    raise Conflict(
                        f"Another version went live since {version} was compared with what was live. Look at the "
                        "comparison again and approve it, then publish."
                    )
            await self._workshop.go_live(known, actor, progress, lock, why=why, force=force)
        await self.refresh()
        return await self.version(version)

    async def rollback(self, *, actor: str, why: str = "") -> Version:
        """Make the version that was live before the live one again.

        Raises:
            NotFound: nothing was live before.
            Invalid: the files of that version are gone or changed.
            Conflict: another build or publication is running.
        """
        async with self._workshop.alone():
            async with self._db.connect() as connection:
                previous = await _version_rows.previous(connection)
            if previous is None:
                raise NotFound("No version of the catalogue was live before this one.")
            await asyncio.to_thread(_versions.check, self._home / previous)
            await self._workshop.switch(await self.version(previous), actor, "rolled_back", why=why)
        await self.refresh()
        return await self.version(previous)

    async def list(self) -> tuple[Version, ...]:
        """All versions, the newest first, without their reports."""
        async with self._db.connect() as connection:
            return await _version_rows.all_(connection)

    async def version(self, version: str) -> Version:
        """One version; raises NotFound."""
        async with self._db.connect() as connection:
            return await _version_rows.one(connection, version)

    async def report(self, version: str) -> dict[str, Any]:
        """What the import said about each record; raises NotFound."""
        return dict((await self.version(version)).report)

    async def records(self, version: str) -> tuple[Procedure, ...]:
        """The records of a version as they were imported, without the province's layer; raises NotFound."""
        await self.version(version)
        try:
            return await asyncio.to_thread(_versions.records, self._home / version)
        except FileNotFoundError:
            raise _gone(version) from None

    async def events(self, limit: int = 200) -> tuple[Event, ...]:
        """Who did what, when and why; the newest first."""
        async with self._db.connect() as connection:
            return await _version_rows.events(connection, limit)

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
        indexes what is live anew if another release, or another model, made its index. Nobody has to approve that.

        Returns:
            The version published for that, or None when nothing was to be done.
        """
        known = await self._workshop.live()
        shipped = await asyncio.to_thread(overlay.checksum, STARTER.glob("*.yml"))
        if known is None or (known.source == STARTER.name and known.source_sha256 != shipped):
            why = "the starter catalogue of this release"
            staged = await self.stage(STARTER, actor=actor, why=why, progress=progress)
        elif await asyncio.to_thread(_versions.is_current, self._home / known.id, self._settings):
            return None
        else:
            why = "indexed by this release"
            staged = await self.stage_again(actor=actor, why=why, progress=progress)
        async with self._workshop.alone() as lock:
            await self._workshop.go_live(staged, actor, progress, lock, why=why, force=True)
        await self.refresh()
        return await self.version(staged.id)

    async def snapshot(self) -> Snapshot:
        """The live version, loaded.

        Looks into the database at most every `refresh_s` seconds. A newly published version is loaded in the
        background while the old one goes on answering; the first one is waited for.

        Raises:
            Unavailable: nothing is live, or what is live cannot be loaded.
        """
        return await self._live.snapshot()

    async def refresh(self) -> None:
        """Load the live version now, if it is another one than that in use."""
        await self._live.refresh()

    async def close(self) -> None:
        """Wait for a version that is being loaded in the background; call it before the database is closed."""
        await self._live.close()

    async def _imported(self, known: Version) -> Imported:
        records = await self.records(known.id)
        report = Report(known.source, known.source_sha256, total=len(records), accepted=len(records))
        report.tally(records)
        return Imported(records, report)

    def _compare(self, version: str, base: str | None) -> Diff:
        folder = self._home / version
        try:
            kept = _versions.read_diff(folder)
            if kept is not None and kept["base"] == base:
                return Diff.from_json(kept)
            return diff.folders(self._home / base if base is not None else None, folder)
        except FileNotFoundError as error:
            raise _gone(Path(error.filename).parent.name) from None


def _gone(version: str) -> NotFound:
    return NotFound(f"The records of version {version} are no longer on this machine.")
