"""What is held about the person who opened a data request: handed out, or erased."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from desk import access, audit, privacy
from desk.cases import Case
from desk.console._access import needs, who
from desk.console._frame import FORM, PARTS, field_of, go, page
from desk.kinds import Kind
from store.errors import Conflict, Invalid, NotFound


def add_routes(app: web.Application) -> None:
    """The page behind a data request, and its two answers."""
    app.router.add_get("/cases/{code}/data", show)
    app.router.add_post("/cases/{code}/data/export", export)
    app.router.add_post("/cases/{code}/data/erase", erase)


@needs("cases.supervise")
async def show(request: web.Request) -> web.StreamResponse:
    """How much is held, of what."""
    case, held = await _held(request)
    counts = {name: len(rows) for name, rows in held.items() if isinstance(rows, list)}
    return page(request, "personal_data.html", title=f"Dữ liệu của người gửi {case.code}", case=case, counts=counts)


@needs("cases.supervise")
async def export(request: web.Request) -> web.StreamResponse:
    """All of it, as a JSON file."""
    case, held = await _held(request)
    parts = request.app[PARTS]
    async with parts.db.begin() as connection:
        await audit.write(connection, actor=who(request).name, action="exported", subject=f"citizen:{case.citizen_id}")
    response = web.Response(
        text=json.dumps(held, ensure_ascii=False, indent=2, default=str), content_type="application/json"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{case.code}.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@needs("cases.supervise")
async def erase(request: web.Request) -> web.StreamResponse:
    """Erase it, when the code was typed again."""
    case, _ = await _held(request)
    if field_of(request[FORM], "code", longest=20).upper() != case.code:
        raise Invalid(f"Để xóa, anh/chị gõ lại đúng mã phiếu {case.code}. Xóa rồi không lấy lại được.")
    parts = request.app[PARTS]
    assert case.citizen_id is not None
    done = await privacy.erase(
        parts.db,
        case.citizen_id,
        actor=who(request).name,
        because=case.code,
        remove_files=parts.files.delete,
        forget=parts.forget_dialogue,
    )
    said = f"Đã xóa {done['messages']} tin nhắn, nội dung {done['cases']} phiếu, {done['files']} tệp."
    raise go(request, f"/cases/{case.code}", f"{said} Anh/chị đóng phiếu này lại.")


async def _held(request: web.Request) -> tuple[Case, dict[str, Any]]:
    parts = request.app[PARTS]
    case = await parts.cases.show(request.match_info["code"])
    access.require(who(request), "cases.supervise", case)
    if case.kind is not Kind.data_request:
        raise NotFound("Phiếu này không phải yêu cầu về dữ liệu cá nhân.")
    if case.citizen_id is None:
        raise Conflict("Phiếu này không mở từ một cuộc trò chuyện nên không nối với dữ liệu nào khác.")
    return case, await privacy.held(parts.db, parts.seal, case.citizen_id)
