"""Cases that belong together: duplicates become one, many of one matter get one answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import access, case_clocks, texts
from desk._case_rows import Case, by_code, not_found
from desk._changes import Change
from desk.access import Right
from desk.handling._answers import Answers
from desk.handling._desk import allowed
from desk.kinds import DONE, State
from desk.staff import Person
from store.errors import Conflict
from store.tables import cases

MOST_LINKED = 5_000


class Joining(Answers):
    """Merging and linking."""

    async def merge(self, by: Person, code: str, into: str, *, expected: int | None = None) -> Case:
        """Let a duplicate be handled in another case of the same kind; what was said in it is read there.

        Returns:
            The case that was merged away.

        Raises:
            Conflict: the two are one, of different kinds, or one is finished.
        """
        async with self._both(by, code, into, "merged", "took_over", expected) as (change, lead):
            _joinable(change.before, lead.before)
            led = select(cases.c.id).where(cases.c.led_by == change.before.id).limit(1)
            if await change.connection.scalar(led) is not None:
                raise Conflict("Có phiếu khác đang liên kết vào phiếu này; hãy gỡ liên kết trước khi gộp.")
            change.go(State.merged)
            change.set(merged_into=lead.before.id, led_by=None, closed_at=change.at)
            change.data["into"] = lead.before.id
            lead.data["case"] = change.before.id
            # What was merged into the one that goes now belongs to the same matter.
            await change.connection.execute(
                update(cases).where(cases.c.merged_into == change.before.id).values(merged_into=lead.before.id)
            )
            await change.flush()
            await case_clocks.drop(change.connection, change.before.id, change.at)
            await change.fresh()
            change.tally("closed")
            words = f"Gộp từ phiếu {change.before.code}: {change.before.subject}\n{change.before.text}"
            await lead.message(words[:8_000], author="system", purpose="note", public=False)
            await change.notice(texts.merged(change.case, self.book.link(change.case)))
        return change.case

    async def link(self, by: Person, code: str, leader: str, *, expected: int | None = None) -> Case:
        """Let a case be answered together with another one (`answer_linked`).

        Raises:
            Conflict: the two are one, of different kinds, one is finished, or one is linked already.
        """
        async with self._both(by, code, leader, "linked", "leads", expected) as (change, lead):
            _joinable(change.before, lead.before)
            led = select(cases.c.id).where(cases.c.led_by == change.before.id).limit(1)
            if lead.before.led_by is not None or await change.connection.scalar(led) is not None:
                raise Conflict("Một phiếu đã liên kết thì không làm phiếu chính hoặc liên kết tiếp được.")
            change.set(led_by=lead.before.id)
            change.data["leader"] = lead.before.id
            lead.data["case"] = change.before.id
        return change.case

    async def unlink(self, by: Person, code: str, *, expected: int | None = None) -> Case:
        """Take a case out of those that get one answer.

        Raises:
            Conflict: it is not linked.
        """
        async with self.change(by, code, "unlinked", expected=expected) as change:
            if change.before.led_by is None:
                raise Conflict("Phiếu này không liên kết với phiếu nào.")
            change.set(led_by=None)
        return change.case

    async def answer_linked(self, by: Person, leader: str, text: str, *, expected: int | None = None) -> Case:
        """Answer a case and all open ones that are linked to it with the same words; gives the leading case.

        Raises:
            Conflict: the person's words need approval, or nothing is linked to the case.
        """
        if by.reviewed:
            raise Conflict("Một câu trả lời cho nhiều phiếu cần người có kinh nghiệm gửi; anh/chị nhờ phụ trách.")
        async with self._together(by, leader, "answered", expected=expected) as (head, others):
            if not others:
                raise Conflict("Chưa có phiếu nào liên kết với phiếu này; hãy trả lời như một phiếu bình thường.")
            for change in (head, *others):
                if change is not head:
                    change.data["with"] = head.before.id
                    if change.case.state is State.paused:
                        change.go(await change.came_from(State.paused))
                        await change.flush()
                        await case_clocks.resume(change.connection, change.before.id, change.at)
                number = await change.message(text, author="staff", purpose="final", public=True)
                await self.send(change, number, text.strip(), "final")
        return head.case

    @asynccontextmanager
    async def _together(
        self, by: Person, leader: str, action: str, *, right: Right = "cases.work", expected: int | None = None
    ) -> AsyncIterator[tuple[Change, Sequence[Change]]]:
        """Change a case and all unfinished ones that are linked to it and that the person sees, in one transaction."""
        async with self.book.database.begin() as connection:
            row = await by_code(connection, leader)
            if row is None:
                raise not_found(leader)
            wanted = (
                select(cases)
                .where(cases.c.led_by == row["id"], cases.c.state.not_in([state.value for state in DONE]))
                .order_by(cases.c.id)
                .limit(MOST_LINKED)
            )
            found = (await connection.execute(wanted)).mappings().all()
            others = [each["code"] for each in found if access.sees(by, Case.of(each))]
            actions = dict.fromkeys([row["code"], *others], action)
            changes = await self._locked(connection, by, actions, right, expected)
            for change in changes:
                await self.lock_twins(change)
            yield changes[0], changes[1:]
            await self.book.leave(*changes)
        self.book.deliver(*changes)

    @asynccontextmanager
    async def _both(
        self, by: Person, code: str, other: str, action: str, other_action: str, expected: int | None
    ) -> AsyncIterator[tuple[Change, Change]]:
        async with self.book.database.begin() as connection:
            one, two = await by_code(connection, code), await by_code(connection, other)
            if one is None:
                raise not_found(code)
            if two is None:
                raise not_found(other)
            allowed(by, "cases.work", code)(Case.of(one))
            allowed(by, "cases.work", other)(Case.of(two))
            if one["id"] == two["id"]:
                raise Conflict("Hai mã này là cùng một phiếu; hãy chọn phiếu khác.")
            actions = {one["code"]: action, two["code"]: other_action}
            change, lead = await self._locked(connection, by, actions, "cases.work", expected)
            yield change, lead
            await self.book.leave(change, lead)
        self.book.deliver(change, lead)

    async def _locked(
        self, connection: AsyncConnection, by: Person, actions: dict[str, str], right: Right, expected: int | None
    ) -> list[Change]:
        """Changes of several cases, in the order of `actions`; `expected` is the version of the first."""
        codes = list(actions)
        entered: dict[str, Change] = {}
        # Locked in one order whoever joins what: otherwise two that join the other way round wait for each other.
        for code in sorted(codes):
            seen = expected if code == codes[0] else None
            check = allowed(by, right, code)
            entered[code] = await self.book.enter(
                connection, code, actor=by.name, action=actions[code], check=check, expected=seen
            )
        return [entered[code] for code in codes]


def _joinable(case: Case, lead: Case) -> None:
    if case.kind is not lead.kind:
        raise Conflict("Chỉ gộp hoặc liên kết các phiếu cùng loại; hãy sửa loại phiếu trước.")
    if case.state in DONE or lead.state in DONE:
        raise Conflict("Một trong hai phiếu đã xong; chỉ gộp hoặc liên kết các phiếu đang mở.")
