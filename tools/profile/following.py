"""How much a column rises where the rest of its row foresees a rise: 1 in whole rows, 0 in rows that were torn apart.

The mean residual hardly feels a column that is the same value in most rows; this slope does, dry days or wet.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.profile.counting import MILLION

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FEWEST_ROWS = 20
_ENOUGH_ROWS = 100
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Moments:
    """Rows, and sums over them of a rank r and the rank f that its row foresees, in millionths: they add up exactly."""

    rows: int = 0
    f: int = 0
    r: int = 0
    ff: int = 0
    rf: int = 0
    rr: int = 0

    def __add__(self, other: "Moments") -> "Moments":
        # Spelled out: weeks of windows are added up for every check.
        return Moments(
            self.rows + other.rows,
            self.f + other.f,
            self.r + other.r,
            self.ff + other.ff,
            self.rf + other.rf,
            self.rr + other.rr,
        )


@dataclass(frozen=True, slots=True)
class Slope:
    """A slope with its standard error."""

    value: float
    error: float


def moments(rank: Floats, foreseen: Floats) -> Moments:
    """Return the sums over rows with these ranks."""
    products = (foreseen, rank, foreseen * foreseen, rank * foreseen, rank * rank)
    return Moments(len(rank), *(int(np.rint(each * MILLION).sum()) for each in products))


def slope(sums: Moments) -> Slope | None:
    """Return the slope of the least-squares line through the rows; None where nothing was foreseen to differ."""
    if sums.rows < _FEWEST_ROWS:
        return None
    f, r, ff, rf, rr = (value / MILLION / sums.rows for value in (sums.f, sums.r, sums.ff, sums.rf, sums.rr))
    spread = ff - f * f
    if spread < _NOTHING:
        return None
    value = (rf - f * r) / spread
    left = max(rr - r * r - value * value * spread, _NOTHING)
    return Slope(value, float(np.sqrt(left / spread / sums.rows)))


def wander(windows: Sequence[Moments], whole: Slope) -> float:
    """Return how much the slopes of windows lie off that of all rows, beyond their own errors.

    Off all rows', not off their own mean: what moves together from season to season may not do so from day to day.
    """
    found = [each for sums in windows if (each := slope(sums))]
    if not found:
        return 0.0
    beyond = float(np.mean([(each.value - whole.value) ** 2 - each.error**2 for each in found]))
    return float(max(beyond, 0.0) ** 0.5)


def by_window(rank: Floats, foreseen: Floats, window: Ints) -> list[Moments]:
    """Return the sums of each window, those with few rows together with the next."""
    found, held = [], Moments()
    for number in np.unique(window):
        inside = window == number
        held += moments(rank[inside], foreseen[inside])
        if held.rows >= _ENOUGH_ROWS:
            found.append(held)
            held = Moments()
    return found
