"""What in a catalogue has grown old: records nobody has checked for months, and legal texts that are no longer law.

The table of replaced texts, `data/law/replaced.tsv`, lists documents that another one has replaced as a whole (not
those that were only amended), with the day since when. It is written by hand and never complete: it finds, it does
not prove that a record is current.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from knowledge.procedures import Procedure
from knowledge.text import fold

_TABLE = Path(__file__).parent / "data" / "law" / "replaced.tsv"
_HEADING = ["number", "replaced_by", "since", "what"]


@dataclass(frozen=True)
class Replaced:
    """A legal text that is no longer in force.

    Attributes:
        number: its number, such as 61/2018/NĐ-CP.
        replaced_by: the numbers of what took its place.
        since: the day it stopped being in force.
        what: what it is about.
    """

    number: str
    replaced_by: tuple[str, ...]
    since: date
    what: str


@dataclass(frozen=True)
class Aged:
    """A record that was last checked long ago.

    Attributes:
        checked: when; None when the record does not say, it is then as old as the day its data were taken in.
        months: whole months since.
    """

    code: str
    name: str
    checked: date | None
    months: int


@dataclass(frozen=True)
class Citing:
    """A record whose legal basis names texts that are no longer in force."""

    code: str
    name: str
    texts: tuple[Replaced, ...]


@dataclass(frozen=True)
class Homeless:
    """A record all of whose receiving rules have ended; `since` is the last day of the last one."""

    code: str
    name: str
    since: date


@dataclass(frozen=True)
class Freshness:
    """What a person should look at, the worst first."""

    aged: tuple[Aged, ...]
    citing: tuple[Citing, ...]
    homeless: tuple[Homeless, ...]


@cache
def replaced() -> tuple[Replaced, ...]:
    """The table of replaced texts.

    Raises:
        ValueError: it has a row of the wrong shape.
    """
    with _TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    if rows[0] != _HEADING:
        raise ValueError(f"{_TABLE.name}: expected the columns {', '.join(_HEADING)}")
    found = []
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != len(_HEADING) or not all(row):
            raise ValueError(f"{_TABLE.name}, line {line}: expected {len(_HEADING)} filled columns")
        found.append(Replaced(row[0], tuple(row[1].split(", ")), date.fromisoformat(row[2]), row[3]))
    return tuple(found)


def cited(texts: Iterable[str], on: date) -> tuple[Replaced, ...]:
    """The texts named there that are no longer in force on that day, each once, in the order of the table."""
    pattern, by_number = _numbers()
    named = {by_number[hit.lstrip("0")] for text in texts for hit in pattern.findall(fold(text))}
    return tuple(one for one in replaced() if one in named and one.since <= on)


def look(procedures: Iterable[Procedure], on: date, *, taken: date, months: int = 12) -> Freshness:
    """Look through a catalogue.

    Args:
        procedures: its records.
        on: the day to judge by.
        taken: the day the catalogue's data were taken in, for records that do not say when they were checked.
        months: records that were checked at least so many months ago count as old.
    """
    aged: list[Aged] = []
    citing: list[Citing] = []
    homeless: list[Homeless] = []
    for one in procedures:
        since = _months(one.checked or taken, on)
        if since >= months:
            aged.append(Aged(one.code, one.name, one.checked, since))
        old = cited(one.legal, on)
        if old:
            citing.append(Citing(one.code, one.name, old))
        takes = [rule.valid_to for rule in one.receiving if rule.accepts]
        last = max((day for day in takes if day is not None), default=None)
        if last is not None and None not in takes and last < on:
            homeless.append(Homeless(one.code, one.name, last))
    return Freshness(
        tuple(sorted(aged, key=lambda found: (-found.months, found.code))),
        tuple(sorted(citing, key=lambda found: (min(text.since for text in found.texts), found.code))),
        tuple(sorted(homeless, key=lambda found: (found.since, found.code))),
    )


@cache
def _numbers() -> tuple[re.Pattern[str], dict[str, Replaced]]:
    by_number = {fold(one.number).lstrip("0"): one for one in replaced()}
    # Longest first; what follows may be glued text (…/QH11Luật), but no digit or part of a longer number.
    names = "|".join(re.escape(number) for number in sorted(by_number, key=len, reverse=True))
    return re.compile(rf"(?<![\d/])0?({names})(?![\d-])"), by_number


def _months(since: date, on: date) -> int:
    whole = (on.year - since.year) * 12 + on.month - since.month
    return max(0, whole - (on.day < since.day))
