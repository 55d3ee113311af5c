"""Turn reference rows into the feature profile: a sample chooses the bins, an exact count fills them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tools.profile.arrays import numbers
from tools.profile.categorical import tallied
from tools.profile.counting import no_features
from tools.profile.counts import CategoricalCounts, FeatureCounts, NumericCounts
from tools.profile.frequent import Frequent
from tools.profile.profile import CategoricalProfile, Cuts, FeatureProfile, NumericProfile

SAMPLE_ROWS = 200_000
TABLE_VALUES = 1_000
_SLICES = 32
_DISCRETE = 20
"""A feature with this few distinct values gets a bin for each."""
_TAIL_ROWS = 4
_FEWEST_ROWS = 20
"""In a window, before the share of one value in it means anything."""
_MOST_VALUES = 50_000
"""Distinct values remembered while counting a reference; the rarest are forgotten beyond."""


@dataclass(slots=True)
class Sampler:
    """Collects what the bins are chosen from, batch by batch: every `stride`-th number, every text with its rows."""

    stride: int
    _position: int = 0
    _numbers: dict[str, list[NDArray[np.float64]]] = field(default_factory=dict)
    _texts: dict[str, Counter[str]] = field(default_factory=dict)
    _forgotten: set[str] = field(default_factory=set)

    def add(self, columns: Mapping[str, pa.Array], rows: int) -> None:
        """Take note of a batch of feature columns, each numeric, string or null."""
        first = -self._position % self.stride
        self._position += rows
        for name, column in columns.items():
            if pa.types.is_string(column.type) or pa.types.is_dictionary(column.type):
                self._add_texts(name, column)
            elif not pa.types.is_null(column.type):
                self._numbers.setdefault(name, []).append(_finite(column[first :: self.stride]))

    def mixed(self) -> list[str]:
        """Return the features that held numbers in one place and text in another."""
        return sorted(self._numbers.keys() & self._texts.keys())

    def bins(self, features: tuple[str, ...], start: datetime, end: datetime) -> FeatureProfile:
        """Return the profile's shape, nothing counted yet; a feature without any value is numeric with one bin."""
        numeric, categorical = {}, {}
        for name in features:
            if name in self._texts:
                values = tuple(sorted(value for value, _ in self._ranked(name)[:TABLE_VALUES]))
                pooled = name in self._forgotten or len(self._texts[name]) > TABLE_VALUES
                categorical[name] = CategoricalProfile(values, pooled, CategoricalCounts((0,) * len(values)))
            else:
                cuts = choose_cuts(np.concatenate([np.empty(0), *self._numbers.get(name, [])]))
                numeric[name] = NumericProfile(cuts, NumericCounts((0,) * cuts.bins))
        return FeatureProfile(start, end, 0, numeric, categorical)

    def _ranked(self, name: str) -> list[tuple[str, int]]:
        return sorted(self._texts[name].items(), key=lambda item: (-item[1], item[0]))

    def _add_texts(self, name: str, column: pa.Array) -> None:
        counted = self._texts.setdefault(name, Counter())
        values, rows = tallied(column)
        for value, count in zip(values.to_pylist(), rows.tolist(), strict=True):
            counted[value] += count
        if len(counted) > 2 * _MOST_VALUES:
            self._texts[name] = Counter(dict(self._ranked(name)[:_MOST_VALUES]))
            self._forgotten.add(name)


def choose_cuts(sample: NDArray[np.float64]) -> Cuts:
    """Return about 32 quantile edges, finer ones in both tails, and the values so frequent that each gets a bin."""
    values, rows = np.unique(sample, return_counts=True)
    if len(values) <= _DISCRETE:
        atoms = values
        at = values
    else:
        atoms = values[rows >= len(sample) / _SLICES]
        at = np.union1d(np.quantile(sample, _levels(len(sample)), method="lower"), atoms)
    # Adding 0.0 turns -0.0 into 0.0, which Postgres would do silently and so change the digest.
    return Cuts(tuple((at + 0.0).tolist()), tuple((atoms + 0.0).tolist()))


@dataclass(slots=True)
class Filling:
    """Adds up the reference, and remembers how far its windows are filled by a single value."""

    shape: FeatureProfile
    _total: FeatureCounts = field(init=False)
    _windows: dict[int, dict[str, tuple[int, Frequent]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._total = no_features(self.shape)

    def add(self, window: int, counts: FeatureCounts) -> None:
        """Add counts of some of the rows in the reference's window of this number."""
        self._total += counts
        held = self._windows.setdefault(window, {})
        found = {name: part.frequent for name, part in counts.numeric.items()}
        found |= {name: part.frequent for name, part in counts.categorical.items()}
        for name, part in found.items():
            rows, values = held.get(name, (0, Frequent()))
            held[name] = (rows + counts.rows, values + part)

    def profile(self) -> FeatureProfile:
        """Return the profile with the exact counts of all that was added."""
        counts = self._total
        numeric = {
            name: NumericProfile(part.cuts, counts.numeric[name], self._most(name))
            for name, part in self.shape.numeric.items()
        }
        categorical = {
            name: CategoricalProfile(part.values, part.pooled, counts.categorical[name], self._most(name))
            for name, part in self.shape.categorical.items()
        }
        return FeatureProfile(self.shape.start, self.shape.end, counts.rows, numeric, categorical)

    def _most(self, name: str) -> float | None:
        """Return the largest share of one value in a window, of those with about as many rows as the others."""
        fewest = max(_FEWEST_ROWS, self._total.rows / max(len(self._windows), 1) / 10)
        held = [window[name] for window in self._windows.values()]
        return max((top[1] / rows for rows, values in held if rows >= fewest and (top := values.top())), default=None)


def _levels(rows: int) -> NDArray[np.float64]:
    tail: list[float] = []
    step = 1 / _SLICES / 2
    while step * rows >= _TAIL_ROWS and len(tail) < 2 * _SLICES:
        tail += [step, 1 - step]
        step /= 2
    return np.sort(np.concatenate([np.arange(1, _SLICES) / _SLICES, tail]))


def _finite(column: pa.Array) -> NDArray[np.float64]:
    values = numbers(column.drop_null().cast(pa.float64(), safe=False))
    finite: NDArray[np.float64] = values[np.isfinite(values)]
    return finite
