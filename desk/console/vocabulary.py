"""The admins' words: added, taken back, exchanged as a table, measured before they go live."""

from __future__ import annotations

import asyncio

from aiohttp import web

from desk.console import _uploads
from desk.console._access import needs, who
from desk.console._frame import FORM, PARTS, WORKS, add_to_menu, field_of, go, page
from desk.console._lists import sheet
from desk.console._words import SEVERITIES
from desk.console._work import Progress
from knowledge import trial, words
from knowledge.importers.report import Severity
from store.errors import Conflict, Invalid, NotFound

_A_PAGE = 200


def add_routes(app: web.Application) -> None:
    """Pages of the words."""
    add_to_menu(app, "Từ vựng", "/vocabulary")
    app.router.add_get("/vocabulary", show)
    app.router.add_post("/vocabulary", add)
    app.router.add_get("/vocabulary.csv", download)
    app.router.add_post("/vocabulary/upload", upload)
    app.router.add_get("/vocabulary/measure", measure)
    app.router.add_post("/vocabulary/stage", stage)
    app.router.add_post("/vocabulary/{id:[0-9]{1,15}}/end", end)


@needs("reader")
async def show(request: web.Request) -> web.StreamResponse:
    """The rows in force, the newest first, and the form for one more."""
    return await _page(request)


@needs("editor")
async def add(request: web.Request) -> web.StreamResponse:
    """Add a row, or only tell what it would do to the golden questions."""
    parts, form = request.app[PARTS], request[FORM]
    row = words.clean(
        field_of(form, "everyday"),
        field_of(form, "official"),
        ambiguous=form.get("ambiguous") == "1",
        note=field_of(form, "note"),
    )
    snapshot = await parts.catalogue.snapshot()
    if form.get("act") == "try":
        held = words.Held.of(await words.list_(parts.db))
        notes = words.examine(row, held, snapshot.procedures)
        if any(note.severity is Severity.error for note in notes):
            said = "Chưa thử được: " + "; ".join(note.message for note in notes) + "."
            return await _page(request, typed=row, message=said, status=400)
        tried = await trial.measure(parts.db, snapshot.searcher, extra=[row])
        return await _page(request, typed=row, tried=tried, notes=[note.message for note in notes])
    try:
        written, notes_ = await words.add(
            parts.db,
            row.everyday,
            row.official,
            ambiguous=row.ambiguous,
            note=row.note,
            actor=who(request).name,
            known=snapshot.procedures,
        )
    except (Invalid, Conflict) as error:
        return await _page(request, typed=row, message=error.message, status=error.status)
    warnings = "".join(f" Lưu ý: {note.message}." for note in notes_)
    raise go(request, "/vocabulary", f"Đã thêm “{written.everyday}”.{warnings}")


@needs("editor")
async def end(request: web.Request) -> web.StreamResponse:
    """Take a row back."""
    row = await words.end(request.app[PARTS].db, int(request.match_info["id"]), actor=who(request).name)
    raise go(request, "/vocabulary", f"Đã gỡ “{row.everyday}”.")


@needs("reader")
async def download(request: web.Request) -> web.StreamResponse:
    """The rows in force as a table for a spreadsheet."""
    return web.Response(
        body=await words.export_csv(request.app[PARTS].db),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": 'attachment; filename="tu-vung.csv"', "Cache-Control": "no-store"},
    )


@needs("editor", file=True)
async def upload(request: web.Request) -> web.StreamResponse:
    """Add the rows of a table, and tell about each that was not taken as it is."""
    parts = request.app[PARTS]
    taken = await _uploads.receive(request)
    try:
        known = (await parts.catalogue.snapshot()).procedures
        report = await words.import_csv(parts.db, taken.path, actor=who(request).name, known=known)
    finally:
        await asyncio.to_thread(_uploads.remove, taken)
    return page(
        request,
        "vocabulary_report.html",
        title="Đã đọc bảng từ vựng",
        report=report,
        remarks=sheet(report.remarks, "", 500),
        severities=SEVERITIES,
    )


@needs("reader")
async def measure(request: web.Request) -> web.StreamResponse:
    """The golden questions with the live words and with those in force now."""
    parts = request.app[PARTS]
    snapshot = await parts.catalogue.snapshot()
    return await _page(request, tried=await trial.measure(parts.db, snapshot.searcher))


@needs("editor")
async def stage(request: web.Request) -> web.StreamResponse:
    """Make a new version of the live records with the words (and the province's layer) as they are now."""
    catalogue, actor = request.app[PARTS].catalogue, who(request).name

    async def run(progress: Progress) -> str:
        made = await catalogue.stage_again(actor=actor, why="từ vựng và phần riêng của tỉnh", progress=progress)
        return f"/versions/{made.id}"

    work = request.app[WORKS].start("Lập bản mới với từ vựng hiện nay", run, actor=actor, link="/vocabulary")
    raise go(request, f"/work/{work.id}")


async def _page(
    request: web.Request,
    *,
    typed: words.Word | None = None,
    tried: trial.Trial | None = None,
    notes: list[str] | None = None,
    message: str = "",
    status: int = 200,
) -> web.Response:
    parts = request.app[PARTS]
    live = next((version for version in await parts.catalogue.list() if version.live), None)
    if live is None:
        raise NotFound("Chưa có danh mục nào đang dùng; hãy nạp một danh mục trước.")
    rows = (await words.list_(parts.db))[::-1]
    shown = sheet(rows, request.query.get("page", ""), _A_PAGE)
    return page(
        request,
        "vocabulary.html",
        status=status,
        title="Từ vựng",
        rows=[(row, row.at is not None and row.at > live.created_at) for row in shown.rows],
        waiting=sum(row.at is not None and row.at > live.created_at for row in rows),
        sheet=shown,
        typed=typed or words.Word("", ""),
        tried=tried,
        notes=notes or [],
        message=message,
        ask=words.ASK,
        most=parts.settings.upload_mb,
    )
