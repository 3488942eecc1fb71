"""What staff write: replies, questions for information, notes; and the approval of what a new colleague writes."""

from __future__ import annotations

from sqlalchemy import RowMapping, select, update

from desk import case_clocks, texts
from desk._case_rows import Case
from desk._changes import Change, Purpose
from desk.handling._desk import Desk, reason_of
from desk.kinds import DONE, State
from desk.staff import Person
from store.errors import Conflict, NotFound
from store.tables import case_messages, cases

NO_INFORMATION = "Chờ người dân bổ sung thông tin"


class Answers(Desk):
    """Words to the citizen and among staff."""

    async def reply(
        self,
        by: Person,
        code: str,
        text: str,
        *,
        final: bool = False,
        canned: int | None = None,
        expected: int | None = None,
    ) -> Case:
        """Write to the citizen; waits for approval when the person's words need it.

        Args:
            final: whether this is the answer: the case is then answered.
            canned: number of the standard answer that the text began as, for the log.
        """
        return await self._write(by, code, text, "final" if final else "reply", canned, expected)

    async def ask_information(self, by: Person, code: str, text: str, *, expected: int | None = None) -> Case:
        """Ask the citizen for what is missing; the case waits for it, and so do clocks that no law sets."""
        return await self._write(by, code, text, "ask", None, expected)

    async def note(self, by: Person, code: str, text: str, *, expected: int | None = None) -> Case:
        """Keep a note that only staff read."""
        async with self.change(by, code, "noted", expected=expected) as change:
            await change.message(text, author="staff", purpose="note", public=False)
        return change.case

    async def approve_reply(
        self, by: Person, code: str, message_id: int, *, text: str | None = None, expected: int | None = None
    ) -> Case:
        """Let a colleague's words go out, as they are or as `text`.

        Raises:
            NotFound: no such message waits.
            Conflict: it is one's own.
        """
        async with self.change(by, code, "approved", right="cases.supervise", expected=expected) as change:
            row = await _waiting(change, message_id)
            if change.before.state in DONE:
                raise Conflict("Phiếu đã xong nên câu này không gửi được nữa; hãy mở lại phiếu, hoặc trả lại câu này.")
            if row["staff_name"] == by.name:
                raise Conflict("Anh/chị không tự duyệt câu trả lời của mình được; hãy nhờ người khác duyệt.")
            words = (text or "").strip() or row["text"]
            values = {"state": "written", "approved_by": by.name, "text": words, "at": change.at}
            await change.connection.execute(
                update(case_messages).where(case_messages.c.id == message_id).values(**values)
            )
            change.data.update({"message": message_id, "changed": words != row["text"]})
            if row["purpose"] == "final":
                await self.lock_twins(change)
            await self.send(change, message_id, words, row["purpose"])
        return change.case

    async def refuse_reply(
        self, by: Person, code: str, message_id: int, reason: str, *, expected: int | None = None
    ) -> Case:
        """Hand a colleague's words back with a reason, which is kept as a note.

        Raises:
            NotFound: no such message waits.
        """
        why = reason_of(reason)
        async with self.change(by, code, "reply_refused", right="cases.supervise", expected=expected) as change:
            row = await _waiting(change, message_id)
            await change.connection.execute(
                update(case_messages).where(case_messages.c.id == message_id).values(state="refused")
            )
            change.data["message"] = message_id
            words = f"Chưa duyệt câu trả lời của {row['staff_name']}: {why}"
            await change.message(words, author="staff", purpose="note", public=False)
        return change.case

    async def _write(
        self, by: Person, code: str, text: str, purpose: Purpose, canned: int | None, expected: int | None
    ) -> Case:
        action = {"reply": "replied", "final": "answered", "ask": "asked"}[purpose]
        waits = by.reviewed
        async with self.change(by, code, "proposed" if waits else action, expected=expected) as change:
            if change.before.state in DONE:
                raise Conflict("Phiếu đã xong; muốn trả lời thêm thì mở lại phiếu.")
            if canned is not None:
                change.data["canned"] = canned
            if change.before.assigned_to is None:
                change.set(assigned_to=by.id)
            state = "waiting" if waits else "written"
            number = await change.message(text, author="staff", purpose=purpose, public=True, state=state)
            if waits:
                change.data["purpose"] = purpose
            else:
                if purpose == "final":
                    await self.lock_twins(change)
                await self.send(change, number, text.strip(), purpose)
        return change.case

    async def send(self, change: Change, number: int, words: str, purpose: Purpose) -> None:
        """What follows when words go out to the citizen; before an answer `lock_twins`."""
        link = self.book.link(change.case)
        if purpose == "ask":
            change.go(State.needs_information)
            await change.flush()
            await case_clocks.pause(change.connection, change.before.id, NO_INFORMATION, change.at, because="waiting")
            await change.fresh()
            more = [("Bổ sung", f'/add_case{{"case":"{change.before.code}"}}')]
            await change.carry(number, texts.asked(change.case, words, link), sender="staff", buttons=more)
        elif purpose == "final":
            change.go(State.answered)
            change.set(answered_at=change.at, solved=None, checked_at=None)
            await change.settle()
            change.tally("answered")
            if change.case.on_time is not None:
                change.tally("on_time" if change.case.on_time else "late")
            await change.carry(number, texts.answered(change.case, words, link), sender="staff")
            stars = [
                (title, f'/rate_case{{"case":"{change.before.code}","rating":{n}}}')
                for n, title in enumerate(texts.STARS, 1)
            ]
            await change.notice(texts.rate_please(change.case), buttons=stars)
            await self._tell_twins(change, words)
        else:
            await change.carry(number, texts.replied(change.case, words, link), sender="staff")

    async def lock_twins(self, change: Change) -> None:
        """Lock the cases that were merged into one, before anything goes out: they hear its answer as well.

        Whoever writes to a citizen holds the log from then on, and a case must not be waited for with the log in hand.
        """
        merged = cases.c.merged_into == change.before.id, cases.c.purged_at.is_(None)
        wanted = select(cases).where(*merged).order_by(cases.c.id).with_for_update()
        rows = (await change.connection.execute(wanted)).mappings().all()
        change.along = [
            Change(self.book, change.connection, dict(row), change.actor, "answered_by_other") for row in rows
        ]

    async def _tell_twins(self, head: Change, words: str) -> None:
        """The answer of a case reaches those who sent the same matter in."""
        for twin in head.along:
            twin.data["with"] = head.before.id
            number = await twin.message(words, author="staff", purpose="final", public=True)
            # Who sent both hears the answer once.
            if twin.before.conversation_id != head.before.conversation_id:
                told = texts.answered(twin.case, words, self.book.link(twin.case))
                await twin.carry(number, told, sender="staff")


async def _waiting(change: Change, message_id: int) -> RowMapping:
    found = await change.connection.execute(
        select(case_messages).where(
            case_messages.c.id == message_id,
            case_messages.c.case_id == change.before.id,
            case_messages.c.state == "waiting",
        )
    )
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound("Câu trả lời này không còn chờ duyệt; hãy tải lại trang.")
    return row
