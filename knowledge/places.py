"""Places of An Giang with their dates: what a text or a point means on a day, and what became of old units.

Old names (districts and communes of An Giang and Kiên Giang until 30 June 2025) lead to the communes in force on the
day asked about; before 1 July 2025 the answers are the old units. Source of the units: see ``data/units``.
"""

from __future__ import annotations

import math
from collections import Counter
from datetime import date, datetime, timedelta, timezone
from functools import cache
from typing import Final

from knowledge._gazetteer import Atlas
from knowledge._place_model import Level, Match, Mention, Place, PlaceNotCovered, Resolution
from knowledge._place_reading import Reading, outside, read, read_address, read_near, scan
from knowledge._place_words import words

__all__ = ["Gazetteer", "Level", "Match", "Mention", "Place", "PlaceNotCovered", "Resolution"]

TWO_TIER: Final = date(2025, 7, 1)
MAX_DISTANCE_KM: Final = 60.0
_VIETNAM: Final = timezone(timedelta(hours=7))
_EARTH_KM: Final = 6371.0088
_TEXT_LIMIT: Final = 300
# A commune that took over this share of a district's communes is what people mean by the district's name (Phú Quốc).
_NEARLY_ALL: Final = 0.85


def _today() -> date:
    return datetime.now(_VIETNAM).date()


class Gazetteer:
    """All places and names, read once; immutable, safe to share between threads and tasks."""

    def __init__(self) -> None:
        self._atlas = Atlas()

    @staticmethod
    @cache
    def load() -> Gazetteer:
        """The gazetteer of this process, read on the first call."""
        return Gazetteer()

    def get(self, code: str) -> Place:
        """The place with this code.

        Raises:
            KeyError: there is none.
        """
        return self._atlas.places[code]

    def communes(self, on: date | None = None) -> tuple[Place, ...]:
        """All communes, wards, townships and special zones in force on the day (today when None)."""
        day = on or _today()
        return tuple(place for place in self._atlas.places.values() if place.level == "commune" and place.valid(day))

    def successors(self, code: str, on: date | None = None) -> tuple[Place, ...]:
        """What the unit is on the day: itself while in force, otherwise what took its place (empty before it existed).

        Raises:
            KeyError: unknown code.
        """
        place, day = self.get(code), on or _today()
        if place.valid(day):
            return (place,)
        return tuple(new for new in self._atlas.became.get(code, ()) if new.valid(day))

    def predecessors(self, code: str) -> tuple[Place, ...]:
        """The old communes that a commune was made of on 1 July 2025; empty for old units.

        Raises:
            KeyError: unknown code.
        """
        self.get(code)
        return self._atlas.was.get(code, ())

    def resolve(self, text: str, on: date | None = None) -> Resolution:
        """What a text means that is a place as a whole ("xã Phú Hội, huyện An Phú", "my hoa hung", "dạ em ở Chợ Mới").

        Never raises. Text that says more than a place gives no matches: use ``find``.
        """
        day = on or _today()
        if len(text) > _TEXT_LIMIT:
            return Resolution(text)
        found = words(text)
        reading = read(self._atlas, found) or read_address(self._atlas, found)
        if reading is not None:
            return self._resolution(text, reading, day)
        near: dict[str, Match] = {}
        for likeness, reading in read_near(self._atlas, found):
            resolution = self._resolution(text, reading, day)
            if likeness == 0 and resolution.matches:
                return resolution
            for match in resolution.matches[:3]:
                near.setdefault(match.place.code, _scaled(match, 0.5))
        return Resolution(text, suggestions=tuple(near.values())[:5])

    def find(self, text: str, on: date | None = None) -> tuple[Mention, ...]:
        """The places named inside a sentence, in order; offsets are those of ``text`` as given. Linear time.

        A name that is misspelled by one letter has suggestions and no matches.
        """
        day = on or _today()
        found = words(text)
        mentions = []
        for reading in scan(self._atlas, found):
            start, end = found[reading.start].start, found[reading.end - 1].end
            part = text[start:end]
            resolution = self._resolution(part, reading, day)
            if resolution.matches or (reading.near and resolution.suggestions):
                mentions.append(Mention(start, end, part, resolution))
        return tuple(mentions)

    def outside(self, text: str) -> Mention | None:
        """The other province in which a sentence wants something done ("đăng ký kết hôn ở Hà Nội"), if it names one."""
        found = words(text)
        reading = outside(self._atlas, found)
        if reading is None:
            return None
        start, end = found[reading.start].start, found[reading.end - 1].end
        return Mention(start, end, text[start:end], Resolution(text[start:end], elsewhere=reading.elsewhere))

    def nearest(self, lat: float, lon: float, on: date | None = None) -> tuple[Place, float]:
        """The commune whose centre point is nearest, and the distance to it in km.

        Before 1 July 2025, whose communes have no centre points here: the district that most of that commune lay in.

        Raises:
            PlaceNotCovered: no point on earth, or more than ``MAX_DISTANCE_KM`` from every centre.
        """
        if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
            raise PlaceNotCovered("Tọa độ này không hợp lệ.")
        day = on or _today()
        km, _, place = min(
            (_haversine(lat, lon, place.lat, place.lon), place.code, place)
            for place in self._atlas.places.values()
            if place.lat is not None and place.lon is not None
        )
        if km > MAX_DISTANCE_KM:
            raise PlaceNotCovered
        if not place.valid(day):
            parents = Counter(old.parent for old in self._atlas.was[place.code] if old.parent)
            place = self._atlas.places[parents.most_common(1)[0][0]]
        return place, km

    def _resolution(self, text: str, reading: Reading, day: date) -> Resolution:
        if reading.elsewhere is not None:
            return Resolution(text, elsewhere=reading.elsewhere)
        collect = self._now if day >= TWO_TIER else self._then
        matches, districts = collect(reading, day)
        ordered = tuple(sorted(matches, key=lambda match: -match.score))
        if not reading.consistent:
            return Resolution(text, suggestions=tuple(_scaled(match, 0.5) for match in ordered))
        return Resolution(text, matches=ordered, districts=districts)

    def _now(self, reading: Reading, day: date) -> tuple[list[Match], tuple[Place, ...]]:
        direct: dict[str, Match] = {}
        named: list[Match] = []
        districts: list[Place] = []
        # A name that a district had too is less surely the commune.
        sure = 0.9 if any(choice.place.level == "district" for choice in reading.choices) else 1.0
        for choice in reading.choices:
            place = choice.place
            if place.level == "commune" and place.valid(day):
                direct[place.code] = Match(place, score=choice.score * sure)
        for choice in reading.choices:
            old = choice.place
            if old.level == "district":
                districts.append(old)
            elif old.level == "commune" and not old.valid(day):
                became = self._atlas.became.get(old.code, ())
                split = old.code in self._atlas.divided
                named += [
                    Match(new, old, split, choice.score * sure * 0.95) for new in became if new.code not in direct
                ]
        matches = [*direct.values(), *named]
        return matches + self._of_districts(districts, direct, named, reading), tuple(districts)

    def _of_districts(
        self, districts: list[Place], direct: dict[str, Match], named: list[Match], reading: Reading
    ) -> list[Match]:
        met = set(direct) | {match.place.code for match in named}
        found: list[Match] = []
        for district in districts:
            members = self._atlas.became[district.code]
            same = next((new for new in members if new.short == district.short), None)
            if same and len(districts) == 1 and not named and self._share(same, district) >= _NEARLY_ALL:
                members = (same,)
            for new in members:
                if new.code in met:
                    continue
                met.add(new.code)
                score = 1.0 if len(members) == 1 else 0.9 if new == same else 0.5
                found.append(Match(new, district, score=score * reading.best))
        return found

    def _share(self, commune: Place, district: Place) -> float:
        olds = self._atlas.communes_of[district.code]
        return sum(commune in self._atlas.became.get(old.code, ()) for old in olds) / len(olds)

    def _then(self, reading: Reading, day: date) -> tuple[list[Match], tuple[Place, ...]]:
        matches: list[Match] = []
        districts: list[Place] = []
        for choice in reading.choices:
            if not choice.place.valid(day):
                continue
            if choice.place.level == "district":
                districts.append(choice.place)
            score = choice.score if choice.place.level == "commune" or reading.kind else choice.score * 0.9
            matches.append(Match(choice.place, score=score))
        if not matches:
            for choice in reading.choices:
                olds = [old for old in self._atlas.was.get(choice.place.code, ()) if old.valid(day)]
                matches += [Match(old, choice.place, len(olds) > 1, choice.score * 0.6) for old in olds]
        return matches, tuple(districts)


def _scaled(match: Match, factor: float) -> Match:
    return Match(match.place, match.via, match.hamlet_needed, match.score * factor)


def _haversine(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    a, b = math.radians(lat), math.radians(to_lat)
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(to_lon - lon) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, half)))
