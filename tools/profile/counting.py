"""Count rows: columns of a log into the counts of one window."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tools.profile.counts import (
    CategoricalCounts,
    CellCounts,
    FeatureCounts,
    NumericCounts,
    Whole,
    first_few,
)
from tools.profile.frequent import frequent
from tools.profile.profile import Cuts, FeatureProfile, NumericProfile
from tools.profile.sketch import log_histogram

Floats = NDArray[np.floating]

MILLION = 1_000_000
UNLABELLED = -1
_LONGEST_EXAMPLE = 40
_SURE = 1e-15
"""Scores of exactly 0 or 1 count as this far from certain, or one wrong row would make the log loss infinite."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The smallest and the largest value of the reference; none while the reference itself is counted."""

    low: float | None = None
    high: float | None = None


def count_features(columns: Mapping[str, pa.Array], rows: int, profile: FeatureProfile) -> FeatureCounts:
    """Count the feature columns of `rows` rows: numbers for numeric features, strings for categorical ones."""
    return FeatureCounts(
        rows,
        {name: count_numeric(columns[name], part.cuts, _limits(part)) for name, part in profile.numeric.items()},
        {name: count_categorical(columns[name], part.values) for name, part in profile.categorical.items()},
    )


def no_features(profile: FeatureProfile) -> FeatureCounts:
    """Return the counts of a window without rows."""
    return FeatureCounts(
        0,
        {name: NumericCounts((0,) * part.cuts.bins) for name, part in profile.numeric.items()},
        {name: CategoricalCounts((0,) * len(part.values)) for name, part in profile.categorical.items()},
    )


def count_numeric(column: pa.Array, cuts: Cuts, limits: Limits) -> NumericCounts:
    """Count one numeric column."""
    valid = column.drop_null()
    if pa.types.is_floating(valid.type):
        finite = valid.filter(pc.is_finite(valid))
    else:
        finite = valid.cast(pa.float64(), safe=False)
    values = finite.to_numpy(zero_copy_only=False)
    edges = cuts.edges(values.dtype)
    bins = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    return NumericCounts(
        bins=_whole(bins),
        rows=len(column),
        nulls=column.null_count,
        nans=len(valid) - len(values),
        below=_outside(values, limits.low, np.less),
        above=_outside(values, limits.high, np.greater),
        # Adding 0.0 turns -0.0 into 0.0, which Postgres would do silently and so change the digest.
        low=float(values.min()) + 0.0 if values.size else None,
        high=float(values.max()) + 0.0 if values.size else None,
        sizes=log_histogram(values),
        frequent=frequent(finite),
    )


def count_categorical(column: pa.Array, values: tuple[str, ...]) -> CategoricalCounts:
    """Count one column of strings."""
    place = pc.index_in(column, value_set=pa.array(values, pa.string()), skip_nulls=True)
    unknown = column.filter(pc.and_(pc.is_null(place), pc.is_valid(column)))
    bins = np.bincount(place.drop_null().to_numpy(zero_copy_only=False), minlength=len(values))
    return CategoricalCounts(
        bins=_whole(bins),
        rows=len(column),
        nulls=column.null_count,
        other=len(unknown),
        examples=first_few(tuple(_shown(value) for value in unknown.unique().to_pylist())),
        frequent=frequent(column),
    )


def count_cells(score: NDArray[np.float64], label: NDArray[np.int8], cuts: tuple[float, ...]) -> CellCounts:
    """Count rows by score cell. Scores lie in [0, 1]; labels are 0, 1 or UNLABELLED."""
    cell = cell_of(score, cuts)
    size = len(cuts) + 1
    known = label != UNLABELLED
    inside, p, y = cell[known], score[known], label[known].astype(np.float64)
    certain = np.clip(p, _SURE, 1 - _SURE)
    log_rest = np.log1p(-certain)
    logit = np.log(certain) - log_rest

    def total(values: NDArray[np.float64]) -> Whole:
        # Whole millionths: sums of floats would depend on how the rows were split over windows.
        return _whole(np.bincount(inside, weights=np.rint(values * MILLION), minlength=size))

    return CellCounts(
        rows=_whole(np.bincount(cell, minlength=size)),
        labelled=_whole(np.bincount(inside, minlength=size)),
        positives=_whole(np.bincount(inside, weights=y, minlength=size)),
        p=total(p),
        p2=total(p * p),
        yp=total(y * p),
        yp2=total(y * p * p),
        log_rest=total(log_rest),
        logit=total(logit),
        y_logit=total(y * logit),
    )


def cell_of(score: NDArray[np.float64], cuts: tuple[float, ...]) -> NDArray[np.int64]:
    """Return each score's cell; cell k holds [cut k-1, cut k)."""
    return np.searchsorted(np.array(cuts), score, side="right").astype(np.int64)


def count_lags(lags: NDArray[np.int64]) -> dict[int, int]:
    """Count microseconds from prediction to label by whole hours; a label from before its prediction is hour 0."""
    hour = timedelta(hours=1) // timedelta(microseconds=1)
    hours, rows = np.unique(np.maximum(lags, 0) // hour, return_counts=True)
    return {int(each): int(count) for each, count in zip(hours, rows, strict=True)}


def _limits(part: NumericProfile) -> Limits:
    return Limits(part.counts.low, part.counts.high)


def _outside(values: Floats, limit: float | None, test: np.ufunc) -> int:
    # In the column's own precision: 0.1 in 32 bits is not below 0.1 in 64.
    return 0 if limit is None else int(np.count_nonzero(test(values, values.dtype.type(limit))))


def _shown(value: str) -> str:
    return value.replace("\x00", "\ufffd")[:_LONGEST_EXAMPLE]


def _whole(values: NDArray[np.number]) -> Whole:
    return tuple(int(value) for value in values)
