"""Taking back one's last step, as long as nobody outside has been told of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import case_clocks
from desk._case_rows import Case
from desk._changes import Change
from desk.handling._desk import Desk
from desk.settings import DeskSettings
from desk.staff import Person
from store.errors import Conflict
from store.tables import audit as log
from store.tables import case_clocks as clock_rows
from store.tables import case_messages, now

UNDOABLE = frozenset(
    {"taken", "assigned", "moved", "accepted", "begun", "paused", "resumed", "noted", "linked", "unlinked", "proposed"}
)
"""Steps that may be taken back. An answer, a refusal, a transfer and a merger were told to the citizen and stand."""
_MOMENTS = frozenset({"due_at"})
_BACK = 50


class Undo(Desk):
    """The way back."""

    async def undo(self, by: Person, code: str, *, expected: int | None = None) -> Case:
        """Take back the last step in a case, when it was one's own, not long ago, and the citizen was not told.

        Raises:
            Conflict: there is nothing that may be taken back.
        """
        async with self.change(by, code, "undone", expected=expected) as change:
            case = change.before
            step = await last(change.connection, case, by, self.book.settings)
            if step is None:
                raise Conflict(
                    "Không hoàn tác được: chỉ hoàn tác bước gần nhất của chính mình trong vài phút, khi người dân chưa "
                    "được báo và chưa ai làm gì thêm."
                )
            change.data["undone"] = step.id
            await _messages(change, step)
            await _clocks(change, datetime.fromisoformat(step.data["at"]))
            former = {k: v for k, v in step.data.get("before", {}).items() if k not in _MOMENTS}
            if "state" in former:
                change.data.update({"from": case.state.value, "to": former["state"]})
            change.set(**former)
            await change.flush()
            await case_clocks.recount(change.connection, case.id)
            await change.fresh()
        return change.case


async def last(connection: AsyncConnection, case: Case, by: Person, settings: DeskSettings) -> Row[Any] | None:
    """The entry of the last step in a case, if this person may take it back now."""
    newest = select(log).where(log.c.subject == f"case:{case.id}").order_by(log.c.id.desc()).limit(_BACK)
    # Views, wrong PINs and reminders are logged too and change no version.
    rows = (await connection.execute(newest)).all()
    row = next((row for row in rows if row.data.get("version") == case.version), None)
    if row is None or row.actor != by.name or row.action not in UNDOABLE:
        return None
    recent = row.at >= now() - timedelta(minutes=settings.delivery.undo_minutes)
    return row if recent and not row.data.get("told") else None


async def _messages(change: Change, step: Row[Any]) -> None:
    """Take back the notes and the notices on the page that came with the step."""
    numbers = [number for number, _digest in step.data.get("messages", [])]
    if not numbers:
        return
    await change.connection.execute(update(case_messages).where(case_messages.c.id.in_(numbers)).values(state="undone"))


async def _clocks(change: Change, at: datetime) -> None:
    """Bring the clocks back to where they were before the step of that moment."""
    rows = (await change.connection.execute(select(clock_rows).where(clock_rows.c.case_id == change.before.id))).all()
    for row in rows:
        if row.started_at == at:
            await change.connection.execute(delete(clock_rows).where(clock_rows.c.id == row.id))
            continue
        values: dict[str, Any] = {}
        if row.stopped_at == at:
            values.update(stopped_at=None, outcome=None)
        pauses = [_before(pause, at) for pause in row.pauses if datetime.fromisoformat(pause["from"]) != at]
        if pauses != row.pauses:
            values["pauses"] = pauses
        if values:
            await change.connection.execute(update(clock_rows).where(clock_rows.c.id == row.id).values(**values))


def _before(pause: dict[str, Any], at: datetime) -> dict[str, Any]:
    ended = pause["to"] is not None and datetime.fromisoformat(pause["to"]) == at
    return {**pause, "to": None} if ended else pause
