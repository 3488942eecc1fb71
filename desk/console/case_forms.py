"""What the forms of a case page do. Whatever cannot be done gives the page again, with all that was written on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, get_args

from aiohttp import web

from desk import presence
from desk.cases import Case
from desk.console import case as page_of
from desk.console._access import needs, who
from desk.console._case_fields import procedure_of, text_of
from desk.console._desk_words import KINDS
from desk.console._frame import FORM, PARTS, field_of, go
from desk.console.case_actions import ACTIONS, Action
from desk.kinds import Kind
from store.errors import Invalid, MotcuaError, NotFound

_SAID = {
    "reply": "Đã gửi lời nhắn cho người dân.",
    "answer": "Đã trả lời; phiếu hoàn thành.",
    "ask": "Đã hỏi người dân; phiếu chờ họ trả lời.",
    "note": "Đã lưu ghi chú nội bộ.",
}
_WAITS = "Đã chuyển người phụ trách duyệt; duyệt xong mới gửi cho người dân."
Complexity = Literal["normal", "complex", "very_complex"]
_COMPLEXITIES: dict[str, Complexity] = {name: name for name in get_args(Complexity)}
Do = Callable[[web.Request, str, Mapping[str, Any], int | None], Awaitable[str]]


def add_routes(app: web.Application) -> None:
    """One address for each thing that may be done."""
    for action in ACTIONS.values():
        app.router.add_post(f"/cases/{{code}}/{action.name}", _handler(action))
    app.router.add_post("/cases/{code}/say", say)
    app.router.add_post("/cases/{code}/facts", facts)
    app.router.add_post("/cases/{code}/contact", contact)
    app.router.add_post("/cases/{code}/approve", approve)
    app.router.add_post("/cases/{code}/send-back", send_back)
    app.router.add_post("/cases/{code}/presence.json", beat)


def _handler(action: Action) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    @needs(action.right)
    async def do(request: web.Request) -> web.StreamResponse:
        async def act(request: web.Request, code: str, form: Mapping[str, Any], seen: int | None) -> str:
            await action.do(request.app[PARTS].handling, who(request), code, form, seen)
            return action.told

        return await _done(request, action.name, act)

    return do


@needs("cases.work")
async def say(request: web.Request) -> web.StreamResponse:
    """Write to the citizen, ask them, answer, or keep a note."""
    return await _done(request, "say", _say)


@needs("cases.work")
async def facts(request: web.Request) -> web.StreamResponse:
    """Set right what the case is about."""
    return await _done(request, "facts", _facts)


@needs("cases.work")
async def contact(request: web.Request) -> web.StreamResponse:
    """Keep how to reach the citizen."""
    return await _done(request, "contact", _contact)


@needs("cases.supervise")
async def approve(request: web.Request) -> web.StreamResponse:
    """Let a colleague's words go out, as they are or changed."""
    return await _done(request, "approve", _approve)


@needs("cases.supervise")
async def send_back(request: web.Request) -> web.StreamResponse:
    """Hand a colleague's words back with a reason."""
    return await _done(request, "send-back", _send_back)


@needs("cases.read")
async def beat(request: web.Request) -> web.StreamResponse:
    """Say that the page is open, or was left; gives who else has it open and the version of the case."""
    parts, by = request.app[PARTS], who(request)
    case = await page_of.seen(request)
    if request[FORM].get("gone"):
        await presence.gone(parts.db, case.id, by.id)
        return web.json_response({"others": [], "version": case.version})
    await presence.here(parts.db, case.id, by.id)
    others = await presence.others(parts.db, case.id, by.id)
    return web.json_response({"others": list(others), "version": case.version})


async def _done(request: web.Request, name: str, do: Do) -> web.StreamResponse:
    form, code = request[FORM], request.match_info["code"]
    try:
        told = await do(request, code, form, _version(form))
    except MotcuaError as error:
        # When it is the case itself that is not there, the page says so again.
        return await page_of.respond(request, error=error, given=page_of.Given(name, form))
    raise go(request, await _next(request, code), told)


async def _next(request: web.Request, code: str) -> str:
    """Where to go after a step: the case, or the list when it is no longer one's own unit's."""
    try:
        case: Case = await page_of.seen(request)
    except NotFound:
        return "/cases"
    return f"/cases/{case.code}"


async def _say(request: web.Request, code: str, form: Mapping[str, Any], seen: int | None) -> str:
    handling, by = request.app[PARTS].handling, who(request)
    mode, text = field_of(form, "mode", longest=10), text_of(form, "text")
    match mode:
        case "reply":
            await handling.reply(by, code, text, expected=seen)
        case "answer":
            if await page_of.has_followers(request, code):
                await handling.answer_linked(by, code, text, expected=seen)
            else:
                await handling.reply(by, code, text, final=True, expected=seen)
        case "ask":
            await handling.ask_information(by, code, text, expected=seen)
        case "note":
            await handling.note(by, code, text)
        case _:
            raise Invalid("Anh/chị chọn viết gì: nhắn, trả lời, hỏi thêm hay ghi chú.")
    return _WAITS if by.reviewed and mode != "note" else _SAID[mode]


async def _facts(request: web.Request, code: str, form: Mapping[str, Any], seen: int | None) -> str:
    kind, complexity = field_of(form, "kind", longest=20), field_of(form, "complexity", longest=20)
    if kind not in KINDS or complexity not in _COMPLEXITIES:
        raise Invalid("Loại phiếu hoặc mức độ không có trong danh sách; anh/chị chọn lại.")
    before = (await page_of.seen(request)).procedure_code
    await request.app[PARTS].handling.set_facts(
        who(request),
        code,
        kind=Kind(kind),
        procedure_code=await procedure_of(request, form, before=before),
        place_code=field_of(form, "place_code", longest=20),
        office=field_of(form, "office", longest=300),
        remote_area=form.get("remote_area") == "yes",
        complexity=_COMPLEXITIES[complexity],
        reason=text_of(form, "reason"),
        expected=seen,
    )
    return "Đã lưu thông tin phiếu."


async def _contact(request: web.Request, code: str, form: Mapping[str, Any], seen: int | None) -> str:
    await request.app[PARTS].handling.record_contact(who(request), code, text_of(form, "contact"), expected=seen)
    return "Đã lưu liên hệ."


async def _approve(request: web.Request, code: str, form: Mapping[str, Any], seen: int | None) -> str:
    words = text_of(form, "text") or None
    await request.app[PARTS].handling.approve_reply(who(request), code, _message(form), text=words, expected=seen)
    return "Đã duyệt và gửi cho người dân."


async def _send_back(request: web.Request, code: str, form: Mapping[str, Any], seen: int | None) -> str:
    reason = text_of(form, "reason")
    await request.app[PARTS].handling.refuse_reply(who(request), code, _message(form), reason, expected=seen)
    return "Đã trả lại cho người soạn kèm góp ý."


def _message(form: Mapping[str, Any]) -> int:
    given = field_of(form, "message", longest=18)
    if not (given.isascii() and given.isdigit()):
        raise Invalid("Anh/chị bấm nút ngay dưới tin nhắn cần duyệt.")
    return int(given)


def _version(form: Mapping[str, Any]) -> int | None:
    given = field_of(form, "version", longest=10)
    return int(given) if given.isascii() and given.isdigit() else None
