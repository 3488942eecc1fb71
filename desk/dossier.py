"""All that the page of a case shows, read at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import access, attachments, audit, case_clocks, delivery, presence
from desk import similar as near
from desk._case_rows import Case, by_code, not_found
from desk.attachments import Attachment
from desk.audit import Entry
from desk.case_clocks import Explained
from desk.delivery import Window
from desk.handling import undo
from desk.kinds import NEXT, Bucket, State
from desk.sealing import Seal
from desk.settings import DeskSettings
from desk.similar import Alike
from desk.staff import Person
from desk.transcript import Turn, transcript
from store.engine import Database
from store.tables import case_messages, cases, outbox, staff, units

_MOST_JOINED = 100
_TURNS = 60


@dataclass(frozen=True)
class Message:
    """Something that was said about a case, as staff read it.

    Attributes:
        author: `citizen`, `staff`, `system`.
        public: whether the citizen reads it.
        purpose: `word`, `note`, `notice`, `reply`, `final`, `ask`.
        state: `written`; `waiting` for approval; `refused`.
        delivery: how far it is on its way to the conversation (state of its row in the outbox); None: on the page only.
    """

    id: int
    at: datetime
    author: str
    staff_name: str | None
    public: bool
    purpose: str
    state: str
    text: str
    approved_by: str | None
    delivery: str | None
    delivery_error: str | None


@dataclass(frozen=True)
class Joined:
    """Another case that belongs to one."""

    code: str
    subject: str
    state: State


@dataclass(frozen=True)
class Dossier:
    """A case with all that belongs to it.

    Attributes:
        unit: name of the unit that has it.
        unit_code: and its code.
        assignee: name of the member of staff who has it.
        contact: telephone or e-mail, opened; None when none was given.
        turns: the newest messages of the conversation it came from.
        leader: the case that it is linked to.
        linked: the cases that are linked to it.
        merged: the cases that were merged into it.
        merged_into: the case it was merged into.
        similar: open cases that are about nearly the same.
        present: colleagues who have it open.
        pending: replies that wait for approval.
        undoable: what this person's last step was, when they may take it back; else None.
        next_states: what may follow its state.
        window: how a reply would reach the citizen now.
    """

    case: Case
    unit: str | None
    unit_code: str | None
    assignee: str | None
    contact: str | None
    messages: tuple[Message, ...]
    entries: tuple[Entry, ...]
    clocks: tuple[Explained, ...]
    attachments: tuple[Attachment, ...]
    turns: tuple[Turn, ...]
    leader: Joined | None
    linked: tuple[Joined, ...]
    merged: tuple[Joined, ...]
    merged_into: Joined | None
    similar: tuple[Alike, ...]
    present: tuple[str, ...]
    pending: tuple[Message, ...]
    undoable: str | None
    next_states: frozenset[State]
    window: Window


async def dossier(db: Database, code: str, by: Person, *, seal: Seal, settings: DeskSettings | None = None) -> Dossier:
    """The case with that code and all that belongs to it.

    Raises:
        CaseNotFound: there is none, or this person must not know of it.
        Unavailable: the key that sealed the contact is not among the keys any more.
    """
    rules = settings or DeskSettings()
    async with db.connect() as connection:
        row = await by_code(connection, code)
        case = Case.of(row) if row is not None else None
        if case is None or not access.sees(by, case):
            raise not_found(code)
        unit = (await connection.execute(select(units.c.name, units.c.code).where(units.c.id == case.unit_id))).first()
        assignee = await connection.scalar(select(staff.c.name).where(staff.c.id == case.assigned_to))
        said = await _messages(connection, case.id)
        joined = await _joined(connection, case, by)
        talk = await transcript(connection, case.conversation_id, limit=_TURNS) if case.conversation_id else ()
        present = await presence.others(connection, case.id, by.id)
        step = await undo.last(connection, case, by, rules)
        way = await delivery.window(connection, case.conversation_id, rules.delivery)
    others = {other.id: Joined(other.code, other.subject, other.state) for other in joined}
    return Dossier(
        case=case,
        unit=unit.name if unit else None,
        unit_code=unit.code if unit else None,
        assignee=assignee,
        contact=seal.open(case.contact) if case.contact else None,
        messages=said,
        entries=await audit.of(db, f"case:{case.id}"),
        clocks=await case_clocks.explain(db, case),
        attachments=await attachments.of_case(db, case.id),
        turns=talk,
        leader=others.get(case.led_by or 0),
        linked=tuple(others[other.id] for other in joined if other.led_by == case.id),
        merged=tuple(others[other.id] for other in joined if other.merged_into == case.id),
        merged_into=others.get(case.merged_into or 0),
        similar=await near.similar(db, case, by=by) if case.bucket is not Bucket.done else (),
        present=present,
        pending=tuple(message for message in said if message.state == "waiting"),
        undoable=step.action if step is not None else None,
        next_states=NEXT[case.state],
        window=way,
    )


async def _messages(connection: AsyncConnection, case_id: int) -> tuple[Message, ...]:
    rows = await connection.execute(
        select(case_messages, outbox.c.state.label("delivery"), outbox.c.error.label("delivery_error"))
        .join(outbox, outbox.c.id == case_messages.c.outbox_id, isouter=True)
        .where(case_messages.c.case_id == case_id, case_messages.c.state != "undone")
        .order_by(case_messages.c.id)
    )
    return tuple(_message(row) for row in rows.mappings())


def _message(row: RowMapping) -> Message:
    return Message(
        id=row["id"],
        at=row["at"],
        author=row["author"],
        staff_name=row["staff_name"],
        public=row["visibility"] == "public",
        purpose=row["purpose"],
        state=row["state"],
        text=row["text"],
        approved_by=row["approved_by"],
        delivery=row["delivery"],
        delivery_error=row["delivery_error"],
    )


async def _joined(connection: AsyncConnection, case: Case, by: Person) -> list[Case]:
    """The cases that are tied to one, of those that this person sees."""
    tied = [cases.c.led_by == case.id, cases.c.merged_into == case.id]
    tied += [cases.c.id == number for number in (case.led_by, case.merged_into) if number is not None]
    found = []
    # One condition a query, each with its index: joined by "or" a planner may read every case.
    for condition in tied:
        wanted = select(cases).where(condition).order_by(cases.c.id).limit(_MOST_JOINED)
        found += [Case.of(row) for row in (await connection.execute(wanted)).mappings()]
    return [other for other in found if access.sees(by, other)]
