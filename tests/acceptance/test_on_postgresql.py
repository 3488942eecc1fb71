"""The whole program over PostgreSQL, with two front doors and two dialogue managers."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import urllib.request
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import func, insert, select

from store.engine import Database
from store.tables import catalogue_live, catalogue_versions, inbox, outbox
from tests.conftest import FAST
from tests.support.stack import Stack
from tests.support.waiting import eventually
from tests.support.webclient import WebClient

pytestmark = pytest.mark.timeout(600)
QUESTION = "đăng ký khai sinh cần giấy tờ gì"


async def test_two_front_doors_and_two_dialogue_managers_answer_as_one(postgres: Database, fresh_home: Path) -> None:
    await _bring_catalogue(fresh_home / "motcua.db", postgres)
    several = {"MOTCUA_STORE__URL": postgres.url, "MOTCUA_BOT__GATEWAYS": "2", "MOTCUA_RASA__PROCESSES": "2"}
    stack = Stack(fresh_home, {**FAST, **several})
    await asyncio.to_thread(stack.start)
    try:
        asked = await _until_everybody_has_worked(stack)
        doors = stack.pids("serve-app")
        assert len(doors) == 2
        async with WebClient(stack.url) as chat:
            os.kill(doors[0], signal.SIGKILL)
            identity = await _sent(chat)
            assert "khai sinh" in (await chat.answer_to(identity)).text

        async def both_again() -> bool:
            return len(stack.pids("serve-app")) == 2 and doors[0] not in stack.pids("serve-app")

        await eventually(both_again)
        async with postgres.connect() as connection:
            states = list(await connection.scalars(select(inbox.c.state)))
            answers = await connection.scalar(select(func.count()).select_from(outbox).where(outbox.c.final))
        assert states == ["done"] * (asked + 1)
        assert answers == asked + 1
    finally:
        await asyncio.to_thread(stack.stop)


async def _bring_catalogue(file: Path, postgres: Database) -> None:
    """Copy what the prepared folder's own database says about its catalogue, so that it need not be built again."""
    prepared = Database(f"sqlite+aiosqlite:///{file}")
    for table in (catalogue_versions, catalogue_live):
        async with prepared.connect() as connection:
            rows = [dict(row) for row in (await connection.execute(select(table))).mappings()]
        async with postgres.begin() as connection:
            await connection.execute(insert(table), rows)
    await prepared.close()
    file.unlink()


async def _until_everybody_has_worked(stack: Stack) -> int:
    """Ask as citizen after citizen until both doors and both dialogue managers had work; gives how many asked."""
    for number in range(1, 60):
        async with WebClient(stack.url) as chat:
            assert "khai sinh" in (await chat.ask(QUESTION)).text
        turns = [_turns(stack.home / name) for name in ("rasa.db", "rasa-2.db")]
        taken = [await asyncio.to_thread(_taken, stack, gateway) for gateway in (0, 1)]
        if number >= 4 and all(turns) and all(taken):
            assert sum(turns) == sum(taken) == number
            return number
    raise AssertionError(f"somebody had no work: {turns} turns, {taken} messages")


def _turns(file: Path) -> int:
    with closing(sqlite3.connect(file)) as kept:
        return int(kept.execute("select count(*) from turn").fetchone()[0])


def _taken(stack: Stack, gateway: int) -> int:
    """How many messages a front door has taken, from its metrics."""
    address = f"http://127.0.0.1:{stack.ports['private'] + 10 * gateway}/metrics"
    with urllib.request.urlopen(address, timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return sum(int(float(line.split()[-1])) for line in lines if line.startswith("motcua_messages_in_total{"))


async def _sent(chat: WebClient) -> str:
    """Post the question until it is taken, as the page does while a door is away."""
    while True:
        try:
            return await chat.send(id="after-the-kill", text=QUESTION)
        except (aiohttp.ClientError, OSError):
            await asyncio.sleep(0.1)
