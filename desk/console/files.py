"""Files of cases, for those who may see the case: something to keep, never something that runs in our pages."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web
from sqlalchemy import select

from desk import access, attachments, vault
from desk.attachments import Attachment
from desk.cases import Case
from desk.console._access import needs, who
from desk.console._frame import PARTS
from desk.staff import Person
from store.engine import Database
from store.errors import NotFound
from store.tables import cases


def add_routes(app: web.Application) -> None:
    """The files."""
    app.router.add_get("/files/{id:[0-9]{1,15}}", show)


@needs("reader")
async def show(request: web.Request) -> web.StreamResponse:
    """One file. Who looks into the vault is logged."""
    parts, by = request.app[PARTS], who(request)
    file = await attachments.find(parts.db, int(request.match_info["id"]))
    if file is None:
        raise _nothing()
    case = await _case(parts.db, by, file)
    if case is not None and case.secret:
        await vault.looked_at(parts.db, by, case)
    file, content = await parts.files.open_(file.id)
    # Pictures show inside our own pages; opened by themselves they are shut in and cannot act.
    shown = "inline" if file.is_picture else "attachment"
    return web.Response(
        body=content,
        content_type=file.media_type,
        headers={
            "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(file.name)}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "no-store",
        },
    )


async def _case(db: Database, by: Person, file: Attachment) -> Case | None:
    """The case of a file, None while it waits for one; raises for whoever may not see it."""
    if file.case_id is None:
        if not access.may(by, "takeover"):
            raise _nothing()
        return None
    async with db.connect() as connection:
        row = (await connection.execute(select(cases).where(cases.c.id == file.case_id))).mappings().one()
    case = Case.of(row)
    if not access.sees(by, case):
        raise _nothing()
    return case


def _nothing() -> NotFound:
    return NotFound("Không có tệp này, hoặc tệp thuộc phiếu của đơn vị khác.")
