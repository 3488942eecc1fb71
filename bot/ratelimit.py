"""Token buckets: how fast one session, chat or network address may send."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable


class RateLimiter:
    """A bucket of tokens for each key, in memory, bounded in number.

    Args:
        burst: tokens a full bucket holds.
        rate: tokens that come back a second.
        keys: how many buckets are kept; the ones not used longest are dropped.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        burst: int,
        rate: float,
        *,
        keys: int = 50_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._burst = float(burst)
        self._rate = rate
        self._keys = keys
        self._clock = clock
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable) -> float:
        """Take a token; returns 0.0, or the seconds to wait when there is none."""
        moment = self._clock()
        tokens, seen = self._buckets.get(key, (self._burst, moment))
        tokens = min(self._burst, tokens + (moment - seen) * self._rate)
        wait = 0.0
        if tokens >= 1.0:
            tokens -= 1.0
        else:
            wait = (1.0 - tokens) / self._rate
        self._buckets[key] = (tokens, moment)
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._keys:
            self._buckets.popitem(last=False)
        return wait
