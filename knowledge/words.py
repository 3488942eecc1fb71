"""Words of citizens that admins add to the vocabulary which the program ships.

Only the functions here change the table `catalogue_vocabulary`. A row is never deleted: it ends. Rows in force are
read when a version of the catalogue is built, so nothing changes for citizens before that version is published.

A row says what everyday phrases mean:

- `everyday`: one or several ways to say it, separated by " | ";
- `official`: the official words, with the procedure's code in brackets where one procedure is meant:
  `Thủ tục đăng ký khai sinh (1.001193)`;
- an `ambiguous` row names the ways out of it, `Sang tên nhà đất (1.013831) || Sang tên xe (1.013076)`, and its note
  is the question that is asked back.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge import _word_table
from knowledge.importers.report import Report, Severity
from knowledge.text import codes, nfc, tokens
from knowledge.vocabulary import Vocabulary
from knowledge.vocabulary import words as syllables
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from store.tables import catalogue_vocabulary, now

LONGEST_PHRASE = 120
LONGEST_OFFICIAL = 1_000
LONGEST_NOTE = 500
MOST_PHRASES = 40
MOST_CHOICES = 12
SHOWN_CHOICES = 4
ASK = "Anh/chị muốn hỏi việc nào dưới đây?"

# What is left of "(1.001193)" or "=1.001193" when the code is taken out.
_AROUND_CODE = re.compile(r"\(\s*[,;\s]*\)|=\s*$")
_NOT_PRINTED = re.compile("[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+")


@dataclass(frozen=True)
class Word:
    """One row; `id` is 0 and `actor` empty for one that is not written yet."""

    everyday: str
    official: str
    ambiguous: bool = False
    note: str | None = None
    id: int = 0
    actor: str = ""
    at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None

    @cached_property
    def phrases(self) -> tuple[str, ...]:
        """The ways to say it."""
        return tuple(phrase for part in self.everyday.split("|") if (phrase := part.strip()))

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The codes of the procedures that are meant."""
        found = [code for part in self.official.split("||") for code in _split(part)[1]]
        return tuple(dict.fromkeys(found))

    @cached_property
    def words(self) -> str:
        """The official words without codes; of an ambiguous row, all its choices."""
        return " || ".join(_split(part)[0] for part in self.official.split("||"))

    @cached_property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """The ways out of an ambiguity, as put to the citizen, each with the procedure's code."""
        if not self.ambiguous:
            return ()
        parts = [_split(part) for part in self.official.split("||")]
        return tuple((label, found[0] if len(found) == 1 else "") for label, found in parts)

    @property
    def question(self) -> str:
        """What is asked back; empty when the row is not ambiguous."""
        return (self.note or ASK) if self.ambiguous else ""


@dataclass(frozen=True)
class Note:
    """One thing to say about a row before it is written; `repeated` when the table says all of it already."""

    field: str
    severity: Severity
    message: str
    repeated: bool = False


@dataclass
class Held:
    """The rows in force and those that ship with the program, found by phrase."""

    by_phrase: dict[tuple[str, ...], Word] = field(default_factory=dict)

    @staticmethod
    def of(rows: Iterable[Word]) -> Held:
        """Index some rows, oldest first, over those that are shipped."""
        held = Held(dict(_shipped()))
        for row in rows:
            held.add(row)
        return held

    def add(self, row: Word) -> None:
        """Take one more row in; it takes the place of what its phrases meant."""
        for phrase in row.phrases:
            self.by_phrase[_key(phrase)] = row

    def same(self, phrase: str, row: Word) -> bool:
        """Whether the phrase means the same already."""
        held = self.by_phrase.get(_key(phrase))
        return held is not None and _meaning(held) == _meaning(row)

    def other(self, phrase: str, row: Word) -> Word | None:
        """The row that gives the phrase another meaning."""
        held = self.by_phrase.get(_key(phrase))
        return held if held is not None and _meaning(held) != _meaning(row) else None


def examine(row: Word, held: Held, known: Container[str] | None = None) -> list[Note]:
    """What is wrong with a row, or strange about it.

    Args:
        row: the row, cleaned (`clean`).
        held: the rows in force.
        known: codes of the live catalogue; None when there is none to compare with.

    Returns:
        Errors (the row cannot be taken) and warnings (it can, and a person should look).
    """
    notes = [*_of_phrases(row), *_of_meaning(row)]
    if known is not None:
        notes += [
            Note("official", Severity.error, f"mã {code} không có trong danh mục đang dùng")
            for code in row.codes
            if code not in known
        ]
    if any(note.severity is Severity.error for note in notes):
        return notes
    same = [phrase for phrase in row.phrases if held.same(phrase, row)]
    if len(same) == len(row.phrases):
        said = f"đã có: “{same[0]}” đang mang đúng nghĩa này"
        notes.append(Note("everyday", Severity.error, said, repeated=True))
    elif same:
        notes.append(Note("everyday", Severity.warning, f"“{same[0]}” đã mang đúng nghĩa này"))
    for phrase in row.phrases:
        other = held.other(phrase, row)
        if other is not None:
            said = f"“{phrase}” đến nay mang nghĩa “{other.official}”, dòng này sẽ thay nghĩa đó"
            notes.append(Note("everyday", Severity.warning, said))
    return notes


def clean(everyday: str, official: str, *, ambiguous: bool = False, note: str | None = None) -> Word:
    """A row of what an admin typed or a table held: one line each, nothing invisible, single spaces."""
    phrases = dict.fromkeys(phrase for part in everyday.split("|") if (phrase := _line(part)))
    parts = [part for raw in official.split("||") if (part := _line(raw))]
    return Word(" | ".join(phrases), " || ".join(parts), ambiguous, _line(note or "") or None)


async def list_(db: Database, *, ended: bool = False) -> tuple[Word, ...]:
    """The rows in force, the oldest first (a later one wins); with `ended`, those too that were taken back."""
    rows = select(catalogue_vocabulary).order_by(catalogue_vocabulary.c.id)
    if not ended:
        rows = rows.where(catalogue_vocabulary.c.ended_at.is_(None))
    async with db.connect() as connection:
        return tuple(_word(row) for row in (await connection.execute(rows)).mappings())


async def add(
    db: Database,
    everyday: str,
    official: str,
    *,
    actor: str,
    ambiguous: bool = False,
    note: str | None = None,
    known: Container[str] | None = None,
) -> tuple[Word, tuple[Note, ...]]:
    """Add a row.

    Returns:
        The row as written, and the warnings about it.

    Raises:
        Invalid: a phrase or the meaning is empty or too long, a code is unknown; says which.
        Conflict: the phrases mean the same already.
    """
    row = clean(everyday, official, ambiguous=ambiguous, note=note)
    async with db.begin() as connection:
        written, notes = await write(connection, row, actor=actor, known=known)
    return written, notes


async def write(
    connection: AsyncConnection, row: Word, *, actor: str, known: Container[str] | None = None
) -> tuple[Word, tuple[Note, ...]]:
    """The same within a transaction that does more; raises the same."""
    notes = examine(row, Held.of(await _in_force(connection)), known)
    errors = [note for note in notes if note.severity is Severity.error]
    if errors:
        kind = Conflict if errors[0].repeated else Invalid
        raise kind("Chưa thêm được: " + "; ".join(note.message for note in errors) + ".")
    return await _insert(connection, row, actor), tuple(notes)


async def end(db: Database, number: int, *, actor: str) -> Word:
    """Take a row back; it stays in the table with who ended it and when.

    Raises:
        NotFound: there is no such row.
        Conflict: it was taken back before.
    """
    one = catalogue_vocabulary.c.id == number
    async with db.begin() as connection:
        row = (await connection.execute(select(catalogue_vocabulary).where(one))).mappings().first()
        if row is None:
            raise NotFound(f"Không có dòng từ vựng số {number}.")
        if row["ended_at"] is not None:
            raise Conflict(f"Dòng từ vựng số {number} đã được {row['ended_by']} gỡ rồi.")
        await connection.execute(update(catalogue_vocabulary).where(one).values(ended_at=now(), ended_by=actor))
        row = (await connection.execute(select(catalogue_vocabulary).where(one))).mappings().one()
    return _word(row)


async def import_csv(db: Database, path: Path, *, actor: str, known: Container[str] | None = None) -> Report:
    """Add the rows of a table (CSV or TSV as `export_csv` writes it, or the columns colloquial, official, note).

    All good rows are added in one transaction; a bad one is told in the report and stops nothing. A row whose
    phrases mean the same already is left out with a warning, so the same file twice adds nothing.

    Raises:
        Invalid: the file cannot be read, is too large or has no column for the phrases or for their meaning.
    """
    table = _word_table.read(path)
    report = Report(source=path.name, sha256=table.sha256)
    async with db.begin() as connection:
        held = Held.of(await _in_force(connection))
        for line in table.lines:
            report.total += 1
            row = clean(line.everyday, line.official, ambiguous=line.ambiguous, note=line.note)
            name = row.phrases[0] if row.phrases else ""
            bad = False
            for note in examine(row, held, known):
                severity = Severity.warning if note.repeated else note.severity
                report.add(line.number, name, note.field, severity, note.message)
                bad = bad or note.severity is Severity.error
            if not bad:
                report.accepted += 1
                held.add(await _insert(connection, row, actor))
    return report


async def export_csv(db: Database) -> bytes:
    """The rows in force as CSV that a spreadsheet opens (UTF-8 with its mark), oldest first."""
    rows = await list_(db)
    return _word_table.written((row.everyday, row.official, row.ambiguous, row.note or "") for row in rows)


def _of_phrases(row: Word) -> list[Note]:
    if not row.phrases:
        return [Note("everyday", Severity.error, "thiếu cách nói của người dân")]
    notes = []
    if len(row.phrases) > MOST_PHRASES:
        notes.append(Note("everyday", Severity.error, f"nhiều hơn {MOST_PHRASES} cách nói, hãy tách thành nhiều dòng"))
    for phrase in row.phrases:
        if len(phrase) > LONGEST_PHRASE:
            said = f"“{phrase[:30]}…” dài quá {LONGEST_PHRASE} ký tự"
            notes.append(Note("everyday", Severity.error, said))
        elif not (key := tokens(phrase)):
            notes.append(Note("everyday", Severity.error, f"“{phrase}” không có chữ nào để so"))
        elif len(key) == 1 and phrase.isascii() and not any(char.isdigit() for char in phrase) and len(phrase) < 4:
            said = f"“{phrase}” chỉ có một tiếng không dấu, dễ trùng với chữ khác"
            notes.append(Note("everyday", Severity.warning, said))
    return notes


def _of_meaning(row: Word) -> list[Note]:
    if not row.codes and not tokens(row.words):
        return [Note("official", Severity.error, "thiếu tên chính thức")]
    notes = []
    if len(row.official) > LONGEST_OFFICIAL:
        notes.append(Note("official", Severity.error, f"tên chính thức dài quá {LONGEST_OFFICIAL} ký tự"))
    if row.note and len(row.note) > LONGEST_NOTE:
        notes.append(Note("note", Severity.error, f"ghi chú dài quá {LONGEST_NOTE} ký tự"))
    if not row.ambiguous:
        if "||" in row.official:
            said = "có nhiều nghĩa (||) nhưng không đánh dấu mơ hồ"
            notes.append(Note("official", Severity.error, said))
        return notes
    if len(row.choices) < 2:
        notes.append(Note("official", Severity.error, "dòng mơ hồ cần ít nhất hai lựa chọn, cách nhau bằng ||"))
    bare = [label for label, code in row.choices if not code or not tokens(label)]
    if bare:
        said = f"lựa chọn “{bare[0]}” cần lời cho người dân và một mã thủ tục trong ngoặc"
        notes.append(Note("official", Severity.error, said))
    if len(row.choices) > MOST_CHOICES:
        notes.append(Note("official", Severity.error, f"nhiều hơn {MOST_CHOICES} lựa chọn"))
    elif len(row.choices) > SHOWN_CHOICES:
        said = f"có {len(row.choices)} lựa chọn, người dân chỉ thấy {SHOWN_CHOICES} lựa chọn đầu"
        notes.append(Note("official", Severity.warning, said))
    return notes


@cache
def _shipped() -> Mapping[tuple[str, ...], Word]:
    """What phrases mean in the tables that the program ships."""
    found: dict[tuple[str, ...], Word] = {}
    for row in Vocabulary.shipped().rows:
        if row.kind in {"citizen", "terms", "actions"}:
            named = f" ({'; '.join(row.codes.split())})" if row.codes else ""
            word = Word(row.everyday, row.official + named)
        elif row.kind == "ambiguous":
            choices = (choice.rpartition("=") for choice in row.codes.split(" || "))
            said = " || ".join(f"{label} ({code})" for label, _, code in choices)
            word = Word(row.everyday, said, ambiguous=True, note=row.official)
        else:
            continue
        for phrase in word.phrases:
            found.setdefault(_key(phrase), word)
    return found


def _key(phrase: str) -> tuple[str, ...]:
    # A single syllable is matched with its marks (`Vocabulary.expand`), so mất and mặt are two.
    folded = tokens(phrase)
    return tuple(folded) if len(folded) != 1 else tuple(syllables(phrase))


def _meaning(row: Word) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
    return row.ambiguous, tuple(tokens(row.words)), tuple(sorted(row.codes))


def _split(part: str) -> tuple[str, tuple[str, ...]]:
    found = codes(part)
    for code in found:
        part = part.replace(code, " ")
    return " ".join(_AROUND_CODE.sub(" ", part).split()), tuple(found)


def _line(text: str) -> str:
    return " ".join(_NOT_PRINTED.sub(" ", nfc(text)).split())


async def _in_force(connection: AsyncConnection) -> list[Word]:
    rows = select(catalogue_vocabulary).where(catalogue_vocabulary.c.ended_at.is_(None))
    return [_word(row) for row in (await connection.execute(rows)).mappings()]


async def _insert(connection: AsyncConnection, row: Word, actor: str) -> Word:
    made = await connection.execute(
        insert(catalogue_vocabulary)
        .values(
            everyday=row.everyday,
            official=row.official,
            ambiguous=row.ambiguous,
            note=row.note,
            actor=actor,
            at=now(),
        )
        .returning(*catalogue_vocabulary.c)
    )
    return _word(made.mappings().one())


def _word(row: Mapping[Any, Any]) -> Word:
    return Word(**{name: row[name] for name in Word.__dataclass_fields__})
