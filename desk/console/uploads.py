"""Bringing a new catalogue in: a file is dropped, its columns are confirmed where it has any, and it is staged."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any

from aiohttp import web

from desk.console import _uploads
from desk.console._access import needs, who
from desk.console._frame import FORM, PARTS, WORKS, field_of, page, url
from desk.console._words import COLUMNS
from desk.console._work import Progress, Work
from knowledge.importers import mappings, table
from knowledge.importers.table import ColumnMapping
from store.errors import Invalid

# What else is a table by its content is read with the guess.
_TABLES = frozenset({".xlsx", ".xlsm", ".csv", ".tsv", ".txt"})


def add_routes(app: web.Application) -> None:
    """Pages of the upload."""
    app.router.add_get("/upload", form)
    app.router.add_post("/upload", take)
    app.router.add_get("/upload/{id}", columns)
    app.router.add_post("/upload/{id}", confirm)


@needs("editor")
async def form(request: web.Request) -> web.StreamResponse:
    """The form with the place to drop a file on."""
    return page(request, "upload.html", title="Nạp bản mới", most=request.app[PARTS].settings.upload_mb)


@needs("editor", file=True)
async def take(request: web.Request) -> web.StreamResponse:
    """Take the file; a table with headings never met goes on to its columns, everything else is read at once."""
    upload = await _uploads.receive(request)
    try:
        as_of, keep = _day(upload.fields.get("as_of", "")), upload.fields.get("keep", "")
        mapping = await _guess(upload)
        kept = await mappings.recall(request.app[PARTS].db, mapping.headings) if mapping is not None else None
        if mapping is None or kept is not None:
            work = _stage(request, upload, as_of, kept, keep=bool(keep))
            raise web.HTTPSeeOther(f"/work/{work.id}")
    except web.HTTPSeeOther:
        raise
    except BaseException:
        await asyncio.to_thread(_uploads.remove, upload)
        raise
    raise web.HTTPSeeOther(url(f"/upload/{upload.id}", as_of=as_of, keep=keep and "1"))


@needs("editor")
async def columns(request: web.Request) -> web.StreamResponse:
    """Which column means what, to be confirmed."""
    upload = _uploads.find(request, request.match_info["id"])
    mapping = await asyncio.to_thread(table.guess, upload.path)
    fields = {column: field for field, column in mapping.columns.items()}
    return page(
        request,
        "columns.html",
        title="Xác nhận các cột",
        upload=upload,
        mapping=mapping,
        rows=[
            (number, _letter(number), heading, fields.get(number, ""), fields.get(number) in mapping.sure)
            for number, heading in enumerate(mapping.headings)
            if heading
        ],
        names=COLUMNS,
        as_of=request.query.get("as_of", ""),
        keep=request.query.get("keep", ""),
    )


@needs("editor")
async def confirm(request: web.Request) -> web.StreamResponse:
    """Keep the confirmed columns for the next file with these headings, and read the file with them."""
    db = request.app[PARTS].db
    sent = request[FORM]
    upload = _uploads.find(request, request.match_info["id"])
    as_of = _day(field_of(sent, "as_of"))
    guessed = await asyncio.to_thread(table.guess, upload.path)
    mapping = ColumnMapping.from_json({**guessed.as_json(), "columns": _chosen(sent, guessed)})
    await mappings.remember(db, mapping, actor=who(request).name)
    work = _stage(request, upload, as_of, mapping, keep=bool(field_of(sent, "keep")))
    raise web.HTTPSeeOther(f"/work/{work.id}")


def _stage(
    request: web.Request, upload: _uploads.Upload, as_of: date | None, mapping: ColumnMapping | None, *, keep: bool
) -> Work:
    catalogue, actor = request.app[PARTS].catalogue, who(request).name

    async def run(progress: Progress) -> str:
        try:
            version = await catalogue.stage(
                upload.path, actor=actor, as_of=as_of, mapping=mapping, keep=keep, progress=progress
            )
        finally:
            await asyncio.to_thread(_uploads.remove, upload)
        return f"/versions/{version.id}"

    return request.app[WORKS].start(
        f"Đọc và kiểm tra {upload.name}", run, actor=actor, link="/upload", key=f"stage {upload.id}"
    )


async def _guess(upload: _uploads.Upload) -> ColumnMapping | None:
    """The guess for a list with headings; None for what has none, or whose headings are all known word for word."""
    if upload.path.suffix.lower() not in _TABLES:
        return None
    try:
        mapping = await asyncio.to_thread(table.guess, upload.path)
    except Invalid:
        # Not a list with headings: the importers know other shapes, and say what is wrong where none fits.
        return None
    known = not mapping.missing and mapping.sure == set(mapping.columns)
    return None if known else mapping


def _chosen(sent: Mapping[str, Any], guessed: ColumnMapping) -> dict[str, str]:
    """Field → letter, as the form says it."""
    chosen: dict[str, str] = {}
    for number, _heading in enumerate(guessed.headings):
        field = field_of(sent, f"column-{number}", longest=40)
        if not field:
            continue
        if field not in COLUMNS:
            raise Invalid("Có mục không nhận ra; anh/chị tải lại trang rồi chọn lại.")
        if field in chosen:
            raise Invalid(f"Mục “{COLUMNS[field]}” được chọn cho hai cột; mỗi mục chỉ một cột.")
        chosen[field] = _letter(number)
    missing = [COLUMNS[field] for field in ("code", "name") if field not in chosen]
    if missing:
        raise Invalid(f"Cần chọn cột cho: {', '.join(missing)}.")
    return chosen


def _letter(number: int) -> str:
    """The letter of a column as spreadsheets write it: 0 is A, 26 is AA."""
    first, last = divmod(number, 26)
    return (chr(ord("A") + first - 1) if first else "") + chr(ord("A") + last)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("Ngày của dữ liệu viết theo dạng năm-tháng-ngày, ví dụ 2026-07-01.") from None
