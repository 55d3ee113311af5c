"""Count one numeric feature, batch by batch: a batch is sorted once, and everything is read off the sorted values."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tools.profile.arrays import between, numbers
from tools.profile.counts import NumericCounts
from tools.profile.frequent import Frequent, frequent_numbers
from tools.profile.profile import Cuts
from tools.profile.sketch import LogCounting

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Limits:
    """The smallest and the largest value of the reference; none while the reference itself is counted."""

    low: float | None = None
    high: float | None = None


class NumericCounting:
    """Adds up the rows of one numeric column."""

    def __init__(self, cuts: Cuts, limits: Limits, sorter: "Sorter") -> None:
        self._cuts, self._limits, self._sorter = cuts, limits, sorter
        self._bins = np.zeros(cuts.bins, np.int64)
        self._rows = self._nulls = self._nans = self._below = self._above = 0
        self._low: float | None = None
        self._high: float | None = None
        self._sizes = LogCounting()
        self._frequent = Frequent()

    def add(self, column: pa.Array) -> None:
        """Count a batch of numbers."""
        present = column.drop_null() if column.null_count else column
        values = self._sorter.ascending(present)
        self._rows += len(column)
        self._nulls += column.null_count
        self._nans += len(present) - len(values)
        if len(values):
            self._add(values)

    def counts(self) -> NumericCounts:
        """Return what was counted."""
        return NumericCounts(
            bins=tuple(self._bins.tolist()),
            rows=self._rows,
            nulls=self._nulls,
            nans=self._nans,
            below=self._below,
            above=self._above,
            low=self._low,
            high=self._high,
            sizes=self._sizes.histogram(),
            frequent=self._frequent,
        )

    def _add(self, values: Floats) -> None:
        self._bins += between(values.searchsorted(self._cuts.edges(values.dtype)), len(values))
        self._below += _below(values, self._limits.low)
        self._above += _above(values, self._limits.high)
        # Adding 0.0 turns -0.0 into 0.0, which Postgres would do silently and so change the digest.
        low, high = float(values[0]) + 0.0, float(values[-1]) + 0.0
        self._low = low if self._low is None else min(low, self._low)
        self._high = high if self._high is None else max(high, self._high)
        self._sizes.add(values)
        self._frequent += frequent_numbers(values)


class Sorter:
    """Sorts columns one after the other in memory that it keeps: fresh memory would cost as much as the sort itself."""

    def __init__(self) -> None:
        self._memory: dict[np.dtype[Any], Floats] = {}

    def ascending(self, column: pa.Array) -> Floats:
        """Return the finite values of a column without nulls, in order; the next call overwrites them."""
        wide = column if pa.types.is_floating(column.type) else column.cast(pa.float64(), safe=False)
        values = self._copied(numbers(wide))
        # A sort of some ten thousand values runs in the processor's cache, at a fraction of a search per value.
        values.sort()
        if len(values) and not (values[0] > -np.inf and values[-1] < np.inf):
            # NaN is sorted behind infinity.
            return values[values.searchsorted(-np.inf, side="right") : values.searchsorted(np.inf)]
        return values

    def _copied(self, values: Floats) -> Floats:
        held = self._memory.get(values.dtype)
        if held is None or len(held) < len(values):
            held = self._memory[values.dtype] = np.empty(len(values), values.dtype)
        copy = held[: len(values)]
        copy[:] = values
        return copy


def _below(values: Floats, limit: float | None) -> int:
    return 0 if limit is None else int(values.searchsorted(_as_precise(limit, values)))


def _above(values: Floats, limit: float | None) -> int:
    return 0 if limit is None else len(values) - int(values.searchsorted(_as_precise(limit, values), side="right"))


def _as_precise(limit: float, values: Floats) -> np.floating:
    """Return the limit in the column's own precision: 0.1 in 32 bits is not below 0.1 in 64."""
    with np.errstate(over="ignore"):
        found: np.floating = values.dtype.type(limit)
    return found
