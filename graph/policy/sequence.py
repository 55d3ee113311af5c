"""A sequential test for harm: may be looked at after every window, remembers when the harm began, and replays.

An e-process on the windows' unexplained loss (Podkopaev and Ramdas 2022) in the form of a CUSUM (e-detectors, Shin,
Ramdas and Rinaldo 2022): it restarts whenever it has nothing to show, and its last restart is the estimated change. Two
losses are watched, Brier excess and wrong decisions, since the first is blind where scores are near one half.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from graph.evidence import HarmWindow, LossWindow

BETS = (0.1, 0.2, 0.4, 0.8, 1.6)
RUN_LENGTH = 2000.0
"""Windows without harm between two false alarms, on average."""
_MEMORY = 60
_FEWEST_DIFFERENCES = 8
_MEDIAN_OF_DIFFERENCES = 0.954
"""Median |difference| of two independent standard normal values."""
_FIRST_SPREAD = 2.0
"""How many times wider windows are taken to spread than rows explain, until eight of them have shown it."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Excess per row that is not harm: the price of a retrain over the horizon, and the reference's own error."""

    brier: float
    wrong: float


@dataclass(frozen=True, slots=True)
class Sequential:
    """Where the test stands after the newest window."""

    log_e: float = 0.0
    since: datetime | None = None
    """Start of the window with which the harm began, if it did."""
    windows: int = 0
    rows: int = 0
    wrong_rate: float = 0.0
    """Unforeseen wrong decisions per row since then."""
    brier_rate: float = 0.0
    newest: float = 0.0
    """The newest window's excess in its own standard deviations."""
    spread: float = 1.0
    """Variance between windows as a multiple of what rows explain."""

    @property
    def alarm(self) -> bool:
        """Tell whether there is harm, in the newest window too."""
        return self.log_e > math.log(RUN_LENGTH) and self.newest > 1


def follow(windows: Sequence[HarmWindow], tolerance: Tolerance) -> Sequential:
    """Return the test after these windows of one version, oldest first."""
    walk = _Walk(tolerance)
    for place, window in enumerate(windows):
        if window.rows:
            walk.add(place, window)
    return walk.end(windows)


def along(windows: Sequence[HarmWindow], tolerance: Tolerance) -> Iterator[Sequential]:
    """Yield where the test stands after each of these windows, as `follow` returns it for that many."""
    walk = _Walk(tolerance)
    for place, window in enumerate(windows):
        if window.rows:
            walk.add(place, window)
        yield walk.end(windows[: place + 1])


def follow_losses(windows: Sequence[LossWindow], tolerance: float) -> Sequential:
    """Return the test after these windows of a regression, whose one bounded loss takes the place of both.

    The bets hold for any excess of at most 1 with the foreseen variance (Bennett's bound), and a bounded loss has no
    larger one. `tolerance`: excess per row that is not harm.
    """
    both = [
        HarmWindow(each.start, each.end, each.rows, each.excess, each.variance, 0, each.excess, each.variance)
        for each in windows
    ]
    return follow(both, Tolerance(tolerance, tolerance))


class _Walk:
    """The test on its way from window to window."""

    def __init__(self, tolerance: Tolerance) -> None:
        self.tolerance = tolerance
        self.logs = [0.0] * (2 * len(BETS))
        self.starts = [-1] * (2 * len(BETS))
        self.scores: list[float] = []
        self.newest = 0.0
        self.spread = _FIRST_SPREAD

    def add(self, place: int, window: HarmWindow) -> None:
        """Take in one window."""
        deviation = math.sqrt(window.brier_variance + 1e-9)
        self.scores.append(window.brier_excess / deviation)
        self.spread = _spread(self.scores, self.spread)
        brier = window.brier_excess - self.tolerance.brier * window.rows
        wrong = window.wrong_excess - self.tolerance.wrong * window.rows
        self.newest = max(brier / deviation, wrong / math.sqrt(window.wrong_variance + 1e-9))
        gains = [(brier, self.spread * window.brier_variance), (wrong, self.spread * window.wrong_variance)]
        for index in range(len(self.logs)):
            gain, variance = gains[index // len(BETS)]
            bet = BETS[index % len(BETS)]
            if self.logs[index] <= 0 or self.starts[index] < 0:
                self.starts[index] = place
            self.logs[index] = max(0.0, self.logs[index]) + bet * gain - (math.exp(bet) - 1 - bet) * variance

    def end(self, windows: Sequence[HarmWindow]) -> Sequential:
        """Return where the test stands."""
        if not self.scores:
            return Sequential()
        highest = max(self.logs)
        log_e = highest + math.log(sum(math.exp(value - highest) for value in self.logs) / len(self.logs))
        start = self.starts[self.logs.index(highest)]
        since = [window for window in windows[start:] if window.rows]
        rows = sum(window.rows for window in since)
        return Sequential(
            log_e=log_e,
            since=since[0].start,
            windows=len(since),
            rows=rows,
            wrong_rate=sum(window.wrong_excess for window in since) / rows,
            brier_rate=sum(window.brier_excess for window in since) / rows,
            newest=self.newest,
            spread=self.spread,
        )


def _spread(scores: Sequence[float], before: float) -> float:
    """Return the variance between windows, robustly from successive differences: a lasting change is one of them."""
    recent = scores[-_MEMORY:]
    differences = sorted(abs(a - b) for a, b in zip(recent[1:], recent[:-1], strict=True))
    if len(differences) < _FEWEST_DIFFERENCES:
        return max(1.0, before)
    middle = len(differences) // 2
    median = differences[middle] if len(differences) % 2 else (differences[middle - 1] + differences[middle]) / 2
    return max(1.0, (median / _MEDIAN_OF_DIFFERENCES) ** 2)
