"""What a version changes, on one page: fee, time and place first."""

from __future__ import annotations

from aiohttp import web

from desk.console._access import needs
from desk.console._frame import PARTS, page
from desk.console._values import lines
from knowledge.diff import TITLES, Diff

_A_PAGE = 100
KINDS = {"changed": "thủ tục thay đổi", "added": "thủ tục thêm mới", "removed": "thủ tục bỏ đi"}


def add_routes(app: web.Application) -> None:
    """The page of the differences."""
    app.router.add_get("/versions/{id}/diff", show)


@needs("reader")
async def show(request: web.Request) -> web.StreamResponse:
    """The differences, filtered as the query says."""
    catalogue = request.app[PARTS].catalogue
    query = request.query
    version = await catalogue.version(request.match_info["id"])
    against = query.get("against") or None
    whole = await catalogue.diff(version.id, against=against)
    field = query.get("field") if query.get("field") in TITLES else None
    text = query.get("q", "")[:200]
    important = query.get("important") == "1"
    kind = query.get("kind") if query.get("kind") in KINDS else None
    narrow = whole.only(field=field, text=text, important=important)
    entries = _entries(narrow, kind)
    number, count, shown = paged(entries, query.get("page", ""), _A_PAGE)
    return page(
        request,
        "diff.html",
        title="So sánh",
        version=version,
        diff=whole,
        counts=whole.counts(),
        entries=shown,
        found=len(entries),
        words=not (field or important or text or kind) and number == 1,
        titles=TITLES,
        lines=lines,
        kinds=KINDS,
        number=number,
        count=count,
        query={"against": against, "field": field, "q": text, "important": "1" if important else "", "kind": kind},
    )


def paged(rows: list[tuple[str, object]], asked: str, size: int) -> tuple[int, int, list[tuple[str, object]]]:
    """(number of the page, how many there are, its rows); a page that is not there gives the nearest."""
    count = max(1, -(-len(rows) // size))
    number = min(max(1, int(asked)), count) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1
    return number, count, rows[(number - 1) * size : number * size]


def _entries(diff: Diff, kind: str | None) -> list[tuple[str, object]]:
    """What is shown, in one order: (kind, entry)."""
    out: list[tuple[str, object]] = []
    for name, found in (("changed", diff.changed), ("added", diff.added), ("removed", diff.removed)):
        if kind in {None, name}:
            out += [(name, entry) for entry in found]
    return out
