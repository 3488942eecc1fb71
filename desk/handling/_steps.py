"""The path of a case through the desk: who has it, and which state it is in."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import access, case_clocks, texts
from desk._case_rows import Case
from desk._changes import Change
from desk._follow_up import reopen
from desk.cases import Draft
from desk.handling._desk import Desk, not_alone, reason_of, right_for
from desk.kinds import DONE, Kind, State
from desk.staff import Person, known
from store.errors import Conflict, Invalid, NotFound
from store.tables import units

_LEGAL = {Kind.complaint: "complaint", Kind.denunciation: "denunciation"}


class Steps(Desk):
    """Taking, giving, and the states from received to closed."""

    async def take(self, by: Person, code: str, *, expected: int | None = None) -> Case:
        """Take a case for oneself, when nobody has it or one supervises."""
        async with self.change(by, code, "taken", expected=expected) as change:
            _unfinished(change.before)
            holder = change.before.assigned_to
            if holder not in (None, by.id):
                access.require(by, right_for(change.before, "cases.supervise"), change.before)
            change.set(assigned_to=by.id)
        return change.case

    async def assign(self, by: Person, code: str, to: str | None, *, expected: int | None = None) -> Case:
        """Give a case to a colleague who may work on it, or lay it back with None.

        Raises:
            NotFound: there is no such colleague.
            Invalid: the colleague may not work on this case.
        """
        async with self.change(by, code, "assigned", expected=expected) as change:
            case = change.before
            _unfinished(case)
            # One's own case anybody may pass on; another's only who supervises.
            if case.assigned_to != by.id and not (to == by.name and case.assigned_to is None):
                access.require(by, right_for(case, "cases.supervise"), case)
            holder = await _colleague(change.connection, to, case) if to is not None else None
            change.data["assignee"] = to
            change.set(assigned_to=holder)
        return change.case

    async def move(self, by: Person, code: str, unit: str, reason: str, *, expected: int | None = None) -> Case:
        """Hand a case to another unit, named by its code; nobody has it there at first.

        Raises:
            NotFound: there is no such unit.
            Invalid: the reason is empty.
        """
        why = reason_of(reason)
        async with self.change(by, code, "moved", right="cases.supervise", expected=expected) as change:
            case = change.before
            _unfinished(case)
            if case.secret:
                raise Conflict("Tố cáo chỉ được xử lý trong kho bảo mật, không chuyển sang bộ phận khác.")
            wanted = select(units.c.id).where(units.c.code == unit.strip(), units.c.ended_at.is_(None))
            number = await change.connection.scalar(wanted)
            if number is None:
                raise NotFound(f"Không có bộ phận {unit[:40]}; hãy chọn trong danh sách.")
            if number == case.unit_id:
                raise Conflict("Phiếu đang ở chính bộ phận này.")
            change.data["unit"] = unit.strip()
            change.set(unit_id=number, assigned_to=None)
            await change.flush()
            # The other unit may keep other hours.
            await case_clocks.recount(change.connection, case.id)
            await change.fresh()
            await change.message(f"Chuyển bộ phận: {why}", author="staff", purpose="note", public=False)
        return change.case

    async def accept(self, by: Person, code: str, text: str = "", *, expected: int | None = None) -> Case:
        """Take a matter on for the desk; `text` is added to what the citizen is told."""
        if text.strip():
            not_alone(by)
        async with self.change(by, code, "accepted", expected=expected) as change:
            _mine(change, by)
            change.go(State.accepted)
            await _accepted(change)
            await change.notice(texts.accepted(change.case, text.strip(), self.book.link(change.case)))
        return change.case

    async def begin(self, by: Person, code: str, *, expected: int | None = None) -> Case:
        """Begin to work on a case; from received it is accepted with it."""
        async with self.change(by, code, "begun", expected=expected) as change:
            _mine(change, by)
            change.go(State.in_progress)
            if change.before.state is State.received:
                await _accepted(change)
            await change.notice(texts.begun(change.case, self.book.link(change.case)))
        return change.case

    async def refuse(self, by: Person, code: str, reason: str, *, expected: int | None = None) -> Case:
        """Do not take a matter on, with the reason that the citizen reads."""
        why = reason_of(reason)
        not_alone(by)
        async with self.change(by, code, "refused", expected=expected) as change:
            change.go(State.refused)
            change.set(closed_at=change.at)
            await change.settle()
            change.tally("closed")
            await change.notice(texts.refused(change.case, why, self.book.link(change.case)))
        return change.case

    async def transfer_out(self, by: Person, code: str, body: str, reason: str, *, expected: int | None = None) -> Case:
        """Pass a case to another body that is competent; the citizen is told which and why."""
        why = reason_of(reason)
        where = body.strip()
        if not where or len(where) > 200:
            raise Invalid("Anh/chị ghi tên cơ quan nhận (không quá 200 ký tự).")
        not_alone(by)
        async with self.change(by, code, "transferred", expected=expected) as change:
            change.go(State.transferred)
            change.set(closed_at=change.at)
            await change.settle()
            change.tally("closed")
            await change.notice(texts.transferred(change.case, where, why, self.book.link(change.case)))
        return change.case

    async def pause(self, by: Person, code: str, reason: str, law: str = "", *, expected: int | None = None) -> Case:
        """Let a case rest; its clocks stop. The citizen is told the reason and the law it rests on, if there is one."""
        why = reason_of(reason)
        async with self.change(by, code, "paused", expected=expected) as change:
            change.go(State.paused)
            await change.flush()
            await case_clocks.pause(change.connection, change.before.id, why, change.at)
            await change.fresh()
            await change.notice(texts.paused(change.case, why, law.strip()[:300], self.book.link(change.case)))
        return change.case

    async def resume(self, by: Person, code: str, *, expected: int | None = None) -> Case:
        """Go on with a case that was paused, or stop waiting for the citizen; it is again what it was before."""
        async with self.change(by, code, "resumed", expected=expected) as change:
            if change.before.state not in (State.paused, State.needs_information):
                raise Conflict("Phiếu không tạm dừng nên không cần cho chạy lại.")
            change.go(await change.came_from(change.before.state))
            await change.flush()
            await case_clocks.resume(change.connection, change.before.id, change.at)
            await change.fresh()
            await change.notice(texts.resumed(change.case, self.book.link(change.case)))
        return change.case

    async def close(self, by: Person, code: str, *, expected: int | None = None) -> Case:
        """Put a case away that is answered, or for which the citizen gave no information."""
        async with self.change(by, code, "closed", expected=expected) as change:
            if change.before.state is not State.answered:
                not_alone(by)
            change.go(State.closed)
            change.set(closed_at=change.at)
            if change.before.state is not State.answered:
                await change.settle()
            change.tally("closed")
            await change.notice(texts.closed(change.case, self.book.link(change.case)))
        return change.case

    async def reopen(self, by: Person, code: str, reason: str, *, expected: int | None = None) -> Case:
        """Open a finished case again."""
        why = reason_of(reason)
        async with self.change(by, code, "reopened", expected=expected) as change:
            await reopen(change)
            await change.message(f"Mở lại: {why}", author="staff", purpose="note", public=False)
            await change.notice(texts.reopened(change.case, self.book.link(change.case)))
        return change.case

    async def start_legal_clock(self, by: Person, code: str, at: date, *, expected: int | None = None) -> Case:
        """Record that a formal complaint or denunciation was filed on a day: its legal time runs from there.

        Raises:
            Invalid: the case is of another kind, or the day lies in the future.
            Conflict: the legal time runs already.
        """
        moment = datetime.combine(at, time(), tzinfo=texts.VIET_NAM)
        async with self.change(by, code, "legal_clock_started", expected=expected) as change:
            case = change.before
            _unfinished(case)
            if case.kind not in _LEGAL:
                raise Invalid("Chỉ khiếu nại và tố cáo có thời hạn theo luật. Hãy đổi loại phiếu trước nếu cần.")
            if moment > change.at:
                raise Invalid("Ngày nhận đơn không thể ở tương lai.")
            if case.legal_from is not None:
                raise Conflict("Thời hạn theo luật của phiếu này đã được tính rồi.")
            change.data["day"] = at.isoformat()
            change.set(legal_from=moment)
            await change.flush()
            await case_clocks.file(change.connection, change.row, moment)
            await change.fresh()
            await change.notice(texts.legal(change.case, self.book.link(change.case)))
        return change.case

    async def open_by_staff(self, by: Person, draft: Draft, *, key: str) -> tuple[Case, str]:
        """Take a case in at the desk or by telephone; gives the case and its PIN, to be handed to the citizen.

        Raises:
            Forbidden: the person may not take cases in, or not denunciations.
            Invalid: the draft is not complete.
        """
        access.require(by, "vault" if draft.kind is Kind.denunciation else "cases.work")
        return await self.cases.open(draft, key=key, actor=by.name)


async def _accepted(change: Change) -> None:
    """Tell the clocks that the matter is taken on."""
    await change.flush()
    await case_clocks.accepted(change.connection, change.row, change.at)
    await change.fresh()


def _mine(change: Change, by: Person) -> None:
    """Who begins with a case that nobody has, has it from then on."""
    if change.before.assigned_to is None:
        change.set(assigned_to=by.id)


def _unfinished(case: Case) -> None:
    if case.state in DONE:
        raise Conflict("Phiếu đã xong; muốn xử lý tiếp thì mở lại phiếu.")


async def _colleague(connection: AsyncConnection, name: str, case: Case) -> int:
    person = await known(connection, name.strip().lower())
    if person.disabled_at is not None:
        raise Invalid(f"Tài khoản {person.name} đã khóa; hãy chọn người khác.")
    if not access.may(person, right_for(case, "cases.work")) or not access.sees(person, case):
        raise Invalid(f"{person.name} không được xử lý phiếu này; hãy chọn người khác hoặc chuyển bộ phận.")
    return person.id
