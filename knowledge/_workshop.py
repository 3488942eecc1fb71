"""Where versions are made: staged, built, tested, switched and pruned, one publication at a time."""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from knowledge import _child, _version_rows, _versions, golden
from knowledge._version_rows import Version
from knowledge.golden import Measured
from knowledge.importers.report import Imported
from knowledge.settings import KnowledgeSettings
from store.engine import Database
from store.errors import Conflict, Invalid
from store.tables import now

Progress = Callable[[str, float], None]
# States in which a version that was never live can be approved, rejected or published.
WAITING = ("staged", "approved", "failed", "ready")
# A publication's time: most is the build, the rest the golden questions and the switch.
_BUILT, _TESTED = 0.9, 0.98
_MOST_NAMED = 5


class Workshop:
    """The work behind `knowledge.catalogue.Catalogue`.

    Args:
        db: the database.
        home: the folder of the versions' folders.
        settings: the model and its training.
    """

    def __init__(self, db: Database, home: Path, settings: KnowledgeSettings) -> None:
        self._db = db
        self._home = home
        self._settings = settings

    async def live(self) -> Version | None:
        """The version that answers now."""
        async with self._db.connect() as connection:
            found = await _version_rows.live(connection)
            return await _version_rows.one(connection, found) if found is not None else None

    async def stage(
        self,
        name: str,
        actor: str,
        why: str,
        progress: Progress,
        *,
        source: Mapping[str, Any] | None = None,
        imported: Imported | None = None,
    ) -> Version:
        """Make a staged version of a source, or of records that are here; see `Catalogue.stage`."""
        live = await self.live()
        version = f"{now():%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
        await asyncio.to_thread(_versions.clear, self._home)
        with _versions.workspace(self._home, version) as (work, handle):
            if imported is not None:
                if len({procedure.code for procedure in imported.procedures}) != len(imported.procedures):
                    raise Invalid(f"{name} holds two procedures with one code; each code names one procedure.")
                await asyncio.to_thread(_versions.write_records, work, imported.procedures)
            done = await self._do(
                "stage",
                progress,
                handle,
                version=version,
                work=str(work),
                source=source,
                live=live.id if live else None,
                today=f"{now():%Y-%m-%d}",
                database=self._db.url,
            )
        report = imported.report.as_json() if imported is not None else done["report"]
        if not done.get("procedures"):
            raise Invalid(f"{name} holds no procedure that can be taken over.{_worst(report)}")
        staged = Version(
            version,
            "staged",
            False,
            report["source"],
            report["sha256"],
            done["procedures"],
            actor,
            now(),
            base_id=live.id if live else None,
            diff=done["diff"],
            report=report,
        )
        async with self._db.begin() as connection:
            await _version_rows.add(connection, staged)
            about = {"source": staged.source, "source_sha256": staged.source_sha256, "why": why}
            await _version_rows.note(connection, actor, "staged", version, **about)
        return staged

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[int]:
        """Hold the lock file of the home folder, and put right what an interrupted build left.

        The system lets go of the lock when this process and the child that was given its handle are gone.

        Raises:
            Conflict: another build or publication holds it.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._home / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict("Another publication of the catalogue is running; try again when it is done.") from None
            await asyncio.to_thread(_versions.clear, self._home)
            async with self._db.begin() as connection:
                await _version_rows.recover(connection)
            yield handle
        finally:
            os.close(handle)

    async def build(self, known: Version, actor: str, progress: Progress, lock: int) -> None:
        """Train, index and check; only inside `alone`, whose handle `lock` is.

        Raises:
            Invalid: the built version does not pass its check.
            Conflict: it cannot be built in the state it is in.
        """
        before = ("staged", "approved", "failed", "removed")
        async with self._db.begin() as connection:
            await _version_rows.change(connection, known.id, before, state="building")
        about = {"source": known.source, "source_sha256": known.source_sha256, "model": self._settings.model}
        try:
            with _versions.workspace(self._home, known.id) as (work, handle):
                settings = self._settings.model_dump(mode="json")
                told = {"version": known.id, "work": str(work), "settings": settings, "about": about}
                await self._do("build", progress, lock, handle, **told)
        except BaseException as error:
            # A build that was stopped on purpose can be tried again as if it had not begun.
            failed = isinstance(error, Exception)
            await asyncio.shield(self._end_build(known, actor, "failed" if failed else known.state, str(error)))
            raise
        await self._end_build(known, actor, "ready", "")

    async def go_live(
        self, known: Version, actor: str, progress: Progress, lock: int, *, why: str = "", force: bool = False
    ) -> None:
        """Build what is not built, test, switch, prune; only inside `alone`. See `Catalogue.publish`."""
        folder = self._home / known.id
        if known.state not in {"ready", "published"}:
            await self.build(known, actor, lambda what, share: progress(what, _BUILT * share), lock)
        progress("checking", _BUILT)
        await asyncio.to_thread(_versions.check, folder)
        worse = await self._test(known, lambda what, share: progress(what, _BUILT + (_TESTED - _BUILT) * share))
        if worse and not force:
            raise Invalid(worse)
        progress("switching", _TESTED)
        await self.switch(known, actor, "published", why=why, forced=bool(worse) or None)
        await self._prune(actor)
        progress("live", 1.0)

    async def switch(self, known: Version, actor: str, what: str, **about: Any) -> None:
        """Let a version answer, with its entry in the history, in one transaction."""
        async with self._db.begin() as connection:
            if await _version_rows.live(connection) == known.id:
                return
            old = await _version_rows.switch(connection, known.id, actor)
            source = {"source": known.source, "source_sha256": known.source_sha256}
            await _version_rows.note(connection, actor, what, known.id, before=old, **source, **about)

    async def _test(self, known: Version, progress: Progress) -> str:
        """Ask the golden questions; gives what got worse in a sentence, or nothing."""
        questions = await golden.list_(self._db)
        if not questions:
            return ""
        live = await self.live()
        asked = [(one.question, one.codes) for one in questions]
        other = live.id if live is not None and live.id != known.id else None
        done = await self._do("test", progress, version=known.id, live=other, questions=asked)
        async with self._db.begin() as connection:
            await _version_rows.change(connection, known.id, ("ready", "published"), measured=done)
        if "live" not in done:
            return ""
        ours, theirs = Measured.from_json(done["golden"]), Measured.from_json(done["live"])
        if not ours.worse_than(theirs):
            return ""
        lost = "; ".join(f"“{miss.question}”" for miss in ours.lost(theirs)[:_MOST_NAMED])
        return (
            f"The golden questions are answered worse than by the live version ({ours.right} instead of {theirs.right} "
            f"of {ours.total} right, {ours.wrong} instead of {theirs.wrong} wrong): {lost}. The live version stays. "
            "Correct the catalogue, the vocabulary or the golden questions, or publish by force."
        )

    async def _do(self, task: str, progress: Progress, *keep: int, **job: Any) -> Any:
        about = {"task": task, "home": str(self._home), "nice": self._settings.build_nice}
        return await _child.run({**about, **job}, progress, keep=keep, threads=self._settings.threads)

    async def _end_build(self, known: Version, actor: str, state: str, error: str) -> None:
        async with self._db.begin() as connection:
            await _version_rows.change(connection, known.id, ("building",), state=state)
            what = {"ready": "built", "failed": "failed"}.get(state, "interrupted")
            await _version_rows.note(connection, actor, what, known.id, error=error[:1000])

    async def _prune(self, actor: str) -> None:
        """Take the index of the oldest versions away; their records and rows stay."""
        async with self._db.connect() as connection:
            kept = {await _version_rows.live(connection), await _version_rows.previous(connection)}
            versions = await _version_rows.all_(connection)
        built = [version for version in versions if version.state in {"ready", "published"}]
        for version in built[self._settings.keep_versions :]:
            if version.id not in kept:
                async with self._db.begin() as connection:
                    await _version_rows.change(connection, version.id, (version.state,), state="removed")
                    await _version_rows.note(connection, actor, "removed", version.id)
        for version in versions:
            # Also what a process that was killed here left.
            if version.id not in kept and version not in built[: self._settings.keep_versions]:
                await asyncio.to_thread(_versions.strip, self._home / version.id)


def _worst(report: Mapping[str, Any]) -> str:
    said = [f" {one['field']}: {one['message']} ({one['records']} records)." for one in report.get("summary", ())[:3]]
    return "".join(said) or " It holds no record at all."
