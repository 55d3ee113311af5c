"""A histogram over logarithmic buckets: quantiles of values of any size within 2 %, which merge exactly."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tools.profile.arrays import between
from tools.profile.merging import both

Whole = NDArray[np.int64]
Floats = NDArray[np.float64]

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
            both(self.positive, other.positive),
            both(self.negative, other.negative),
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
        sign, bucket, rows = self._ascending()
        ends = np.cumsum(rows)
        if not len(ends):
            raise ValueError("no rows, no quantiles")
        ranks = np.array(levels) * ends[-1]
        cell = np.minimum(np.searchsorted(ends, ranks), len(ends) - 1)
        inside = (ranks - (ends[cell] - rows[cell])) / rows[cell]
        above = bucket[cell] + np.where(sign[cell] > 0, inside, 1 - inside)
        return [float(value) for value in sign[cell] * np.exp(_STEP * above)]

    def _ascending(self) -> tuple[Whole, Whole, Whole]:
        """Return sign, bucket and rows of the filled buckets, in the order of the values."""
        below, above = _in_order(self.negative)[:, ::-1], _in_order(self.positive)
        zero = np.array([[0], [self.zeros]]) if self.zeros else np.empty((2, 0), np.int64)
        sign = np.repeat([-1, 0, 1], [below.shape[1], zero.shape[1], above.shape[1]])
        bucket, rows = np.concatenate([below, zero, above], axis=1)
        return sign, bucket, rows


def _in_order(rows: dict[int, int]) -> Whole:
    """Return buckets and their rows, the smallest bucket first."""
    held = np.array([list(rows.keys()), list(rows.values())], np.int64)
    return held[:, np.argsort(held[0])]


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
    counting = LogCounting()
    counting.add(np.sort(values))
    return counting.histogram()


class LogCounting:
    """Counts finite values batch by batch."""

    def __init__(self) -> None:
        self._zeros = 0
        self._rows = (_Buckets(), _Buckets())

    def add(self, ascending: NDArray[np.floating]) -> None:
        """Count values that are in order."""
        values = ascending.astype(np.float64, copy=False)
        first, last = int(values.searchsorted(0.0)), int(values.searchsorted(0.0, side="right"))
        self._zeros += last - first
        negative, positive = self._rows
        if first:
            below = values[:first]
            negative.add(-below[-1], -below[0], first, lambda sizes: first - below.searchsorted(-sizes, side="right"))
        if last < len(values):
            above = values[last:]
            positive.add(above[0], above[-1], len(above), above.searchsorted)

    def histogram(self) -> LogHistogram:
        """Return what was counted."""
        negative, positive = self._rows
        return LogHistogram(self._zeros, positive=positive.filled(), negative=negative.filled())


class _Buckets:
    """Rows per bucket, of sizes above 0."""

    def __init__(self) -> None:
        self._rows: NDArray[np.int64] | None = None

    def add(self, smallest: float, largest: float, rows: int, smaller: Callable[[Floats], Whole]) -> None:
        """Add `rows` sizes; `smaller` tells how many of them are smaller than each of these."""
        if self._rows is None:
            self._rows = np.zeros(_LAST - _FIRST + 1, np.int64)
        first, last = np.searchsorted(_STARTS, [smallest, largest], side="right")
        # Only the buckets between the smallest and the largest size can have rows.
        self._rows[first : last + 1] += between(smaller(_STARTS[first:last]), rows)

    def filled(self) -> dict[int, int]:
        if self._rows is None:
            return {}
        met = np.flatnonzero(self._rows)
        return dict(zip((met + _FIRST).tolist(), self._rows[met].tolist(), strict=True))


def _starts() -> NDArray[np.float64]:
    """Return the smallest size of each bucket but the first, which has none.

    By multiplication: a logarithm may differ in its last digit from one processor to another, and so would the counts.
    """
    rising = np.cumprod(np.full(max(_LAST, -_FIRST) + 1, 1.04))
    return np.concatenate([1 / rising[: -_FIRST - 1][::-1], [1.0], rising[:_LAST]])


_STARTS = _starts()
