"""A front door with the Zalo Official Account of the fake, connected."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from pydantic import SecretStr
from sqlalchemy import select

from bot.channels.zalo_oa.tokens import Pair, Tokens
from bot.conversations import conversation_id
from bot.settings import ZaloOASettings
from store.engine import Database
from store.tables import outbox as rows
from tests.fakes.zalo_oa import APP_ID, APP_SECRET, OA_SECRET, FakeZaloOA
from tests.fakes.zalo_oa.citizens import AN
from tests.support.cases import SEAL
from tests.support.stack import Stack

LIFE_S = 90_000.0


def settings(fake: FakeZaloOA, **changes: Any) -> ZaloOASettings:
    """Settings that lead to the fake, without its paces."""
    return ZaloOASettings(
        app_id=APP_ID,
        app_secret=SecretStr(APP_SECRET),
        oa_secret=SecretStr(OA_SECRET),
        api_url=fake.url,
        oauth_url=fake.url,
        chat_rate=1000,
        total_rate=1000,
        request_timeout_s=1.0,
        look_after_s=0.2,
        private_files=True,
    ).model_copy(update=changes)


def tokens(database: Database, fake: FakeZaloOA, client: aiohttp.ClientSession, **changes: Any) -> Tokens:
    """The tokens of the account, as one process has them."""
    return Tokens(database, SEAL, settings(fake, **changes), client)


async def connect(database: Database, fake: FakeZaloOA) -> None:
    """Store the pair that is good at present, as `motcua zalo connect` does."""
    async with aiohttp.ClientSession() as client:
        pair = Pair(fake.tokens.access, fake.tokens.refresh, LIFE_S)
        await tokens(database, fake, client).keep(pair)


def variables(fake: FakeZaloOA) -> dict[str, str]:
    """The same settings for a process of its own."""
    return {
        "MOTCUA_BOT__ZALO_OA__APP_ID": APP_ID,
        "MOTCUA_BOT__ZALO_OA__APP_SECRET": APP_SECRET,
        "MOTCUA_BOT__ZALO_OA__OA_SECRET": OA_SECRET,
        "MOTCUA_BOT__ZALO_OA__API_URL": fake.url,
        "MOTCUA_BOT__ZALO_OA__OAUTH_URL": fake.url,
    }


async def join(stack: Stack, fake: FakeZaloOA) -> None:
    """Have a program that is not started yet use the account of the fake, as an administrator would."""
    stack.extra |= variables(fake)
    done = await asyncio.to_thread(stack.command, "zalo", "connect", "--refresh-token", fake.tokens.refresh)
    assert done.returncode == 0, done.stdout + done.stderr
    fake.webhook = f"{stack.url}/hooks/zalo-oa"


async def sent(zalo: FakeZaloOA, count: int, user: str = AN) -> list[str]:
    """What a citizen has from the account, as soon as it is so many messages."""
    await zalo.until(lambda: len(zalo.texts(user)) >= count)
    return zalo.texts(user)


async def ended(database: Database, user: str = AN) -> tuple[str, str | None]:
    """State and reason of the newest message to a citizen."""
    wanted = rows.c.conversation_id == conversation_id("zalo_oa", user)
    for _ in range(200):
        async with database.connect() as connection:
            row = (
                await connection.execute(select(rows.c.state, rows.c.error).where(wanted).order_by(rows.c.id.desc()))
            ).first()
        if row is not None and row.state not in {"ready", "leased"}:
            return row.state, row.error
        await asyncio.sleep(0.05)
    raise AssertionError(f"not finished: {row}")
