"""Everyday words and what the authorities call the same thing.

The tables lie in `data/vocabulary/*.tsv`, are written for this project, and are meant to be read and corrected by
people: `everyday` holds several ways to say it, separated by " | ".

- `citizen.tsv`: whole requests, with the official name of one procedure and its code;
- `terms.tsv`: words and short phrases, with official words;
- `actions.tsv`: what one wants done (lost, expired, closed), with the official verb;
- `casual.tsv`: official words, with how people say them (only for the training of the model);
- `ambiguous.tsv`: phrases that alone fit several procedures, with the question to ask back;
- `redirects.tsv`: what no procedure answers: courts, police, emergencies, intents of the conversation, notes.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from knowledge.text import normalise, tokens

_DATA = Path(__file__).parent / "data" / "vocabulary"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Entry:
    """One everyday phrase: its folded syllables and, when it is a single syllable, its accented form."""

    phrase: str
    key: tuple[str, ...]
    official: tuple[str, ...]
    codes: tuple[str, ...]
    kind: str


@dataclass(frozen=True)
class Expansion:
    """An entry found in a text, at tokens `start` to `end` (exclusive)."""

    start: int
    end: int
    entry: Entry


@dataclass(frozen=True)
class Choice:
    """One way out of an ambiguity: how it is put to the citizen, and the procedure's code."""

    label: str
    code: str


@dataclass(frozen=True)
class Ambiguity:
    """A phrase that alone fits several procedures."""

    phrase: str
    question: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Redirect:
    """What no procedure answers.

    `kind` is court, police, inspection, bank or emergency (`text` is a sentence for the citizen), intent (`text` names
    the intents, separated by "|"), or note (`text` explains a word).
    """

    phrase: str
    kind: str
    text: str


class Vocabulary:
    """All tables, indexed by folded syllables."""

    def __init__(
        self,
        entries: Sequence[Entry],
        ambiguities: Sequence[Ambiguity],
        redirects: Sequence[Redirect],
        casual: Sequence[tuple[str, tuple[str, ...]]],
    ) -> None:
        self.entries = tuple(entries)
        self.casual = tuple(casual)
        self._by_key: dict[tuple[str, ...], list[Entry]] = {}
        for entry in entries:
            same = self._by_key.setdefault(entry.key, [])
            if all((e.official, e.codes) != (entry.official, entry.codes) for e in same):
                same.append(entry)
        self._ambiguous = {tuple(tokens(a.phrase)): a for a in ambiguities}
        self._redirects = {tuple(tokens(r.phrase)): r for r in redirects}
        self._longest = max(map(len, (*self._by_key, *self._redirects)), default=1)
        self._starts = {key[0] for key in self._by_key} | {key[0] for key in self._redirects}

    @staticmethod
    @lru_cache(maxsize=1)
    def load() -> Vocabulary:
        """The vocabulary that ships with the program; read once.

        Raises:
            ValueError: a table has a row of the wrong shape.
        """
        entries = [
            Entry(phrase, key, tuple(tokens(row[1])), tuple(row[2].split()) if len(row) > 2 else (), kind)
            for kind, width in (("citizen", 3), ("terms", 2), ("actions", 2))
            for row in rows(f"{kind}.tsv", width)
            for phrase in row[0].split(" | ")
            if (key := tuple(tokens(phrase)))
        ]
        ambiguities = [
            Ambiguity(phrase, row[1], tuple(Choice(*part.split("=")) for part in row[2].split(" || ")))
            for row in rows("ambiguous.tsv", 3)
            for phrase in row[0].split(" | ")
        ]
        redirects = [
            Redirect(phrase, row[1], row[2]) for row in rows("redirects.tsv", 3) for phrase in row[0].split(" | ")
        ]
        casual = [
            (" ".join(tokens(row[0])), tuple(" ".join(tokens(p)) for p in row[1].split(" | ")))
            for row in rows("casual.tsv", 2)
        ]
        return Vocabulary(entries, ambiguities, redirects, casual)

    def expand(self, folded: Sequence[str], accented: Sequence[str] | None = None) -> tuple[Expansion, ...]:
        """The entries found, longest first at each place, without overlaps.

        Args:
            folded: folded syllables of the text.
            accented: the same syllables as they were typed; a single-syllable entry then has to agree with its marks,
                for without them too many words look alike (mất, mặt, mắt).
        """
        marked = accented is not None and any(not word.isascii() for word in accented)
        found: list[Expansion] = []
        place = 0
        while place < len(folded):
            step = 1
            if folded[place] in self._starts:
                for length in range(min(self._longest, len(folded) - place), 0, -1):
                    entries = self._by_key.get(tuple(folded[place : place + length]))
                    if not entries:
                        continue
                    if length == 1 and marked and accented is not None:
                        entries = [e for e in entries if normalise(e.phrase).lower() == accented[place]]
                        if not entries:
                            continue
                    found.extend(Expansion(place, place + length, entry) for entry in entries)
                    step = length
                    break
            place += step
        return tuple(found)

    def ambiguous(self, folded: Sequence[str]) -> Ambiguity | None:
        """The ambiguity that is all the text says, if there is one."""
        return self._ambiguous.get(tuple(folded))

    def redirect(self, text: str) -> Redirect | None:
        """The first note or redirect that the text names, unless it stands inside a known request."""
        return self.redirect_in(tokens(text))

    def redirect_in(self, folded: Sequence[str]) -> Redirect | None:
        """The same for a text given as folded syllables."""
        longer = [(e.start, e.end) for e in self.expand(folded)]
        for place in range(len(folded)):
            if folded[place] not in self._starts:
                continue
            for length in range(min(self._longest, len(folded) - place), 0, -1):
                known = self._redirects.get(tuple(folded[place : place + length]))
                if known is not None and not any(
                    start <= place and place + length <= end and end - start > length for start, end in longer
                ):
                    return known
        return None


def words(text: str) -> list[str]:
    """The accented syllables of the normalised text, one for each of `tokens(text)` where both can be aligned."""
    return _WORD.findall(normalise(text).lower())


def rows(name: str, width: int) -> Iterator[list[str]]:
    """The rows of a table below its heading.

    Raises:
        ValueError: a row has another number of columns.
    """
    with (_DATA / name).open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(reader)
        for number, row in enumerate(reader, start=2):
            if not row:
                continue
            if len(row) != width or not all(row[:2]):
                raise ValueError(f"{name}, line {number}: expected {width} columns, found {len(row)}")
            yield row
