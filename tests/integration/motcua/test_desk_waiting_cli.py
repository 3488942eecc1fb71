"""`motcua desk waiting`: who waits for a person, on the terminal."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.conversations import ensure
from motcua.compose import compose
from motcua.settings import Settings
from tests.integration.motcua.conftest import Run
from tests.support.takeover import member


async def _two_conversations(home: Path) -> None:
    parts = await compose(Settings(home=home))
    try:
        for chat in ("1", "2"):
            async with parts.database.begin() as connection:
                conversation = await ensure(connection, "telegram", chat)
            waiting = await parts.services.handoff(conversation, reason="asked")
        await parts.takeovers.take(await member(parts.database, "lan"), waiting.id)
    finally:
        await parts.close()


def test_who_waits_and_who_talks_is_listed(motcua: Run, tmp_path: Path) -> None:
    assert "Không có ai" in motcua("desk", "waiting").out
    assert motcua("desk", "waiting", "--json").json == []
    asyncio.run(_two_conversations(next(tmp_path.rglob("motcua.db")).parent))
    listed = motcua("desk", "waiting", "--json").json
    assert [(one["state"], one["staff"], one["channel"]) for one in listed] == [
        ("waiting", None, "telegram"),
        ("active", "lan", "telegram"),
    ]
    shown = motcua("desk", "waiting").out
    assert "đang chờ" in shown
    assert "lan" in shown
