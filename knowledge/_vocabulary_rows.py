"""Rows of the vocabulary: as the tables that ship with the program hold them, and as admins write them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from knowledge.text import codes, tokens
from store.errors import Invalid

_DATA = Path(__file__).parent / "data" / "vocabulary"
# What the columns after the first are, and how many columns a row of the shipped table has.
KINDS: Final = {
    "citizen": ("official name, code", 3),
    "terms": ("official words", 2),
    "actions": ("official words", 2),
    "ambiguous": ("question, choices", 3),
    "redirects": ("kind, text", 3),
    "casual": ("everyday words", 2),
}
_ASK: Final = "Anh/chị hỏi việc nào trong những việc sau?"
_MOST_CHOICES = 12


@dataclass(frozen=True)
class Row:
    """One row of a table; what `official` and `codes` hold depends on the kind (see `KINDS`)."""

    kind: str
    everyday: str
    official: str
    codes: str = ""


class AdminRow(Protocol):
    """A row as an admin writes it.

    `everyday` holds one phrase, or several separated by " | ". `official` holds official words, a procedure's code, or
    both; of an ambiguous row: the choices, "label=code" or "label (code)", separated by "||". `note` of an ambiguous
    row is the question to ask back.
    """

    @property
    def everyday(self) -> str: ...
    @property
    def official(self) -> str: ...
    @property
    def ambiguous(self) -> bool: ...
    @property
    def note(self) -> str | None: ...


def admin_row(given: AdminRow, names: Mapping[str, str]) -> Row:
    """An admin's row, checked.

    Args:
        given: the row.
        names: official names by code, for a row that names a code alone.

    Raises:
        Invalid: it has no everyday phrase, or nothing that the phrase stands for.
    """
    phrases = [" ".join(part.split()) for part in given.everyday.split("|")]
    everyday = " | ".join(phrase for phrase in phrases if tokens(phrase))
    official = " ".join(given.official.split())
    if not everyday:
        raise Invalid(f"The vocabulary row {given.everyday[:80]!r} has no everyday phrase: write one.")
    if given.ambiguous:
        return Row("ambiguous", everyday, " ".join((given.note or "").split()) or _ASK, _choices(everyday, official))
    found = list(dict.fromkeys(codes(official)))
    words = official
    for code in found:
        words = words.replace(code, " ")
    words = " ".join(words.replace("()", " ").replace("( )", " ").strip(" ,;:-=").split())
    if not tokens(words):
        words = " ".join(names[code] for code in found[:1] if code in names)
    if not tokens(words) and not found:
        raise Invalid(f"The vocabulary row {everyday[:80]!r} stands for nothing: give official words or a code.")
    return Row("citizen" if found else "terms", everyday, words or found[0], " ".join(found))


def _choices(everyday: str, official: str) -> str:
    choices = []
    for part in official.split("||"):
        found = list(codes(part))
        label = part
        for code in found:
            label = label.replace(code, " ")
        label = " ".join(label.replace("()", " ").replace("( )", " ").replace("=", " ").split())
        if len(found) != 1 or not tokens(label):
            raise Invalid(
                f"The ambiguous row {everyday[:80]!r} has a choice that is not understood: {part.strip()[:80]!r}. "
                'Write each as "label (code)", separated by "||".'
            )
        choices.append(f"{label}={found[0]}")
    if not 2 <= len(choices) <= _MOST_CHOICES:
        raise Invalid(f"The ambiguous row {everyday[:80]!r} needs two to {_MOST_CHOICES} choices.")
    return " || ".join(choices)


def rows(name: str, width: int) -> Iterator[list[str]]:
    """The rows of a shipped table below its heading.

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
