"""The vault: denunciations, for its role alone; each look at one, and at an identity, is logged."""

from __future__ import annotations

from datetime import date
from typing import Any

from aiohttp import web

from desk import vault
from desk.cases import Case, CaseNotFound
from desk.console._access import needs, who
from desk.console._desk_words import LOG
from desk.console._frame import FORM, PARTS, add_to_menu, field_of, go, page, url
from desk.console._lists import day_of, today
from desk.dossier import dossier
from desk.kinds import DONE, State
from desk.texts import STATE
from store.errors import Invalid
from store.tables import now

_LOG = {
    "vault_viewed": "mở xem",
    "identity_sealed": "niêm danh tính",
    "identity_viewed": "xem danh tính",
    "stripped_copy": "lấy bản đã che danh tính",
}


def add_routes(app: web.Application) -> None:
    """The list, one denunciation, its changes, its stripped copy."""
    add_to_menu(app, "Tố cáo", "/vault", "vault")
    app.router.add_get("/vault", show_all)
    app.router.add_get("/vault/{code}", show)
    app.router.add_post("/vault/{code}", change)
    app.router.add_post("/vault/{code}/identity", reveal)
    app.router.add_post("/vault/{code}/copy", copy)


@needs("vault")
async def show_all(request: web.Request) -> web.StreamResponse:
    """The open denunciations by deadline, or the finished ones."""
    done = request.query.get("done") == "1"
    found = await vault.list_(request.app[PARTS].db, who(request), done=done)
    return page(request, "vault.html", title="Tố cáo", cases=found, done=done, states=STATE, now=now())


@needs("vault")
async def show(request: web.Request) -> web.StreamResponse:
    """One denunciation, without who wrote it."""
    case = await _case(request)
    await vault.looked_at(request.app[PARTS].db, who(request), case)
    return await _page(request, case)


@needs("vault")
async def change(request: web.Request) -> web.StreamResponse:
    """Do one of the things that the page offers."""
    case, by, form = await _case(request), who(request), request[FORM]
    handling = request.app[PARTS].handling
    text, seen = field_of(form, "text"), _number(field_of(form, "version", longest=12))
    match field_of(form, "do", longest=20):
        case "accept":
            done = await handling.accept(by, case.code, text, expected=seen)
        case "refuse":
            done = await handling.refuse(by, case.code, text, expected=seen)
        case "transfer":
            body = field_of(form, "body", longest=200)
            done = await handling.transfer_out(by, case.code, body, text, expected=seen)
        case "pause":
            done = await handling.pause(by, case.code, text, expected=seen)
        case "resume":
            done = await handling.resume(by, case.code, expected=seen)
        case "legal":
            done = await handling.start_legal_clock(by, case.code, _day(form), expected=seen)
        case "ask":
            done = await handling.ask_information(by, case.code, text, expected=seen)
        case "answer":
            done = await handling.reply(by, case.code, text, final=True, expected=seen)
        case "note":
            done = await handling.note(by, case.code, text)
        case "close":
            done = await handling.close(by, case.code, expected=seen)
        case "reopen":
            done = await handling.reopen(by, case.code, text, expected=seen)
        case _:
            raise Invalid("Anh/chị bấm một trong các nút trên trang.")
    raise go(request, f"/vault/{case.code}", f"Đã ghi: {STATE[done.state].lower()}.")


@needs("vault")
async def reveal(request: web.Request) -> web.StreamResponse:
    """The page with who wrote it, once, for a reason."""
    case, parts = await _case(request), request.app[PARTS]
    reason = field_of(request[FORM], "reason", longest=500)
    known = await vault.identity(parts.db, parts.seal, who(request), case, reason=reason)
    return await _page(request, case, identity=known or vault.Identity(), revealed=True)


@needs("vault")
async def copy(request: web.Request) -> web.StreamResponse:
    """The text for the body that takes it over, without who wrote it; to be read over and printed."""
    case, parts = await _case(request), request.app[PARTS]
    made = await vault.for_sending_on(parts.db, parts.seal, who(request), case)
    return page(request, "vault_copy.html", title=f"Bản chuyển {case.code}", case=case, copy=made)


async def _case(request: web.Request) -> Case:
    code = request.match_info["code"]
    case = await request.app[PARTS].cases.show(code, vault=True)
    if not case.secret:
        raise CaseNotFound(f"Không có đơn nào mang mã {code}.")
    return case


async def _page(request: web.Request, case: Case, **more: Any) -> web.StreamResponse:
    parts = request.app[PARTS]
    context: dict[str, Any] = {"identity": None, "revealed": False, **more}
    return page(
        request,
        "vault_case.html",
        title=f"Tố cáo {case.code}",
        case=case,
        held=await dossier(parts.db, case.code, who(request), seal=parts.seal),
        states=STATE,
        finished=case.state in DONE,
        State=State,
        actions=LOG | _LOG,
        today=today(),
        list_url=url("/vault", done="1" if case.state in DONE else ""),
        **context,
    )


def _day(form: Any) -> date:
    day: date | None = day_of(field_of(form, "day", longest=10))
    if day is None:
        raise Invalid("Anh/chị chọn ngày nhận được đơn hợp lệ.")
    return day


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None
