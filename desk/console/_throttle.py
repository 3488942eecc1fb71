"""How often a sign-in may fail."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

_MOST_KEYS = 10_000


class Throttle:
    """Counts failures by key within a window, in memory, bounded in number.

    Args:
        failures: how many are allowed within the window.
        window_s: its length in seconds.
        clock: seconds, monotonic.
    """

    def __init__(self, failures: int, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._failures = failures
        self._window_s = window_s
        self._clock = clock
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, key: str) -> float:
        """Seconds until the next attempt may be made, 0.0 when it may be made now."""
        seen = self._seen.get(key)
        if seen is None:
            return 0.0
        while seen and seen[0] <= self._clock() - self._window_s:
            seen.popleft()
        return seen[0] + self._window_s - self._clock() if len(seen) >= self._failures else 0.0

    def failed(self, key: str) -> None:
        """Count an attempt; it is taken back by `forget` when it turns out well."""
        self._seen.setdefault(key, deque(maxlen=self._failures)).append(self._clock())
        self._seen.move_to_end(key)
        if len(self._seen) > _MOST_KEYS:
            self._seen.popitem(last=False)

    def forget(self, key: str) -> None:
        """Forget the failures of a key."""
        self._seen.pop(key, None)
