"""The front door alone as a process of its own, for tests that kill it: prints its address when it is open."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from bot.app import serve
from bot.settings import BotSettings, DialogueSettings, WebSettings, WorkerSettings
from store.engine import Database
from store.migrate import upgrade


async def main(home: Path, dialogue: str, port: int) -> None:
    """Serve until SIGTERM.

    Args:
        home: folder of the database and the cookie key.
        dialogue: address of the dialogue server.
        port: public port; 0 takes any.
    """
    database = Database(f"sqlite+aiosqlite:///{home / 'bot.db'}")
    await upgrade(database)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = BotSettings(
        web=WebSettings(port=port, private_port=0),
        dialogue=DialogueSettings(url=dialogue),
        worker=WorkerSettings(poll_s=0.1, retry_cap_s=0.2),
    )
    await serve(
        settings,
        database,
        data_dir=home,
        stop=stop,
        started=lambda front: print(front.public_url, flush=True),
    )
    await database.close()
    print("closed", flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
