"""How often one person, or one address, may ask: a bucket each that fills again with time."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from autopilot.api.problems import TooMany

_KEPT = 10_000
"""Who is remembered; the one that asked longest ago is forgotten first, when its bucket is full again anyway."""


class Rate:
    """Lets `burst` requests through at once and `per_second` on average, for each."""

    def __init__(
        self, per_second: float = 20.0, burst: float = 100.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second, self._burst, self._clock = per_second, burst, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def require(self, who: str) -> None:
        """Return when one more request may pass. TooMany otherwise."""
        with self._lock:
            now = self._clock()
            left, at = self._buckets.pop(who, (self._burst, now))
            left = min(self._burst, left + (now - at) * self._per_second)
            # What was refused took nothing: the rest goes on filling.
            self._buckets[who] = (left - 1 if left >= 1 else left, now)
            if len(self._buckets) > _KEPT:
                self._buckets.popitem(last=False)
        if left < 1:
            raise TooMany(f"too many requests of this {who.partition(' ')[0]}", "wait a second between them")
