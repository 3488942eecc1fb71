"""What an import had to say about each record."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from desk.console._access import needs
from desk.console._frame import PARTS, page
from desk.console._words import SEVERITIES
from desk.console.changes import paged
from knowledge.text import fold

_A_PAGE = 200


def add_routes(app: web.Application) -> None:
    """The page of an import's report."""
    app.router.add_get("/versions/{id}/report", show)


@needs("reader")
async def show(request: web.Request) -> web.StreamResponse:
    """The report of a version, filtered by how much a remark weighs, by what it says and by text."""
    catalogue = request.app[PARTS].catalogue
    version = await catalogue.version(request.match_info["id"])
    report = await catalogue.report(version.id)
    query = request.query
    severity = query.get("severity") if query.get("severity") in SEVERITIES else None
    trap = query.get("trap", "")[:500]
    text = query.get("q", "")[:200]
    issues = [issue for issue in report.get("issues") or [] if _fits(issue, severity, trap, fold(text.strip()))]
    number, count, shown = paged([("issue", issue) for issue in issues], query.get("page", ""), _A_PAGE)
    return page(
        request,
        "report.html",
        title="Báo cáo nạp",
        version=version,
        report=report,
        summary=report.get("summary") or [],
        issues=[issue for _, issue in shown],
        found=len(issues),
        severities=SEVERITIES,
        number=number,
        count=count,
        query={"severity": severity, "trap": trap, "q": text},
    )


def _fits(issue: dict[str, Any], severity: str | None, trap: str, text: str) -> bool:
    if severity and issue.get("severity") != severity:
        return False
    if trap and issue.get("message") != trap:
        return False
    said = " ".join(str(value) for value in issue.values())
    return not text or text in fold(said)
