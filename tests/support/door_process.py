"""The front door with its pages as a process of its own, as `motcua serve-app` runs it but without a catalogue.

Takes its data folder and its settings (JSON of `BotSettings`); prints its public and its private address as JSON. On
SIGUSR1 it writes what it keeps in memory to `sizes.json` in its folder.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

from bot.app import Running, serve
from bot.settings import BotSettings
from motcua import logs
from motcua.cli._shared import run_serving
from store.engine import Database
from store.migrate import upgrade
from tests.support.pages import desk
from tests.support.sizes import sizes

SIZES = "sizes.json"


async def main(home: Path, settings: BotSettings) -> None:
    """Serve until SIGTERM."""
    database = Database(f"sqlite+aiosqlite:///{home / 'motcua.db'}")
    await upgrade(database)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, _write_sizes, home)

    def started(front: Running) -> None:
        print(json.dumps({"public": front.public_url, "private": front.private_url}), flush=True)

    await serve(settings, database, data_dir=home, stop=stop, desk=desk(database, home), started=started)
    await database.close()


def _write_sizes(home: Path) -> None:
    written = home / "sizes.part"
    written.write_text(json.dumps(sizes()))
    written.rename(home / SIZES)


if __name__ == "__main__":
    logs.configure("WARNING")
    run_serving(main(Path(sys.argv[1]), BotSettings.model_validate_json(sys.argv[2])))
