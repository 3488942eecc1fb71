"""The apology for a late case: a letter ready to sign, and one new date, which cannot be moved again.

Nghị định 61/2018/NĐ-CP, Điều 19 khoản 9, until 30/06/2025; then Nghị định 118/2025/NĐ-CP, whose article was not seen
(the form "Phiếu xin lỗi và hẹn lại ngày trả kết quả" is still used). The letter may also go out by electronic message.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import _apology_letter, access, audit, case_clocks
from desk._apology_letter import Letter
from desk._case_rows import Case, by_code, not_found
from desk.calendar import VIET_NAM, Calendar
from desk.handling import Handling
from desk.handling._desk import not_alone, reason_of, right_for
from desk.kinds import DONE
from desk.staff import Person
from store.engine import Database
from store.errors import Conflict, Invalid
from store.tables import case_apologies, units

_USUAL_DAYS = 5
_LONGEST_DAYS = 90


@dataclass(frozen=True)
class Apology:
    """The apology of a case, given or drafted.

    Attributes:
        case: the case.
        unit: name of the unit that has it.
        reason: why it is late; empty in a draft.
        due_at: the deadline that is or will be missed; None when none was noted.
        new_due_at: the new date; in a draft a proposal.
        given_at: when it was given; None for a draft.
        letter: the text, paragraph by paragraph.
    """

    case: Case
    unit: str
    reason: str
    due_at: datetime | None
    new_due_at: datetime
    given_at: datetime | None
    letter: Letter

    @property
    def document(self) -> bytes:
        """The letter as a DOCX file, with the lines for number, date and signature empty."""
        return _apology_letter.docx(self.letter)


async def of(db: Database, by: Person, code: str, *, at: datetime) -> Apology:
    """The apology of a case: the one that was given, else a draft with a proposed date.

    Args:
        by: who asks.
        at: the present moment.

    Raises:
        CaseNotFound: there is no such case, or not for this person.
        Conflict: there is nothing to apologise for: the case is finished, or no deadline runs.
    """
    async with db.connect() as connection:
        row = await by_code(connection, code)
        if row is None or not access.sees(by, Case.of(row)):
            raise not_found(code)
        case = Case.of(row)
        access.require(by, right_for(case, "cases.work"), case)
        given = await _given(connection, case.id)
        unit = await _unit(connection, case)
        if given is not None:
            reason, due, new_due, given_at = given
            letter = _apology_letter.write(case, unit, reason, due, new_due, on=given_at)
            return Apology(case, unit, reason, due, new_due, given_at, letter)
        _check_due(case)
        calendar = await case_clocks.calendar_of(connection, case.unit_id)
    proposed = _proposal(calendar, max(at, case.due_at or at))
    letter = _apology_letter.write(case, unit, "", case.due_at, proposed, on=at)
    return Apology(case, unit, "", case.due_at, proposed, None, letter)


async def apologise(
    handling: Handling, by: Person, code: str, reason: str, new_day: date, *, expected: int | None = None
) -> Case:
    """Apologise for a late case and give its new date; the citizen is told, what was due counts as missed.

    Args:
        handling: the desk's side of the cases.
        by: who does it.
        code: of the case.
        reason: why it is late; the citizen reads it.
        new_day: the new date, a working day.
        expected: the version of the case that the person saw.

    Raises:
        Invalid: the reason is empty, or the day is no working day after the present deadline.
        Conflict: the case has its one new date already, is finished, or has no running deadline; or the person's words
            need approval.
    """
    why = reason_of(reason)
    not_alone(by)
    async with handling.change(by, code, "apologised", expected=expected) as change:
        case = change.before
        if await _given(change.connection, case.id) is not None:
            raise Conflict("Phiếu này đã hẹn lại một lần; quy định không cho hẹn lại lần nữa.")
        _check_due(case)
        calendar = await case_clocks.calendar_of(change.connection, case.unit_id)
        new_due = _moment(calendar, new_day, max(change.at, case.due_at or change.at))
        await change.connection.execute(
            insert(case_apologies).values(
                case_id=case.id, reason=why, due_at=case.due_at, new_due_at=new_due, actor=by.name, at=change.at
            )
        )
        change.data.update({"new_due_at": new_due.isoformat(), "reason": audit.digest_of(why)})
        await change.flush()
        await case_clocks.reappoint(change.connection, case.id, new_due, change.at)
        await change.fresh()
        unit = await _unit(change.connection, case)
        letter = _apology_letter.write(case, unit, why, case.due_at, new_due, on=change.at)
        await change.notice(_apology_letter.message(letter))
    return change.case


def _check_due(case: Case) -> None:
    if case.state in DONE:
        raise Conflict("Phiếu đã xử lý xong nên không cần xin lỗi và hẹn lại.")
    if case.due_at is None:
        raise Conflict("Phiếu không có thời hạn nào đang tính nên chưa có gì để hẹn lại.")


def _moment(calendar: Calendar, day: date, after: datetime) -> datetime:
    if not calendar.is_working(day):
        raise Invalid(f"Ngày {day:%d/%m/%Y} không phải ngày làm việc; hãy chọn ngày làm việc.")
    moment = calendar.closes(day)
    if moment <= after:
        raise Invalid("Ngày hẹn lại phải sau hôm nay và sau thời hạn hiện nay của phiếu.")
    if moment > after + timedelta(days=_LONGEST_DAYS):
        raise Invalid(f"Ngày hẹn lại quá xa; hãy chọn ngày trong vòng {_LONGEST_DAYS} ngày.")
    return moment


def _proposal(calendar: Calendar, after: datetime) -> datetime:
    day = after.astimezone(VIET_NAM).date()
    for _ in range(_USUAL_DAYS):
        day = calendar.next_working(day + timedelta(days=1))
    return calendar.closes(day)


async def _given(connection: AsyncConnection, case_id: int) -> tuple[str, datetime | None, datetime, datetime] | None:
    row = (await connection.execute(select(case_apologies).where(case_apologies.c.case_id == case_id))).one_or_none()
    return None if row is None else (row.reason, row.due_at, row.new_due_at, row.at)


async def _unit(connection: AsyncConnection, case: Case) -> str:
    name = await connection.scalar(select(units.c.name).where(units.c.id == case.unit_id))
    return name or "Bộ phận tiếp nhận"
