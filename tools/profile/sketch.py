"""A histogram over logarithmic buckets: quantiles of values of any size within 2 %, which merge exactly."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

_STEP = float(np.log(1.04))
_FIRST, _LAST = -704, 1057
"""Buckets of 1e-12 and 1e18; what lies outside is counted in the outermost bucket."""


@dataclass(frozen=True, slots=True)
class LogHistogram:
    """Rows per bucket `k`, which holds sizes in [1.04**k, 1.04**(k+1))."""

    zeros: int = 0
    positive: dict[int, int] = field(default_factory=dict)
    negative: dict[int, int] = field(default_factory=dict)

    def __add__(self, other: "LogHistogram") -> "LogHistogram":
        return LogHistogram(
            self.zeros + other.zeros,
            dict(Counter(self.positive) + Counter(other.positive)),
            dict(Counter(self.negative) + Counter(other.negative)),
        )

    @property
    def rows(self) -> int:
        """Return the number of values."""
        return self.zeros + sum(self.positive.values()) + sum(self.negative.values())

    def divided(self, factor: float) -> "LogHistogram":
        """Return the histogram of the values divided by a positive factor, to the nearest bucket."""
        shift = round(float(np.log(factor)) / _STEP)
        return LogHistogram(
            self.zeros,
            {bucket - shift: rows for bucket, rows in self.positive.items()},
            {bucket - shift: rows for bucket, rows in self.negative.items()},
        )

    def quantiles(self, levels: tuple[float, ...]) -> list[float]:
        """Return the values below which these shares of the rows lie. Raises ValueError when there are no rows."""
        cells = self._ascending()
        ends = list(accumulate(rows for _, _, rows in cells))
        if not ends:
            raise ValueError("no rows, no quantiles")
        return [self._at(level * ends[-1], cells, ends) for level in levels]

    def _ascending(self) -> list[tuple[int, int, int]]:
        """Return (sign, bucket, rows) in the order of the values."""
        below = [(-1, bucket, self.negative[bucket]) for bucket in sorted(self.negative, reverse=True)]
        zero = [(0, 0, self.zeros)] if self.zeros else []
        return [*below, *zero, *((1, bucket, self.positive[bucket]) for bucket in sorted(self.positive))]

    @staticmethod
    def _at(rank: float, cells: list[tuple[int, int, int]], ends: list[int]) -> float:
        index = next((k for k, end in enumerate(ends) if end >= rank), len(ends) - 1)
        sign, bucket, rows = cells[index]
        if sign == 0:
            return 0.0
        inside = (rank - (ends[index] - rows)) / rows
        return sign * float(np.exp(_STEP * (bucket + (inside if sign > 0 else 1 - inside))))


def gap(left: LogHistogram, right: LogHistogram) -> float:
    """Return the largest difference in the share of rows up to a value, if values may be one bucket apart.

    Without that allowance a frequent value that falls beside a bucket's edge would count as all its rows.
    """
    sizes = {*left.positive, *left.negative, *right.positive, *right.negative, 0}
    first, last = min(sizes) - 1, max(sizes) + 1
    before, after = _cumulated(left, first, last), _cumulated(right, first, last)
    return float(max((before[:-1] - after[1:]).max(), (after[:-1] - before[1:]).max(), 0.0))


def _cumulated(histogram: LogHistogram, first: int, last: int) -> NDArray[np.float64]:
    below = [histogram.negative.get(bucket, 0) for bucket in range(last, first - 1, -1)]
    above = [histogram.positive.get(bucket, 0) for bucket in range(first, last + 1)]
    cumulated: NDArray[np.float64] = np.cumsum([*below, histogram.zeros, *above]) / histogram.rows
    return cumulated


def log_histogram(values: NDArray[np.floating]) -> LogHistogram:
    """Count finite values."""
    return LogHistogram(
        zeros=int(np.count_nonzero(values == 0)),
        positive=_buckets(values[values > 0]),
        negative=_buckets(-values[values < 0]),
    )


def _buckets(sizes: NDArray[np.floating]) -> dict[int, int]:
    if not sizes.size:
        return {}
    index = np.clip(np.floor(np.log(sizes.astype(np.float64)) / _STEP), _FIRST, _LAST).astype(np.int64) - _FIRST
    rows = np.bincount(index)
    return {int(bucket) + _FIRST: int(rows[bucket]) for bucket in np.flatnonzero(rows)}
