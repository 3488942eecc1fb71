"""`python -m bench flood`: Telegram limits one chat; what the others notice of it.

The real front door over the strict fake of Telegram and a dialogue server that answers at once. Chats write at the same
pace in two rounds; in the second one every message to a single chat is first answered 429 ("retry after …").
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import structlog
from pydantic import SecretStr

from bench._table import print_table
from bot.app import running
from bot.settings import BotSettings, DialogueSettings, TelegramSettings, WebSettings
from store.engine import Database
from store.migrate import upgrade
from tests.fakes._platform import Fault
from tests.fakes.rasa import FakeRasa
from tests.fakes.telegram import FakeTelegram

_FIRST_CHAT = 1000
_PATIENCE_S = 120.0


async def _round(options: argparse.Namespace, *, limited: bool) -> dict[int, list[float]]:
    """Seconds from each message to its answer, by chat; chat 0 is the one that is limited."""
    folder = Path(tempfile.mkdtemp(prefix="motcua-flood-"))
    database = Database(f"sqlite+aiosqlite:///{folder / 'motcua.db'}")
    await upgrade(database)
    try:
        async with FakeRasa() as rasa, FakeTelegram() as telegram:
            settings = BotSettings(
                web=WebSettings(port=0, private_port=0),
                dialogue=DialogueSettings(url=rasa.url),
                telegram=TelegramSettings(
                    token=SecretStr(telegram.token), api_url=telegram.url, chat_rate=1000, total_rate=1000
                ),
            )
            async with running(settings, database, data_dir=folder):
                return await _talk(telegram, options, limited=limited)
    finally:
        await database.close()
        shutil.rmtree(folder, ignore_errors=True)


async def _talk(telegram: FakeTelegram, options: argparse.Namespace, *, limited: bool) -> dict[int, list[float]]:
    asked: dict[tuple[int, str], float] = {}
    for number in range(options.messages):
        for chat in range(options.chats):
            if limited and chat == 0:
                wait = {"retry_after": options.retry_after}
                reason = f"Too Many Requests: retry after {options.retry_after}"
                telegram.faults.setdefault("sendmessage", []).append(Fault(429, reason, wait, chat=_FIRST_CHAT))
            asked[(chat, str(number))] = time.monotonic()
            await telegram.write(str(number), _FIRST_CHAT + chat)
        await asyncio.sleep(options.every)
    await telegram.until(lambda: len(telegram.sent) >= len(asked), _PATIENCE_S)
    found: dict[int, list[float]] = {chat: [] for chat in range(options.chats)}
    for accepted in telegram.accepted:
        chat, which = int(accepted.to) - _FIRST_CHAT, accepted.text.rpartition(" ")[2]
        found[chat].append(accepted.at - asked[(chat, which)])
    return found


def _row(name: str, who: str, latencies: Sequence[float]) -> list[str]:
    ordered = sorted(latencies)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return [name, who, str(len(ordered)), *(f"{value * 1000:.0f}" for value in (statistics.median(ordered), p95))]


def main(arguments: list[str]) -> int:
    """The command; exit status 1 when the others' p95 grew by more than half a second."""
    parser = argparse.ArgumentParser(prog="bench flood", description=__doc__)
    parser.add_argument("--chats", type=int, default=10, help="chats that write (default 10)")
    parser.add_argument("--messages", type=int, default=20, help="messages of each (default 20)")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two messages of a chat (default 2)")
    parser.add_argument("--retry-after", type=int, default=1, help="seconds that Telegram asks for (default 1)")
    options = parser.parse_args(arguments)
    if min(options.chats - 1, options.messages, options.retry_after) < 1 or options.every < 0:
        parser.error("numbers must be positive, and there must be another chat")
    logging.getLogger().setLevel(logging.ERROR)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    rows, others = [], []
    for name, limited in (("without 429", False), ("429 on one chat", True)):
        found = asyncio.run(_round(options, limited=limited))
        rest = [seconds for chat, latencies in found.items() if chat for seconds in latencies]
        rows += [_row(name, "the one chat", found[0]), _row(name, "all others", rest)]
        others.append(float(rows[-1][-1]))
    print_table(["round", "whose messages", "messages", "p50 ms", "p95 ms"], rows)
    return 0 if others[1] - others[0] <= 500 else 1
