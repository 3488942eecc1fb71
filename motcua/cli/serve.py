"""The processes that the supervisor runs: `motcua serve-actions` and `motcua serve-app`."""

from __future__ import annotations

import asyncio
import signal

from aiohttp import web

from actions.rasa import executor
from actions.server import create_app
from motcua import logs
from motcua.cli._shared import parts, run
from motcua.settings import load


def serve_actions() -> None:
    """Run the action server until SIGTERM."""
    settings = load()
    logs.configure(settings.log_level)

    async def work() -> None:
        async with parts(settings) as made:
            # Load the catalogue before the first citizen waits for it.
            await made.catalogue.snapshot()
            runner = web.AppRunner(create_app(executor(made.services)), access_log=None)
            await runner.setup()
            await web.TCPSite(runner, settings.actions.host, settings.actions.port).start()
            await _stopped()
            await runner.cleanup()

    run(work())


async def _stopped() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
