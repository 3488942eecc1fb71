"""The working calendar: days that differ from the library's, hours of units, a year to compare with the decided one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from aiohttp import web

from desk import calendar_days, case_clocks, units
from desk.calendar import WEEKDAYS, hours_of
from desk.console._access import needs, who
from desk.console._frame import FORM, PARTS, add_to_menu, field_of, go, page
from desk.texts import VIET_NAM
from desk.units import Unit
from store.errors import Invalid, MotcuaError, NotFound
from store.tables import now

_DAYS = tuple(enumerate(WEEKDAYS, 1))


def add_routes(app: web.Application) -> None:
    """The page and its forms."""
    add_to_menu(app, "Lịch làm việc", "/calendar", "desk.settings")
    app.router.add_get("/calendar", show)
    app.router.add_post("/calendar", add)
    app.router.add_post("/calendar/hours", hours)
    app.router.add_post("/calendar/{id:[0-9]{1,15}}/end", end)


@needs("desk.settings")
async def show(request: web.Request) -> web.StreamResponse:
    """The rows in force, the days of a year, the hours."""
    return await _page(request)


@needs("desk.settings")
async def add(request: web.Request) -> web.StreamResponse:
    """Say what a day is."""
    form, by = request[FORM], who(request)
    try:
        row = await calendar_days.add(
            request.app[PARTS].db,
            _day(field_of(form, "day", longest=20)),
            form.get("working") == "1",
            note=field_of(form, "note"),
            source=field_of(form, "source"),
            actor=by.name,
            unit_id=await _unit_of(request, field_of(form, "unit", longest=100)),
        )
    except MotcuaError as error:
        return await _page(request, error)
    kind = "ngày làm việc" if row.working else "ngày nghỉ"
    raise go(request, "/calendar", f"Đã ghi {row.day:%d/%m/%Y} là {kind}; các thời hạn đang chạy đã được tính lại.")


@needs("desk.settings")
async def end(request: web.Request) -> web.StreamResponse:
    """Take a row back."""
    by = who(request)
    number = int(request.match_info["id"])
    row = await calendar_days.end(request.app[PARTS].db, number, actor=by.name, unit_id=by.unit_id)
    raise go(request, "/calendar", f"Đã gỡ dòng về ngày {row.day:%d/%m/%Y}; các thời hạn đang chạy đã được tính lại.")


@needs("desk.settings")
async def hours(request: web.Request) -> web.StreamResponse:
    """Give a unit hours of its own, or the province's again."""
    form, by, db = request[FORM], who(request), request.app[PARTS].db
    try:
        code = field_of(form, "unit", longest=100)
        number = await _unit_of(request, code)
        if number is None:
            raise Invalid("Anh/chị chọn đơn vị; giờ chung của tỉnh nằm trong cài đặt MOTCUA_DESK__CLOCKS__HOURS.")
        written = {str(day): _spans(field_of(form, f"hours{day}", longest=200)) for day, _name in _DAYS}
        kept = {day: spans for day, spans in written.items() if spans}
        if kept:
            hours_of(kept)
        unit = await units.set_hours(db, code, kept or None, actor=by.name)
        await calendar_days.apply(db, unit_id=number)
    except MotcuaError as error:
        return await _page(request, error)
    told = f"Đã ghi giờ làm việc của {unit.name}." if kept else f"{unit.name} dùng giờ chung của tỉnh."
    raise go(request, f"/calendar?unit={code}", told)


async def _page(request: web.Request, error: MotcuaError | None = None) -> web.StreamResponse:
    parts, by, form = request.app[PARTS], who(request), request.get(FORM, {})
    every = [unit for unit in await units.list_(parts.db) if by.unit_id in {None, unit.id}]
    chosen = next((unit for unit in every if unit.code == (field_of(form, "unit") or request.query.get("unit"))), None)
    year = _year(request.query.get("year", ""))
    calendar = await case_clocks.calendar_of(parts.db, chosen.id if chosen else by.unit_id)
    return page(
        request,
        "calendar.html",
        status=error.status if error else 200,
        title="Lịch làm việc",
        message=error.message if error else "",
        rows=await calendar_days.list_(parts.db, unit_id=by.unit_id),
        own=by.unit_id,
        units=every,
        chosen=chosen,
        year=year,
        decided=calendar.is_decided(year),
        days=[(day, WEEKDAYS[day.weekday()], fact) for day, fact in calendar_days.days_of(calendar, year)],
        weekdays=_DAYS,
        hours=_hours(form, chosen, calendar.hours),
        typed={name: field_of(form, name) for name in ("day", "note", "source", "working")},
    )


async def _unit_of(request: web.Request, code: str) -> int | None:
    """The unit that a form is about: for staff of one unit always that; else None is the whole province.

    Raises:
        NotFound: there is no such unit, or it is not theirs.
    """
    by = who(request)
    if not code and by.unit_id is None:
        return None
    unit = await units.get(request.app[PARTS].db, code) if code else None
    if unit is None or by.unit_id not in {None, unit.id}:
        raise NotFound("Anh/chị chỉ sửa được lịch của đơn vị mình.")
    return unit.id


def _hours(form: Mapping[str, Any], unit: Unit | None, in_force: Mapping[int, Any]) -> dict[int, str]:
    """The hours as the form shows them: what was typed, else what is in force."""
    if "hours1" in form:
        return {day: field_of(form, f"hours{day}", longest=200) for day, _name in _DAYS}
    return {
        day: ", ".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in in_force.get(day, ())) for day, _name in _DAYS
    }


def _spans(text: str) -> list[str]:
    return [part.strip().replace("–", "-") for part in text.replace(";", ",").split(",") if part.strip()]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("Anh/chị chọn một ngày trên lịch.") from None


def _year(text: str) -> int:
    present = now().astimezone(VIET_NAM).year
    in_range = text.isascii() and text.isdigit() and len(text) == 4
    year = int(text) if in_range else present
    return year if calendar_days.FIRST_YEAR <= year <= calendar_days.LAST_YEAR else present
