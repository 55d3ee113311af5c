"""The fakes that play the outside, with a clock on their methods: what they take is no part of what is measured."""

import time
from collections.abc import Callable
from functools import partial
from threading import Lock, local
from typing import Any


class Outside:
    """Counts, over all threads, the processor's seconds that calls into some fakes took so far."""

    def __init__(self, *fakes: object) -> None:
        self.spent_s = 0.0
        self._here, self._lock = local(), Lock()
        for fake in fakes:
            for name in [name for name in dir(type(fake)) if not name.startswith("_")]:
                if callable(method := getattr(fake, name)):
                    setattr(fake, name, partial(self._timed, method))

    def _timed(self, method: Callable[..., Any], *given: Any, **named: Any) -> Any:
        if getattr(self._here, "inside", False):
            return method(*given, **named)
        self._here.inside, began = True, time.thread_time()
        try:
            return method(*given, **named)
        finally:
            self._here.inside = False
            with self._lock:
                self.spent_s += time.thread_time() - began
