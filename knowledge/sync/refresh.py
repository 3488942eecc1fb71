"""From a portal to a version of the catalogue: fetched, staged, and published only when that was asked for and little
has changed. Everything else waits for a person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from knowledge._source import with_everyday
from knowledge.catalogue import Catalogue
from knowledge.importers.report import Imported
from knowledge.settings import SyncSource
from knowledge.sync._pages import Pages
from knowledge.sync.fetch import sync
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound

Progress = Callable[[str, float], None]
_FETCHED, _STAGED = 0.6, 0.8


def _silent(_what: str, _share: float) -> None:
    """No progress is shown."""


@dataclass(frozen=True)
class Outcome:
    """What a refresh came to.

    Attributes:
        source: the source's name.
        state: `unchanged` (the portal says what it said before), `same` (a version that says what is live says),
            `staged` (a version waits for a person) or `published`.
        reason: why it is so, a sentence for a person.
        version: the version made, or the one made of the same answers before.
        share: share of the live procedures that are added, changed or gone; None when nothing is live.
        counts: what differs (`Diff.counts`).
        report: the import's report.
    """

    source: str
    state: Literal["unchanged", "same", "staged", "published"]
    reason: str
    version: str | None
    share: float | None
    counts: Mapping[str, Any]
    report: Mapping[str, Any]


async def refresh(
    source: SyncSource,
    catalogue: Catalogue,
    db: Database,
    *,
    actor: str,
    publish: bool | None = None,
    anew: bool = False,
    progress: Progress = _silent,
) -> Outcome:
    """Fetch a source, stage what it says, and publish it where that is allowed.

    Args:
        source: the portal.
        catalogue: gets the version.
        db: where answers are kept.
        actor: who does it, for the history.
        publish: publish below the source's threshold; None: as the source's settings say.
        anew: stage also what was staged before.
        progress: told what is done, with the share done from 0 to 1.

    Raises:
        Unavailable: the portal cannot be fetched to the end; the next call goes on where it stopped.
        Conflict: it is being fetched already.
        Invalid: nothing that it says can be taken over.
    """
    imported = await sync(source, db, progress=lambda what, share: progress(what, share * _FETCHED))
    report = imported.report.as_json()
    pages = Pages(db, source)
    last = await pages.last()
    if last is not None and last.staged_sha256 == imported.report.sha256 and not anew and last.version is not None:
        reason = f"The portal says what it said when version {last.version} was staged."
        return Outcome(source.name, "unchanged", reason, last.version, None, {}, report)
    procedures = await asyncio.to_thread(with_everyday, imported.procedures)
    version = await catalogue.stage_records(
        Imported(procedures, imported.report),
        actor=actor,
        why=f"sync {source.name}",
        progress=lambda what, share: progress(what, _FETCHED + share * (_STAGED - _FETCHED)),
    )
    await pages.staged(imported.report.sha256, version.id)
    difference = await catalogue.diff(version.id)
    counts = difference.counts()
    if difference.base is None:
        reason = "Nothing is live to compare it with; look at its report and publish it."
        return Outcome(source.name, "staged", reason, version.id, None, counts, report)
    if difference.empty:
        await catalogue.reject(version.id, actor=actor, reason="says the same as what is live")
        reason = "It says the same as what is live."
        return Outcome(source.name, "same", reason, version.id, 0.0, counts, report)
    live = await catalogue.version(difference.base)
    share = (counts["added"] + counts["changed"] + counts["removed"]) / max(1, live.procedures)
    reason = await _published(source, catalogue, version.id, share, actor, publish, progress)
    state: Literal["staged", "published"] = "staged" if reason else "published"
    reason = reason or f"{share:.1%} of the procedures differ, no more than {source.threshold:.1%}."
    return Outcome(source.name, state, reason, version.id, share, counts, report)


async def _published(
    source: SyncSource,
    catalogue: Catalogue,
    version: str,
    share: float,
    actor: str,
    publish: bool | None,
    progress: Progress,
) -> str:
    """Publish if it may be; returns why not, or nothing."""
    if not (source.publish if publish is None else publish):
        return "A person looks at the difference and publishes it."
    if share > source.threshold:
        return f"{share:.1%} of the procedures differ, more than {source.threshold:.1%}: a person has to look at it."
    try:
        await catalogue.publish(
            version, actor=actor, progress=lambda what, done: progress(what, _STAGED + done * (1 - _STAGED))
        )
    except (Conflict, Invalid, NotFound) as error:
        return error.message
    return ""
