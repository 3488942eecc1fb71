"""One procedure: found, edited, looked at as the citizen will see it, and staged as a new version."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from aiohttp import web

from desk.console import _procedure_form
from desk.console._access import needs, who
from desk.console._frame import FORM, PARTS, WORKS, Parts, add_to_menu, field_of, go, page
from desk.console._lists import as_chat, sent, sheet, today
from desk.console._work import Progress
from knowledge import answers, overlays
from knowledge.catalogue import Version
from knowledge.importers.report import Imported, Report
from knowledge.places import Place
from knowledge.procedures import Procedure
from knowledge.questions import Facet
from knowledge.search import Searcher
from knowledge.text import fold
from store.errors import Conflict, Invalid, NotFound

_A_PAGE = 50
_WAITING = {"staged", "approved", "ready"}
_MOST_FOUND = 50


def add_routes(app: web.Application) -> None:
    """Pages of single procedures."""
    add_to_menu(app, "Thủ tục", "/procedures")
    app.router.add_get("/procedures", list_)
    app.router.add_get("/procedures/{code}", show)
    app.router.add_post("/procedures/{code}", change)


@needs("reader")
async def list_(request: web.Request) -> web.StreamResponse:
    """The live procedures, found by code, by words of their names, or as the citizens' search finds them."""
    snapshot = await request.app[PARTS].catalogue.snapshot()
    text = request.query.get("q", "").strip()[:300]
    if text:
        codes = await asyncio.to_thread(_found, snapshot.procedures, snapshot.searcher, text)
    else:
        codes = sorted(snapshot.procedures)
    shown = sheet(codes, request.query.get("page", ""), _A_PAGE)
    rows = await asyncio.to_thread(lambda: [snapshot.procedures[code] for code in shown.rows])
    return page(
        request,
        "procedures.html",
        title="Thủ tục",
        rows=rows,
        sheet=shown,
        text=text,
        query={"q": text},
    )


@needs("reader")
async def show(request: web.Request) -> web.StreamResponse:
    """One procedure as a form, with what citizens are answered today."""
    parts = request.app[PARTS]
    base = await _base(parts, request.query.get("on", ""))
    procedure = _record(await parts.catalogue.records(base.id), request.match_info["code"])
    return await _form(request, base, procedure, procedure)


@needs("editor")
async def change(request: web.Request) -> web.StreamResponse:
    """Show what a change would look like, or stage it as a new version."""
    parts, form = request.app[PARTS], sent(request)
    base = await _base(parts, field_of(form, "on", longest=60))
    records = await parts.catalogue.records(base.id)
    before = _record(records, request.match_info["code"])
    if field_of(form, "print") != _procedure_form.print_of(before):
        raise Conflict("Thủ tục này vừa được người khác sửa. Anh/chị mở lại trang để xem bản mới rồi sửa tiếp.")
    try:
        after = _procedure_form.read(form, before)
    except Invalid as error:
        return await _form(request, base, before, before, message=error.message, typed=form)
    changed = after != before
    if form.get("act") != "stage" or not changed:
        message = "" if changed else "Chưa có gì thay đổi so với bản làm gốc."
        return await _form(request, base, before, after, message=message, previewed=changed)
    why = field_of(form, "why", longest=500)
    work = _stage(request, records, before, after, why)
    raise go(request, f"/work/{work}")


def _stage(request: web.Request, records: tuple[Procedure, ...], before: Procedure, after: Procedure, why: str) -> str:
    catalogue, actor = request.app[PARTS].catalogue, who(request).name
    procedures = tuple(after if record.code == before.code else record for record in records)
    sha256 = _procedure_form.print_of(after)
    report = Report(f"sửa thủ tục {after.code}", sha256, total=len(procedures), accepted=len(procedures))
    report.tally(procedures)

    async def run(progress: Progress) -> str:
        made = await catalogue.stage_records(Imported(procedures, report), actor=actor, why=why, progress=progress)
        return f"/versions/{made.id}/diff"

    link = f"/procedures/{after.code}"
    return request.app[WORKS].start(f"Lập bản mới có thủ tục {after.code} đã sửa", run, actor=actor, link=link).id


async def _base(parts: Parts, version: str) -> Version:
    """The version that a change starts from: the live one, or one that waits for its approval."""
    versions = await parts.catalogue.list()
    for known in versions:
        if known.id == version and (known.live or known.state in _WAITING):
            return known
    if version:
        raise Conflict("Bản làm gốc không còn chờ duyệt nữa. Anh/chị mở lại thủ tục từ bản đang dùng.")
    live = next((known for known in versions if known.live), None)
    if live is None:
        raise NotFound("Chưa có danh mục nào đang dùng; hãy nạp một danh mục trước.")
    return live


def _record(records: tuple[Procedure, ...], code: str) -> Procedure:
    found = next((record for record in records if record.code == code), None)
    if found is None:
        raise NotFound(f"Bản danh mục này không có thủ tục mang mã {code[:40]}.")
    return found


async def _form(
    request: web.Request,
    base: Version,
    before: Procedure,
    after: Procedure,
    *,
    message: str = "",
    previewed: bool = False,
    typed: Any = None,
) -> web.Response:
    parts = request.app[PARTS]
    waiting = [v for v in await parts.catalogue.list() if v.state in _WAITING and not v.live and v.base_id]
    asked = typed if typed is not None else request.get(FORM, request.query)
    place = _place(parts, asked.get("place", ""))
    seen = await _as_seen(parts, after, base, place)
    was = await _as_seen(parts, before, base, place) if previewed else []
    return page(
        request,
        "procedure.html",
        status=400 if message and typed is not None else 200,
        title=f"Thủ tục {before.code}",
        base=base,
        waiting=waiting,
        procedure=before,
        fields=_procedure_form.shown(after) if typed is None else _procedure_form.typed(typed),
        print=_procedure_form.print_of(before),
        channels=_procedure_form.CHANNELS,
        units=_procedure_form.UNITS,
        message=message,
        previewed=previewed,
        seen=seen,
        was=was,
        place=place,
        communes=sorted(parts.gazetteer.communes(today()), key=lambda commune: fold(commune.short)),
        why=field_of(asked, "why", longest=500),
    )


def _place(parts: Parts, code: object) -> Place | None:
    try:
        return parts.gazetteer.get(code) if isinstance(code, str) and code else None
    except KeyError:
        return None


async def _as_seen(parts: Parts, procedure: Procedure, base: Version, place: Place | None) -> list[tuple[str, Any]]:
    """What the bot answers to each question about it, the province's layer included: (what is asked, the answer)."""
    on = today()
    rows = [
        *await overlays.list_(parts.db, procedure.code),
        *await overlays.list_(parts.db, overlays.EVERY),
    ]
    (whole,) = overlays.apply((procedure,), rows, on)
    context = answers.Context(on=on, data_day=base.created_at.date(), place=place)
    overview = ("Hỏi chung", as_chat(answers.answer(whole, (), context)))
    facets = [facet for facet in Facet if facet is not Facet.where]
    return [overview, *((answers.TITLES[f], as_chat(answers.answer(whole, (f,), context, again=True))) for f in facets)]


def _found(codes: Collection[str], searcher: Searcher, text: str) -> list[str]:
    """Codes that hold the text, else what citizens would find with it; names are not read one by one from disk."""
    wanted = text.lower()
    named = sorted(code for code in codes if wanted in code.lower())[:_MOST_FOUND]
    hits = searcher.search(text, limit=_MOST_FOUND).hits
    return list(dict.fromkeys([*named, *(hit.code for hit in hits)]))
