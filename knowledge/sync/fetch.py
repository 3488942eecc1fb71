"""One fetch of a portal: the list in pages, each procedure's detail, and the records they make.

What was answered is kept at once, so a fetch that is broken off (by Ctrl-C, a crash, a portal that goes away) is taken
up where it stopped. A list that cannot be read to its end stops the fetch: a half list would look like procedures
taken away. A detail that cannot be read is reported; the former answer stands in for it, or what the list says of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from knowledge.importers import national_api
from knowledge.importers._intake import Intake
from knowledge.importers.report import Imported, Report, Severity
from knowledge.procedures import Procedure
from knowledge.settings import SyncSource
from knowledge.sync import _records
from knowledge.sync._pages import Pages
from knowledge.sync._portal import Portal, Refused
from knowledge.text import fold, nfc
from store.engine import Database
from store.errors import Unavailable

Progress = Callable[[str, float], None]
_PASSES = 3
_MAX_PAGES = 5_000
# So many details in a row without an answer mean that the portal is broken, not the procedures.
_GIVE_UP_AFTER = 10
_LIST_SHARE = 0.05
_FETCH_SHARE = 0.9
_READ_AT_ONCE = 50
_VIET_NAM = timezone(timedelta(hours=7))
_PROVINCIAL = re.compile(r"^(?:ubnd|uy ban nhan dan|hoi dong nhan dan|hdnd)\b.*\b(?:tinh|thanh pho)\b")


def _silent(_what: str, _share: float) -> None:
    """No progress is shown."""


@dataclass
class _Fetched:
    """What a fetch has found so far."""

    listed: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    pages: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    failed_in_a_row: int = 0
    done: int = 0


async def sync(source: SyncSource, db: Database, *, progress: Progress = _silent) -> Imported:
    """Fetch a source whole.

    Nothing of the catalogue is changed: what comes back is for `Catalogue.stage_records`.

    Args:
        source: the portal and how to ask it.
        db: where the answers are kept.
        progress: told what is done and the share done, from 0 to 1.

    Raises:
        Conflict: it is being fetched already.
        Unavailable: the portal cannot be reached, refuses us, lists nothing or fails too often; what was fetched is
            kept, and the next call goes on from there.
    """
    pages = Pages(db, source)
    run = await pages.begin()
    report = Report(source=source.name)
    found = _Fetched()
    try:
        async with Portal(source) as portal:
            progress("list", 0.0)
            await _list(source, portal, pages, found, report, progress)
            await _details(source, portal, pages, found, run.started_at, progress)
        imported = await _read(source, pages, found, report, progress)
    except BaseException:
        await asyncio.shield(pages.leave())
        raise
    await pages.finish(report.sha256, {*map(_detail_key, found.listed), *found.pages})
    progress("done", 1.0)
    return imported


async def _list(
    source: SyncSource, portal: Portal, pages: Pages, found: _Fetched, report: Report, progress: Progress
) -> None:
    """Read the list; read it anew when it was changed while it was being read."""
    total: int | None = None
    for _ in range(_PASSES):
        listed, total, steady = await _pass(source, portal, pages, found.pages, report, progress)
        # What one pass saw and the next did not moved from page to page: its detail will tell whether it is gone.
        found.listed = {**listed, **{id_: row for id_, row in found.listed.items() if id_ not in listed}}
        if steady and total in (None, len(listed)):
            break
    else:
        report.add(
            0, "", "list", Severity.warning, f"the portal counts {total} procedures and lists {len(listed)}; look again"
        )
    if not found.listed:
        raise Unavailable(f"{source.name}: the portal lists no procedure; check the url and the paths of the source.")
    others = [id_ for id_, row in found.listed.items() if _of_another_province(row, source.province)]
    for id_ in others:
        del found.listed[id_]
    if others:
        report.add(
            0, "", "promulgator", Severity.warning, f"{len(others)} procedures of other provinces were not asked for"
        )
    if not found.listed:
        raise Unavailable(f"{source.name}: every procedure that the portal lists is of another province.")


async def _pass(
    source: SyncSource, portal: Portal, pages: Pages, used: set[str], report: Report, progress: Progress
) -> tuple[dict[str, Mapping[str, Any]], int | None, bool]:
    """One reading of the list: its rows by id, how many the portal counts, and whether it counted the same throughout.

    Raises:
        Unavailable: a page cannot be used, or the list has no end.
    """
    listed: dict[str, Mapping[str, Any]] = {}
    keys: set[str] = set()
    totals: set[int | None] = set()
    total: int | None = None
    cursor = "" if source.paging == "cursor" else "1"
    for number in range(1, _MAX_PAGES + 1):
        key = f"list:{source.page_size}:{cursor}"
        if key in keys:
            # A portal that leads in a circle has no end that can be trusted.
            raise Unavailable(f"{source.name}: page {number} of the list leads back to an earlier one.")
        keys.add(key)
        used.add(key)
        position = {"lastId": cursor} if source.paging == "cursor" else {"page": int(cursor)}
        asked: dict[str, str | int] = {**source.query, "limit": source.page_size, **position}
        try:
            page = _records.page(await _ask(portal, pages, key, source.list_path, asked, check=_records.page))
        except Refused as error:
            raise Unavailable(f"{source.name}: page {number} of the list cannot be used: {error}.") from None
        totals.add(page.total)
        total = page.total if page.total is not None else total
        for row in page.rows:
            id_ = _records.id_of(row)
            if id_ is None:
                if not any(remark.field == "id" for remark in report.remarks):
                    report.add(0, "", "id", Severity.error, f"a row of page {number} of the list has no id")
            else:
                listed.setdefault(id_, row)
        share = min(1.0, len(listed) / total) if total else 0.5
        progress(f"list, page {number}: {len(listed)}", share * _LIST_SHARE)
        following = page.last_id if source.paging == "cursor" else str(number + 1)
        ended = page.pages is not None and number >= page.pages and source.paging == "page"
        if not page.rows or ended or not following or following == cursor:
            return listed, total, len(totals) == 1
        if source.paging == "page" and page.pages is None and total is not None and len(listed) >= total:
            return listed, total, len(totals) == 1
        cursor = following
    raise Unavailable(f"{source.name}: the list has more than {_MAX_PAGES} pages; ask for larger ones.")


async def _details(
    source: SyncSource, portal: Portal, pages: Pages, found: _Fetched, since: datetime, progress: Progress
) -> None:
    """Fetch the details that this fetch does not have yet."""
    wanted: list[str] = []
    for id_ in found.listed:
        row = pages.row(_detail_key(id_))
        if row is None or row.at < since:
            wanted.append(id_)
    found.done = len(found.listed) - len(wanted)
    left: Iterator[str] = iter(wanted)

    async def worker() -> None:
        for id_ in left:
            try:
                await _detail(source, portal, pages, id_)
                found.failed_in_a_row = 0
            except Refused as error:
                found.failed[id_] = str(error)
                found.failed_in_a_row += 1
                if found.failed_in_a_row >= _GIVE_UP_AFTER:
                    raise Unavailable(
                        f"{source.name}: {_GIVE_UP_AFTER} procedures in a row have no usable answer ({error}); "
                        f"{found.done} of {len(found.listed)} are fetched, the next call goes on from there."
                    ) from None
            found.done += 1
            share = found.done / len(found.listed)
            progress(f"details {found.done}/{len(found.listed)}", _LIST_SHARE + share * (_FETCH_SHARE - _LIST_SHARE))

    workers = [asyncio.create_task(worker()) for _ in range(source.connections)]
    try:
        await asyncio.gather(*workers)
    finally:
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def _detail(source: SyncSource, portal: Portal, pages: Pages, id_: str) -> None:
    path, parameters = source.detail_path, {"id": id_}
    if "{id}" in path:
        path, parameters = path.replace("{id}", id_), {}
    key = _detail_key(id_)
    await _ask(portal, pages, key, path, parameters, check=lambda answer: _records.detail(answer, id_), load=False)


async def _ask(
    portal: Portal,
    pages: Pages,
    key: str,
    path: str,
    parameters: Mapping[str, str | int],
    *,
    check: Callable[[Any], object],
    load: bool = True,
) -> Any:
    """An answer, from the portal or, if it says that nothing has changed, as it was kept (None unless `load`)."""
    row = pages.row(key)
    answer = await portal.ask(path, parameters, row.known if row else None)
    if answer.body is not None:
        # Before it is kept: what cannot be used must not replace what could.
        check(answer.body)
    await pages.keep(key, answer)
    if answer.body is not None or not load:
        return answer.body
    return (await pages.bodies([key]))[key]


async def _read(source: SyncSource, pages: Pages, found: _Fetched, report: Report, progress: Progress) -> Imported:
    """Make records of the kept answers, in the order of the list."""
    report.format = national_api.DETAIL.name
    digest = hashlib.sha256()
    for id_ in sorted(found.listed):
        row = pages.row(_detail_key(id_))
        digest.update(f"{id_} {row.sha256 if row else ''}\n".encode())
    report.sha256 = digest.hexdigest()
    intake = Intake(report, None)
    procedures: list[Procedure] = []
    listed = list(enumerate(found.listed.items(), start=1))
    for start in range(0, len(listed), _READ_AT_ONCE):
        some = listed[start : start + _READ_AT_ONCE]
        bodies = await pages.bodies([_detail_key(id_) for _, (id_, _) in some])
        # In a thread: the program that fetches on a schedule answers citizens meanwhile.
        procedures += await asyncio.to_thread(_taken, intake, some, bodies, pages, found.failed, report)
        progress("reading", _FETCH_SHARE + (1 - _FETCH_SHARE) * (start + len(some)) / len(listed))
    report.tally(procedures)
    return Imported(tuple(procedures), report)


def _taken(
    intake: Intake,
    some: Sequence[tuple[int, tuple[str, Mapping[str, Any]]]],
    bodies: Mapping[str, Any],
    pages: Pages,
    failed: Mapping[str, str],
    report: Report,
) -> list[Procedure]:
    out = []
    for number, (id_, row) in some:
        code = str(row.get("code") or "")[:60]
        kept = pages.row(_detail_key(id_))
        body = bodies.get(_detail_key(id_))
        if body is None or kept is None:
            message = f"no detail, only what the list says was taken: {failed.get(id_, 'not answered')}"
            report.add(number, code, "detail", Severity.warning, message)
            procedure, day = intake.take(number, row, national_api.LIST), None
        else:
            day = kept.at.astimezone(_VIET_NAM).date()
            if id_ in failed:
                message = f"no detail this time, that of {day} was kept: {failed[id_]}"
                report.add(number, code, "detail", Severity.warning, message)
            procedure = intake.take(number, _records.detail(body, id_), national_api.DETAIL)
        if procedure is not None:
            out.append(procedure if day is None else procedure.model_copy(update={"checked": day}))
    return out


def _detail_key(id_: str) -> str:
    return f"detail:{id_}"


def _of_another_province(row: Mapping[str, Any], province: str) -> bool:
    if not province:
        return False
    name = fold(nfc(str(row.get("departmentPromulgate") or row.get("departmentPromulgateName") or ""))).strip()
    return _PROVINCIAL.match(name) is not None and fold(nfc(province)) not in name
