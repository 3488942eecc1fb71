"""What changes a take-over within a transaction, and what citizens are told of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import audit
from desk.post import Post
from store.tables import now, takeovers
from store.upsert import insert_or_skip

AGAIN = ("Gặp cán bộ", '/handoff{"sure": true}')
CAME = (
    "Cán bộ đã vào cuộc trò chuyện. Từ lúc này cán bộ trực tiếp trả lời anh/chị, tôi (trợ lý tự động) tạm dừng trả lời."
)
BACK = (
    "Cán bộ đã kết thúc trao đổi. Từ lúc này tôi (trợ lý tự động) lại trả lời anh/chị. "
    "Anh/chị cần gặp cán bộ nữa thì bấm nút dưới đây."
)
AWAY = (
    "Cán bộ đang trao đổi với anh/chị phải tạm rời máy. Tôi đã đưa anh/chị trở lại hàng chờ để cán bộ khác "
    "trả lời tiếp; trong lúc chờ, tôi (trợ lý tự động) vẫn trả lời được các câu hỏi về thủ tục."
)

NOBODY = (
    "Đến nay chưa có cán bộ vào trò chuyện trực tiếp với anh/chị được, mong anh/chị thông cảm. Câu hỏi đã ghi "
    "thành phiếu thì vẫn chờ cán bộ trả lời tại đây. Anh/chị còn cần gặp trực tiếp thì bấm nút dưới đây."
)


class Line(Post, Protocol):
    """The way into a conversation, with the switch of who has it (`bot.post.BotPost`)."""

    async def notice(
        self,
        connection: AsyncConnection,
        conversation_id: str,
        text: str,
        *,
        person: bool,
        buttons: Sequence[tuple[str, str]] = (),
    ) -> int:
        """Tell the citizen who answers from now on: a person, or the bot."""

    async def silence(self, connection: AsyncConnection, conversation_id: str) -> None:
        """Give the conversation to the desk."""

    async def give_back(self, connection: AsyncConnection, conversation_id: str) -> None:
        """Give the conversation back to the bot; all messages so far count as read."""


async def put(
    connection: AsyncConnection,
    conversation_id: str,
    *,
    reason: str,
    case_id: int | None,
    unit_id: int | None,
    asked_at: datetime | None = None,
) -> None:
    """Put a conversation into the queue, unless it is there already, in the caller's transaction."""
    made = insert_or_skip(connection.dialect.name, takeovers).values(
        conversation_id=conversation_id,
        case_id=case_id,
        unit_id=unit_id,
        reason=reason,
        state="waiting",
        asked_at=asked_at or now(),
    )
    number = (await connection.execute(made.returning(takeovers.c.id))).scalar()
    if number is None:
        # Another asked at the same moment: the index let one of them in.
        return
    await audit.write(
        connection,
        actor="citizen" if reason == "asked" else "system",
        action="takeover_asked",
        subject=f"takeover:{number}",
        data={"reason": reason},
    )


async def end(
    connection: AsyncConnection, line: Line, row: Any, *, actor: str, text: str, note: str | None = None
) -> None:
    """Give a conversation back to the bot and tell the citizen so, in the caller's transaction.

    Args:
        row: of the take-over, held.
        text: what the citizen is told.
        note: for colleagues.
    """
    await line.give_back(connection, row.conversation_id)
    # Not before: what was read counts up to here.
    await connection.execute(
        update(takeovers).where(takeovers.c.id == row.id).values(state="ended", ended_at=now(), note=note)
    )
    await audit.write(connection, actor=actor, action="takeover_ended", subject=f"takeover:{row.id}")
    await line.notice(connection, row.conversation_id, text, person=False, buttons=(AGAIN,) if text == BACK else ())


async def give_up(connection: AsyncConnection, line: Line, row: Any) -> None:
    """Take a conversation out of the queue to which nobody came, and tell the citizen so."""
    await connection.execute(update(takeovers).where(takeovers.c.id == row.id).values(state="left", ended_at=now()))
    await audit.write(connection, actor="system", action="takeover_left", subject=f"takeover:{row.id}")
    await line.write(connection, row.conversation_id, NOBODY, buttons=(AGAIN,))
