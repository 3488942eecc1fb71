"""Everyday words and what the authorities call the same thing.

The tables lie in `data/vocabulary/*.tsv`, are written for this project, and are meant to be read and corrected by
people: `everyday` holds several ways to say it, separated by " | ".

- `citizen.tsv`: whole requests, with the official name of one procedure and its code;
- `terms.tsv`: words and short phrases, with official words;
- `actions.tsv`: what one wants done (lost, expired, closed), with the official verb;
- `casual.tsv`: official words, with how people say them (only for the training of the model);
- `ambiguous.tsv`: phrases that alone fit several procedures, with the question to ask back;
- `redirects.tsv`: what no procedure answers: courts, police, emergencies, intents of the conversation, notes.

An admin adds rows of their own to these (`with_rows`); a version of the catalogue keeps the whole as one file,
`vocabulary.tsv` (`write`, `read`), so that an old version is searched with the words it was built with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from knowledge._vocabulary_rows import KINDS, AdminRow, Row, admin_row, rows
from knowledge.text import normalise, tokens
from store.errors import Invalid

__all__ = [
    "FILE", "AdminRow", "Ambiguity", "Choice", "Entry", "Expansion", "Redirect", "Row", "Vocabulary", "admin_row",
    "rows", "words",
]  # fmt: skip
FILE = "vocabulary.tsv"
_WORD = re.compile(r"\w+")
_HEADING = ("kind", "everyday", "official", "codes")


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

    def __init__(self, given: Iterable[Row]) -> None:
        self.rows = tuple(given)
        entries: list[Entry] = []
        casual: list[tuple[str, tuple[str, ...]]] = []
        self._ambiguous: dict[tuple[str, ...], Ambiguity] = {}
        self._redirects: dict[tuple[str, ...], Redirect] = {}
        for row in self.rows:
            if row.kind == "casual":
                casual.append(
                    (" ".join(tokens(row.everyday)), tuple(" ".join(tokens(p)) for p in _parts(row.official)))
                )
                continue
            for phrase in _parts(row.everyday):
                key = tuple(tokens(phrase))
                if not key:
                    continue
                if row.kind == "ambiguous":
                    choices = tuple(Choice(*part.rsplit("=", 1)) for part in row.codes.split(" || "))
                    self._ambiguous[key] = Ambiguity(phrase, row.official, choices)
                elif row.kind == "redirects":
                    self._redirects[key] = Redirect(phrase, row.official, row.codes)
                else:
                    official = tuple(tokens(row.official))
                    entries.append(Entry(phrase, key, official, tuple(row.codes.split()), row.kind))
        self.entries = tuple(entries)
        self.casual = tuple(casual)
        self._by_key: dict[tuple[str, ...], list[Entry]] = {}
        for entry in entries:
            same = self._by_key.setdefault(entry.key, [])
            if all((e.official, e.codes) != (entry.official, entry.codes) for e in same):
                same.append(entry)
        self._lengths = _lengths(self._by_key)
        self._redirect_lengths = _lengths(self._redirects)

    @staticmethod
    @lru_cache(maxsize=1)
    def shipped() -> Vocabulary:
        """The vocabulary that ships with the program; read once.

        Raises:
            ValueError: a table has a row of the wrong shape.
        """
        return Vocabulary(Row(kind, *row) for kind, (_, width) in KINDS.items() for row in rows(f"{kind}.tsv", width))

    @staticmethod
    def of(folder: Path) -> Vocabulary:
        """The vocabulary of a version's folder; the shipped one where the folder has none.

        Raises:
            Invalid: the folder's file is damaged.
        """
        path = folder / FILE
        return Vocabulary.read(path) if path.exists() else Vocabulary.shipped()

    def with_rows(self, added: Iterable[AdminRow], names: Mapping[str, str] | None = None) -> Vocabulary:
        """This vocabulary with an admin's rows; a row takes the place of what is here for the same phrase.

        Args:
            added: rows as admins write them, later ones over earlier ones.
            names: official names by code, for rows that name a code alone.

        Raises:
            Invalid: a row cannot be understood; the sentence quotes it.
        """
        latest: dict[tuple[str, ...], Row] = {}
        for given in added:
            row = admin_row(given, names or {})
            for phrase in _parts(row.everyday):
                latest[tuple(tokens(phrase))] = Row(row.kind, phrase, row.official, row.codes)
        latest.pop((), None)
        if not latest:
            return self
        kept = [
            Row(row.kind, " | ".join(phrases), row.official, row.codes)
            for row in self.rows
            if (phrases := _parts(row.everyday) if row.kind == "casual" else _others(row.everyday, latest))
        ]
        return Vocabulary([*latest.values(), *kept])

    def write(self, path: Path) -> None:
        """Write all tables as one file of tab-separated columns: kind, everyday, official, codes."""
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write("\t".join(_HEADING) + "\n")
            file.writelines("\t".join((row.kind, row.everyday, row.official, row.codes)) + "\n" for row in self.rows)

    @staticmethod
    def read(path: Path) -> Vocabulary:
        """What `write` wrote.

        Raises:
            Invalid: the file cannot be read, or a line of it is no row.
        """
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise Invalid(f"The vocabulary {path.name} cannot be read: {error}") from error
        given = []
        for number, line in enumerate(lines[1:], start=2):
            cells = line.split("\t")
            if not line.strip("\r"):
                continue
            if len(cells) != len(_HEADING) or cells[0] not in KINDS or not all(cells[1:3]):
                raise Invalid(f"{path.name}, line {number}: expected the columns {', '.join(_HEADING)}.")
            given.append(Row(*cells))
        try:
            return Vocabulary(given)
        except TypeError as error:
            raise Invalid(f"{path.name}: an ambiguous row needs choices of the form label=code.") from error

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
            for length in self._lengths.get(folded[place], ()):
                key = tuple(folded[place : place + length])
                # At the end of the text there may be fewer syllables left.
                entries = self._by_key.get(key) if len(key) == length else None
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
        if not any(word in self._redirect_lengths for word in folded):
            return None
        longer = [(e.start, e.end) for e in self.expand(folded)]
        for place in range(len(folded)):
            for length in self._redirect_lengths.get(folded[place], ()):
                key = tuple(folded[place : place + length])
                known = self._redirects.get(key) if len(key) == length else None
                if known is not None and not any(
                    start <= place and place + length <= end and end - start > length for start, end in longer
                ):
                    return known
        return None


def words(text: str) -> list[str]:
    """The accented syllables of the normalised text, one for each of `tokens(text)` where both can be aligned."""
    return _WORD.findall(normalise(text).lower())


def _lengths(keys: Iterable[tuple[str, ...]]) -> dict[str, tuple[int, ...]]:
    """For each first syllable the lengths of the phrases that begin with it, longest first."""
    found: dict[str, set[int]] = {}
    for key in keys:
        found.setdefault(key[0], set()).add(len(key))
    return {first: tuple(sorted(lengths, reverse=True)) for first, lengths in found.items()}


def _parts(cell: str) -> list[str]:
    return cell.split(" | ")


def _others(cell: str, taken: Mapping[tuple[str, ...], Row]) -> list[str]:
    return [phrase for phrase in _parts(cell) if tuple(tokens(phrase)) not in taken]
