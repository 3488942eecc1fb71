"""What citizens asked in vain: kept with the answer they got, so that an admin can teach the catalogue the words.

Only the functions here change the table `asked_questions`. A question is kept without what identifies a person
(identity numbers, telephones, e-mail addresses), under a key that makes a repeated note one row.

States of a question: `open`, `closed` (with what it led to in `resolution`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from knowledge import _alike, golden, words
from knowledge.text import mask, tokens
from store.engine import Database
from store.errors import Conflict, Invalid
from store.tables import asked_questions, now

Verdict = Literal["unanswered", "asked_back", "wrong"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
Meaning = Literal["vocabulary", "golden", "nothing"]
MEANINGS: tuple[Meaning, ...] = get_args(Meaning)
LONGEST_QUESTION = 2_000
LONGEST_ANSWER = 6_000
MOST_CODES = 10
MOST_GOLDEN = 10


@dataclass(frozen=True)
class Asked:
    """One question that was not answered, or answered wrongly by the citizen's word.

    Attributes:
        id: number of the row.
        question: what was asked, identifying numbers hidden.
        verdict: `unanswered`, `asked_back` (the search had to ask which procedure was meant), `wrong` (the citizen
            said so).
        codes: procedures that were shown, best first.
        answer: the text that was given; None when there was none.
        version: version of the catalogue that answered.
        conversation: where it was asked; None when it is not known.
        at: when.
    """

    id: int
    question: str
    verdict: Verdict
    codes: tuple[str, ...]
    answer: str | None
    version: str
    conversation: str | None
    at: datetime


@dataclass(frozen=True)
class Cluster:
    """Questions that ask the same.

    Attributes:
        questions: the one that stands for them first.
        phrases: their subjects in the citizens' own words, each once; what a vocabulary row would hold.
        codes: procedures that were shown for them, those shown most often first.
        verdicts: how many there are of each.
    """

    questions: tuple[Asked, ...]
    phrases: tuple[str, ...]
    codes: tuple[str, ...]
    verdicts: Mapping[Verdict, int]

    @property
    def newest(self) -> datetime:
        """When the last of them was asked."""
        return max(question.at for question in self.questions)


@dataclass(frozen=True)
class Resolved:
    """What became of some questions.

    Attributes:
        closed: how many are off the list now.
        word: the vocabulary row that was written.
        golden: how many golden questions were written.
        notes: what a person should know besides.
    """

    closed: int
    word: words.Word | None = None
    golden: int = 0
    notes: tuple[str, ...] = ()


async def note(
    db: Database,
    *,
    key: str,
    question: str,
    verdict: Verdict,
    codes: Sequence[str] = (),
    answer: str | None = None,
    version: str,
    conversation: str | None = None,
) -> bool:
    """Keep a question that was not answered well; the same key again changes nothing.

    Args:
        db: the database.
        key: idempotency key, for a chat message its conversation and message number; at most 200 characters count.
        question: what the citizen wrote, of any length; identifying numbers are hidden before it is written.
        verdict: what went wrong.
        codes: procedures that were shown, best first.
        answer: the text that was given.
        version: version of the catalogue that answered.
        conversation: the conversation's id.

    Returns:
        Whether it is new. An empty question is not kept.

    Raises:
        ValueError: the key is empty or the verdict is none of the three.
    """
    if not key:
        raise ValueError("a question needs its idempotency key")
    if verdict not in VERDICTS:
        raise ValueError(f"verdict {verdict!r} is none of {', '.join(VERDICTS)}")
    said = _kept(question, LONGEST_QUESTION)
    if not said:
        return False
    insert = insert_postgresql if db.dialect == "postgresql" else insert_sqlite
    statement = insert(asked_questions).values(
        idempotency_key=_printable(key)[:200],
        question=said,
        verdict=verdict,
        codes=[_printable(code)[:40] for code in codes[:MOST_CODES]],
        answer=_kept(answer, LONGEST_ANSWER) if answer else None,
        version_id=_printable(version)[:40],
        conversation_id=_printable(conversation)[:32] if conversation else None,
        state="open",
        at=now(),
    )
    async with db.begin() as connection:
        done = await connection.execute(statement.on_conflict_do_nothing())
    return bool(done.rowcount)


async def withdraw(db: Database, *, key: str) -> bool:
    """Take back a note that came to nothing (the citizen chose what was asked back), unless somebody has dealt with it.

    Args:
        db: the database.
        key: the key it was noted under.

    Returns:
        Whether there was one.
    """
    still_open = delete(asked_questions).where(
        asked_questions.c.idempotency_key == _printable(key)[:200], asked_questions.c.state == "open"
    )
    async with db.begin() as connection:
        done = await connection.execute(still_open)
    return bool(done.rowcount)


async def open_(db: Database, limit: int = 500) -> tuple[Asked, ...]:
    """The questions that nobody has looked at yet, the newest first."""
    newest = (
        select(asked_questions)
        .where(asked_questions.c.state == "open")
        .order_by(asked_questions.c.id.desc())
        .limit(max(limit, 0))
    )
    async with db.connect() as connection:
        rows = (await connection.execute(newest)).mappings().all()
    return tuple(_asked(row) for row in rows)


def cluster(rows: Sequence[Asked]) -> tuple[Cluster, ...]:
    """Group questions that ask the same, the biggest group first; the same rows always give the same groups.

    Takes about a second of computing for a thousand questions: call it in a thread.
    """
    ordered = sorted(rows, key=lambda row: row.id)
    found = _alike.groups([(row.question, row.codes[0] if row.codes else None) for row in ordered])
    return tuple(_cluster([ordered[place] for place in places]) for places in found)


async def resolve(
    db: Database,
    ids: Iterable[int],
    *,
    actor: str,
    as_: Meaning,
    code: str | None = None,
    name: str = "",
    phrases: Sequence[str] = (),
    known: Container[str] | None = None,
) -> Resolved:
    """Close questions with what they mean, all in one transaction.

    Args:
        db: the database.
        ids: rows of `open_`.
        actor: who decides.
        as_: `vocabulary` writes a row that gives `phrases` the meaning `code`; `golden` makes each question one whose
            right answer is `code`; `nothing` only closes them.
        code: the procedure that is meant; needed unless they mean nothing.
        name: its official name, for the vocabulary row.
        phrases: the citizens' words for it; their subjects when none are given.
        known: codes of the live catalogue; None when there is none to compare with.

    Raises:
        Invalid: no question or no procedure is named, or the row cannot be taken; nothing is closed then.
        Conflict: one of them is closed already, or the vocabulary says all of it; nothing is closed then.
    """
    wanted = sorted(set(ids))
    if not wanted:
        raise Invalid("Hãy chọn ít nhất một câu hỏi.")
    if as_ not in MEANINGS:
        raise Invalid(f"Không rõ việc cần làm: {as_!r}.")
    if as_ != "nothing" and not code:
        raise Invalid("Hãy chọn thủ tục mà câu hỏi muốn nói đến.")
    if as_ != "nothing" and known is not None and code not in known:
        raise Invalid(f"Danh mục đang dùng không có thủ tục mang mã {code}.")
    table = asked_questions.c
    async with db.begin() as connection:
        found = select(asked_questions).where(table.id.in_(wanted), table.state == "open").order_by(table.id)
        rows = [_asked(row) for row in (await connection.execute(found.with_for_update())).mappings()]
        if len(rows) != len(wanted):
            raise Conflict("Có câu hỏi vừa được người khác xử lý; hãy tải lại trang rồi làm tiếp.")
        word, questions = None, 0
        told: list[str] = []
        if as_ == "vocabulary":
            said = phrases or _phrases(rows)
            row = words.clean(" | ".join(said), f"{name} ({code})")
            word, notes = await words.write(connection, row, actor=actor, known=known)
            told = [note.message for note in notes]
        elif as_ == "golden":
            once = {tuple(tokens(row.question)): row.question for row in reversed(rows)}
            for question in list(once.values())[:MOST_GOLDEN]:
                cut = question[: golden.LONGEST]
                try:
                    await golden.write(connection, cut, [str(code)], actor=actor)
                    questions += 1
                except Conflict:
                    told.append(f"“{cut[:80]}” đã là câu hỏi chuẩn từ trước, giữ nguyên")
        resolution = {"as": as_, "code": code if as_ != "nothing" else None, "word": word.id if word else None}
        await connection.execute(
            update(asked_questions)
            .where(table.id.in_(wanted))
            .values(state="closed", resolution=resolution, closed_at=now(), closed_by=actor)
        )
    return Resolved(len(rows), word, questions, tuple(told))


def _cluster(rows: list[Asked]) -> Cluster:
    shown = Counter(code for row in rows for code in row.codes)
    return Cluster(
        tuple(rows),
        _phrases(rows),
        tuple(code for code, _ in sorted(shown.items(), key=lambda item: (-item[1], item[0]))),
        Counter(row.verdict for row in rows),
    )


def _phrases(rows: Sequence[Asked]) -> tuple[str, ...]:
    once: dict[tuple[str, ...], str] = {}
    for row in rows:
        found = _alike.subject(row.question)
        once.setdefault(found.key, found.said)
    return tuple(said for said in once.values() if said)


def _kept(text: str, longest: int) -> str:
    # Masked before it is cut: a cut through a number would leave a part of it that no pattern knows.
    return mask(_printable(text).strip()[: longest * 4])[:longest].strip()


def _printable(text: str) -> str:
    """The text without what a database refuses: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _asked(row: Mapping[Any, Any]) -> Asked:
    return Asked(
        id=row["id"],
        question=row["question"],
        verdict=row["verdict"],
        codes=tuple(row["codes"]),
        answer=row["answer"],
        version=row["version_id"],
        conversation=row["conversation_id"],
        at=row["at"],
    )
