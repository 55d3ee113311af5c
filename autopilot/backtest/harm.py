"""Harm as the stored evidence has it: wrong decisions beyond the foreseen ones, before and after a policy acted."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from autopilot.backtest.line import Step
from graph.evidence import Evidence, HarmWindow

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Served:
    """One window of one version, and the wrong decisions in it beyond what its calibrated scores foresee."""

    champion: str
    start: datetime
    end: datetime
    rows: int
    excess: float


@dataclass(frozen=True, slots=True)
class Harm:
    """Wrong decisions beyond the foreseen ones, as really served; below zero where chance was kind."""

    before: float
    """In windows from before the policy first acted on the version that served them."""
    after: float
    """In windows from then on: a perfect cure at once would have avoided all of it, and no cure more."""


@dataclass
class Ground:
    """Every window that any check saw; what a later check saw of it replaces what an earlier one did."""

    since: datetime | None = None
    windows: dict[tuple[str, datetime, datetime], HarmWindow] = field(default_factory=dict)

    def add(self, evidence: Evidence) -> None:
        """Take in what one check saw of the serving version."""
        for window in evidence.harm:
            if evidence.champion and window.rows and (self.since is None or window.start >= self.since):
                self.windows[(evidence.champion, window.start, window.end)] = window

    def served(self) -> tuple[Served, ...]:
        """Return the windows, oldest first."""
        found = [
            Served(champion, start, end, window.rows, round(window.wrong_excess, _DIGITS))
            for (champion, start, end), window in self.windows.items()
        ]
        return tuple(sorted(found, key=lambda each: (each.start, each.end, each.champion)))


def split(served: Iterable[Served], steps: Iterable[Step]) -> Harm | None:
    """Return the harm before and after a policy first acted on each version; None where no window was measured."""
    acted: dict[str | None, datetime] = {}
    for step in steps:
        if step.course is not None:
            acted.setdefault(step.champion, step.at)
    before, after, seen = 0.0, 0.0, False
    for window in served:
        seen, at = True, acted.get(window.champion)
        if at is not None and window.start >= at:
            after += window.excess
        else:
            before += window.excess
    return Harm(round(before, _DIGITS), round(after, _DIGITS)) if seen else None
