"""The queues: what waits for whom, the most urgent first; search and filters over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from desk import queues, staff, units
from desk._case_rows import code_of
from desk.access import may, sees
from desk.cases import CaseNotFound
from desk.console._access import needs, who
from desk.console._desk_words import KINDS, STATES, TONES, due
from desk.console._frame import PARTS, add_to_menu, page, url
from desk.queues import QUEUES, Filters
from desk.saved_filters import of as saved_of
from desk.staff import Person, Role
from store.errors import Invalid
from store.tables import now

_REST = ("waiting", "paused", "answered", "done")
_TABS = {"overdue": "hot", "due_soon": "warm", "approval": "warm"}
_EMPTY = {
    "mine": "Anh/chị không còn phiếu nào đang giữ. Xem “Chưa ai nhận” để nhận việc mới.",
    "unassigned": "Phiếu nào cũng đã có người nhận.",
    "overdue": "Không có phiếu nào quá hạn.",
    "due_soon": "Không có phiếu nào sắp đến hạn.",
    "approval": "Không có câu trả lời nào chờ duyệt.",
}


def add_routes(app: web.Application) -> None:
    """The page of the queues."""
    add_to_menu(app, "Phiếu", "/cases", "cases.read")
    app.router.add_get("/cases", show)


@needs("cases.read")
async def show(request: web.Request) -> web.StreamResponse:
    """One page of a queue, or of what a search found."""
    parts, by = request.app[PARTS], who(request)
    # PostgreSQL takes no NUL in a text.
    asked = {name: value.replace("\0", "") for name, value in request.query.items()}
    text = asked.get("q", "").strip()[:200]
    name = asked.get("queue") if asked.get("queue") in QUEUES else _first(by)
    assert name is not None
    after = asked.get("after") or None
    message = ""
    try:
        filters = Filters.read(asked)
    except Invalid as error:
        filters, message = Filters(), error.message
    if text and after is None and (found := await _exact(request, text)) is not None:
        raise web.HTTPSeeOther(f"/cases/{found}")
    try:
        if text:
            result = await queues.search(parts.db, by, text, filters, after=after)
        else:
            result = await queues.page(parts.db, by, name, filters, after=after)
    except Invalid as error:
        result, message = queues.Page((), None), error.message
    counts = await queues.counts(parts.db, by, replace(filters, state=None))
    query = query_of(asked)
    return page(
        request,
        "queue.html",
        title=QUEUES[name].title if not text else f"Tìm: {text}",
        result=result,
        queue=name,
        rest=_REST,
        tabs=[
            (one, counts[one.name], _TABS.get(one.name, "") if counts[one.name].number else "")
            for one in sorted(QUEUES.values(), key=lambda one: one.name in _REST)
            if one.name != "approval" or may(by, "cases.supervise") or by.reviewed
        ],
        text=text,
        filters=filters,
        query=query,
        message=message,
        empty=_EMPTY.get(name, "Không có phiếu nào ở đây.") if not text else "Không tìm thấy phiếu nào.",
        saved=await saved_of(parts.db, by),
        units=await units.list_(parts.db) if by.unit_id is None else (),
        people=await colleagues(request) if may(by, "cases.supervise") else (),
        places=parts.gazetteer.communes(),
        place_of=place_of(request),
        kinds=KINDS,
        states=STATES,
        tones=TONES,
        due=due,
        now=now(),
        narrowed=bool(filters.query()),
        after=after,
        back=url("/cases", **query),
    )


def query_of(asked: Mapping[str, str]) -> dict[str, str]:
    """What of an address's query belongs to a queue and may be kept: its name, the search, the filters."""
    try:
        kept = Filters.read(asked).query()
    except Invalid:
        kept = {}
    if asked.get("q", "").strip():
        kept["q"] = asked["q"].strip()[:200]
    elif asked.get("queue") in QUEUES:
        kept["queue"] = asked["queue"]
    return kept


async def colleagues(request: web.Request) -> tuple[Person, ...]:
    """Who may be given a case: officers and supervisors, of the person's own unit where they have one."""
    by = who(request)
    everybody = await staff.list_(request.app[PARTS].db)
    return tuple(
        person
        for person in everybody
        if person.disabled_at is None
        and person.roles & {Role.officer, Role.supervisor}
        and (by.unit_id is None or person.unit_id in {None, by.unit_id})
    )


def place_of(request: web.Request) -> Any:
    """What a commune's code is called; a code that is none stays as it is."""
    gazetteer = request.app[PARTS].gazetteer

    def name(code: str | None) -> str:
        if not code:
            return ""
        try:
            return gazetteer.get(code).name
        except KeyError:
            return code

    return name


def _first(by: Person) -> str:
    return "open" if may(by, "cases.supervise") else "mine"


async def _exact(request: web.Request, text: str) -> str | None:
    """The code, when the search is just the code of a case that the person may see."""
    code = code_of(text)
    if code is None or len(text) > len(code) + 2:
        return None
    try:
        found = await request.app[PARTS].cases.show(code)
    except CaseNotFound:
        return None
    return code if not found.secret and sees(who(request), found) else None
