"""What citizens asked in vain, put together; one click says which procedure was meant."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from desk.console._access import needs, who
from desk.console._frame import PARTS, add_to_menu, field_of, go, page, url
from desk.console._lists import as_chat, sent, sheet
from knowledge import asked
from knowledge.catalogue import Snapshot
from store.errors import Invalid

_A_PAGE = 15
_MOST = 1_000
_SUGGESTED = 5
VERDICTS = {"unanswered": "không trả lời được", "asked_back": "phải hỏi lại", "wrong": "người dân báo sai"}
_DONE = {
    "vocabulary": "Đã thêm vào từ vựng: “{everyday}” nghĩa là {code}. Có hiệu lực từ bản danh mục lập sau đây.",
    "golden": "Đã lưu {golden} câu hỏi chuẩn cho thủ tục {code}.",
    "nothing": "Đã bỏ qua {closed} câu hỏi.",
}


def add_routes(app: web.Application) -> None:
    """The page and its one form."""
    add_to_menu(app, "Câu hỏi chưa đáp", "/questions")
    app.router.add_get("/questions", show)
    app.router.add_post("/questions", resolve)


@needs("reader")
async def show(request: web.Request) -> web.StreamResponse:
    """The open questions in groups, the biggest first, each with the procedures that may be meant."""
    parts = request.app[PARTS]
    verdict = request.query.get("verdict", "")
    rows = await asked.open_(parts.db, _MOST)
    counts = {name: sum(row.verdict == name for row in rows) for name in VERDICTS}
    rows = tuple(row for row in rows if verdict not in VERDICTS or row.verdict == verdict)
    snapshot = await parts.catalogue.snapshot()
    clusters = sheet(await asyncio.to_thread(asked.cluster, rows), request.query.get("page", ""), _A_PAGE)
    suggested = await asyncio.to_thread(_suggestions, clusters.rows, snapshot)
    return page(
        request,
        "questions.html",
        title="Câu hỏi chưa đáp",
        clusters=list(zip(clusters.rows, suggested, strict=True)),
        sheet=clusters,
        counts=counts,
        many=len(rows) == _MOST,
        verdict=verdict if verdict in VERDICTS else "",
        verdicts=VERDICTS,
        as_chat=as_chat,
        names=snapshot.procedures,
        query={"verdict": verdict},
    )


@needs("editor")
async def resolve(request: web.Request) -> web.StreamResponse:
    """Close the ticked questions with what they mean."""
    parts, form = request.app[PARTS], sent(request)
    as_, _, code = field_of(form, "do", longest=80).partition(":")
    if as_ not in asked.MEANINGS:
        raise Invalid("Anh/chị bấm một trong các nút bên dưới nhóm câu hỏi.")
    code = code or field_of(form, "code", longest=40)
    ids = [int(value) for value in form.getall("id", []) if isinstance(value, str) and _is_number(value)]
    snapshot = await parts.catalogue.snapshot()
    known = snapshot.procedures
    done = await asked.resolve(
        parts.db,
        ids,
        actor=who(request).name,
        as_=as_,
        code=code or None,
        name=known[code].name if code in known else "",
        phrases=[part for part in field_of(form, "phrases").split("|") if part.strip()],
        known=known,
    )
    said = _DONE[as_].format(
        code=code, closed=done.closed, golden=done.golden, everyday=done.word.everyday if done.word else ""
    )
    notes = f" Lưu ý: {'; '.join(done.notes)}." if done.notes else ""
    raise go(request, url("/questions", verdict=field_of(form, "verdict", longest=20)), said + notes)


def _suggestions(clusters: Sequence[asked.Cluster], snapshot: Snapshot) -> list[list[tuple[str, str]]]:
    """For each group the procedures that may be meant, (code, name): what the search thinks of, then what was shown."""
    found: list[list[tuple[str, str]]] = []
    for cluster in clusters:
        text = cluster.phrases[0] if cluster.phrases else cluster.questions[0].question
        hits = [hit.code for hit in snapshot.searcher.search(text, limit=_SUGGESTED - 1).hits]
        # What citizens called wrong comes last, for it is most likely not what they meant.
        codes = list(dict.fromkeys([*hits, *cluster.codes]))
        if cluster.verdicts.get("wrong"):
            said_wrong = {row.codes[0] for row in cluster.questions if row.verdict == "wrong" and row.codes}
            codes.sort(key=lambda code: code in said_wrong)
        known = [code for code in codes if code in snapshot.procedures][:_SUGGESTED]
        found.append([(code, snapshot.procedures[code].name) for code in known])
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 18
