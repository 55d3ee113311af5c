"""How far a feature's own windows wander in the reference: each against all the others, never against itself.

Hours differ from one another, and rows come in sessions. A test that knows neither finds drift every night.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tools.profile.counts import CategoricalCounts, FeatureCounts, NumericCounts
from tools.profile.distance import Pools, chi_square, ordered_pools, unordered_pools
from tools.profile.significance import Null

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FEWEST_WINDOWS = 8
"""Below these a spread is guesswork, and chance alone is assumed."""
_FEWEST_PART = 0.1
"""A window with less than a tenth of the usual rows says little about the others."""
_MEAN_SQUARED_GAP = math.pi**2 / 12
"""Of a Brownian bridge's largest distance from 0."""
_ONE_SIDED = 4.0
"""How much more of the squared gap a mean that wanders needs: its tail is a normal's, exp(-x²/2), not exp(-2x²)."""


@dataclass(slots=True)
class Wandering:
    """Collects the buckets of the reference, in order of time; sums of them are the windows."""

    numeric: dict[str, list[Ints]] = field(default_factory=dict)
    """Feature → per bucket: nulls, NaN, then the bins."""
    categorical: dict[str, list[Ints]] = field(default_factory=dict)

    def add(self, counts: FeatureCounts) -> None:
        """Add the next bucket."""
        for name, part in counts.numeric.items():
            self.numeric.setdefault(name, []).append(_row(part, part.nans))
        for name, values in counts.categorical.items():
            self.categorical.setdefault(name, []).append(_row(values, 0))

    def nulls(self, together: int) -> dict[str, Null]:
        """Return each feature's null for windows of `together` buckets; none where there are too few windows."""
        found = {name: _null(_windows(rows, together), ordered=True) for name, rows in self.numeric.items()}
        found |= {name: _null(_windows(rows, together), ordered=False) for name, rows in self.categorical.items()}
        return {name: null for name, null in found.items() if null}


def _row(part: NumericCounts | CategoricalCounts, nans: int) -> Ints:
    return np.array([part.nulls, nans, *part.bins], np.int64)


def _windows(buckets: Sequence[Ints], together: int) -> Ints:
    """Return the sums of whole windows, counted from the end."""
    whole = len(buckets) // together
    rows = np.array(buckets[len(buckets) - whole * together :], np.int64)
    return rows.reshape(whole, together, -1).sum(1) if whole else np.empty((0, 2), np.int64)


def _null(windows: Ints, ordered: bool) -> Null | None:
    rows = windows.sum(1)
    filled = windows[rows >= _FEWEST_PART * rows.mean()] if rows.any() else windows[:0]
    if len(filled) < FEWEST_WINDOWS:
        return None
    missing = filled[:, :2] / filled.sum(1, keepdims=True)
    level, scale, gap = _spread(filled[:, 2:].astype(np.float64), ordered)
    return Null(level, scale, gap, _kept(missing[:, 0].max()), _kept(missing[:, 1].max()))


def _spread(bins: Floats, ordered: bool) -> tuple[float, float, float]:
    """Return level, scale and gap of a null; 1 each where there is nothing to compare."""
    bins = bins[bins.sum(1) > 0]
    whole = bins.sum(0)
    usual = float(bins.sum()) / max(len(bins), 1)
    if len(bins) < FEWEST_WINDOWS:
        return 1.0, 1.0, 1.0
    pools = (ordered_pools if ordered else unordered_pools)(tuple(whole.astype(np.int64).tolist()), usual)
    freedom = int(pools.max())
    if not freedom:
        return 1.0, 1.0, 1.0
    squares = _squares(bins, pools)
    level = max(1.0, float(squares.mean()) / freedom)
    # a times a chi-square with b degrees of freedom has the mean ab and the variance 2a²b.
    scale = max(1.0, float(squares.var(ddof=1)) / (2 * level * freedom))
    return _kept(level), _kept(scale), _kept(_gap(bins) if ordered else 1.0)


def _squares(bins: Floats, pools: Pools) -> Floats:
    windows = bins @ (pools[:, None] == np.arange(pools.max() + 1))
    return chi_square(windows.sum(0) - windows, windows)


def _gap(bins: Floats) -> float:
    cumulated = np.cumsum(bins, 1)
    rest = cumulated.sum(0) - cumulated
    old, new = rest[:, -1], cumulated[:, -1]
    largest = np.abs(cumulated / new[:, None] - rest / old[:, None]).max(1)
    excess = float((largest**2 * old * new / (old + new)).mean()) - _MEAN_SQUARED_GAP
    return math.sqrt(max(1.0, 1.0 + _ONE_SIDED * excess))


def _kept(value: float) -> float:
    """Round what is stored: the last digits depend on the machine."""
    return float(f"{value:.9g}")
