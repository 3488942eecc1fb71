"""Golden questions: what has to be answered right before a version may go live, and how well the live one does."""

from __future__ import annotations

import asyncio
import re

from aiohttp import web
from markupsafe import Markup

from desk.console import _uploads
from desk.console._access import needs, who
from desk.console._frame import FORM, PARTS, add_to_menu, field_of, go, page
from desk.console._lists import sheet
from desk.console._words import SEVERITIES
from knowledge import golden, trial
from knowledge.importers.report import Report
from knowledge.search import curve

_A_PAGE = 200
_MOST_FAILED = 200


def add_routes(app: web.Application) -> None:
    """Pages of the golden questions and of the quality they measure."""
    add_to_menu(app, "Câu hỏi chuẩn", "/golden")
    add_to_menu(app, "Chất lượng", "/quality")
    app.router.add_get("/golden", show)
    app.router.add_post("/golden", add)
    app.router.add_post("/golden/upload", upload)
    app.router.add_post("/golden/{id:[0-9]{1,15}}/end", end)
    app.router.add_get("/quality", quality)


@needs("reader")
async def show(request: web.Request) -> web.StreamResponse:
    """The questions in force, the newest first."""
    return await _page(request)


@needs("editor")
async def add(request: web.Request) -> web.StreamResponse:
    """Add a question with the procedures that answer it."""
    parts, form = request.app[PARTS], request[FORM]
    question = field_of(form, "question", longest=golden.LONGEST)
    codes = [code for code in re.split(r"[\s,;]+", field_of(form, "codes", longest=1000)) if code]
    none = form.get("none") == "1"
    known = (await parts.catalogue.snapshot()).procedures
    unknown = [code for code in codes if code not in known]
    if unknown:
        return await _page(
            request, message=f"Danh mục đang dùng không có thủ tục mang mã {unknown[0][:40]}.", status=400
        )
    if bool(codes) == none:
        said = "Ghi mã thủ tục trả lời đúng, hoặc đánh dấu là không thủ tục nào trả lời (chỉ một trong hai)."
        return await _page(request, message=said, status=400)
    await golden.add(parts.db, question, codes, actor=who(request).name)
    raise go(request, "/golden", f"Đã thêm câu hỏi chuẩn “{question}”.")


@needs("editor", file=True)
async def upload(request: web.Request) -> web.StreamResponse:
    """Add the questions of a JSONL file."""
    parts = request.app[PARTS]
    taken = await _uploads.receive(request)
    try:
        report = await golden.import_jsonl(parts.db, taken.path, actor=who(request).name)
    finally:
        await asyncio.to_thread(_uploads.remove, taken)
    return await _page(request, report=report)


@needs("editor")
async def end(request: web.Request) -> web.StreamResponse:
    """Take a question back."""
    row = await golden.end(request.app[PARTS].db, int(request.match_info["id"]), actor=who(request).name)
    raise go(request, "/golden", f"Đã gỡ câu hỏi chuẩn “{row.question}”.")


@needs("reader")
async def quality(request: web.Request) -> web.StreamResponse:
    """How well the live version answers the golden questions, how honest its probabilities are, and how others did."""
    parts = request.app[PARTS]
    snapshot = await parts.catalogue.snapshot()
    asked = await golden.list_(parts.db)
    measured = await asyncio.to_thread(golden.measure, snapshot.searcher, asked)
    calibration = snapshot.searcher.calibration
    points = await asyncio.to_thread(trial.likely, snapshot.searcher, asked)
    history = [
        (version, golden.Measured.from_json(version.measured))
        for version in await parts.catalogue.list()
        if version.measured
    ]
    return page(
        request,
        "quality.html",
        title="Chất lượng tìm kiếm",
        version=snapshot.version,
        measured=measured,
        failed=measured.failed[:_MOST_FAILED],
        # Our own drawing; whatever it is given is a number or escaped.
        picture=Markup(curve.svg(points, threshold=calibration.least_right)),  # noqa: S704
        calibrated=Markup(curve.svg(calibration.points, threshold=calibration.least_right)),  # noqa: S704
        calibrated_on=len(calibration.points),
        least_right=round(100 * calibration.least_right),
        history=history,
    )


async def _page(
    request: web.Request, *, message: str = "", report: Report | None = None, status: int = 200
) -> web.Response:
    parts = request.app[PARTS]
    rows = sheet((await golden.list_(parts.db))[::-1], request.query.get("page", ""), _A_PAGE)
    return page(
        request,
        "golden.html",
        status=status,
        title="Câu hỏi chuẩn",
        rows=rows.rows,
        sheet=rows,
        message=message,
        report=report,
        severities=SEVERITIES,
        names=(await parts.catalogue.snapshot()).procedures,
        typed=request.get(FORM, {}),
    )
