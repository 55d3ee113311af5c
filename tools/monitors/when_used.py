"""A monitor that is made when it is first asked: who only shows or approves needs no login to where data are."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path

from graph.evidence import Evidence, LookBack
from graph.model import Holdout
from graph.ports import Monitor


class MonitorWhenUsed:
    """Implements graph.ports.Monitor. What is missing for it is Misconfigured at the first question."""

    def __init__(self, make: Callable[[], Monitor]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Monitor:
        return self._make()

    def measure(self, champion: str | None, now: datetime) -> Evidence:
        """Ask the monitor."""
        return self._made.measure(champion, now)

    def look_back(self, start: datetime, now: datetime) -> LookBack | None:
        """Ask the monitor."""
        return self._made.look_back(start, now)

    def holdout(
        self, start: datetime, end: datetime, now: datetime, exclude: Sequence[tuple[datetime, datetime]], to: Path
    ) -> Holdout:
        """Ask the monitor."""
        return self._made.holdout(start, end, now, exclude, to)
