"""The one way in which a case changes: read under lock, checked, written, logged, counted and told, all or nothing.

Each change of a case is one `Book.change` block. What people wrote goes into `case_messages`; the log holds the number
of the message and a digest of its text.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import audit, case_clocks, delivery, tallies
from desk._case_rows import Case, by_code, not_found
from desk.kinds import NEXT, State, bucket
from desk.post import Post
from desk.search import folded
from desk.settings import DeskSettings
from desk.tallies import Measure
from store.engine import Database
from store.errors import Conflict, Invalid
from store.tables import audit as log
from store.tables import case_messages, cases, now

LONGEST_REPLY = 8_000
_LONGEST_FOLDED = 12_000
# How many entries of a case are looked through for the state it came from.
_BACK = 200
# Columns whose former value the log keeps for an undo; none holds words that people wrote.
_KEPT = ("state", "bucket", "assigned_to", "unit_id", "led_by", "due_at")

Author = Literal["citizen", "staff", "system"]
Purpose = Literal["word", "note", "notice", "reply", "final", "ask"]
Check = Callable[[Case], None]


class Change:
    """One change of one case, under way in its transaction.

    Args:
        connection: the transaction.
        row: the case's row, locked.
        actor: name of the member of staff, or `citizen`, `system`.
        action: a short word for the log.

    Attributes:
        at: the moment of the change, the same in every row it writes.
        data: what the log keeps of it; no words that people wrote.
        told: conversations into which it wrote.
        along: changes of other cases that go with it.
    """

    def __init__(
        self, book: Book, connection: AsyncConnection, row: Mapping[str, Any], actor: str, action: str
    ) -> None:
        self.connection = connection
        self.at = now()
        self.data: dict[str, Any] = {}
        self.action = action
        self.actor = actor
        self.before = Case.of(row)
        self._book = book
        self._first = dict(row)
        self._row = dict(row)
        self._written: dict[str, Any] = {}
        self._pending: dict[str, Any] = {}
        self._counted: list[tuple[Measure, int]] = []
        self.told: list[str] = []
        self.along: list[Change] = []

    @property
    def case(self) -> Case:
        """The case as it stands in this change."""
        return Case.of(self.row)

    @property
    def row(self) -> dict[str, Any]:
        """The row with what this change has set."""
        return {**self._row, **self._written, **self._pending}

    def set(self, **values: Any) -> None:
        """Set columns; they are written with the next statement that needs them, at the latest at the end."""
        self._pending.update(values)

    def go(self, state: State) -> None:
        """Bring the case into a state.

        Raises:
            Conflict: it may not follow the present one.
        """
        present = self.case
        if state not in NEXT[present.state]:
            raise Conflict(_REFUSED.get(present.state, "Bước này không hợp với tình trạng hiện tại của phiếu."))
        self.data.update({"from": present.state.value, "to": state.value})
        self.set(state=state.value, bucket=bucket(present.kind, state).value)

    async def flush(self) -> None:
        """Write what was set so far, so that statements of others see it."""
        if self._pending:
            await self.connection.execute(update(cases).where(cases.c.id == self._row["id"]).values(**self._pending))
            self._written.update(self._pending)
            self._pending = {}

    async def fresh(self) -> None:
        """Read the row again after others (the clocks) have written into it."""
        await self.flush()
        found = await self.connection.execute(select(cases).where(cases.c.id == self._row["id"]))
        self._row, self._written = dict(found.mappings().one()), {}

    async def came_from(self, state: State) -> State:
        """The state from which the case came into the present one, `state`; where the log does not say, `received`."""
        entries = await self.connection.scalars(
            select(log.c.data).where(log.c.subject == f"case:{self.before.id}").order_by(log.c.id.desc()).limit(_BACK)
        )
        came = next((data["from"] for data in entries if data.get("to") == state.value), State.received.value)
        return State(came) if State(came) in NEXT[state] else State.received

    async def message(
        self,
        text: str,
        *,
        author: Author,
        purpose: Purpose,
        public: bool,
        state: str = "written",
        key: str | None = None,
    ) -> int:
        """Keep what was said; gives the number of the message.

        Raises:
            Invalid: the text is empty or too long.
        """
        clean = text.strip()
        if not clean:
            raise Invalid("Nội dung còn trống; hãy viết rồi gửi lại.")
        if len(clean) > LONGEST_REPLY:
            raise Invalid(f"Nội dung dài quá {LONGEST_REPLY:,} ký tự; vui lòng viết ngắn lại.")
        made = await self.connection.execute(
            insert(case_messages)
            .values(
                case_id=self.before.id,
                at=self.at,
                author=author,
                staff_name=self.actor if author == "staff" else None,
                visibility="public" if public else "internal",
                purpose=purpose,
                state=state,
                text=clean,
                idempotency_key=key,
            )
            .returning(case_messages.c.id)
        )
        number = int(made.scalar_one())
        self.data.setdefault("messages", []).append([number, audit.digest_of(clean)])
        if author == "citizen" and not self.before.secret:
            self.set(folded=f"{self.row['folded']} {folded(clean)}"[:_LONGEST_FOLDED])
        return number

    async def carry(
        self,
        message_id: int,
        text: str,
        *,
        buttons: Sequence[tuple[str, str]] = (),
        sender: Literal["bot", "staff"] = "bot",
    ) -> bool:
        """Send a message that is kept to the citizen's conversation.

        Returns:
            Whether it goes out; False where there is no conversation, or it cannot be reached for free now: the message
            then stays on the page of the case.
        """
        conversation, post = self.before.conversation_id, self._book.post
        if conversation is None or post is None or self.before.secret:
            return False
        way = await delivery.window(self.connection, conversation, self._book.settings.delivery, at=self.at)
        if not delivery.goes_out(way, self._book.settings.delivery):
            self.data["not_sent"] = way
            return False
        outgoing = await post.write(self.connection, conversation, text, buttons=buttons, sender=sender)
        await self.connection.execute(
            update(case_messages).where(case_messages.c.id == message_id).values(outbox_id=outgoing)
        )
        self.data["told"] = True
        self.told.append(conversation)
        return True

    async def notice(self, text: str, *, buttons: Sequence[tuple[str, str]] = ()) -> None:
        """Tell the citizen where the case stands: on its page, and in the conversation it came from."""
        number = await self.message(text, author="system", purpose="notice", public=True)
        await self.carry(number, text, buttons=buttons)

    def tally(self, measure: Measure, by: int = 1) -> None:
        """Count something for the reports; it is written after the log's entry (see `tallies.bump`)."""
        self._counted.append((measure, by))

    async def count(self) -> None:
        """Write what `tally` counted."""
        for measure, by in self._counted:
            await tallies.bump(self.connection, self.row, measure, by, at=self.at)

    async def settle(self) -> None:
        """Stop the clocks of a case that is finished, and keep whether it was in time."""
        await self.flush()
        on_time = await case_clocks.stop(self.connection, self.before.id, None, "met", self.at)
        self.set(on_time=on_time)
        await self.fresh()

    def former(self) -> dict[str, Any]:
        """What the changed columns held before, of those that an undo may need."""
        row = self.row
        changed = {name: self._first[name] for name in _KEPT if self._first[name] != row[name]}
        return {name: _stamp(value) if isinstance(value, datetime) else value for name, value in changed.items()}


@dataclass(frozen=True)
class Book:
    """Where cases are changed.

    Attributes:
        database: where they are kept.
        settings: of the desk.
        post: the way to conversations; None keeps every message on the pages only.
    """

    database: Database
    settings: DeskSettings
    post: Post | None = None

    def link(self, case: Case) -> str:
        """Address of the page on which a citizen follows a case."""
        return f"{self.settings.public_url.rstrip('/')}/t/{case.code}"

    @asynccontextmanager
    async def change(
        self, code: str, *, actor: str, action: str, check: Check, expected: int | None = None
    ) -> AsyncIterator[Change]:
        """Change a case inside the block; an exception takes everything back.

        Args:
            code: of the case, however it is typed.
            actor: who does it, for the log.
            action: a short word for the log.
            check: raises when it may not be done to this case by this person.
            expected: the version that the person saw.

        Raises:
            CaseNotFound: there is no such case.
            Conflict: the case has changed since the person saw it, or its words are gone by the end of their keeping.
        """
        async with self.database.begin() as connection:
            change = await self.enter(connection, code, actor=actor, action=action, check=check, expected=expected)
            yield change
            await self.leave(change)
        self.deliver(change)

    async def enter(
        self,
        connection: AsyncConnection,
        code: str,
        *,
        actor: str,
        action: str,
        check: Check,
        expected: int | None = None,
    ) -> Change:
        """Begin a change in the caller's transaction; see `change`."""
        row = await by_code(connection, code, lock=True)
        if row is None:
            raise not_found(code)
        case = Case.of(row)
        check(case)
        if expected is not None and expected != case.version:
            raise Conflict("Phiếu vừa được thay đổi từ lúc anh/chị mở trang. Hãy tải lại trang, xem rồi làm lại.")
        if case.purged_at is not None:
            raise Conflict("Nội dung phiếu này đã được xóa theo thời hạn lưu giữ, không thay đổi được nữa.")
        return Change(self, connection, dict(row), actor, action)

    async def leave(self, *changes: Change) -> None:
        """Write what is left of changes, their entries in the log, and what they count.

        First all entries, then all counts, for every writer must take these locks in one order.
        """
        every = _all(changes)
        for change in every:
            await self._log(change)
        for change in every:
            await change.count()

    async def _log(self, change: Change) -> None:
        change.set(version=change.before.version + 1, changed_at=change.at)
        await change.fresh()
        change.data.update({"version": change.before.version + 1, "at": _stamp(change.at)})
        if former := change.former():
            change.data["before"] = former
        await audit.write(
            change.connection,
            actor=change.actor,
            action=change.action,
            subject=f"case:{change.before.id}",
            data=change.data,
        )

    def deliver(self, *changes: Change) -> None:
        """Have what was written carried to the conversations; after the transaction."""
        if self.post is not None:
            for conversation in {told: None for change in _all(changes) for told in change.told}:
                self.post.deliver(conversation)


def _all(changes: Sequence[Change]) -> list[Change]:
    return [each for change in changes for each in (change, *change.along)]


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


_REFUSED = {
    State.needs_information: "Phiếu đang chờ người dân bổ sung; bước này chưa làm được.",
    State.paused: "Phiếu đang tạm dừng; hãy cho chạy lại trước.",
    State.answered: "Phiếu đã được trả lời; muốn xử lý tiếp thì mở lại phiếu.",
    State.closed: "Phiếu đã đóng; muốn xử lý tiếp thì mở lại phiếu.",
    State.refused: "Phiếu đã bị từ chối; muốn xử lý tiếp thì mở lại phiếu.",
    State.transferred: "Phiếu đã chuyển cơ quan khác; muốn xử lý tiếp thì mở lại phiếu.",
    State.merged: "Phiếu đã gộp vào phiếu khác; hãy làm việc trên phiếu kia.",
}
