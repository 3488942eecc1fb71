"""What the gazetteer answers with: places, matches, resolutions and mentions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Level = Literal["province", "district", "commune"]


class PlaceNotCovered(ValueError):
    """A shared location is no point on earth, or lies too far outside the province."""

    code = "place_not_covered"
    status = 422

    def __init__(self, message: str = "Vị trí này nằm ngoài địa bàn tỉnh An Giang.") -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Place:
    """An administrative unit during one time.

    Attributes:
        code: unique in the gazetteer; the official code, with "-old" behind it for units that ended on 30 June 2025
            or before (many official codes live on in a new unit).
        name: with its type, "Xã Chợ Mới".
        short: without it, "Chợ Mới".
        type: Xã, Phường, Thị trấn, Đặc khu, Huyện, Thị xã, Thành phố or Tỉnh.
        level: "province", "district" or "commune".
        parent: the code of the unit it belongs to (a commune since 1 July 2025: the province), None for a province.
        valid_from: first day, None when it is before the record begins.
        valid_to: last day, None while in force.
        lat, lon: centre point in degrees (WGS 84), None for units that ended.
        area_km2: square kilometres, None for units that ended.
    """

    code: str
    name: str
    short: str
    type: str
    level: Level
    parent: str | None
    valid_from: date | None
    valid_to: date | None
    lat: float | None = None
    lon: float | None = None
    area_km2: float | None = None

    def valid(self, on: date) -> bool:
        """Whether the unit was in force on that day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Match:
    """A place in force on the asked day that a text can mean.

    Attributes:
        place: in force on that day.
        via: the unit that the text named, when it was another one (an old commune or district); else None.
        hamlet_needed: the named commune was divided, so only the hamlet tells which of its successors it is.
        score: 0 to 1; 1 is the exact name of a unit in force, 0.5 one of several communes of an old district.
    """

    place: Place
    via: Place | None = None
    hamlet_needed: bool = False
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a text can mean as a place; best match first, empty when it names none.

    Attributes:
        text: the text as given.
        matches: what it can mean.
        districts: the old districts that it can name ("chợ mới"); their communes are among the matches.
        suggestions: near-misses for a text without matches (a typing error, a commune in another district).
        elsewhere: the province outside that the text names, if any.
    """

    text: str
    matches: tuple[Match, ...] = ()
    districts: tuple[Place, ...] = ()
    suggestions: tuple[Match, ...] = ()
    elsewhere: Place | None = None

    @property
    def one(self) -> Match | None:
        """The best match when all matches are one and the same place, else None."""
        return self.matches[0] if len({match.place.code for match in self.matches}) == 1 else None

    @property
    def several(self) -> bool:
        """Whether the text fits more than one place."""
        return len({match.place.code for match in self.matches}) > 1

    @property
    def district(self) -> Place | None:
        """The old district that was named, when it is a single one and the communes of it are what is left to ask."""
        return self.districts[0] if len(self.districts) == 1 else None


@dataclass(frozen=True, slots=True)
class Mention:
    """A place named inside a longer text: ``text[start:end]`` of the original, and what it means."""

    start: int
    end: int
    text: str
    resolution: Resolution
