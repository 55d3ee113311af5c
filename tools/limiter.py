"""When each host may be asked again: one limiter for all models of a process."""

import time
from collections.abc import Callable
from threading import Lock

_LONGEST_WAIT_S = 60.0


class Limiter:
    """Keeps the distance that hosts ask for: a 429 to one model is meant for all."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._until: dict[str, float] = {}
        self._lock = Lock()

    def hold(self, host: str, seconds: float) -> None:
        """Ask nothing of the host for so many seconds."""
        with self._lock:
            self._until[host] = max(self._until.get(host, 0.0), self._clock() + seconds)

    def turn(self, host: str) -> float:
        """Wait until the host may be asked. Return the seconds still to wait where that is longer than a minute."""
        with self._lock:
            rest = self._until.get(host, 0.0) - self._clock()
        if rest > _LONGEST_WAIT_S:
            return rest
        if rest > 0:
            self._sleep(rest)
        return 0.0
