"""The processes that the supervisor runs: `motcua serve-actions` and `motcua serve-app`."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import AsyncExitStack
from typing import Annotated

import aiohttp
import structlog
import typer
from aiohttp import web

from actions.rasa import executor
from actions.server import create_app
from bot.app import serve
from bot.pages import Desk
from motcua import logs
from motcua.cli._shared import parts, run_serving
from motcua.settings import Settings, load

_log = structlog.get_logger(__name__)
# SQLite's driver works in a thread of its own; with the default of 5 ms each of its steps waits for the event loop.
SWITCH_S = 0.0002


def serve_actions() -> None:
    """Run the action server until SIGTERM."""
    settings = load()
    logs.configure(settings.log_level)
    _warn(settings)

    async def work() -> None:
        async with parts(settings) as made:
            # Load the catalogue before the first citizen waits for it.
            await made.catalogue.snapshot()
            runner = web.AppRunner(create_app(executor(made.services)), access_log=None)
            await runner.setup()
            await web.TCPSite(runner, settings.actions.host, settings.actions.port).start()
            await _stop_signal().wait()
            await runner.cleanup()

    run_serving(work())


def serve_app(
    gateway: Annotated[int, typer.Option(min=1, max=8, help="Which of several front doors on this machine it is.")] = 1,
) -> None:
    """Run the front door until SIGTERM."""
    settings = load()
    own_port = settings.bot.web.model_copy(update={"private_port": settings.bot.private_port(gateway)})
    bot = settings.bot.model_copy(update={"web": own_port})
    sys.setswitchinterval(SWITCH_S)
    logs.configure(settings.log_level)
    _warn(settings)

    async def work() -> None:
        async with parts(settings) as made, aiohttp.ClientSession() as session:
            actions = f"http://{settings.actions.host}:{settings.actions.port}/health"

            async def actions_ready() -> bool:
                async with session.get(actions) as response:
                    return response.status == 200

            async def catalogue_ready() -> bool:
                return bool((await made.catalogue.snapshot()).procedures)

            async with AsyncExitStack() as stack:
                await stack.enter_async_context(made.minding())
                switches = await stack.enter_async_context(made.switching())
                if settings.desk.console.enabled and gateway == 1:
                    await stack.enter_async_context(made.console())
                await serve(
                    bot,
                    made.database,
                    data_dir=settings.home,
                    stop=_stop_signal(),
                    last_resort=made.last_resort,
                    warn=made.danger,
                    switches=switches,
                    post=made.post,
                    desk=Desk(made.database, made.cases, made.seal, made.files, settings.desk.delivery),
                    space=made.space(),
                    checks={"actions": actions_ready, "catalogue": catalogue_ready},
                )

    run_serving(work())


def _warn(settings: Settings) -> None:
    for name, host in settings.beyond_loopback.items():
        _log.warning("a part that asks for no password is beyond this machine", setting=name, host=host)


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
