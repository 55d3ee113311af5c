"""Answers that the checks of many models share: whoever comes first asks, the others of that minute are told."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, TypeVar

from graph.errors import AutopilotError

T = TypeVar("T")

GOOD_FOR = timedelta(minutes=1)
"""An answer holds for checks whose time lies up to so much after the one that it was asked for."""


@dataclass(slots=True)
class _Held:
    """The newest answer to one question, or the failure to get one. One caller at a time looks."""

    lock: Lock = field(default_factory=Lock)
    at: datetime | None = None
    answer: Any = None
    failure: AutopilotError | None = None


class SharedAnswers:
    """One for all models of a process. Failures are shared too: a server that is away is not asked 200 times."""

    def __init__(self) -> None:
        self._held: dict[Hashable, _Held] = {}
        self._lock = Lock()

    def get(self, question: Hashable, now: datetime, ask: Callable[[], T]) -> T:
        """Return the answer that `ask` gives as of `now`, or an earlier one of the same minute. Raises what it raised.

        A question says everything that its answer depends on but the time.
        """
        with self._lock:
            held = self._held.setdefault(question, _Held())
        with held.lock:
            if held.at is None or not held.at <= now < held.at + GOOD_FOR:
                self._ask(held, now, ask)
            if held.failure:
                # A new one for everybody: an error that is raised twice carries the story of both.
                raise type(held.failure)(held.failure.message, held.failure.hint)
            answer: T = held.answer
            return answer

    def _ask(self, held: _Held, now: datetime, ask: Callable[[], Any]) -> None:
        held.at = held.failure = held.answer = None
        try:
            held.answer = ask()
        except AutopilotError as error:
            held.failure = error.with_traceback(None)
        held.at = now
