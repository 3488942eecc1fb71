"""How long what is kept, and the end of it: `motcua privacy purge`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, Table, and_, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import audit, privacy
from desk.kinds import DONE
from desk.settings import PrivacySettings
from store.engine import Database
from store.tables import (
    asked_questions,
    buttons,
    case_messages,
    cases,
    inbox,
    now,
    outbox,
    sign_in_failures,
    staff_sessions,
    takeovers,
)

BATCH = 500
_FINISHED = ("done", "dead", "sent", "unknown", "withheld")


@dataclass
class Purged:
    """How much went, or with `dry_run` would go."""

    said: int = 0
    answered: int = 0
    buttons: int = 0
    questions: int = 0
    cases: int = 0
    files: int = 0
    sessions: int = 0
    failures: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return sum(getattr(self, item.name) for item in fields(self))


async def purge(
    db: Database,
    settings: PrivacySettings,
    *,
    actor: str,
    remove_files: Callable[[Sequence[str]], object],
    dry_run: bool = False,
    moment: datetime | None = None,
    progress: Callable[[str, float], None] = lambda stage, share: None,
) -> Purged:
    """Remove what is older than the settings allow; may be stopped at any moment and run again.

    Messages of a conversation with an unfinished case stay until that case is finished. A finished case keeps its code,
    kind, dates and outcome.

    Args:
        actor: who runs it, for the log.
        remove_files: deletes files of the attachments' folder by their names there.
        dry_run: count only.
        moment: now, unless a test says otherwise.
        progress: told the stage and the share done.
    """
    at = moment or now()
    messages = at - timedelta(days=settings.message_days)
    old_cases = and_(
        cases.c.state.in_([state.value for state in DONE]),
        cases.c.changed_at < at - timedelta(days=settings.case_days),
        cases.c.purged_at.is_(None),
    )
    unfinished = cases.alias("unfinished")

    def idle(table: Table) -> ColumnElement[bool]:
        return ~exists().where(
            unfinished.c.conversation_id == table.c.conversation_id,
            unfinished.c.state.not_in([state.value for state in DONE]),
        )

    # Answers before questions: an answer points to its question.
    answers = and_(
        outbox.c.created_at < messages,
        outbox.c.state.in_(_FINISHED),
        ~exists().where(case_messages.c.outbox_id == outbox.c.id),
        idle(outbox),
    )
    questions = and_(
        inbox.c.received_at < messages,
        inbox.c.state.in_(_FINISHED),
        idle(inbox),
    )
    done = Purged()
    stages = (
        ("answered", outbox, answers),
        ("said", inbox, questions),
        ("buttons", buttons, buttons.c.created_at < messages),
        ("questions", asked_questions, and_(asked_questions.c.state != "open", asked_questions.c.at < messages)),
        ("sessions", staff_sessions, staff_sessions.c.expires_at < at),
        ("failures", sign_in_failures, sign_in_failures.c.at < at - timedelta(days=settings.failure_days)),
    )
    for number, (name, table, old) in enumerate(stages):
        progress(name, number / (len(stages) + 1))
        setattr(done, name, await (_count(db, table, old) if dry_run else _delete(db, table, old)))
    if not dry_run:
        async with db.begin() as connection:
            old_talks = and_(takeovers.c.note.is_not(None), takeovers.c.ended_at < messages)
            await connection.execute(update(takeovers).where(old_talks).values(note=None))
    progress("cases", len(stages) / (len(stages) + 1))
    await _end_cases(db, old_cases, done, remove_files, dry_run=dry_run)
    if not dry_run and done.total:
        async with db.begin() as connection:
            data = {item.name: getattr(done, item.name) for item in fields(done)}
            await audit.write(connection, actor=actor, action="purged", subject="retention", data=data)
    progress("", 1.0)
    return done


async def _end_cases(
    db: Database,
    old: ColumnElement[bool],
    done: Purged,
    remove_files: Callable[[Sequence[str]], object],
    *,
    dry_run: bool,
) -> None:
    if dry_run:
        done.cases = await _count(db, cases, old)
        return
    while True:
        async with db.begin() as connection:
            ids = list((await connection.execute(select(cases.c.id).where(old).limit(BATCH))).scalars())
            names = await privacy.take_files(connection, ids) if ids else []
            done.cases += await privacy.erase_cases(connection, ids) if ids else 0
            done.files += len(names)
        if not ids:
            return
        remove_files(names)


async def _count(db: Database, table: Table, old: ColumnElement[bool]) -> int:
    async with db.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(table).where(old)) or 0)


async def _delete(db: Database, table: Table, old: ColumnElement[bool]) -> int:
    """Delete in batches, so that no writer waits long."""
    key = next(iter(table.primary_key.columns))
    found: Select[tuple[object]] = select(key).where(old).limit(BATCH)
    total = 0
    while True:
        async with db.begin() as connection:
            gone = await _delete_some(connection, table, key, found)
        total += gone
        if gone < BATCH:
            return total


async def _delete_some(
    connection: AsyncConnection, table: Table, key: ColumnElement[object], found: Select[tuple[object]]
) -> int:
    ids = list((await connection.execute(found)).scalars())
    if not ids:
        return 0
    if table is inbox:
        # An answer that a case keeps lets go of its question.
        await connection.execute(update(outbox).where(outbox.c.inbox_id.in_(ids)).values(inbox_id=None))
    return (await connection.execute(delete(table).where(key.in_(ids)))).rowcount
