"""Reads words as "[type] name[, [type] district][, province]" and says which units that can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from knowledge import _place_words as ways
from knowledge._gazetteer import Atlas, Name
from knowledge._place_model import Place
from knowledge._place_words import Word

_NEAR_LIMIT: Final = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """A unit that was named, with how well the spelling and the type word fit (1 exactly)."""

    place: Place
    score: float


@dataclass(slots=True)
class Qualifiers:
    """What stood behind the name: districts and provinces it should lie in, "cũ" or "mới"."""

    end: int
    districts: list[set[str]] = field(default_factory=list)
    provinces: set[str] = field(default_factory=set)
    elsewhere: Place | None = None
    era: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read words ``start:end`` as a place.

    Attributes:
        choices: the units, best first.
        kind: the type word before the name, "" when there was none.
        consistent: whether the district or province given behind the name fits any of them.
        elsewhere: the other province that was named.
        near: the name is misspelled; the choices are what it may be.
    """

    start: int
    end: int
    choices: tuple[Choice, ...]
    kind: str = ""
    consistent: bool = True
    elsewhere: Place | None = None
    marks: int = 0
    near: bool = False

    @property
    def best(self) -> float:
        """The best choice's score."""
        return max((choice.score for choice in self.choices), default=1.0)


def _agreement(name: Name, span: Sequence[Word]) -> tuple[int, int]:
    levels = [word.agreement(base, tone) for word, (base, tone) in zip(span, name.spelling, strict=True)]
    return levels.count(2), levels.count(1)


def _suits(name: Name, kind: str) -> bool:
    level = name.place.level
    if kind in ways.COMMUNE:
        return level == "commune"
    if kind == "tỉnh":
        return level == "province"
    return level == "district" or (kind == "thành phố" and level == "province" and name.type == kind)


def _names_at(atlas: Atlas, found: Sequence[Word], at: int, length: int, kind: str) -> list[tuple[Name, int, int]]:
    """Names that the words can be, each with its contradicting and missing marks; only the least contradicted ones."""
    span = found[at : at + length]
    names = atlas.names.get(tuple(word.key for word in span), ())
    rated = [(name, *_agreement(name, span)) for name in names if not kind or _suits(name, kind)]
    fewest = min((clash for _, clash, _ in rated), default=0)
    if fewest > (1 if length > 2 else 0):
        return []
    return [one for one in rated if one[1] == fewest]


def _lengths(atlas: Atlas, found: Sequence[Word], at: int) -> range:
    return range(min(atlas.longest, len(found) - at), 0, -1)


def _qualify(atlas: Atlas, found: Sequence[Word], at: int, names: Sequence[Name], *, strict: bool) -> Qualifiers:
    """Read what stands behind a name as far as it qualifies it."""
    result = Qualifiers(at)
    while result.end < len(found):
        here = result.end
        word = found[here]
        if word.low in ("cũ", "cu") or (word.low in ("mới", "moi") and not strict):
            result.era, result.end = ("old" if word.key == "cu" else "new"), here + 1
            continue
        if here + 1 < len(found) and (word.low, found[here + 1].low) in (("việt", "nam"), ("viet", "nam")):
            result.end = here + 2
            continue
        if word.apart or not _take(atlas, found, result, names, strict=strict):
            break
    return result


def _take(atlas: Atlas, found: Sequence[Word], into: Qualifiers, names: Sequence[Name], *, strict: bool) -> bool:
    kind, skip = ways.type_at(found, into.end)
    if kind in ways.COMMUNE:
        return False
    start = into.end + skip
    for length in _lengths(atlas, found, start):
        rated = _names_at(atlas, found, start, length, kind)
        provinces = [name for name, _, _ in rated if name.place.level == "province"]
        districts = {name.place.code for name, _, _ in rated if name.place.level == "district"}
        if provinces and (kind != "thành phố" or not districts):
            for name in provinces:
                if name.elsewhere:
                    into.elsewhere = name.place
                else:
                    into.provinces.add(name.place.code)
            if into.provinces:
                into.elsewhere = None
            into.end = start + length
            return True
        if districts and not into.districts:
            fits = any(districts & atlas.district_codes(name.place) for name in names)
            if fits or kind or not strict:
                into.districts.append(districts)
                into.end = start + length
                return True
    return False


def _fits(atlas: Atlas, place: Place, wanted: Qualifiers) -> bool:
    if wanted.era == "old" and place.valid_to is None:
        return False
    if wanted.era == "new" and place.valid_to is not None:
        return False
    for codes in wanted.districts:
        if place.level == "district" or not codes & atlas.district_codes(place):
            return False
    if "91-old" in wanted.provinces and "91" not in wanted.provinces:
        return "91-old" in atlas.province_codes(place)
    if wanted.provinces and place.level == "district":
        return "89-old" in atlas.province_codes(place)
    return True


def _choose(atlas: Atlas, rated: Sequence[tuple[Name, int, int]], kind: str, wanted: Qualifiers) -> tuple[Choice, ...]:
    fitting = [one for one in rated if _fits(atlas, one[0].place, wanted)]
    if kind and any(one[0].type == kind for one in fitting):
        fitting = [one for one in fitting if one[0].type == kind]
    best: dict[str, Choice] = {}
    for name, clash, missing in fitting:
        score = 1.0 - 0.15 * clash - (0.02 if missing else 0.0) - (0.1 if kind and name.type != kind else 0.0)
        known = best.get(name.place.code)
        if known is None or known.score < score:
            best[name.place.code] = Choice(name.place, round(score, 4))
    return tuple(sorted(best.values(), key=lambda choice: -choice.score))


def _build(
    atlas: Atlas, start: int, kind: str, rated: Sequence[tuple[Name, int, int]], wanted: Qualifiers
) -> Reading | None:
    outside = [name.place for name, _, _ in rated if name.elsewhere]
    inside = [one for one in rated if not one[0].elsewhere and one[0].place.level != "province"]
    marks = min((missing for _, _, missing in rated), default=0)
    if wanted.elsewhere is not None or (outside and not inside):
        return Reading(start, wanted.end, (), kind, elsewhere=wanted.elsewhere or outside[0])
    if not inside:
        return None
    choices = _choose(atlas, inside, kind, wanted)
    if choices:
        return Reading(start, wanted.end, choices, kind, marks=marks)
    return Reading(start, wanted.end, _choose(atlas, inside, kind, Qualifiers(0)), kind, consistent=False, marks=marks)


def _trimmed(found: Sequence[Word]) -> list[tuple[int, int]]:
    """The spans to try: as little as possible taken off first, since "An" and "A" also begin and end names."""
    first = 0
    while first < len(found) and found[first].key in ways.LEAD:
        first += 1
    last = len(found)
    while last > first and found[last - 1].key in ways.TAIL:
        last -= 1
    starts = range(first + 1)
    return sorted(
        {(start, end) for start in (starts if first < 8 else (0, first)) for end in range(last, len(found) + 1)},
        key=lambda span: span[0] + len(found) - span[1],
    )


def read(atlas: Atlas, found: Sequence[Word]) -> Reading | None:
    """The whole text as a place, fillers around it aside, or None."""
    if not 0 < len(found) <= 24:
        return None
    fallback: Reading | None = None
    for start, end in _trimmed(found):
        part = found[start:end]
        kind, skip = ways.type_at(part, 0)
        for type_word, at in ((kind, skip), ("", 0)) if kind else (("", 0),):
            for length in _lengths(atlas, part, at):
                rated = _names_at(atlas, part, at, length, type_word)
                if not rated:
                    continue
                wanted = _qualify(atlas, part, at + length, [name for name, _, _ in rated], strict=False)
                if wanted.end < len(part) or (_is_ordinal(part, at) and start == at == 0 and len(part) == length):
                    continue
                reading = _build(atlas, 0, type_word, rated, wanted)
                if reading is not None and reading.consistent:
                    return reading
                fallback = fallback or reading
    return fallback


def _is_ordinal(part: Sequence[Word], at: int) -> bool:
    # "thứ ba" alone answers a menu or names a day; "thị trấn Thứ Ba" and "ở Thứ Ba" are the place.
    return part[at].key == "thu"


def read_address(atlas: Atlas, found: Sequence[Word]) -> Reading | None:
    """A text that begins with a hamlet or street ("ấp Phú Nghĩa, xã Phú Hội"): the one place at its end, or None."""
    start = 0
    while start < len(found) and found[start].key in ways.LEAD and found[start].key not in ways.ADDRESS:
        start += 1
    if (
        start >= len(found)
        or len(found) > 40
        or not (found[start].key in ways.ADDRESS or found[start].low[:1].isdigit())
    ):
        return None
    readings = [reading for reading in scan(atlas, found) if reading.kind in ways.COMMUNE]
    return readings[0] if len(readings) == 1 and readings[0].end == len(found) else None


def read_near(atlas: Atlas, found: Sequence[Word]) -> Iterator[tuple[int, Reading]]:
    """Readings of a text whose name is misspelled by one letter or lacks its spaces, nearest first."""
    if not 0 < len(found) <= _NEAR_LIMIT:
        return
    start, end = _trimmed(found)[-1]
    part = found[start:end]
    kind, skip = ways.type_at(part, 0)
    part = part[skip:]
    if not part or (not kind and _is_ordinal(part, 0)):
        return
    tried = [(cut, Qualifiers(len(part))) for cut in (len(part),)]
    for cut in range(1, len(part)):
        wanted = _qualify(atlas, part, cut, (), strict=False)
        if wanted.end == len(part) and not wanted.elsewhere:
            tried.append((cut, wanted))
    options = [
        (likeness, cut, keys, wanted)
        for cut, wanted in tried
        for likeness, keys in atlas.near(word.key or word.low for word in part[:cut])
    ]
    for likeness, _, keys, wanted in sorted(options, key=lambda option: (option[0], -option[1], option[2])):
        rated = [(name, 0, 1) for name in atlas.names[keys] if not kind or _suits(name, kind)]
        reading = _build(atlas, 0, kind, rated, wanted)
        if reading is not None and reading.consistent:
            yield likeness, reading


def scan(atlas: Atlas, found: Sequence[Word]) -> Iterator[Reading]:
    """Places named inside a text, left to right, without overlap; one that is misspelled is `near`."""
    at = 0
    while at < len(found):
        word = found[at]
        likely = word.key in atlas.starts or word.low in ways.TYPE_STARTS
        reading = _mention(atlas, found, at) if likely else None
        if likely and (reading is None or reading.elsewhere is None):
            reading = _misspelt(atlas, found, at, reading.end if reading else at) or reading
        if reading is None:
            at += 1
            continue
        if reading.near or (reading.elsewhere is None and reading.consistent):
            yield reading
        at = max(reading.end, at + 1)


def _misspelt(atlas: Atlas, found: Sequence[Word], at: int, read_until: int) -> Reading | None:
    """A name in a sentence that is written wrongly by one letter and takes more words than what was read there.

    "Xã Mỹ Hòa Hưngg" holds the name of another commune, Mỹ Hòa, which must not be taken for it. Where nothing was
    read, a type word has to stand before the name, and "ở" before that or capitals in it.
    """
    kind, skip = ways.type_at(found, at)
    start = at + skip
    unread = read_until == at
    cued = ways.cued(found, at)
    if (kind not in ways.COMMUNE) if unread else not (kind or cued or found[at].capital):
        return None
    for length in _lengths(atlas, found, start):
        end = start + length
        if end <= read_until or length < 2:
            return None
        span = found[start:end]
        new = found[max(read_until, start + 1) : end]
        if any(word.apart or word.comma for word in span[1:]) or any(word.key in ways.NO_NAME for word in new):
            continue
        if ways.looks_otherwise(found, start, end) or (unread and not (cued or all(word.capital for word in span))):
            continue
        for _, keys in atlas.near(word.key or word.low for word in span):
            rated = [(name, 0, 1) for name in atlas.names[keys] if not kind or _suits(name, kind)]
            choices = _choose(atlas, [one for one in rated if not one[0].elsewhere], kind, Qualifiers(0))
            if choices:
                return Reading(at, end, choices, kind, consistent=False, near=True)
    return None


def outside(atlas: Atlas, found: Sequence[Word]) -> Reading | None:
    """The first other province in which a text wants something done, None when it names none."""
    for at in range(len(found)):
        kind, skip = ways.type_at(found, at)
        if kind not in ("", "tỉnh", "thành phố"):
            continue
        start = at + skip
        for length in _lengths(atlas, found, start):
            names = [name for name, clash, _ in _names_at(atlas, found, start, length, "") if not clash]
            if not names or not any(name.elsewhere for name in names):
                continue
            # "Ở Khánh Hòa": a commune of ours has that name too.
            ours = not kind and any(not name.elsewhere for name in names)
            if ours or not ways.asked_for(found, at, start + length, typed=bool(kind)):
                break
            place = next(name.place for name in names if name.elsewhere)
            return Reading(at, start + length, (), kind, elsewhere=place)
    return None


def _mention(atlas: Atlas, found: Sequence[Word], at: int) -> Reading | None:
    kind, skip = ways.type_at(found, at)
    if kind == "tỉnh":
        return None
    start = at + skip
    for length in _lengths(atlas, found, start):
        end = start + length
        rated = _names_at(atlas, found, start, length, kind)
        province = any(name.place.level == "province" for name, _, _ in rated)
        rated = [one for one in rated if one[0].place.level != "province" and (one[1] == 0 or kind)]
        if not rated or not _credible(found, at, start, end, kind, min(missing for _, _, missing in rated)):
            continue
        # "tỉnh Phú Thọ", "Đức Hòa, Long An": a province's name is one of our communes only where something says so.
        if province and kind not in ways.COMMUNE and not ways.cued(found, at):
            continue
        wanted = _qualify(atlas, found, end, [name for name, _, _ in rated], strict=True)
        return _build(atlas, at, kind, rated, wanted)
    return None


def _credible(found: Sequence[Word], at: int, start: int, end: int, kind: str, missing: int) -> bool:
    """Whether a name in a sentence is meant as a place: a type word, a word like "ở", its marks or its rarity tell."""
    if any(word.apart for word in found[at + 1 : end]) or ways.looks_otherwise(found, start, end):
        return False
    if end - start == 1 and not kind:
        return False
    if kind:
        return True
    if ways.cued(found, at):
        return True
    span = found[start:end]
    long = end - start >= 3 and len(span[-1].key) > 1
    known = " ".join(word.key for word in span) in ways.KNOWN
    if missing == 0:
        return long or known or all(word.capital for word in span)
    return long or known
