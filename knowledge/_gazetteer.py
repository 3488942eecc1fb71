"""The units file read into an index: places, what became of them, and every name they go by."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Final, cast

from knowledge._place_model import Level, Place
from knowledge._place_words import spelled
from knowledge.text import fold

_DATA: Final = "data/units"
_TYPES: Final = ("Thành phố", "Thị xã", "Thị trấn", "Đặc khu", "Phường", "Huyện", "Xã", "Tỉnh")


@dataclass(frozen=True, slots=True)
class Name:
    """One name of one unit: the type with it, its syllables' keys and their spelling (toneless form, tone)."""

    place: Place
    type: str
    keys: tuple[str, ...]
    spelling: tuple[tuple[str, int], ...]
    elsewhere: bool = False


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = (files("knowledge") / _DATA / name).read_text(encoding="utf-8")
    return csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _number(text: str) -> float | None:
    return float(text) if text else None


def _name(place: Place, kind: str, short: str, *, elsewhere: bool = False) -> Name:
    parts = [spelled(syllable) for syllable in short.lower().split()]
    keys = tuple(key for key, _, _ in parts)
    return Name(place, kind.lower(), keys, tuple((base, tone) for _, base, tone in parts), elsewhere)


class Atlas:
    """All units and names, read once. Nothing in it changes."""

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}
        self.names: dict[tuple[str, ...], list[Name]] = defaultdict(list)
        self.became: dict[str, tuple[Place, ...]] = {}
        self.was: dict[str, tuple[Place, ...]] = {}
        self.divided: frozenset[str] = frozenset()
        self.districts_of: dict[str, frozenset[str]] = {}
        self.communes_of: dict[str, tuple[Place, ...]] = {}
        self._read_units()
        self._read_succession()
        self._read_names()
        self.starts = frozenset(keys[0] for keys in self.names)
        self.longest = max(len(keys) for keys in self.names)
        self._typos = self._index_typos()

    def _read_units(self) -> None:
        for row in _rows("units.csv"):
            level = cast(Level, row["level"])
            place = Place(
                code=row["code"],
                name=f"{row['type']} {row['name']}",
                short=row["name"],
                type=row["type"],
                level=level,
                parent=row["parent"] or None,
                valid_from=_day(row["valid_from"]),
                valid_to=_day(row["valid_to"]),
                lat=_number(row["lat"]),
                lon=_number(row["lon"]),
                area_km2=_number(row["area_km2"]),
            )
            self.places[place.code] = place

    def _read_succession(self) -> None:
        became: dict[str, list[Place]] = defaultdict(list)
        was: dict[str, list[Place]] = defaultdict(list)
        divided: set[str] = set()
        for row in _rows("became.csv"):
            old, new = self.places[row["old"]], self.places[row["new"]]
            became[old.code].append(new)
            was[new.code].append(old)
            if row["extent"] == "part":
                divided.add(old.code)
        districts: dict[str, dict[str, Place]] = defaultdict(dict)
        for code, olds in was.items():
            parents = [old.parent for old in olds if old.parent]
            self.districts_of[code] = frozenset(parents)
            for parent in parents:
                districts[parent][code] = self.places[code]
        for code, news in districts.items():
            became[code] = sorted(news.values(), key=lambda new: fold(new.short))
        for code, place in self.places.items():
            if place.level == "province" and place.valid_to:
                became[code] = [p for p in self.places.values() if p.level == "province" and p.valid_to is None]
        self.became = {code: tuple(news) for code, news in became.items()}
        self.was = {code: tuple(olds) for code, olds in was.items()}
        self.divided = frozenset(divided)
        members: dict[str, list[Place]] = defaultdict(list)
        for place in self.places.values():
            if place.level == "commune" and place.parent:
                members[place.parent].append(place)
        self.communes_of = {code: tuple(some) for code, some in members.items()}

    def _read_names(self) -> None:
        for place in self.places.values():
            self._add(_name(place, place.type, place.short))
        for row in _rows("aliases.csv"):
            kind = next(kind for kind in _TYPES if row["name"].startswith(kind))
            self._add(_name(self.places[row["code"]], kind, row["name"][len(kind) + 1 :]))
        for row in _rows("provinces.csv"):
            kind = row["type"]
            place = Place(
                row["code"], f"{kind} {row['name']}", row["name"], kind, "province", None, date(2025, 7, 1), None
            )
            for short in (row["name"], *filter(None, row["also"].split("|"))):
                self._add(_name(place, kind, short, elsewhere=True))

    def _add(self, name: Name) -> None:
        if name not in self.names[name.keys]:
            self.names[name.keys].append(name)

    def district_codes(self, place: Place) -> frozenset[str]:
        """The old districts a commune lies in, whenever it was in force."""
        if place.valid_to is None:
            return self.districts_of.get(place.code, frozenset())
        return frozenset({place.parent} if place.parent else ())

    def province_codes(self, place: Place) -> frozenset[str]:
        """The old provinces (89-old, 91-old) a district or commune lay in."""
        if place.level == "district":
            return frozenset({place.parent} if place.parent else ())
        parents = (self.places[code].parent for code in self.district_codes(place))
        return frozenset(parent for parent in parents if parent)

    def _index_typos(self) -> dict[str, set[tuple[str, ...]]]:
        index: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        for keys, names in self.names.items():
            if not all(name.elsewhere or name.place.level == "province" for name in names):
                for form in _shorter(_run_together(keys)):
                    index[form].add(keys)
        return index

    def near(self, keys: Iterable[str]) -> list[tuple[int, tuple[str, ...]]]:
        """Names whose letters differ from these in at most one place, with that distance, nearest first."""
        asked = _run_together(keys)
        if not 4 <= len(asked) <= 24:
            return []
        candidates = {name for form in _shorter(asked) for name in self._typos.get(form, ())}
        measured = ((distance(asked, _run_together(name)), name) for name in candidates)
        return sorted(pair for pair in measured if pair[0] <= 1)


def _run_together(keys: Iterable[str]) -> str:
    return "".join(keys).replace("y", "i")


def _shorter(text: str) -> set[str]:
    return {text} | {text[:i] + text[i + 1 :] for i in range(len(text))}


def distance(a: str, b: str) -> int:
    """0 equal, 1 one letter put in, left out, replaced or two neighbours swapped, 2 anything more."""
    if a == b:
        return 0
    if abs(len(a) - len(b)) > 1:
        return 2
    i = 0
    while i < min(len(a), len(b)) and a[i] == b[i]:
        i += 1
    if a[i + 1 :] == b[i + 1 :] or a[i + 1 :] == b[i:] or a[i:] == b[i + 1 :]:
        return 1
    return 1 if a[i : i + 2] == b[i : i + 2][::-1] and a[i + 2 :] == b[i + 2 :] else 2
