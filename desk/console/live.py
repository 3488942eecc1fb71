"""Conversations with citizens: the queue of those that want a person, and the page on which a person answers."""

from __future__ import annotations

import secrets
from typing import Any

from aiohttp import web

from desk import _takeover_rows as rows
from desk import canned, transcript
from desk._case_rows import Case, by_code
from desk.access import CaseNotFound, may, require
from desk.console import _live_stream as live_stream
from desk.console._access import needs, who
from desk.console._desk_words import CHANNELS
from desk.console._frame import FORM, PARTS, add_to_menu, field_of, go, page
from desk.staff import Person
from desk.takeover import LONGEST, Item
from store.errors import Conflict, NotFound
from store.tables import now

REASONS = {
    "asked": "người dân đề nghị gặp cán bộ",
    "failed": "trợ lý hai lần chưa hiểu",
    "angry": "người dân đang bức xúc",
    "staff": "cán bộ chủ động vào",
}
_KEY = 8


def add_routes(app: web.Application) -> None:
    """The queue, the page of one conversation, and what its forms and its script ask for."""
    add_to_menu(app, "Trò chuyện", "/live", "takeover")
    app.router.add_get("/live", show_queue)
    app.router.add_get("/live.json", state_of_queue)
    app.router.add_post("/live/begin", begin)
    app.router.add_get(r"/live/{id:\d{1,18}}", show)
    app.router.add_post(r"/live/{id:\d{1,18}}/take", take)
    app.router.add_post(r"/live/{id:\d{1,18}}/say", say)
    app.router.add_post(r"/live/{id:\d{1,18}}/say.json", say_at_once)
    app.router.add_post(r"/live/{id:\d{1,18}}/hand-back", hand_back)
    app.router.add_get(r"/live/{id:\d{1,18}}/turns.json", live_stream.turns)
    # A HEAD of a stream would never end.
    app.router.add_get(r"/live/{id:\d{1,18}}/stream", live_stream.stream, allow_head=False)
    live_stream.end_with(app)


@needs("takeover")
async def show_queue(request: web.Request) -> web.StreamResponse:
    """Who waits, whom I talk with, whom my colleagues talk with."""
    parts, by = request.app[PARTS], who(request)
    waiting, active = await parts.takeovers.waiting(by), await parts.takeovers.active(by)
    return page(
        request,
        "live_queue.html",
        title="Trò chuyện với người dân",
        waiting=waiting,
        mine=[item for item in active if item.staff_id == by.id],
        others=[item for item in active if item.staff_id != by.id],
        mark=_mark(waiting, active),
        **_words(request),
    )


@needs("takeover")
async def state_of_queue(request: web.Request) -> web.StreamResponse:
    """Whether the page of the queue is still as it was."""
    parts, by = request.app[PARTS], who(request)
    waiting, active = await parts.takeovers.waiting(by), await parts.takeovers.active(by)
    return web.json_response({"waiting": len(waiting), "mark": _mark(waiting, active)})


@needs("takeover")
async def show(request: web.Request) -> web.StreamResponse:
    """One conversation: what was said, who has it, and the box to write in."""
    parts, by = request.app[PARTS], who(request)
    item = await parts.takeovers.show(by, _number(request))
    async with parts.db.connect() as connection:
        mark = await transcript.mark(connection, item.conversation_id)
        turns = await transcript.transcript(connection, item.conversation_id)
    mine = item.state == "active" and item.staff_id == by.id
    return page(
        request,
        "live.html",
        title=f"Trò chuyện {item.id}",
        item=item,
        mine=mine,
        turns=turns,
        after=live_stream.written(mark),
        key=_new_key(),
        longest=LONGEST,
        may_take=_may_take(item, by),
        may_end=item.state == "active" and (mine or may(by, "cases.supervise")),
        known=await rows.cases_of(parts.db, by, item.citizen_id),
        canned=[one for one in await canned.list_(parts.db, unit_id=by.unit_id) if "{" not in one.text] if mine else (),
        as_chat=live_stream.as_turn,
        deliveries=live_stream.DELIVERIES,
        authors=live_stream.AUTHORS,
        **_words(request),
    )


@needs("takeover")
async def take(request: web.Request) -> web.StreamResponse:
    """Take the conversation."""
    item = await request.app[PARTS].takeovers.take(who(request), _number(request))
    raise go(request, f"/live/{item.id}", "Anh/chị đang giữ cuộc trò chuyện này; trợ lý tự động đã ngừng trả lời.")


@needs("takeover")
async def begin(request: web.Request) -> web.StreamResponse:
    """Take the conversation of a case, from the page of the case."""
    parts, by, code = request.app[PARTS], who(request), field_of(request[FORM], "case", longest=20)
    async with parts.db.connect() as connection:
        row = await by_code(connection, code)
    if row is None:
        raise CaseNotFound("Không có phiếu này, hoặc phiếu không thuộc đơn vị của anh/chị.")
    case = Case.of(row)
    require(by, "cases.read", case)
    if case.conversation_id is None:
        raise Conflict("Phiếu này không có cuộc trò chuyện nào; anh/chị trả lời trên trang của phiếu.")
    item = await parts.takeovers.begin(by, case.conversation_id, case_id=case.id)
    raise go(request, f"/live/{item.id}", "Anh/chị đang giữ cuộc trò chuyện này; trợ lý tự động đã ngừng trả lời.")


@needs("takeover")
async def say(request: web.Request) -> web.StreamResponse:
    """Write to the citizen."""
    await _say(request)
    raise go(request, f"/live/{_number(request)}#write")


@needs("takeover")
async def say_at_once(request: web.Request) -> web.StreamResponse:
    """The same for the page's script."""
    return web.json_response({"said": await _say(request), "key": _new_key()})


@needs("takeover")
async def hand_back(request: web.Request) -> web.StreamResponse:
    """Give the conversation back to the bot."""
    note = field_of(request[FORM], "note", longest=LONGEST + 1)
    await request.app[PARTS].takeovers.hand_back(who(request), _number(request), note)
    raise go(request, "/live", "Đã trả cuộc trò chuyện lại cho trợ lý tự động; người dân đã được báo.")


async def _say(request: web.Request) -> int:
    form = request[FORM]
    # Longer texts come through to be refused with their length.
    text = field_of(form, "text", longest=20 * LONGEST)
    key = field_of(form, "key", longest=100)
    return await request.app[PARTS].takeovers.say(who(request), _number(request), text, key=key)


def _number(request: web.Request) -> int:
    number = int(request.match_info["id"])
    if number > 2**62:
        raise NotFound("Không có cuộc trò chuyện này.")
    return number


def _new_key() -> str:
    return secrets.token_hex(_KEY)


def _may_take(item: Item, by: Person) -> bool:
    if by.reviewed or item.state not in {"waiting", "active"} or item.staff_id == by.id:
        return False
    return item.state == "waiting" or may(by, "cases.supervise")


def _mark(waiting: tuple[Item, ...], active: tuple[Item, ...]) -> str:
    return ".".join([*(f"w{item.id}" for item in waiting), *(f"a{item.id}-{item.staff_id}" for item in active)])


def _words(request: web.Request) -> dict[str, Any]:
    gazetteer = request.app[PARTS].gazetteer

    def place(code: str | None) -> str:
        try:
            return gazetteer.get(code).name if code else ""
        except KeyError:
            return ""

    def waited(item: Item) -> int:
        return max(0, int(((item.taken_at or now()) - item.asked_at).total_seconds() // 60))

    return {"reasons": REASONS, "channels": CHANNELS, "place": place, "waited": waited}
