"""The clocks of cases: rows of `case_clocks`, and each case's nearest deadline.

Every function works in the caller's write transaction, with the case's row locked by the caller, and leaves
`cases.due_at` at the nearest deadline that still runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import _clock_rows as rows
from desk._clock_rows import COMPLEXITY, REAPPOINTMENT, Outcome, calendar_of, configure
from desk._explained import Explained, HasId, explain
from desk.clocks import on_time
from desk.deadlines import Stop
from desk.kinds import Kind, State
from store.errors import Conflict, Invalid
from store.tables import case_apologies, case_clocks, cases, now

__all__ = [
    "COMPLEXITY",
    "DATA_RULES",
    "REAPPOINTMENT",
    "Explained",
    "HasId",
    "accepted",
    "begin",
    "calendar_of",
    "configure",
    "drop",
    "explain",
    "extend",
    "file",
    "forget_reasons",
    "pause",
    "reappoint",
    "recount",
    "resume",
    "start",
    "stop",
]

DATA_RULES = {"access": "data_access", "erasure": "data_erasure", "objection": "data_objection"}
"""Rule by what a data request asks for, its `detail["request"]`; the shortest of them where it says nothing."""

_FIRST: dict[Kind, tuple[str, ...]] = {
    Kind.question: ("question_answer",),
    Kind.feedback: ("feedback_forward", "feedback_answer"),
    Kind.complaint: ("complaint_contact", "complaint_answer"),
    Kind.denunciation: ("denunciation_contact",),
    Kind.data_request: ("data_acknowledge",),
}
_AGAIN = {
    Kind.question: "question_answer",
    Kind.feedback: "feedback_answer",
    Kind.complaint: "complaint_answer",
    Kind.denunciation: "denunciation_contact",
}
_LEGAL = {Kind.complaint: "complaint_acceptance", Kind.denunciation: "denunciation_initial"}
_INTERNAL = frozenset({"complaint_contact", "complaint_answer", "denunciation_contact"})


async def begin(connection: AsyncConnection, case: Mapping[str, Any], at: datetime) -> None:
    """Start the clocks that a new case has from its receipt on, or a reopened one from then on.

    Args:
        case: its row of `cases`; `detail["in_person"]` starts that of Luật Tiếp công dân, `detail["request"]` chooses
            that of a data request (`DATA_RULES`).
    """
    kind, detail = Kind(case["kind"]), case["detail"] or {}
    names: tuple[str, ...]
    if State(case["state"]) is State.reopened:
        names = (_AGAIN.get(kind) or _data_rule(detail),)
    else:
        names = _FIRST[kind] + ((_data_rule(detail),) if kind is Kind.data_request else ())
        names += ("in_person_reply",) if detail.get("in_person") else ()
    running = {row.rule for row in await rows.running(connection, case["id"])}
    for name in names:
        if name not in running:
            await _add(connection, case["id"], name, at)
    await recount(connection, case["id"])


async def start(connection: AsyncConnection, case_id: int, rule: str, at: datetime) -> datetime | None:
    """Start a clock; gives when it is due. One that runs already under this rule stays as it is.

    Raises:
        Invalid: no such rule was in force then.
    """
    for row in await rows.running(connection, case_id):
        if row.rule == rule:
            return await _due(connection, row.id)
    number = await _add(connection, case_id, rule, at)
    await recount(connection, case_id)
    return await _due(connection, number)


async def file(connection: AsyncConnection, case: Mapping[str, Any], at: datetime) -> None:
    """Start the legal clock of a complaint or denunciation that was properly filed then; internal targets end.

    A matter that the desk has taken on already counts as accepted on the day of its filing: its resolution is due from
    then.

    Raises:
        Invalid: this kind has none, or no such rule was in force then.
    """
    rule = _LEGAL.get(Kind(case["kind"]))
    if rule is None:
        raise Invalid("Chỉ khiếu nại và tố cáo mới có thời hạn luật định tính từ ngày nhận đơn.")
    taken = State(case["state"]) in {State.accepted, State.in_progress}
    await start(connection, case["id"], _resolution(case) if taken else rule, at)
    for row in await rows.running(connection, case["id"]):
        if row.rule in _INTERNAL:
            await _end(connection, row, "dropped", now())
    await recount(connection, case["id"])


async def accepted(connection: AsyncConnection, case: Mapping[str, Any], at: datetime) -> None:
    """A matter was taken on: what was due until then is met, and of a filed one the resolution is due from now."""
    for row in await rows.running(connection, case["id"]):
        if State.accepted in rows.met_by(row):
            await _end(connection, row, "met", at)
    if case["legal_from"] is not None:
        await start(connection, case["id"], _resolution(case), at)
    await recount(connection, case["id"])


async def stop(
    connection: AsyncConnection, case_id: int, rule: str | None, outcome: Outcome, at: datetime
) -> bool | None:
    """End a clock, or all that run.

    Args:
        rule: None ends all.
        outcome: `dropped` when it no longer matters; otherwise each is judged by its own deadline, `met` or `missed`.

    Returns:
        Whether none of the case's clocks was missed so far; None when it never had one.
    """
    for row in await rows.running(connection, case_id):
        if rule in {None, row.rule}:
            await _end(connection, row, outcome, at)
    await recount(connection, case_id)
    outcomes = (await connection.scalars(select(case_clocks.c.outcome).where(case_clocks.c.case_id == case_id))).all()
    return "missed" not in outcomes if outcomes else None


async def drop(connection: AsyncConnection, case_id: int, at: datetime, rule: str | None = None) -> None:
    """End a clock, or all that run, that no longer matters."""
    await stop(connection, case_id, rule, "dropped", at)


async def pause(
    connection: AsyncConnection, case_id: int, reason: str, at: datetime, *, because: Stop = "paused"
) -> tuple[str, ...]:
    """Let the clocks stand still that may; gives the titles of those that run on because no law stops them.

    Args:
        reason: shown with the deadline.
        because: a decision to suspend, or that the citizen was asked.
    """
    on = []
    for row in await rows.running(connection, case_id):
        rule = rows.rule_of(row)
        if rule is None or because not in rule.stops:
            on.append(rows.title(rule))
        elif not rows.stands(row):
            stops = [*row.pauses, {"from": rows.written(at), "to": None, "reason": reason.strip()}]
            await rows.change(connection, row, pauses=stops)
    await recount(connection, case_id)
    return tuple(on)


async def resume(connection: AsyncConnection, case_id: int, at: datetime) -> None:
    """Let the clocks that stand still go on."""
    for row in await rows.running(connection, case_id):
        if rows.stands(row):
            last = {**row.pauses[-1], "to": rows.written(at)}
            await rows.change(connection, row, pauses=[*row.pauses[:-1], last])
    await recount(connection, case_id)


async def extend(
    connection: AsyncConnection, case_id: int, rule: str, reason: str, actor: str, at: datetime
) -> datetime | None:
    """Grant the next lawful extension of a running clock; gives the new date.

    Raises:
        Invalid: no reason is given, or no such clock runs.
        Conflict: the law knows no further extension.
    """
    if not reason.strip():
        raise Invalid("Gia hạn cần ghi rõ lý do.")
    row = next((row for row in await rows.running(connection, case_id) if row.rule == rule), None)
    if row is None:
        raise Invalid("Thời hạn này không đang chạy nên không gia hạn được.")
    if not rows.may_extend(row, await rows.facts(connection, case_id)):
        raise Conflict("Luật không cho gia hạn thêm đối với thời hạn này.")
    granted = {"rule": rule, "reason": reason.strip(), "actor": actor, "at": rows.written(at)}
    await rows.change(connection, row, extensions=[*row.extensions, granted])
    await recount(connection, case_id)
    return await _due(connection, row.id)


async def reappoint(connection: AsyncConnection, case_id: int, new_due: datetime, at: datetime) -> None:
    """Replace what is due by the one new date of an apology; what was due counts as missed."""
    for row in await rows.running(connection, case_id):
        if not rows.stands(row) and row.due_at is not None and row.due_at < new_due:
            await rows.change(connection, row, stopped_at=at, outcome="missed")
    values = {"case_id": case_id, "rule": REAPPOINTMENT, "started_at": at, "due_at": new_due}
    await connection.execute(insert(case_clocks).values(**values, pauses=[], extensions=[]))
    await recount(connection, case_id)


async def recount(connection: AsyncConnection, case_id: int) -> bool:
    """Work out the running deadlines anew, after a change of the case's facts, its unit or the calendar.

    Returns:
        Whether the case's nearest deadline changed; a warning about the old one is then forgotten.
    """
    case = await rows.facts(connection, case_id)
    calendar = await rows.calendar_of(connection, case.unit_id)
    nearest: list[datetime] = []
    for row in await rows.running(connection, case_id):
        at = row.due_at if row.rule == REAPPOINTMENT else rows.deadline(row, case, calendar).at
        if at != row.due_at:
            await rows.change(connection, row, due_at=at)
        if at is not None:
            nearest.append(at)
    first = min(nearest, default=None)
    if first == case.due_at:
        return False
    values = {"due_at": first, "warned_at": None, "escalated_at": None}
    await connection.execute(update(cases).where(cases.c.id == case_id).values(**values))
    return True


async def forget_reasons(connection: AsyncConnection, case_ids: Sequence[int], instead: str) -> None:
    """Put `instead` for the reasons that people wrote for stops, extensions and apologies of these cases.

    What they did to the dates stays.
    """
    wanted = select(case_clocks).where(case_clocks.c.case_id.in_(case_ids))
    for row in (await connection.execute(wanted)).all():
        if row.pauses or row.extensions:
            blank = {"reason": instead}
            pauses, extensions = [[{**each, **blank} for each in kept] for kept in (row.pauses, row.extensions)]
            await rows.change(connection, row, pauses=pauses, extensions=extensions)
    of_cases = case_apologies.c.case_id.in_(case_ids)
    await connection.execute(update(case_apologies).where(of_cases).values(reason=instead))


async def _add(connection: AsyncConnection, case_id: int, rule: str, at: datetime) -> int:
    rows.rule(rule, at)
    values = {"case_id": case_id, "rule": rule, "started_at": at, "pauses": [], "extensions": []}
    made = await connection.execute(insert(case_clocks).values(**values).returning(case_clocks.c.id))
    return int(made.scalar_one())


async def _due(connection: AsyncConnection, number: int) -> datetime | None:
    return await connection.scalar(select(case_clocks.c.due_at).where(case_clocks.c.id == number))


async def _end(connection: AsyncConnection, row: Row[Any], outcome: Outcome, at: datetime) -> None:
    if outcome != "dropped":
        rule = rows.rule_of(row)
        outcome = "met" if on_time(rule, row.due_at, at) else "missed"
    await rows.change(connection, row, stopped_at=at, outcome=outcome)


def _resolution(case: Mapping[str, Any]) -> str:
    if Kind(case["kind"]) is Kind.denunciation:
        return "denunciation_resolution"
    second = (case["detail"] or {}).get("round") == 2
    return "complaint_resolution_second" if second else "complaint_resolution"


def _data_rule(detail: Any) -> str:
    return DATA_RULES.get(str(detail.get("request", "")), "data_access")
