"""Taking over: a conversation's way from the bot to a person and back.

States of a row of `takeovers`: `waiting` (the citizen waits for a person; the bot goes on answering), `active` (staff
have the conversation; the bot is silent), `ended` (given back to the bot), `left` (nobody
came). A conversation has at most one that is waiting or active. Each change is one function, with its
entry in the log in the same transaction; every function holds the row first, so that two who act at once act in turn.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import _takeover_rows as rows
from desk import audit, units
from desk._takeover_changes import BACK, CAME, Line, end, put
from desk._takeover_rows import Item as Item
from desk.access import may, require
from desk.calendar import Calendar, load
from desk.kinds import Kind
from desk.settings import HandoffSettings
from desk.staff import Person
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from store.tables import audit as log
from store.tables import cases, now, takeovers

Reason = Literal["asked", "failed", "angry", "staff"]
LONGEST = 4000
"""Characters of one message of staff."""
Calendars = Callable[[AsyncConnection, int | None], Awaitable[Calendar]]
"""The calendar of the unit with that number; None: of the province (`desk.calendar.load`)."""


@dataclass(frozen=True)
class Waiting:
    """How a citizen stands who asked for a person.

    Attributes:
        id: number of the take-over.
        position: place in the queue from 1 on; 0 when a person has the conversation already.
        minutes: expected wait while the desk is open.
        open_now: whether people answer now.
        opens_at: when they next do, if they do not now.
    """

    id: int
    position: int
    minutes: int
    open_now: bool
    opens_at: datetime | None


class Takeovers:
    """The queue of conversations that want a person, and those that have one.

    Args:
        calendars: when people answer.
        to_communes: whether communes' units answer their citizens.
    """

    def __init__(
        self,
        database: Database,
        line: Line,
        settings: HandoffSettings,
        *,
        calendars: Calendars = load,
        to_communes: bool = True,
    ) -> None:
        self._database = database
        self._line = line
        self._settings = settings
        self._calendars = calendars
        self._to_communes = to_communes

    # ---- the citizen's side ----

    async def request(
        self,
        conversation_id: str,
        *,
        reason: Reason,
        case_id: int | None = None,
        unit_id: int | None = None,
    ) -> Waiting:
        """Put a conversation into the queue; one that is in it stays where it is.

        Args:
            reason: `asked` by the citizen, the bot `failed` twice, an `angry` turn.
            case_id: the case that it is about; a denunciation is never named in the queue.
            unit_id: who shall answer; None: whom the conversation's place belongs to.

        Raises:
            NotFound: there is no such conversation.
        """
        async with self._database.begin() as connection:
            known = await rows.place_of(connection, conversation_id)
            if known is None:
                raise NotFound("Cuộc trò chuyện này không còn nữa.")
            row = await rows.open_of(connection, conversation_id)
            if row is None:
                kind = await connection.scalar(select(cases.c.kind).where(cases.c.id == case_id)) if case_id else None
                case_id = case_id if kind is not None and kind != Kind.denunciation else None
                if unit_id is None:
                    unit_id = await units.route(
                        connection, Kind.question, known.place_code, None, "", to_communes=self._to_communes
                    )
                await put(connection, conversation_id, reason=reason, case_id=case_id, unit_id=unit_id)
                row = await rows.open_of(connection, conversation_id)
                assert row is not None
            return await self._standing(connection, row)

    # ---- the desk's side ----

    async def waiting(self, by: Person) -> tuple[Item, ...]:
        """The conversations that wait for this person or their unit, who waits longest first.

        Raises:
            Forbidden: the person has no right to take over.
        """
        require(by, "takeover")
        return await rows.items(self._database, by, "waiting")

    async def everything(self) -> tuple[Item, ...]:
        """What waits and what people have, in all units; for the command line."""
        return await rows.items(self._database, None, "waiting") + await rows.items(self._database, None, "active")

    async def active(self, by: Person) -> tuple[Item, ...]:
        """The conversations that people of this person's unit have at present.

        Raises:
            Forbidden: the person has no right to take over.
        """
        require(by, "takeover")
        return await rows.items(self._database, by, "active")

    async def show(self, by: Person, number: int) -> Item:
        """One of them, also when it is over.

        Raises:
            NotFound: there is none of that number for this person.
        """
        require(by, "takeover")
        found = await rows.item(self._database, by, number)
        if found is None:
            raise NotFound(_NONE)
        return found

    async def take(self, by: Person, number: int) -> Item:
        """Take a conversation over: the bot is silent from now on. Taking one's own again changes nothing.

        A supervisor takes one from a colleague as well.

        Raises:
            NotFound: there is none of that number for this person.
            Conflict: a colleague has it, or it is over.
            Invalid: what this person writes needs another's approval first.
        """
        _writes_alone(by)
        async with self._database.begin() as connection:
            row = await self._held(connection, by, number)
            if row.state == "active" and row.staff_id == by.id:
                return await self._shown(connection, by, number)
            if row.state not in {"waiting", "active"}:
                raise Conflict("Cuộc trò chuyện này đã kết thúc hoặc người dân không chờ nữa.")
            if row.state == "active" and not may(by, "cases.supervise"):
                raise Conflict("Đồng nghiệp khác đang trả lời cuộc trò chuyện này.")
            values: dict[str, Any] = {"state": "active", "staff_id": by.id}
            if row.state == "waiting":
                values["taken_at"] = now()
            await connection.execute(update(takeovers).where(takeovers.c.id == number).values(**values))
            data = {} if row.state == "waiting" else {"from": row.staff_id}
            await audit.write(
                connection, actor=by.name, action="takeover_taken", subject=f"takeover:{number}", data=data
            )
            if row.state == "waiting":
                await self._line.silence(connection, row.conversation_id)
                await self._line.notice(connection, row.conversation_id, CAME, person=True)
            taken = await self._shown(connection, by, number)
        self._line.deliver(row.conversation_id)
        return taken

    async def begin(self, by: Person, conversation_id: str, *, case_id: int | None = None) -> Item:
        """Take a conversation over that did not ask for it, from the page of its case.

        Raises:
            NotFound: there is no such conversation.
            Conflict: a colleague has it.
            Invalid: what this person writes needs another's approval first.
        """
        require(by, "takeover")
        _writes_alone(by)
        waiting = await self.request(conversation_id, reason="staff", case_id=case_id, unit_id=by.unit_id)
        return await self.take(by, waiting.id)

    async def say(self, by: Person, number: int, text: str, *, key: str) -> int:
        """Write to the citizen; gives the row of the outbox. The same key again writes nothing more.

        Raises:
            NotFound: there is none of that number for this person.
            Conflict: this person does not have the conversation.
            Invalid: the text is empty or too long.
        """
        said = text.strip()
        if not said:
            raise Invalid("Tin nhắn chưa có nội dung.")
        if len(said) > LONGEST:
            raise Invalid(f"Tin nhắn dài quá {LONGEST} ký tự; anh/chị chia thành nhiều tin.")
        if not 0 < len(key) <= 100:
            raise Invalid("Trang này đã cũ. Anh/chị tải lại trang rồi gửi lại.")
        async with self._database.begin() as connection:
            row = await self._mine(connection, by, number)
            before = await connection.execute(
                select(log.c.data).where(log.c.subject == f"takeover:{number}", log.c.action == "takeover_said")
            )
            for data in before.scalars():
                if data.get("key") == key:
                    return int(data["outbox"])
            outbox_id = await self._line.write(connection, row.conversation_id, said, sender="staff")
            await audit.write(
                connection,
                actor=by.name,
                action="takeover_said",
                subject=f"takeover:{number}",
                data={"key": key, "outbox": outbox_id, "digest": audit.digest_of(said)},
            )
        self._line.deliver(row.conversation_id)
        return outbox_id

    async def hand_back(self, by: Person, number: int, note: str = "") -> Item:
        """Give a conversation back to the bot; what came before counts as read by the person.

        Args:
            note: for colleagues.

        Raises:
            NotFound: there is none of that number for this person.
            Conflict: this person does not have the conversation.
            Invalid: the note is too long.
        """
        if len(note) > LONGEST:
            raise Invalid(f"Ghi chú dài quá {LONGEST} ký tự.")
        async with self._database.begin() as connection:
            row = await self._held(connection, by, number)
            if row.state == "ended":
                return await self._shown(connection, by, number)
            self._may_end(row, by)
            await end(connection, self._line, row, actor=by.name, text=BACK, note=note.strip() or None)
            ended = await self._shown(connection, by, number)
        self._line.deliver(row.conversation_id)
        return ended

    # ---- within a transaction ----

    async def _held(self, connection: AsyncConnection, by: Person, number: int) -> Any:
        require(by, "takeover")
        row = await rows.held(connection, number)
        if row is None or not rows.within(by, row.unit_id):
            raise NotFound(_NONE)
        return row

    async def _mine(self, connection: AsyncConnection, by: Person, number: int) -> Any:
        row = await self._held(connection, by, number)
        if row.state != "active" or row.staff_id != by.id:
            raise Conflict(
                "Anh/chị không còn giữ cuộc trò chuyện này nên tin chưa được gửi. "
                "Anh/chị tải lại trang để xem ai đang trả lời."
            )
        return row

    @staticmethod
    def _may_end(row: Any, by: Person) -> None:
        if row.state != "active" or (row.staff_id != by.id and not may(by, "cases.supervise")):
            raise Conflict("Anh/chị không giữ cuộc trò chuyện này nên không trả lại được.")

    async def _shown(self, connection: AsyncConnection, by: Person, number: int) -> Item:
        found = await rows.item(connection, by, number)
        assert found is not None, "it was held just now"
        return found

    async def _standing(self, connection: AsyncConnection, row: Any) -> Waiting:
        if row.state == "active":
            return Waiting(row.id, 0, 0, True, None)
        position = await rows.position(connection, row)
        moment = now()
        calendar = await self._calendars(connection, row.unit_id)
        opens_at = None if calendar.is_open(moment) else calendar.next_open(moment)
        minutes = await rows.expected_minutes(connection, row.unit_id, position, self._settings)
        return Waiting(row.id, position, minutes, opens_at is None, opens_at)


_NONE = "Không có cuộc trò chuyện này trong hàng chờ của anh/chị."


def _writes_alone(by: Person) -> None:
    if by.reviewed:
        raise Invalid(
            "Tin của anh/chị phải có người duyệt trước khi gửi, nên anh/chị chưa trực trò chuyện được. "
            "Hãy nhờ người phụ trách bỏ chế độ duyệt, hoặc nhờ đồng nghiệp nhận cuộc trò chuyện này."
        )
