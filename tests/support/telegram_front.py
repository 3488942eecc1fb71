"""What the tests of the Telegram channel share: settings for the fake, and looks into the outbox."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr
from sqlalchemy import insert, select

from bot.conversations import conversation_id, ensure
from bot.settings import TelegramSettings
from store.engine import Database
from store.tables import conversations, outbox
from tests.fakes.telegram import TOKEN, FakeTelegram


def settings(telegram: FakeTelegram, **changes: Any) -> TelegramSettings:
    return TelegramSettings(
        token=SecretStr(TOKEN), api_url=telegram.url, poll_timeout_s=5, chat_rate=1000, total_rate=1000
    ).model_copy(update=changes)


async def sent(telegram: FakeTelegram, count: int, chat: int = 7) -> list[str]:
    await telegram.until(lambda: len(telegram.texts(chat)) >= count)
    return telegram.texts(chat)


async def out(database: Database) -> list[tuple[str, str | None]]:
    async with database.connect() as connection:
        rows = (await connection.execute(select(outbox.c.state, outbox.c.error).order_by(outbox.c.id))).all()
    return [(row.state, row.error) for row in rows]


async def reachable(database: Database, chat: int = 7) -> bool:
    async with database.connect() as connection:
        return bool(
            (
                await connection.execute(
                    select(conversations.c.reachable).where(
                        conversations.c.id == conversation_id("telegram", str(chat))
                    )
                )
            ).scalar()
        )


async def pending(database: Database, text: str, *, chat: int = 7, **values: Any) -> None:
    """A row of the outbox as an earlier process left it, or as the columns say."""
    async with database.begin() as connection:
        conversation = await ensure(connection, "telegram", str(chat))
        await connection.execute(
            insert(outbox).values(
                channel="telegram",
                conversation_id=conversation,
                body={"text": text},
                final=True,
                **values,
            )
        )
