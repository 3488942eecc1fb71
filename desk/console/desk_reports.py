"""The report about the desk's work: a period of choice, charts, tables, and the same as files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from desk import periods, reports, units
from desk.console._access import needs, who
from desk.console._charts import Series, bars, columns
from desk.console._frame import PARTS, add_to_menu, page, url
from desk.console._lists import today
from desk.periods import Length, Period
from desk.report_files import GROUPINGS, KINDS, XLSX_TYPE, Table, as_csv, as_xlsx, file_name, tables
from desk.reports import Report
from store.errors import Invalid, MotcuaError

_ROWS = 15
_LENGTHS: dict[Length, str] = {"month": "tháng", "quarter": "quý", "half_year": "nửa năm", "year": "năm"}


def add_routes(app: web.Application) -> None:
    """The page and its two files."""
    add_to_menu(app, "Báo cáo", "/reports", "reports", group="Bàn việc")
    app.router.add_get("/reports", show)
    app.router.add_get("/reports.xlsx", workbook)
    app.router.add_get("/reports.csv", plain)


@needs("reports")
async def show(request: web.Request) -> web.StreamResponse:
    """The report of a period; of the last whole one when none was chosen."""
    by, query = who(request), request.query
    wrong = ""
    try:
        period = _period(request)
    except Invalid as error:
        period, wrong = _last(request), error.message
    found = await _report(request, period)
    asked = {"since": period.since.isoformat(), "until": period.until.isoformat(), "unit": query.get("unit", "")}
    return page(
        request,
        "desk_report.html",
        status=400 if wrong else 200,
        title="Báo cáo",
        report=found,
        wrong=wrong,
        tables=[_short(table) for table in tables(found)],
        charts=_charts(found),
        asked=asked,
        units=() if by.unit_id is not None else await units.list_(request.app[PARTS].db),
        choices=_choices(asked["unit"]),
        rows=_ROWS,
        export=lambda ending: url(f"/reports.{ending}", **asked),
    )


@needs("reports")
async def workbook(request: web.Request) -> web.StreamResponse:
    """The report as an XLSX workbook."""
    return await _file(request, "xlsx", XLSX_TYPE, as_xlsx)


@needs("reports")
async def plain(request: web.Request) -> web.StreamResponse:
    """The report as CSV."""
    return await _file(request, "csv", "text/csv", as_csv)


async def _file(
    request: web.Request, ending: str, media_type: str, make: Callable[[Report], bytes]
) -> web.StreamResponse:
    found = await _report(request, _period(request))
    name = file_name(found, ending)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return web.Response(body=make(found), content_type=media_type, headers=headers)


async def _report(request: web.Request, period: Period) -> Report:
    parts = request.app[PARTS]
    unit = request.query.get("unit", "").strip()
    if unit and not (unit.isascii() and unit.isdigit() and len(unit) < 18):
        raise Invalid("Đơn vị này không có; anh/chị chọn lại trong danh sách.")
    return await reports.report(
        parts.db, who(request), period, unit=int(unit) if unit else None, procedures=await _procedures(request)
    )


async def _procedures(request: web.Request) -> dict[str, str]:
    """Names of the procedures of the live catalogue; none while there is no catalogue."""
    try:
        snapshot = await request.app[PARTS].catalogue.snapshot()
    except MotcuaError:
        return {}
    return {code: snapshot.procedures[code].name for code in snapshot.procedures}


def _period(request: web.Request) -> Period:
    query = request.query
    if not query.get("since") and not query.get("until"):
        return _last(request)
    return periods.read(query.get("since", "")[:40], query.get("until", "")[:40])


def _last(request: web.Request) -> Period:
    return periods.before(request.app[PARTS].reports.period, today())


def _choices(unit: str) -> list[tuple[str, str]]:
    """Addresses of the usual periods: the present and the last month, quarter, half year, year."""
    found = []
    for length, name in _LENGTHS.items():
        for said, period in ((f"{name} này", periods.named(length, today())), (f"{name} trước", _before(length))):
            since, until = period.since.isoformat(), period.until.isoformat()
            found.append((said, url("/reports", since=since, until=until, unit=unit)))
    return found


def _before(length: Length) -> Period:
    return periods.before(length, today())


def _charts(report: Report) -> list[tuple[str, Any]]:
    names = [name for name, _ in report.steps]
    sums = [each for _, each in report.steps]

    def series(name: str, tone: str, measure: str) -> Series:
        return Series(name, tone, tuple(getattr(each, measure) for each in sums))

    found = [
        (
            "Tiếp nhận và trả lời",
            columns(
                "Số phiếu tiếp nhận và số lần trả lời theo thời gian",
                names,
                [series("tiếp nhận", "tone-a", "received"), series("trả lời", "tone-b", "answered")],
            ),
        ),
        (
            "Đúng hạn và quá hạn",
            columns(
                "Số lần trả lời đúng hạn và quá hạn theo thời gian",
                names,
                [series("đúng hạn", "tone-good", "on_time"), series("quá hạn", "tone-bad", "late")],
                stacked=True,
            ),
        ),
        (
            "Theo loại",
            bars(
                "Số phiếu tiếp nhận theo loại",
                [(KINDS[kind], each.received) for kind, each in report.kinds.items()],
                "tone-a",
            ),
        ),
    ]
    for grouping, groups in report.groups.items():
        rows = [(group.name, group.sums.received) for group in groups[:10] if group.sums.received]
        if rows:
            title = GROUPINGS[grouping]
            found.append((f"Nhiều nhất theo: {title.lower()}", bars(f"{title} có nhiều phiếu nhất", rows, "tone-a")))
    return found


def _short(table: Table) -> tuple[Table, int]:
    """A table as the page shows it, and how many rows only the files have."""
    rows = table.rows if len(table.rows) <= _ROWS + 1 or table.rows[-1][0] == "Tổng" else table.rows[:_ROWS]
    return Table(table.title, table.head, rows), len(table.rows) - len(rows)
