"""Count rows: columns of a log into the counts of one window."""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tools.profile.categorical import CategoricalCounting
from tools.profile.counts import CategoricalCounts, CellCounts, FeatureCounts, NumericCounts, Whole
from tools.profile.numeric import Limits, NumericCounting, Sorter
from tools.profile.profile import Cuts, FeatureProfile

Floats = NDArray[np.float64]

MILLION = 1_000_000
UNLABELLED = -1
_SURE = 1e-15
"""Scores of exactly 0 or 1 count as this far from certain, or one wrong row would make the log loss infinite."""


class Counting:
    """Counts the feature columns of one window, batch by batch; nothing but the counts is kept of a batch."""

    def __init__(self, profile: FeatureProfile) -> None:
        self._rows = 0
        sorter = Sorter()
        self._numeric = {
            name: NumericCounting(part.cuts, Limits(part.counts.low, part.counts.high), sorter)
            for name, part in profile.numeric.items()
        }
        self._categorical = {name: CategoricalCounting(part.values) for name, part in profile.categorical.items()}

    def add(self, columns: Mapping[str, pa.Array], rows: int) -> None:
        """Count `rows` rows: numbers for numeric features, texts, plain or by dictionary, for categorical ones."""
        self._rows += rows
        for name, numeric in self._numeric.items():
            numeric.add(columns[name])
        for name, categorical in self._categorical.items():
            categorical.add(columns[name])

    def counts(self) -> FeatureCounts:
        """Return what was counted."""
        return FeatureCounts(
            self._rows,
            {name: part.counts() for name, part in self._numeric.items()},
            {name: part.counts() for name, part in self._categorical.items()},
        )


def count_features(columns: Mapping[str, pa.Array], rows: int, profile: FeatureProfile) -> FeatureCounts:
    """Count the feature columns of `rows` rows at once; see Counting."""
    counting = Counting(profile)
    counting.add(columns, rows)
    return counting.counts()


def no_features(profile: FeatureProfile) -> FeatureCounts:
    """Return the counts of a window without rows."""
    return Counting(profile).counts()


def count_numeric(column: pa.Array, cuts: Cuts, limits: Limits) -> NumericCounts:
    """Count one numeric column."""
    counting = NumericCounting(cuts, limits, Sorter())
    counting.add(column)
    return counting.counts()


def count_categorical(column: pa.Array, values: tuple[str, ...]) -> CategoricalCounts:
    """Count one column of texts."""
    counting = CategoricalCounting(values)
    counting.add(column)
    return counting.counts()


def count_cells(score: Floats, label: NDArray[np.int8], cuts: tuple[float, ...]) -> CellCounts:
    """Count rows by score cell. Scores lie in [0, 1]; labels are 0, 1 or UNLABELLED."""
    misses, hits, waiting = (_in_cells(score[label == each], cuts) for each in (0, 1, UNLABELLED))
    miss, hit = _sums(*misses), _sums(*hits)
    labelled = _rows(misses) + _rows(hits)
    return CellCounts(
        rows=_whole(labelled + _rows(waiting)),
        labelled=_whole(labelled),
        positives=_whole(_rows(hits)),
        p=_whole(miss.p + hit.p),
        p2=_whole(miss.p2 + hit.p2),
        yp=_whole(hit.p),
        yp2=_whole(hit.p2),
        log_rest=_whole(miss.log_rest + hit.log_rest),
        logit=_whole(miss.logit + hit.logit),
        y_logit=_whole(hit.logit),
    )


def cell_of(score: NDArray[np.float64], cuts: tuple[float, ...]) -> NDArray[np.int64]:
    """Return each score's cell; cell k holds [cut k-1, cut k)."""
    return np.searchsorted(np.array(cuts), score, side="right").astype(np.int64)


def count_lags(lags: NDArray[np.int64]) -> dict[int, int]:
    """Count microseconds from prediction to label by whole hours; a label from before its prediction is hour 0."""
    hour = timedelta(hours=1) // timedelta(microseconds=1)
    hours, rows = np.unique(np.maximum(lags, 0) // hour, return_counts=True)
    return {int(each): int(count) for each, count in zip(hours, rows, strict=True)}


class _Sums(NamedTuple):
    """Sums per cell, in millionths."""

    p: Floats
    p2: Floats
    log_rest: Floats
    logit: Floats


def _in_cells(score: Floats, cuts: tuple[float, ...]) -> tuple[Floats, NDArray[np.int64]]:
    """Return the scores in order, and where each cell begins among them, with the end of the last."""
    ascending = np.sort(score)
    return ascending, np.concatenate([[0], ascending.searchsorted(np.array(cuts)), [len(ascending)]]).astype(np.int64)


def _rows(cells: tuple[Floats, NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.diff(cells[1])


def _sums(p: Floats, marks: NDArray[np.int64]) -> _Sums:
    certain = np.clip(p, _SURE, 1 - _SURE)
    log_rest = np.log1p(-certain)

    def total(values: Floats) -> Floats:
        # Whole millionths: sums of floats would depend on how the rows were split over windows.
        up_to = np.cumsum(np.rint(values * MILLION))
        return np.diff(np.concatenate([[0.0], up_to])[marks])

    return _Sums(total(p), total(p * p), total(log_rest), total(np.log(certain) - log_rest))


def _whole(values: NDArray[np.number]) -> Whole:
    return tuple(values.astype(np.int64).tolist())
