"""The apology for a late case: the draft with its form, and the letter to sign as a DOCX file."""

from __future__ import annotations

from datetime import date

from aiohttp import web

from desk import apology
from desk._apology_letter import TITLE
from desk.console._access import needs, who
from desk.console._frame import FORM, PARTS, field_of, go, page
from desk.texts import VIET_NAM
from store.errors import Invalid, MotcuaError, NotFound
from store.tables import now

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def add_routes(app: web.Application) -> None:
    """The page, its form and the letter."""
    app.router.add_get("/cases/{code}/apology", show)
    app.router.add_post("/cases/{code}/apology", give)
    app.router.add_get("/cases/{code}/apology.docx", letter)


@needs("cases.work")
async def show(request: web.Request) -> web.StreamResponse:
    """The letter as it stands, and the form as long as none was given."""
    return await _page(request)


@needs("cases.work")
async def give(request: web.Request) -> web.StreamResponse:
    """Apologise and give the new date."""
    parts, form, code = request.app[PARTS], request[FORM], request.match_info["code"]
    seen = field_of(form, "version", longest=9)
    try:
        case = await apology.apologise(
            parts.handling,
            who(request),
            code,
            field_of(form, "reason"),
            _day(field_of(form, "day", longest=20)),
            expected=int(seen) if seen.isascii() and seen.isdigit() else None,
        )
    except NotFound:
        raise
    except MotcuaError as error:
        return await _page(request, error)
    raise go(request, f"/cases/{case.code}/apology", "Đã xin lỗi người dân và ghi ngày hẹn lại. Tải phiếu về để ký.")


@needs("cases.work")
async def letter(request: web.Request) -> web.StreamResponse:
    """The letter, also of a draft."""
    found = await apology.of(request.app[PARTS].db, who(request), request.match_info["code"], at=now())
    return web.Response(
        body=found.document,
        content_type=_DOCX,
        headers={
            "Content-Disposition": f'attachment; filename="phieu-xin-loi-{found.case.code}.docx"',
            "Cache-Control": "no-store",
        },
    )


async def _page(request: web.Request, error: MotcuaError | None = None) -> web.StreamResponse:
    form = request.get(FORM, {})
    found = await apology.of(request.app[PARTS].db, who(request), request.match_info["code"], at=now())
    return page(
        request,
        "apology.html",
        status=error.status if error else 200,
        title=f"Xin lỗi và hẹn lại {found.case.code}",
        message=error.message if error else "",
        found=found,
        heading=TITLE,
        reason=field_of(form, "reason"),
        day=field_of(form, "day", longest=20) or found.new_due_at.astimezone(VIET_NAM).date().isoformat(),
        today=now().astimezone(VIET_NAM).date().isoformat(),
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("Anh/chị chọn ngày hẹn lại trên lịch.") from None
