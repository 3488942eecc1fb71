"""Long polling: asking a platform for news again and again, through whatever trouble there is."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

from bot.channels.contract import Switches
from bot.channels.receiving import Receiver
from bot.metrics import Metrics

_log = structlog.get_logger(__name__)
_IDLE_S = 2.0
_LONGEST_S = 15.0


class PollFailed(Exception):
    """The platform refused the call.

    Args:
        reason: its words; holds no token.
        wait_s: seconds it asks us to wait, 0.0 when it does not say.
    """

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


async def run(once: Callable[[], Awaitable[None]], receiver: Receiver, switches: Switches, metrics: Metrics) -> None:
    """Call `once` until cancelled; trouble is waited out, and nothing is asked for while there is no room."""
    failures = 0
    while True:
        try:
            if switches.mode(receiver.name) == "closed" or await receiver.full():
                await asyncio.sleep(_IDLE_S)
                continue
            await once()
            failures = 0
        except Exception as error:
            failures += 1
            wait = getattr(error, "wait_s", 0.0) or min(_LONGEST_S, 2.0 ** min(failures, 6) * random.random())
            metrics.failures.labels(f"{receiver.name}_poll").inc()
            # The token is part of the address: another error's own text may hold it.
            _log.warning(
                "the platform gives no news",
                channel=receiver.name,
                reason=str(error) if isinstance(error, PollFailed) else type(error).__name__,
                wait_s=round(wait, 1),
            )
            await asyncio.sleep(wait)
