"""The offices of each commune, found on a map of their centre points or in a list."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from aiohttp import web

from desk.console._access import needs
from desk.console._frame import PARTS, add_to_menu, page
from desk.console._lists import Last, today
from knowledge.offices import office_for
from knowledge.places import Place
from knowledge.procedures import OfficeKind, Procedure, ReceivingRule
from knowledge.text import fold

_WIDTH = 720
_MARGIN = 14
# Every record is read from disk: a second for 2,754 of them.
_TAKES = web.AppKey("offices_take", Last[Counter[OfficeKind]])
_DISTRICT = {OfficeKind.district_centre, OfficeKind.district_police}


@dataclass(frozen=True)
class Dot:
    """A commune on the map, in units of the drawing."""

    place: Place
    x: float
    y: float


def add_routes(app: web.Application) -> None:
    """The page."""
    app[_TAKES] = Last()
    add_to_menu(app, "Nơi tiếp nhận", "/offices")
    app.router.add_get("/offices", show)


@needs("reader")
async def show(request: web.Request) -> web.StreamResponse:
    """The communes, and of the one that was chosen its offices with how many procedures each kind takes."""
    parts = request.app[PARTS]
    on = today()
    communes = sorted(parts.gazetteer.communes(on), key=lambda place: fold(place.short))
    text = request.query.get("place", "").strip()[:200]
    chosen = next((place for place in communes if place.code == text), None)
    resolved = [] if chosen or not text else [match.place for match in parts.gazetteer.resolve(text, on).matches]
    if len(resolved) == 1:
        chosen = resolved[0]
    rows: list[tuple[str, int]] = []
    if chosen is not None:
        snapshot = await parts.catalogue.snapshot()
        takes = await request.app[_TAKES].get((snapshot.version, on), lambda: _takes(snapshot.procedures.values(), on))
        rows = [
            (office_for(ReceivingRule(office=kind), chosen, on).name, takes[kind])
            for kind in OfficeKind
            if kind is not OfficeKind.other and kind not in _DISTRICT and takes[kind]
        ]
        rows.sort(key=lambda row: -row[1])
    dots, height = placed(communes)
    return page(
        request,
        "offices.html",
        title="Nơi tiếp nhận",
        communes=communes,
        chosen=chosen,
        several=[] if chosen else resolved,
        text=text,
        rows=rows,
        was=parts.gazetteer.predecessors(chosen.code) if chosen else (),
        dots=dots,
        width=_WIDTH,
        height=height,
    )


def placed(communes: Iterable[Place]) -> tuple[tuple[Dot, ...], int]:
    """Where the communes lie on a drawing, north up, and its height; those without a centre point are left out."""
    points = [(place, place.lat, place.lon) for place in communes if place.lat is not None and place.lon is not None]
    if not points:
        return (), 0
    south, north = min(lat for _, lat, _ in points), max(lat for _, lat, _ in points)
    west, east = min(lon for _, _, lon in points), max(lon for _, _, lon in points)
    # A degree of longitude is shorter than one of latitude by the cosine of the latitude.
    shrink = math.cos(math.radians((south + north) / 2))
    scale = (_WIDTH - 2 * _MARGIN) / (((east - west) * shrink) or 1.0)
    dots = tuple(
        Dot(place, _MARGIN + (lon - west) * shrink * scale, _MARGIN + (north - lat) * scale)
        for place, lat, lon in points
    )
    return dots, math.ceil(2 * _MARGIN + (north - south) * scale)


def _takes(procedures: Iterable[Procedure], on: date) -> Counter[OfficeKind]:
    found: Counter[OfficeKind] = Counter()
    for procedure in procedures:
        found.update({rule.office for rule in procedure.receives(on)})
    return found
