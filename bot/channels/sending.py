"""Carries the outbox of one channel to its citizens: in order, each conversation at its own pace.

A conversation has at most one message under way, so one that has to wait holds up nobody else.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import structlog
from aiolimiter import AsyncLimiter

from bot import conversations
from bot.channels.contract import Channel, Outcome, Route, Switches
from bot.channels.rendering import fit
from bot.departures import Departures, arrived, refused
from bot.metrics import Metrics
from bot.outbox import Due, Outbox
from bot.replies import Outgoing
from bot.settings import PushedSettings
from desk.causes import noted
from store.engine import Database
from store.faults import log_failure
from store.tables import now

_log = structlog.get_logger(__name__)
_IDLE_S = 2.0
_RECOVER_S = 5.0
_STOP_S = 2.0
_CHATS = 10_000  # conversations whose pace is remembered


class Sender:
    """The sending side of one channel; `run` is the work of the process that leads the channel.

    Args:
        departures: the journal of what has left.
    """

    def __init__(
        self,
        channel: Channel,
        settings: PushedSettings,
        database: Database,
        departures: Departures,
        switches: Switches,
        metrics: Metrics,
    ) -> None:
        self._channel = channel
        self._settings = settings
        self._database = database
        self._departures = departures
        self._switches = switches
        self._metrics = metrics
        # Two sends and two questions, each with a new token between, and the wait before the first question.
        lease_s = 6 * settings.request_timeout_s + 60.0
        self._outbox = Outbox(database, channel.name, departures, lease_s=lease_s)
        self._all = AsyncLimiter(max(1.0, settings.total_rate), max(1.0, 1.0 / settings.total_rate))
        self._chats: OrderedDict[str, AsyncLimiter] = OrderedDict()
        self._wake = asyncio.Event()
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._paused_until = 0.0
        self._recovered = 0.0
        self.route = Route(
            pushed=True,
            fit=partial(fit, can=channel.can),
            client_id=lambda external: external,
            deliver=self._deliver,
            look=self._look,
            fetch=channel.fetch,
        )

    def _deliver(self, messages: Sequence[Outgoing]) -> None:
        if messages:
            self._wake.set()

    def _look(self, _conversation: str) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled; what is under way then may finish."""
        try:
            while True:
                try:
                    await self._round()
                except Exception as error:
                    self._metrics.failures.labels(f"{self._channel.name}_sender").inc()
                    log_failure(_log, "a round of the sender failed", error, channel=self._channel.name)
                    await asyncio.sleep(_IDLE_S)
        finally:
            await self._finish()

    async def _round(self) -> None:
        self._wake.clear()
        await self._settle_orphans()
        if self._works():
            free = self._settings.senders - len(self._sending)
            for due in await self._outbox.due(free, busy=tuple(self._sending)) if free > 0 else ():
                self._sending[due.conversation_id] = asyncio.create_task(self._carry(due))
        try:
            async with asyncio.timeout(_IDLE_S):
                await self._wake.wait()
        except TimeoutError:
            pass

    def _works(self) -> bool:
        return time.monotonic() >= self._paused_until and self._switches.mode(self._channel.name) != "closed"

    async def _settle_orphans(self) -> None:
        if time.monotonic() < self._recovered:
            return
        unknown = await self._outbox.recover(self._channel.has_arrived)
        self._recovered = time.monotonic() + _RECOVER_S
        if unknown:
            self._metrics.failures.labels(f"{self._channel.name}_unknown").inc(unknown)
            _log.warning("sends of a process that died have an unknown end", channel=self._channel.name, count=unknown)

    async def _carry(self, due: Due) -> None:
        try:
            await self._turn(due.external_id)
            if self._works() and await self._outbox.start(due):
                started = now()
                with self._departures.sending(due.id, due.attempts + 1):
                    outcome = await self._channel.send(due.external_id, due.body)
                    if outcome.state == "unknown":
                        there = await self._channel.has_arrived(due.external_id, due.body, started)
                        if there is not None:
                            outcome = Outcome("sent") if there else replace(outcome, state="retry")
                    if outcome.state == "sent":
                        arrived()
                    elif outcome.state != "unknown":
                        refused()
                    await self._record(due, outcome)
        except Exception as error:
            self._metrics.failures.labels(f"{self._channel.name}_sender").inc()
            log_failure(_log, "a message could not be sent", error, channel=self._channel.name, message=due.id)
        finally:
            self._sending.pop(due.conversation_id, None)
            self._wake.set()

    async def _turn(self, to: str) -> None:
        """Wait until a message to this conversation may leave."""
        limiter = self._chats.get(to)
        if limiter is None:
            limiter = self._chats[to] = AsyncLimiter(1.0, 1.0 / self._channel.pace(to))
            if len(self._chats) > _CHATS:
                self._chats.popitem(last=False)
        self._chats.move_to_end(to)
        await limiter.acquire()
        await self._all.acquire()

    async def _record(self, due: Due, outcome: Outcome) -> None:
        if outcome.pause_s:
            self._pause(outcome)
        if outcome.state == "retry":
            if (now() - due.since).total_seconds() >= self._settings.give_up_s:
                outcome = replace(outcome, state="dead")
            else:
                delay = outcome.wait_s or outcome.pause_s or min(60.0, 2.0 ** min(due.attempts, 6)) * random.random()
                await self._outbox.again(due, delay, noted(outcome.cause, outcome.error))
                asyncio.get_running_loop().call_later(delay + 0.01, self._wake.set)
                return
        error = noted(outcome.cause, outcome.error) or None
        await self._outbox.finish(due, outcome.state, error)
        if outcome.state != "sent":
            self._metrics.failures.labels(f"{self._channel.name}_{outcome.state}").inc()
            _log.warning("a message was not delivered", channel=self._channel.name, message=due.id, reason=error)
        if outcome.blocked:
            await conversations.set_reachable(self._database, due.conversation_id, False)

    def _pause(self, outcome: Outcome) -> None:
        self._paused_until = max(self._paused_until, time.monotonic() + outcome.pause_s)
        asyncio.get_running_loop().call_later(outcome.pause_s + 0.01, self._wake.set)
        _log.warning("the channel sends nothing for a while", channel=self._channel.name, reason=outcome.error)

    async def _finish(self) -> None:
        tasks = list(self._sending.values())
        if tasks:
            _, left = await asyncio.wait(tasks, timeout=_STOP_S)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
