"""The running front door: everything of this room put together, started, and stopped cleanly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from sqlalchemy import text

from bot.channels import assembly
from bot.channels._web_files import WebFiles
from bot.channels.contract import AllOpen, Route, Switches, Work
from bot.channels.web import CHANNEL as WEB
from bot.channels.web import PAGE, WebChat
from bot.connections import Connections, Site, within_files
from bot.conversations import SessionRules
from bot.dialogues import Dialogues
from bot.files import Files
from bot.http import Check, private_app, public_app, security_headers
from bot.hub import Hub
from bot.inbox import NOTICE as TO_BE_ANSWERED
from bot.inbox import Inbox
from bot.metrics import Metrics
from bot.openapi import add_description
from bot.outbox import NOTICE as SAID
from bot.pages import Desk, add_pages
from bot.post import BotPost
from bot.reduced import LastResort
from bot.replies import Reply
from bot.sessions import Sessions, secret
from bot.settings import BotSettings, WebSettings
from bot.worker import Worker
from store.engine import Database
from store.errors import Conflict
from store.leader import led
from store.notices import Notices
from store.space import Space

_log = structlog.get_logger(__name__)
_CLOSE_S = 3.0

Warn = Callable[[str], Reply | None]
"""Whom to call, where a text names a danger."""


def _no_danger(_text: str) -> Reply | None:
    return None


@dataclass(frozen=True, slots=True)
class Running:
    """The front door while it is open.

    Attributes:
        public_url: where people reach the web chat.
        private_url: where health and metrics are.
        failed: ends with the error when a part that must run for ever has stopped.
    """

    public_url: str
    private_url: str
    failed: asyncio.Future[None]
    worker: Worker
    inbox: Inbox
    metrics: Metrics


async def serve(
    settings: BotSettings,
    database: Database,
    *,
    data_dir: Path,
    stop: asyncio.Event,
    last_resort: LastResort | None = None,
    warn: Warn = _no_danger,
    switches: Switches | None = None,
    post: BotPost | None = None,
    desk: Desk | None = None,
    space: Space | None = None,
    checks: Mapping[str, Check] | None = None,
    started: Callable[[Running], None] | None = None,
    page: Path = PAGE,
) -> None:
    """Run the front door until `stop` is set; then answers under way are finished and all is closed.

    Args:
        database: migrated; stays open, its owner closes it.
        data_dir: the key of the session cookies is kept here when the settings give none.
        last_resort: answers a text (and the citizen's place code) while the dialogue is out of order.
        warn: what somebody in danger reads although the bot is switched off, None when a text names no danger.
        switches: channels that are switched off.
        post: what the desk writes with; told of the channels, so that its messages leave at once.
        desk: the desk's side of the pages beside the chat and of files sent in it; None leaves both out.
        space: the room on the disk; None: nobody looks.
        checks: more parts that have to be ready, by name; the database and the dialogue servers are checked
            anyway.
        started: called once when everything is open.
        page: folder of the web page's files.

    Raises:
        MotcuaError: a setting is wrong, or an address is taken.
    """
    async with running(
        settings,
        database,
        data_dir=data_dir,
        last_resort=last_resort,
        warn=warn,
        switches=switches,
        post=post,
        desk=desk,
        space=space,
        checks=checks,
        page=page,
    ) as front:
        if started is not None:
            started(front)
        stopped = asyncio.ensure_future(stop.wait())
        try:
            ends: set[asyncio.Future[Any]] = {stopped, front.failed}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if front.failed.done():
                front.failed.result()
        finally:
            stopped.cancel()


@asynccontextmanager
async def running(
    settings: BotSettings,
    database: Database,
    *,
    data_dir: Path,
    last_resort: LastResort | None = None,
    warn: Warn = _no_danger,
    switches: Switches | None = None,
    post: BotPost | None = None,
    desk: Desk | None = None,
    space: Space | None = None,
    checks: Mapping[str, Check] | None = None,
    page: Path = PAGE,
) -> AsyncIterator[Running]:
    """The front door, open inside the block. Arguments as for `serve`."""
    metrics = Metrics()
    room = space or Space((), 0)
    metrics.free_bytes.set_function(room.free)
    hub = Hub()
    inbox = Inbox(
        database,
        SessionRules.of(settings.worker),
        lease_s=settings.worker.lease_s,
        button_days=settings.worker.button_days,
    )
    key = settings.web.cookie_secret
    signing = secret(key.get_secret_value() if key else None, data_dir)
    sessions = Sessions(signing, settings.web.session_days)
    flips = switches or AllOpen()
    chat = WebChat(
        settings.web,
        database,
        inbox,
        hub,
        sessions,
        metrics,
        waiting=inbox.waiting_roughly,
        backlog=settings.worker.backlog,
        full=room.low,
        banner=lambda: None if flips.mode(WEB) == "open" else flips.banner(WEB),
        closed=lambda: flips.mode(WEB) == "closed",
        page=page,
    )
    routes: dict[str, Route] = {WEB: chat.route}
    async with AsyncExitStack() as stack:
        dialogues = await stack.enter_async_context(Dialogues(settings.dialogue))
        worker = Worker(
            inbox,
            dialogues,
            routes,
            settings.worker,
            metrics,
            last_resort=last_resort,
            files=Files(desk.database, desk.files, desk.cases) if desk is not None else None,
            switches=flips,
            warn=warn,
        )
        around = assembly.Surroundings(settings, database, inbox, flips, metrics, data_dir, full=room.low)
        if desk is not None:
            around = replace(
                around,
                seal=desk.seal,
                delivery=desk.delivery,
                file_of=desk.file_of,
                most_bytes=desk.files.most_bytes,
                page_url=desk.cases.book.settings.public_url.rstrip("/") + "/t",
            )
        channels = await stack.enter_async_context(assembly.opened(around))
        routes.update(channels.routes)

        public = public_app(settings.web, metrics)
        chat.add_routes(public)
        if desk is not None:
            add_pages(public, desk, settings.web, metrics, key=signing, full=room.low)
            WebFiles(chat, desk, settings.web).add_routes(public)
        for hook in channels.hooks:
            hook.add_routes(public)
        add_description(public)
        private = private_app(
            metrics,
            {
                "database": _database_check(database),
                "space": _space_check(room),
                **dialogues.checks(),
                **(checks or {}),
            },
            inbox.waiting,
            channels=channels.checks,
        )
        failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        own = settings.web
        private_url = await _listen(
            stack, private, own.private_host, own.private_port, "PRIVATE_PORT", Connections(idle_s=own.idle_s)
        )
        limits, several = _public_connections(own), settings.gateways > 1
        public_url = await _listen(stack, public, own.host, own.port, "PORT", limits, shared=several)
        # Streams end only when they are told to: before the server waits for its connections.
        stack.callback(hub.close)
        _keep(stack, failed, worker.run(), "worker")
        for name, works in channels.works.items():
            # One process polls and sends: the limits of a platform are for all of ours together.
            _keep(stack, failed, led(database, f"channel {name}", partial(_together, works)), name)
        if post is not None:
            post.attach(routes)
        await stack.enter_async_context(_notices(database, worker, routes, hub))
        yield Running(public_url, private_url, failed, worker, inbox, metrics)
        _log.info("the front door closes")


async def _together(works: Mapping[str, Work]) -> None:
    async with asyncio.TaskGroup() as group:
        for name, work in works.items():
            group.create_task(work(), name=name)


def _notices(database: Database, worker: Worker, routes: Mapping[str, Route], hub: Hub) -> Notices:
    """The line to other processes over the same database."""

    def said(text: str) -> None:
        channel, _, conversation = text.partition(" ")
        if channel in routes:
            routes[channel].look(conversation)

    notices = Notices(database)
    notices.listen(TO_BE_ANSWERED, worker.announce, missed=worker.look)
    notices.listen(SAID, said, missed=hub.look_everywhere)
    return notices


def _keep(stack: AsyncExitStack, failed: asyncio.Future[None], work: Coroutine[Any, Any, None], name: str) -> None:
    """Run a part until the stack is left; the last one begun is stopped first."""
    task = asyncio.create_task(work, name=name)

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and not failed.done():
            failed.set_exception(task.exception() or RuntimeError(f"{name} has stopped"))

    async def stop() -> None:
        task.remove_done_callback(ended)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    task.add_done_callback(ended)
    stack.push_async_callback(stop)


def _public_connections(settings: WebSettings) -> Connections:
    return Connections(
        within_files(settings.connections),
        # Behind a proxy all of them come from one address; the proxy counts its own.
        0 if settings.trust_forwarded else settings.connections_per_address,
        idle_s=settings.idle_s,
        headers=security_headers(settings),
    )


async def _listen(
    stack: AsyncExitStack,
    app: web.Application,
    host: str,
    port: int,
    setting: str,
    connections: Connections,
    *,
    shared: bool = False,
) -> str:
    runner = web.AppRunner(app, access_log=None, handler_cancellation=False, shutdown_timeout=_CLOSE_S)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = Site(runner, host, port, connections, shared=shared)
    try:
        await site.start()
    except OSError as error:
        raise Conflict(
            f"Cannot listen on {host}:{port} ({error.strerror or error}): stop what uses it, or set "
            f"MOTCUA_BOT__WEB__{setting} to another port"
        ) from error
    address = runner.addresses[0]
    shown = f"[{address[0]}]" if ":" in str(address[0]) else address[0]
    return f"http://{shown}:{address[1]}"


def _space_check(space: Space) -> Check:
    async def check() -> bool:
        return not space.low()

    return check


def _database_check(database: Database) -> Check:
    async def check() -> bool:
        async with database.connect() as connection:
            return (await connection.execute(text("SELECT 1"))).scalar() == 1

    return check
