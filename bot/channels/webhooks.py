"""Webhooks: a platform's request is checked, written down and answered, in this order and quickly.

A platform repeats what is not answered with success, so whatever cannot be kept at the moment is answered 503: it comes
again. What was kept once is answered 200 however often it comes.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import structlog
from aiohttp import web

from bot import sentences
from bot.channels.contract import Channel, Event, Forged, Switches
from bot.channels.receiving import Receiver
from bot.http import Refused, respond
from bot.metrics import Metrics

_log = structlog.get_logger(__name__)
LARGEST = 256 * 1024  # bytes of one request; the longest text of a platform is a few KiB
_BODY_S = 5.0
# Zalo counts an answer after 2 s as none, and switches the webhook off after a few of these.
_ANSWER_S = 1.5
_PAUSE_S = 30.0
_CHUNK = 64 * 1024
# A platform's events are not a tenth as deep; Python reads deeper ones than it can write down again.
_DEEPEST = 100
_SAID_S = 60.0


class Forgeries:
    """Says that forged requests come: the first at once, then at most once a minute with how many there were.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, channel: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._channel = channel
        self._clock = clock
        self._said: float | None = None
        self._count = 0

    def note(self, reason: str) -> None:
        """One more has come."""
        self._count += 1
        moment = self._clock()
        if self._said is not None and moment - self._said < _SAID_S:
            return
        _log.warning("a webhook's requests are not genuine", channel=self._channel, reason=reason, count=self._count)
        self._said, self._count = moment, 0


class Webhook:
    """The webhook of one channel.

    Args:
        full: whether there is no room to keep anything (besides a backlog, which the receiver knows).
    """

    def __init__(
        self,
        channel: Channel,
        receiver: Receiver,
        switches: Switches,
        metrics: Metrics,
        *,
        full: Callable[[], bool] = lambda: False,
    ) -> None:
        assert channel.door is not None, "the channel has no webhook"
        self._channel = channel
        self._door = channel.door
        self._receiver = receiver
        self._switches = switches
        self._metrics = metrics
        self._full = full
        self._forgeries = Forgeries(channel.name)
        self._writing: set[asyncio.Task[None]] = set()

    def add_routes(self, app: web.Application) -> None:
        """Put the webhook into the public app."""
        app.router.add_post(self._door.path, self._receive)

    async def _receive(self, request: web.Request) -> web.Response:
        if self._switches.mode(self._channel.name) == "closed":
            raise Refused(503, "closed", "Kênh này đang tạm đóng.", retry_after_s=_PAUSE_S)
        body = await _body(request)
        try:
            self._door.verify(request.headers, body)
        except Forged as error:
            self._metrics.failures.labels(f"{self._channel.name}_forged").inc()
            self._forgeries.note(str(error))
            raise Refused(401, "not_genuine", "Yêu cầu không có chữ ký hợp lệ.") from None
        events = self._door.parse(_json(body))
        # A database that does not even refuse would take longer than the platform waits.
        async with asyncio.timeout(_ANSWER_S):
            full = self._full() or await self._receiver.full()
        if full:
            raise Refused(503, "busy", sentences.BUSY, retry_after_s=_PAUSE_S)
        await self._keep(events)
        return respond({"ok": True})

    async def _keep(self, events: Sequence[Event]) -> None:
        work = asyncio.create_task(self._take(events))
        self._writing.add(work)
        work.add_done_callback(self._writing.discard)
        done, _ = await asyncio.wait({work}, timeout=_ANSWER_S)
        if not done:
            # It may still be written; the platform's repetition is then recognised.
            work.add_done_callback(_look_at_error)
            raise Refused(503, "slow", "Máy chủ đang chậm.", retry_after_s=_PAUSE_S)
        work.result()

    async def _take(self, events: Sequence[Event]) -> None:
        await self._receiver.take(events)
        await self._channel.taken(events)


def _look_at_error(work: asyncio.Task[None]) -> None:
    if not work.cancelled() and work.exception() is not None:
        _log.error("a webhook's content could not be written down", reason=type(work.exception()).__name__)


async def _body(request: web.Request) -> bytes:
    held = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            while chunk := await request.content.read(_CHUNK):
                held += chunk
                if len(held) > LARGEST:
                    raise Refused(413, "too_large", "Yêu cầu quá lớn.")
    except TimeoutError:
        raise Refused(408, "too_slow", "Đường truyền quá chậm, yêu cầu chưa đến đủ.") from None
    return bytes(held)


def _json(body: bytes) -> Any:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "not_json", "Nội dung không phải JSON hợp lệ.") from None
    if _too_deep(content):
        raise Refused(400, "too_deep", "Nội dung lồng quá nhiều lớp.")
    return content


def _too_deep(content: Any) -> bool:
    """Whether values lie within one another more than `_DEEPEST` times."""
    level = [content]
    for _ in range(_DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
