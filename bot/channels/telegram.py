"""Telegram by long polling: updates into the inbox, rows of the outbox to the chats.

The polling is our own: the library's hangs on one update it cannot parse. Updates are written down raw,
together with the offset that confirms them, before the next call confirms them to Telegram.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import aiohttp
import structlog

from bot import conversations
from bot.channels import Route
from bot.channels._telegram_send import Outcome, TelegramCalls
from bot.channels._telegram_text import fit
from bot.channels._telegram_update import (
    TELEGRAM,
    Ignored,
    Reachability,
    Unreadable,
    callback_id,
    read,
)
from bot.inbox import Inbox
from bot.incoming import Incoming
from bot.metrics import Metrics
from bot.outbox import Due, Outbox
from bot.ratelimit import RateLimiter
from bot.replies import Outgoing
from bot.settings import TelegramSettings
from store.engine import Database
from store.tables import now

__all__ = ["TELEGRAM", "Telegram", "TelegramFault"]

_log = structlog.get_logger(__name__)
_ALLOWED = ["message", "callback_query", "my_chat_member"]
_IDLE_S = 2.0


class TelegramFault(Exception):
    """The Bot API refused the polling call.

    Attributes:
        code: its error code.
        wait_s: seconds it asks us to wait, 0.0 when it does not say.
    """

    def __init__(self, code: int, text: str, wait_s: float = 0.0) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.wait_s = wait_s


class Telegram:
    """The Telegram channel: run `poll` and `send` side by side.

    Args:
        backlog: unanswered messages after which polling pauses; Telegram keeps updates for a day.
    """

    def __init__(
        self,
        settings: TelegramSettings,
        inbox: Inbox,
        database: Database,
        metrics: Metrics,
        *,
        backlog: int = 5000,
    ) -> None:
        assert settings.token is not None, "Telegram needs its token"
        token = settings.token.get_secret_value()
        self._settings = settings
        self._inbox = inbox
        self._database = database
        self._metrics = metrics
        self._backlog = backlog
        self._bot = token.partition(":")[0]
        self._offset_key = f"telegram:{self._bot}:offset"
        self._poll_url = f"{settings.api_url.rstrip('/')}/bot{token}/getUpdates"
        self._calls = TelegramCalls(settings)
        self._outbox = Outbox(database, TELEGRAM)
        self._limits = RateLimiter(settings.chat_burst, settings.chat_inbound_rate)
        self._flooding: set[str] = set()
        self._wake = asyncio.Event()
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._presses: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self.route = Route(
            pushed=True, fit=fit, client_id=lambda external: external, deliver=self._deliver, look=self._look
        )

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._settings.poll_timeout_s + self._settings.request_timeout_s)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
        await self._calls.close()

    # ---- in ----

    async def poll(self) -> None:
        """Take updates until cancelled; trouble is waited out."""
        failures = 0
        offset = int(await self._inbox.recall(self._offset_key) or 0)
        hook_removed = False
        while True:
            try:
                if not hook_removed:
                    # A webhook left by another program makes every getUpdates fail.
                    await self._calls.delete_webhook()
                    hook_removed = True
                if await self._inbox.waiting() >= self._backlog:
                    await asyncio.sleep(_IDLE_S)
                    continue
                updates = await self._updates(offset)
                offset = await self._take(updates, offset)
                failures = 0
            except Exception as error:
                failures += 1
                wait = getattr(error, "wait_s", 0.0) or min(60.0, 2.0 ** min(failures, 6) * random.random())
                self._metrics.failures.labels("telegram_poll").inc()
                # The token is part of the address: the error's own text may hold it.
                _log.warning(
                    "Telegram gives no updates",
                    reason=str(error) if isinstance(error, TelegramFault) else type(error).__name__,
                    wait_s=round(wait, 1),
                )
                await asyncio.sleep(wait)

    async def _updates(self, offset: int) -> list[Any]:
        assert self._session is not None, "enter the channel first"
        body = {"offset": offset, "timeout": self._settings.poll_timeout_s, "allowed_updates": _ALLOWED}
        async with self._session.post(self._poll_url, json=body) as response:
            content = await response.read()
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise TelegramFault(response.status, "not JSON") from error
        if not isinstance(answer, dict) or answer.get("ok") is not True:
            described = answer if isinstance(answer, dict) else {}
            raise TelegramFault(
                int(described.get("error_code") or response.status),
                str(described.get("description", "")),
                _wait(described),
            )
        result = answer.get("result")
        if not isinstance(result, list):
            raise TelegramFault(response.status, "no list of updates")
        return result

    async def _take(self, updates: Sequence[Any], offset: int) -> int:
        numbered = [
            update
            for update in updates
            if isinstance(update, dict)
            and isinstance(update.get("update_id"), int)
            and not isinstance(update["update_id"], bool)
        ]
        messages: list[Incoming] = []
        for update in numbered:
            offset = max(offset, update["update_id"] + 1)
            message = await self._read(update)
            if message is not None:
                messages.append(message)
        if not numbered:
            if updates:
                raise TelegramFault(200, "updates without numbers")
            return offset
        receipts = await self._inbox.receive(*messages, remember=(self._offset_key, str(offset)))
        for receipt in receipts:
            counter = self._metrics.duplicates if receipt.duplicate else self._metrics.messages_in
            counter.labels(TELEGRAM).inc()
        for update in numbered:
            self._acknowledge(callback_id(update))
        return offset

    async def _read(self, update: dict[str, Any]) -> Incoming | None:
        external = f"{self._bot}:{update['update_id']}"
        try:
            event = read(update, self._bot)
        except Unreadable as error:
            self._metrics.failures.labels("telegram_unreadable").inc()
            _log.error("an update cannot be read; kept and passed over", update=external)
            body = {"kind": "unreadable", "raw": update}
            await self._inbox.set_aside(TELEGRAM, external, body, state="dead", error=str(error))
            return None
        match event:
            case Reachability():
                identity = conversations.conversation_id(TELEGRAM, event.chat)
                await conversations.set_reachable(self._database, identity, event.reachable)
                return None
            case Ignored():
                return None
            case Incoming():
                return await self._within_limits(event)

    async def _within_limits(self, message: Incoming) -> Incoming | None:
        if not self._limits.take(message.sender):
            self._flooding.discard(message.sender)
            return message
        self._metrics.failures.labels("telegram_flood").inc()
        if message.sender in self._flooding:
            body = message.stored()
            await self._inbox.set_aside(
                TELEGRAM, message.external_id, body, state="dead", error="too many messages from this chat"
            )
            return None
        # The first one over the limit is answered, so that the citizen knows.
        self._flooding.add(message.sender)
        return Incoming(TELEGRAM, message.external_id, message.sender, "flood", message.body, message.raw)

    def _acknowledge(self, press: str | None) -> None:
        if press is not None:
            task = asyncio.create_task(self._calls.acknowledge(press))
            self._presses.add(task)
            task.add_done_callback(self._presses.discard)

    # ---- out ----

    def _deliver(self, messages: Sequence[Outgoing]) -> None:
        if messages:
            self._wake.set()

    def _look(self, _conversation: str) -> None:
        self._wake.set()

    async def send(self) -> None:
        """Carry the outbox to the chats until cancelled; a send under way may finish."""
        lost = await self._outbox.recover()
        if lost:
            self._metrics.failures.labels("telegram_unknown").inc(lost)
            _log.warning("sends of an earlier process with an unknown end", count=lost)
        try:
            while True:
                try:
                    await self._round()
                except Exception:
                    self._metrics.failures.labels("telegram_sender").inc()
                    _log.exception("a round of the Telegram sender failed")
                    await asyncio.sleep(_IDLE_S)
        finally:
            await self._finish()

    async def _round(self) -> None:
        self._wake.clear()
        free = self._settings.senders - len(self._sending)
        if free > 0:
            for due in await self._outbox.due(free, busy=tuple(self._sending)):
                task = asyncio.create_task(self._carry(due))
                self._sending[due.conversation_id] = task
        try:
            async with asyncio.timeout(_IDLE_S):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _carry(self, due: Due) -> None:
        try:
            await self._calls.turn(due.external_id)
            if await self._outbox.start(due):
                outcome = await self._calls.send(due.external_id, due.body)
                await self._record(due, outcome)
        except Exception:
            self._metrics.failures.labels("telegram_sender").inc()
            _log.exception("a message could not be sent", message=due.id)
        finally:
            self._sending.pop(due.conversation_id, None)
            self._wake.set()

    async def _record(self, due: Due, outcome: Outcome) -> None:
        if outcome.state == "retry":
            if (now() - due.created_at).total_seconds() >= self._settings.give_up_s:
                outcome = Outcome("dead", f"given up after {due.attempts + 1} tries: {outcome.error}")
            else:
                delay = outcome.wait_s or min(60.0, 2.0 ** min(due.attempts, 6)) * random.random()
                await self._outbox.again(due, delay, outcome.error or "")
                asyncio.get_running_loop().call_later(delay + 0.01, self._wake.set)
                return
        await self._outbox.finish(due, outcome.state, outcome.error)
        if outcome.state != "sent":
            self._metrics.failures.labels(f"telegram_{outcome.state}").inc()
            _log.warning("a message was not delivered", message=due.id, reason=outcome.error)
        if outcome.blocked:
            await conversations.set_reachable(self._database, due.conversation_id, False)

    async def _finish(self) -> None:
        tasks = [*self._sending.values(), *self._presses]
        if tasks:
            _, left = await asyncio.wait(tasks, timeout=2)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)


def _wait(answer: dict[str, Any]) -> float:
    parameters = answer.get("parameters")
    wait = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return float(wait) if isinstance(wait, int | float) and not isinstance(wait, bool) else 0.0
