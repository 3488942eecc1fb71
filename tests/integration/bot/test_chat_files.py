"""Files that citizens send in a chat: a person who has the conversation gets them, and none is kept twice."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import SecretStr
from sqlalchemy import select, update

from bot.app import Running
from bot.inbox import Inbox
from bot.settings import ZaloBotSettings
from store.engine import Database
from store.tables import case_attachments, conversations, inbox
from tests.fakes import zalo_bot as zalo
from tests.fakes._platform import Fault
from tests.fakes.telegram import TOKEN, FakeTelegram
from tests.support.pages import desk
from tests.support.telegram_front import sent, settings
from tests.support.waiting import eventually

Open = Callable[..., AbstractAsyncContextManager[Running]]
ROOT = Path(__file__).resolve().parents[3]


def _picture() -> bytes:
    held = BytesIO()
    Image.new("RGB", (320, 200), "green").save(held, "JPEG")
    return held.getvalue()


async def _column(database: Database, column: Any) -> list[Any]:
    async with database.connect() as connection:
        return list((await connection.execute(select(column).order_by(column.table.c.id))).scalars())


async def _taken_over(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(update(conversations).values(owner="desk"))


async def _kept(database: Database, messages: int) -> dict[str, Any]:
    """What the last of this many messages holds once they are all done."""

    async def done() -> bool:
        return await _column(database, inbox.c.state) == ["done"] * messages

    await eventually(done)
    body: dict[str, Any] = (await _column(database, inbox.c.body))[-1]
    return body


async def test_a_person_who_has_the_conversation_gets_a_file_of_telegram(
    database: Database, front_door: Open, telegram: FakeTelegram, tmp_path: Path
) -> None:
    async with front_door(telegram=settings(telegram), desk=desk(database, tmp_path)):
        await telegram.write("chào")
        await sent(telegram, 1)
        await _taken_over(database)
        await telegram.send_photo(content=_picture())
        body = await _kept(database, 2)
    assert [body["file"]] == await _column(database, case_attachments.c.id)
    assert len(telegram.texts()) == 1, "the bot does not talk into it"


async def test_a_person_who_has_the_conversation_gets_a_file_of_zalo_bot(
    database: Database, front_door: Open, tmp_path: Path
) -> None:
    async with zalo.FakeZaloBot() as fake:
        channel = ZaloBotSettings(
            token=SecretStr(zalo.TOKEN), api_url=fake.url, poll_timeout_s=2, chat_rate=1000, private_files=True
        )
        async with front_door(zalo_bot=channel, desk=desk(database, tmp_path)):
            await fake.write("chào")
            await fake.until(lambda: len(fake.texts()) == 1)
            await _taken_over(database)
            await fake.send_image(content=_picture())
            body = await _kept(database, 2)
        assert [body["file"]] == await _column(database, case_attachments.c.id)
        assert len(fake.texts()) == 1, "the bot does not talk into it"


@asynccontextmanager
async def _process(home: Path, telegram: FakeTelegram) -> AsyncIterator[asyncio.subprocess.Process]:
    told = {
        "web": {"port": 0, "private_port": 0},
        "dialogue": {"url": "http://127.0.0.1:9"},
        "telegram": {"token": TOKEN, "api_url": telegram.url, "poll_timeout_s": 2},
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.door_process", str(home), json.dumps(told)),
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_file_that_was_being_fetched_when_the_process_was_killed_is_kept_once(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    telegram.faults["getfile"] = [Fault(hang_s=60)]
    await telegram.send_photo(content=_picture())
    async with _process(tmp_path, telegram) as first:
        await telegram.until(lambda: any(method == "getfile" for method, _ in telegram.calls), timeout_s=60)
        first.kill()
        await first.wait()
    async with _process(tmp_path, telegram):
        await telegram.until(lambda: bool(telegram.texts()), timeout_s=60)
    [said] = telegram.texts()
    assert said.startswith("Đã nhận tệp.")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'motcua.db'}")
    try:
        [file] = await _column(database, case_attachments.c.id)
        assert (await _kept(database, 1))["file"] == file
    finally:
        await database.close()


async def test_a_file_that_was_kept_by_a_process_that_ended_before_it_said_so_is_kept_once(
    database: Database, front_door: Open, telegram: FakeTelegram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = asyncio.Event()

    async def never(*_: Any, **__: Any) -> None:
        reached.set()
        await asyncio.Event().wait()

    office = desk(database, tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(Inbox, "answer", never)
        async with front_door(telegram=settings(telegram), desk=office):
            await telegram.send_photo(content=_picture())
            await asyncio.wait_for(reached.wait(), 10)
    assert await _column(database, inbox.c.state) == ["ready"]
    async with front_door(telegram=settings(telegram), desk=office):
        [said] = await sent(telegram, 1)
        assert (await _kept(database, 1))["file"] == (await _column(database, case_attachments.c.id))[0]
    assert said.startswith("Đã nhận tệp.")
    assert len(await _column(database, case_attachments.c.id)) == 1
