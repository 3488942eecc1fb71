"""What happens in a conversation, as it happens: server-sent events, and the same for a page that asks now and then.

The database is looked at twice a second with one statement, so that it does not matter which process wrote.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from aiohttp import web
from markupsafe import Markup, escape
from sqlalchemy import select

from desk import sign_in, transcript
from desk.console._access import needs, who
from desk.console._frame import PARTS, TEMPLATES, TOKEN
from desk.console._lists import as_chat
from desk.takeover import Item
from desk.transcript import Mark, Turn
from store.tables import takeovers

AUTHORS = {"citizen": "Người dân", "bot": "Trợ lý", "staff": "Cán bộ", "notice": "Báo cho người dân"}
DELIVERIES = {
    "ready": "đang chờ gửi",
    "leased": "đang gửi",
    "sent": "đã gửi",
    "unknown": "không rõ đã tới chưa",
    "dead": "không gửi được",
    "withheld": "trợ lý định trả lời, đã giữ lại: người dân không nhận được",
}
_LOOK_S = 0.5
_ALIVE_S = 15.0
_WRITE_S = 20.0
_AFTER = re.compile(r"(\d{1,18})\.(\d{1,18})")
_STOP = web.AppKey("live_stop", asyncio.Event)
_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


def end_with(app: web.Application) -> None:
    """Have the streams end when the server stops."""
    app[_STOP] = asyncio.Event()

    async def stop(app: web.Application) -> None:
        app[_STOP].set()

    app.on_shutdown.append(stop)


def written(mark: Mark) -> str:
    """A mark as a page and a browser's Last-Event-ID carry it."""
    return f"{mark.read}.{mark.said}"


def as_turn(turn: Turn) -> Markup:
    """The text of a turn: what citizens write stays as it is, ours may have **bold** words."""
    if turn.author == "citizen":
        return Markup("<br>").join(escape(line) for line in turn.text.split("\n"))
    return as_chat(turn.text)


@needs("takeover")
async def turns(request: web.Request) -> web.StreamResponse:
    """What came after a mark, for a page whose stream does not get through."""
    item = await request.app[PARTS].takeovers.show(who(request), _number(request))
    watch = _Watch(request, item)
    return web.json_response(
        {"events": [{"kind": kind, **data} for kind, data in await watch.news()], "after": watch.at}
    )


@needs("takeover")
async def stream(request: web.Request) -> web.StreamResponse:
    """The events of one conversation: `turn`, `delivery`, `state`."""
    parts = request.app[PARTS]
    item = await parts.takeovers.show(who(request), _number(request))
    watch = _Watch(request, item)
    response = web.StreamResponse(headers=_HEADERS)
    await response.prepare(request)
    try:
        await _write(response, "retry: 2000\n\n")
        quiet = 0.0
        while not request.app[_STOP].is_set():
            news = await watch.news()
            for kind, data in news:
                await _write(response, f"id: {watch.at}\nevent: {kind}\ndata: {json.dumps(data)}\n\n")
            quiet = 0.0 if news else quiet + _LOOK_S
            if quiet >= _ALIVE_S:
                quiet = 0.0
                await _write(response, ": alive\n\n")
                if await sign_in.of_session(parts.db, request[TOKEN]) is None:
                    break
            try:
                async with asyncio.timeout(_LOOK_S):
                    await request.app[_STOP].wait()
            except TimeoutError:
                continue
    except (ConnectionResetError, TimeoutError):
        pass  # the page was left, or reads nothing: it comes back and reads on
    return response


class _Watch:
    """What one page has been told."""

    def __init__(self, request: web.Request, item: Item) -> None:
        found = _AFTER.fullmatch(request.headers.get("Last-Event-ID") or request.query.get("after", ""))
        self._request = request
        self._item = item
        self._mark = Mark(int(found[1]), int(found[2]), 0) if found else Mark(0, 0, 0)
        self._standing = (item.state, item.staff_id)
        self._told = request.query.get("standing", "")
        self._under_way: dict[int, str] = {}
        self._first = True

    @property
    def at(self) -> str:
        """Up to where it was told."""
        return written(self._mark)

    async def news(self) -> list[tuple[str, dict[str, Any]]]:
        """What is new since the last call."""
        parts, number = self._request.app[PARTS], self._item.id
        found: list[tuple[str, dict[str, Any]]] = []
        async with parts.db.connect() as connection:
            mark = await transcript.mark(connection, self._item.conversation_id)
            row = (
                await connection.execute(
                    select(takeovers.c.state, takeovers.c.staff_id).where(takeovers.c.id == number)
                )
            ).one()
            fresh: tuple[Turn, ...] = ()
            if (mark.read, mark.said) != (self._mark.read, self._mark.said):
                fresh = await transcript.transcript(connection, self._item.conversation_id, after=self._mark)
            found += [("turn", self._shown(turn)) for turn in fresh]
            self._under_way |= {turn.number: turn.delivery or "" for turn in fresh if turn.author != "citizen"}
            found += await self._deliveries(connection)
        self._mark = Mark(max(mark.read, self._mark.read), max(mark.said, self._mark.said), mark.open)
        standing = f"{row.state}-{row.staff_id or ''}"
        if standing != self._told:
            self._told = standing
            found.append(("state", {"standing": standing}))
        return found

    async def _deliveries(self, connection: Any) -> list[tuple[str, dict[str, Any]]]:
        waiting = [number for number, state in self._under_way.items() if state in {"ready", "leased"}]
        if self._first:
            # What the page itself showed as under way.
            self._first = False
            waiting += [
                int(n) for n in self._request.query.get("open", "").split(",")[:50] if n.isdigit() and len(n) < 19
            ]
        states = await transcript.deliveries(connection, waiting) if waiting else {}
        changed = {number: state for number, state in states.items() if self._under_way.get(number) != state}
        self._under_way |= changed
        self._under_way = {n: state for n, state in self._under_way.items() if state in {"ready", "leased"}}
        return [
            ("delivery", {"key": f"o{number}", "state": state, "text": DELIVERIES.get(state, state)})
            for number, state in changed.items()
        ]

    def _shown(self, turn: Turn) -> dict[str, Any]:
        macros = self._request.app[TEMPLATES].get_template("live_macros.html").module
        html = macros.said(turn, as_turn, DELIVERIES, AUTHORS)  # type: ignore[attr-defined]
        return {"key": turn.key, "author": turn.author, "html": str(html)}


def _number(request: web.Request) -> int:
    return int(request.match_info["id"])


async def _write(response: web.StreamResponse, text: str) -> None:
    async with asyncio.timeout(_WRITE_S):
        await response.write(text.encode())
