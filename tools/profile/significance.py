"""How likely a window would lie so far from the reference by chance, if it had moved no further than nobody minds.

Significance alone calls every large window drifted, an effect alone every small one. So each test asks about a
tolerance: whether the window lies beyond it for certain. One rule then serves 200 rows and ten million.
"""

import math
from dataclasses import dataclass

from tools.profile.distance import Distance
from tools.profile.tails import at_least, chi_square, highest_share, kolmogorov

TOLERATED_PSI = 0.005
"""A mean that moves by 0.07 standard deviations."""
TOLERATED_GAP = 0.03
"""Of the cumulated shares: the same mean, for a normal feature."""
TOLERATED_GROWTH = 1.5
TOLERATED_SHARE = 0.001
"""Rows with a fault: half as many again as in the reference, and one in a thousand where it had none."""


@dataclass(frozen=True, slots=True)
class Null:
    """How far a feature's own windows wander in the reference, beside what chance explains. Each is at least 1.

    Chi-square is `scale` times one with `level / scale` times its degrees of freedom, …
    """

    level: float = 1.0
    scale: float = 1.0
    gap: float = 1.0
    """… and the Kolmogorov-Smirnov distance is this many times as wide."""
    nulls: float = 0.0
    """The largest share of nulls in a window of the reference, and of NaN."""
    nans: float = 0.0


def of_distance(distance: Distance, null: Null) -> float:
    """Return the p-value of a chi-square statistic against `TOLERATED_PSI`."""
    freedom = null.level * distance.freedom / null.scale
    return chi_square(distance.square / null.scale, freedom, TOLERATED_PSI * distance.effective / null.scale)


def of_gap(gap: float, effective: float, null: Null) -> float:
    """Return the p-value of a Kolmogorov-Smirnov distance, or of a bound below it, against `TOLERATED_GAP`."""
    return kolmogorov(max(0.0, gap - TOLERATED_GAP) * math.sqrt(effective) / null.gap)


def of_either(*found: float) -> float:
    """Return the p-value of several tests of one question: the smallest, paid for by their number."""
    return min(1.0, len(found) * min(found))


def of_share(count: int, rows: int, before: int, before_rows: int, largest: float = 0.0) -> float:
    """Return the p-value of `count` faulty rows, given `before` in the reference and the largest share of a window.

    Exact: the reference's own share is taken as high as its rows allow, and the billionth chance that it was higher
    still is added.
    """
    share = max(highest_share(before, before_rows), largest) if before_rows else 1.0
    tolerated = TOLERATED_GROWTH * share + TOLERATED_SHARE
    if tolerated >= 1 or count <= rows * tolerated:
        return 1.0
    return min(1.0, at_least(count, rows, tolerated) + 1e-9)
