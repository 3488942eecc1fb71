"""Questions whose right procedures an admin has named: a version that answers fewer of them right does not go live.

Only the functions here change the table `golden_questions`. A question is never deleted: it ends.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge import questions
from knowledge.importers.report import Report, Severity
from knowledge.search.findings import Findings
from knowledge.text import nfc
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from store.tables import golden_questions, now

LONGEST = 500
MOST_CODES = 20


@dataclass(frozen=True)
class Golden:
    """One question; no codes: no procedure answers it, and none may be given."""

    question: str
    codes: tuple[str, ...]
    id: int = 0
    actor: str = ""
    at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None


@dataclass(frozen=True)
class Miss:
    """A question that was not answered right: what was wanted, what was decided, and the codes given, best first."""

    question: str
    wanted: tuple[str, ...]
    decision: str
    given: tuple[str, ...]


@dataclass(frozen=True)
class Measured:
    """How a search does on the golden questions.

    Attributes:
        right: answered with a right procedure (or with none where none is right).
        asked: asked back, the right procedure among the choices.
        wrong: answered with a wrong procedure, or asked back without the right one.
        unknown: said to be not known although a procedure answers it.
        failed: every question that is not right.
    """

    right: int = 0
    asked: int = 0
    wrong: int = 0
    unknown: int = 0
    failed: tuple[Miss, ...] = ()

    @property
    def total(self) -> int:
        """Questions asked."""
        return self.right + self.asked + self.wrong + self.unknown

    def worse_than(self, other: Measured) -> bool:
        """Whether fewer are right, or more are wrong, than with the other search."""
        return self.right < other.right or self.wrong > other.wrong

    def lost(self, other: Measured) -> tuple[Miss, ...]:
        """The questions that the other search answered right and this one does not."""
        missed = {miss.question for miss in other.failed}
        return tuple(miss for miss in self.failed if miss.question not in missed)

    def as_json(self) -> dict[str, Any]:
        """Plain values; `from_json` reads them again."""
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Measured:
        """What `as_json` gave."""
        failed = tuple(
            Miss(miss["question"], tuple(miss["wanted"]), miss["decision"], tuple(miss["given"]))
            for miss in value["failed"]
        )
        return Measured(value["right"], value["asked"], value["wrong"], value["unknown"], failed)


class Searches(Protocol):
    """What can be measured: a `Searcher`."""

    def search(self, text: str) -> Findings:
        """What is found for a text."""


def measure(searcher: Searches, asked: Iterable[Golden]) -> Measured:
    """Ask every question as the dialogue does (without its place and the facet words) and count."""
    counts = {"right": 0, "asked": 0, "wrong": 0, "unknown": 0}
    failed: list[Miss] = []
    day = now().date()
    for golden in asked:
        findings = searcher.search(questions.read(golden.question, day).subject)
        given = tuple(hit.code for hit in findings.hits)
        verdict = _verdict(golden.codes, findings.decision, given)
        counts[verdict] += 1
        if verdict != "right":
            failed.append(Miss(golden.question, golden.codes, findings.decision, given[:4]))
    return Measured(**counts, failed=tuple(failed))


def _verdict(wanted: Sequence[str], decision: str, given: Sequence[str]) -> str:
    if decision == "unknown":
        return "unknown" if wanted else "right"
    if decision == "answer":
        return "right" if given[0] in wanted else "wrong"
    return "asked" if not wanted or set(wanted) & set(given) else "wrong"


async def list_(db: Database, *, ended: bool = False) -> tuple[Golden, ...]:
    """The questions in force, oldest first; with `ended` those that were ended too."""
    rows = select(golden_questions).order_by(golden_questions.c.id)
    if not ended:
        rows = rows.where(golden_questions.c.ended_at.is_(None))
    async with db.connect() as connection:
        return tuple(_golden(row) for row in (await connection.execute(rows)).mappings())


async def add(db: Database, question: str, codes: Sequence[str], *, actor: str) -> Golden:
    """Add a question.

    Args:
        db: the database.
        question: as a citizen writes it.
        codes: the procedures that answer it; none: no procedure may be given.
        actor: who adds it.

    Raises:
        Invalid: the question is empty or too long, or has too many codes.
        Conflict: the same question is there already.
    """
    async with db.begin() as connection:
        return await write(connection, question, codes, actor=actor)


async def write(connection: AsyncConnection, question: str, codes: Sequence[str], *, actor: str) -> Golden:
    """The same within a transaction that does more; raises the same."""
    text, wanted = _checked(question, codes)
    open_ = golden_questions.c.ended_at.is_(None)
    same = select(golden_questions.c.id).where(open_, golden_questions.c.question == text)
    found = (await connection.execute(same)).scalar()
    if found is not None:
        raise Conflict(f"Golden question {found} says the same already; end it first to give it other codes.")
    made = insert(golden_questions).values(question=text, codes=list(wanted), actor=actor, at=now())
    return _golden((await connection.execute(made.returning(*golden_questions.c))).mappings().one())


async def end(db: Database, number: int, *, actor: str) -> Golden:
    """Take a question back.

    Raises:
        NotFound: there is no such question in force.
    """
    one = update(golden_questions).where(golden_questions.c.id == number, golden_questions.c.ended_at.is_(None))
    ended = one.values(ended_at=now(), ended_by=actor).returning(*golden_questions.c)
    async with db.begin() as connection:
        row = (await connection.execute(ended)).mappings().first()
    if row is None:
        raise NotFound(f"There is no golden question {number} in force.")
    return _golden(row)


async def import_jsonl(db: Database, path: Path, *, actor: str) -> Report:
    """Add the questions of a file, one JSON object a line: `question`, and `codes`, a list.

    A line that cannot be used is reported and left out; one that is there already is counted and left out.

    Raises:
        Invalid: the file cannot be read.
    """
    try:
        lines = (await asyncio.to_thread(path.read_text, encoding="utf-8")).split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{path.name} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    report = Report(source=path.name)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        report.total += 1
        try:
            held = json.loads(line)
            await add(db, held["question"], held["codes"], actor=actor)
        except (ValueError, KeyError, TypeError, RecursionError):
            message = 'expected {"question": "…", "codes": ["…"]}'
            report.add(number, "", "record", Severity.error, message)
        except Invalid as error:
            report.add(number, "", "question", Severity.error, error.message)
        except Conflict as error:
            report.add(number, "", "question", Severity.warning, error.message)
        else:
            report.accepted += 1
    return report


def _checked(question: str, codes: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    if not isinstance(question, str) or isinstance(codes, str) or not all(isinstance(code, str) for code in codes):
        raise Invalid("A golden question is a text and a list of codes.")
    text = " ".join("".join(c if c.isprintable() else " " for c in nfc(question)).split())
    if not any(c.isalnum() for c in text):
        raise Invalid("A golden question needs words.")
    if len(text) > LONGEST:
        raise Invalid(f"A golden question has at most {LONGEST} characters.")
    wanted = tuple(dict.fromkeys(code.strip() for code in codes if code.strip()))
    if len(wanted) > MOST_CODES:
        raise Invalid(f"A golden question has at most {MOST_CODES} codes.")
    return text, wanted


def _golden(row: Mapping[Any, Any]) -> Golden:
    values = {name: row[name] for name in Golden.__dataclass_fields__}
    return Golden(**{**values, "codes": tuple(values["codes"])})
