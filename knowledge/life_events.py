"""Life events ("ba tôi mới mất", "mới sinh em bé") and the procedures that follow, in the order in which they are done.

A citizen who tells what happened names no procedure and needs several. The table `data/life_events.yml` is meant to be
read and corrected by people; it says how its cues are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from knowledge.text import fold, nfc, normalise

DATA: Final = Path(__file__).parent / "data" / "life_events.yml"
_WORD: Final = re.compile(r"[^\W_]+")
_GROUP: Final = re.compile(r"<(\w+)>")
# What may stand between a cue and the thing that makes it another story ("mới mất cái thẻ").
_FILLERS: Final = frozenset(["cai", "cuon", "tam", "to", "chiec", "het", "luon", "lai", "mot", "1"])

_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Code = Annotated[str, StringConstraints(pattern=r"^\d\.\d{6}$")]


class Step(BaseModel):
    """One procedure of a bundle.

    Attributes:
        code: the procedure's code.
        label: short name for a button.
        line: when it is done, or for whom.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: _Code
    label: Annotated[_Line, StringConstraints(max_length=60)]
    line: _Line


class LifeEvent(BaseModel):
    """Something that happened to a citizen, and the procedures that follow, in order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: _Line
    title: _Line
    opening: _Line
    said: Annotated[tuple[_Line, ...], Field(min_length=1)]
    but_not: tuple[_Line, ...] = ()
    steps: Annotated[tuple[Step, ...], Field(min_length=2)]


@dataclass(frozen=True)
class Told:
    """A life event in a text: which one, and what the text says besides."""

    event: LifeEvent
    rest: str


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    groups: dict[str, str] = {}
    events: tuple[LifeEvent, ...]


# A syllable with its diacritics; an alternative is a run of them; an item of a cue is its alternatives, and whether it
# may be left out.
_Run = tuple[str, ...]
_Item = tuple[tuple[_Run, ...], bool]


@dataclass(frozen=True)
class _Cue:
    event: LifeEvent
    items: tuple[_Item, ...]
    first: frozenset[str]
    needs: tuple[frozenset[str], ...]


class LifeEvents:
    """All events, found by their cues."""

    def __init__(self, path: Path = DATA) -> None:
        """Read the table.

        Raises:
            ValueError: it is not as its heading says, or a cue names a group that does not exist.
        """
        try:
            table = _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (ValidationError, yaml.YAMLError) as error:
            raise ValueError(f"{path.name}: {error}") from error
        keys = [event.key for event in table.events]
        if len(keys) != len(set(keys)):
            raise ValueError(f"{path.name}: two events have the same key")
        groups = {name: _alternatives(words.replace(", ", "/"), {}) for name, words in table.groups.items()}
        self.events = table.events
        self._cues = [
            _Cue(event, items, _first(items), _needs(items))
            for event in table.events
            for cue in event.said
            for items in (tuple(_item(part, groups) for part in cue.split()),)
        ]
        self._but_not = {
            event.key: tuple(tuple(fold(thing).split()) for thing in event.but_not) for event in table.events
        }

    @staticmethod
    @cache
    def load() -> LifeEvents:
        """The events that ship with the program; read once.

        Raises:
            ValueError: the table is not as its heading says.
        """
        return LifeEvents()

    def told(self, text: str) -> Told | None:
        """The event that a text tells of, by its longest cue, or None. Any string is accepted."""
        words = _WORD.findall(normalise(text[:2_000]).lower())
        folded = [fold(word) for word in words]
        present = frozenset(folded)
        best: tuple[int, int, LifeEvent] | None = None
        for cue in self._cues:
            if any(need.isdisjoint(present) for need in cue.needs):
                continue
            for start, word in enumerate(folded):
                if word not in cue.first:
                    continue
                end = max(_ends(cue.items, words, folded, start), default=start)
                longer = best is None or end - start > best[1] - best[0]
                if end > start and longer and not self._is_other(cue.event, folded, end):
                    best = (start, end, cue.event)
        if best is None:
            return None
        start, end, event = best
        return Told(event, " ".join([*words[:start], ",", *words[end:]]).strip(" ,"))

    def _is_other(self, event: LifeEvent, folded: Sequence[str], end: int) -> bool:
        while end < len(folded) and folded[end] in _FILLERS:
            end += 1
        return any(tuple(folded[end : end + len(thing)]) == thing for thing in self._but_not[event.key])


def _item(part: str, groups: dict[str, tuple[_Run, ...]]) -> _Item:
    optional = part.startswith("(") and part.endswith(")")
    return _alternatives(part[1:-1] if optional else part, groups), optional


def _alternatives(written: str, groups: dict[str, tuple[_Run, ...]]) -> tuple[_Run, ...]:
    found: list[_Run] = []
    for one in written.split("/"):
        group = _GROUP.fullmatch(one)
        if group is None:
            found.append(tuple(nfc(one).lower().split("_")))
        elif group.group(1) in groups:
            found += groups[group.group(1)]
        else:
            raise ValueError(f"life events: there is no group {group.group(1)}")
    return tuple(found)


def _first(items: Sequence[_Item]) -> frozenset[str]:
    """The folded syllables with which a cue can begin."""
    found: set[str] = set()
    for alternatives, optional in items:
        found |= {fold(run[0]) for run in alternatives}
        if not optional:
            return frozenset(found)
    raise ValueError("life events: a cue has nothing that must be said")


def _needs(items: Sequence[_Item]) -> tuple[frozenset[str], ...]:
    """For each item that must be said, the folded syllables with which it can begin."""
    return tuple(frozenset(fold(run[0]) for run in runs) for runs, optional in items if not optional)


def _ends(items: Sequence[_Item], words: Sequence[str], folded: Sequence[str], at: int) -> Iterator[int]:
    """Where the cue can end that begins at a word."""
    if not items:
        yield at
        return
    (alternatives, optional), rest = items[0], items[1:]
    for run in alternatives:
        end = at + len(run)
        if end <= len(words) and all(map(_fits, run, words[at:end], folded[at:end])):
            yield from _ends(rest, words, folded, end)
    if optional:
        yield from _ends(rest, words, folded, at)


def _fits(syllable: str, word: str, bare: str) -> bool:
    """Whether a word is the syllable: as written, or typed without any marks."""
    return word == syllable or (word == bare and bare == fold(syllable))
