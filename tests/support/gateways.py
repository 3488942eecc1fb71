"""Front doors side by side over one PostgreSQL database, each with connections of its own, as processes have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from bot.app import Running, running
from bot.post import BotPost
from bot.settings import BotSettings, DialogueSettings, WebSettings, WorkerSettings
from store.engine import Database
from tests.fakes.rasa import FakeRasa

# So long that only notices can bring news in time.
_WEB = WebSettings(port=0, private_port=0, heartbeat_s=60.0)
_WORKER = WorkerSettings(poll_s=30.0, retry_first_s=0.01, retry_cap_s=0.05, shutdown_s=0.5)


@asynccontextmanager
async def gateways(
    address: str, rasa: FakeRasa, folder: Path, count: int = 2, *, worker: WorkerSettings = _WORKER, **more: Any
) -> AsyncIterator[list[Running]]:
    """That many front doors, open inside the block.

    Args:
        address: of the migrated database.
        folder: the data folder they share.
        more: further settings of the front door.
    """
    settings = BotSettings(web=_WEB, worker=worker, dialogue=DialogueSettings(url=rasa.url), **more)
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(count):
            database = Database(address)
            stack.push_async_callback(database.close)
            front = running(settings, database, data_dir=folder, post=BotPost())
            opened.append(await stack.enter_async_context(front))
        yield opened
