"""A regression's version: its profile, what a window of its predictions becomes, and its metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from graph.evidence import Interval, LossWindow
from graph.spec import LossMetric, Metric
from tools.profile import losses
from tools.profile.arrays import floats
from tools.profile.counting import count_numeric
from tools.profile.counts import NumericCounts, ScoreCounts
from tools.profile.excess import Excess, block_se, interval, spread
from tools.profile.losses import LossCounts, Yardstick, count_losses, yardstick
from tools.profile.numeric import Limits
from tools.profile.profile import FORMAT, NumericProfile
from tools.profile.reference import choose_cuts

Floats = NDArray[np.float64]

_WIDE = 1.959963984540054
_FEWEST_ROWS = 20
"""In a bucket, before the share of one value in it means anything."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """Predictions, their labels (NaN where there is none) and the number of the time bucket of each row."""

    score: Floats
    label: Floats
    bucket: NDArray[np.int64]

    @property
    def labelled(self) -> int:
        """Return the number of labelled rows."""
        return int(np.count_nonzero(~np.isnan(self.label)))

    @property
    def positives(self) -> int:
        """Return the number of positives: a number is none."""
        return 0


@dataclass(frozen=True, slots=True)
class ValueProfile:
    """What one version predicted in [start, end), and what became of it. Sealed like a score profile."""

    version: str
    start: datetime
    end: datetime
    prediction: NumericProfile
    label: NumericProfile
    yardstick: Yardstick
    losses: LossCounts
    excess_se: float
    """Standard error of the mean loss of the reference itself."""
    spread: float
    """Variance of loss excess between the reference's time buckets, as a multiple of what rows explain; at least 1."""
    metrics: dict[str, float | None]
    format: int = FORMAT

    @property
    def labelled(self) -> bool:
        """Tell whether there were labels to learn from."""
        return any(self.losses.rows)


@dataclass(frozen=True, slots=True)
class ValueCounts:
    """The rows that one version served in a window; `served` counts them all in one cell, and what did not fit."""

    served: ScoreCounts
    prediction: NumericCounts
    label: NumericCounts
    losses: LossCounts

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return self.served.rows

    def __add__(self, other: "ValueCounts") -> "ValueCounts":
        return ValueCounts(
            self.served + other.served,
            self.prediction + other.prediction,
            self.label + other.label,
            self.losses + other.losses,
        )


def value_profile(version: str, start: datetime, end: datetime, rows: Predicted) -> ValueProfile:
    """Return the profile of a version's rows; without rows, or without scores, one that knows none."""
    both = np.isfinite(rows.score) & np.isfinite(rows.label)
    by = yardstick(rows.score[both], rows.label[both])
    total = count_losses(rows.score[both], rows.label[both], by)
    expected = losses.foreseen(total, by)
    blocks = [
        losses.loss_excess(count_losses(rows.score[inside], rows.label[inside], by), expected)
        for bucket in np.unique(rows.bucket[both])
        if (inside := both & (rows.bucket == bucket)).any()
    ]
    present = ~np.isnan(rows.label)
    return ValueProfile(
        version=version,
        start=start,
        end=end,
        prediction=_numeric(rows.score, rows.bucket),
        label=_numeric(rows.label[present], rows.bucket[present]),
        yardstick=by,
        losses=total,
        excess_se=max(losses.loss_excess(total, expected).row_se, block_se(blocks)),
        spread=spread(blocks),
        metrics={name: _value(name, losses.sums(name, total, by)) for name in get_args(LossMetric)},
    )


def bare_values(version: str, start: datetime, end: datetime) -> ValueProfile:
    """Return a profile that knows neither predictions nor labels."""
    return value_profile(version, start, end, Predicted(np.empty(0), np.empty(0), np.empty(0, np.int64)))


def count_column(values: Floats, profile: NumericProfile) -> NumericCounts:
    """Count predictions or labels as a feature is counted."""
    return count_numeric(floats(values), profile.cuts, Limits(profile.counts.low, profile.counts.high))


def realised(metric: Metric, blocks: Sequence[LossCounts], total: LossCounts, by: Yardstick) -> Interval | None:
    """Return the metric of the labelled rows; its interval is the wider of what rows and what time blocks show."""
    whole = losses.sums(metric, total, by)
    value = _value(metric, whole)
    if value is None:
        return None
    wide = _WIDE * max(whole.row_se, block_se([losses.sums(metric, block, by) for block in blocks]))
    low, high = max(0.0, whole.mean - wide), whole.mean + wide
    return Interval(value, _scaled(metric, low), _scaled(metric, high))


def foreseen(metric: Metric, total: LossCounts, profile: ValueProfile) -> float | None:
    """Return the metric if each row's error were that of the reference's rows with like predictions."""
    rows = np.array(total.rows, float)
    if not rows.sum() or not profile.labelled:
        return None
    expected = losses.foreseen(profile.losses, profile.yardstick)
    mean = float((rows * (expected.absolute if metric == "mae" else expected.square)).sum() / rows.sum())
    return _scaled(metric, mean)


def loss_interval(blocks: Sequence[LossCounts], total: LossCounts, profile: ValueProfile) -> Interval | None:
    """Return the mean loss that the mix of rows does not explain, with its interval."""
    if not profile.labelled:
        return None
    expected = losses.foreseen(profile.losses, profile.yardstick)
    parts = [losses.loss_excess(block, expected) for block in blocks]
    return interval(losses.loss_excess(total, expected), parts, profile.excess_se, profile.spread)


def loss_window(start: datetime, end: datetime, counts: LossCounts, profile: ValueProfile) -> LossWindow:
    """Return one matured window's sums for the sequential test."""
    found = losses.loss_excess(counts, losses.foreseen(profile.losses, profile.yardstick))
    return LossWindow(start, end, found.rows, round(found.total, 9), round(found.variance, 9))


def _value(metric: Metric, found: Excess) -> float | None:
    return _scaled(metric, found.mean) if found.rows else None


def _scaled(metric: Metric, mean: float) -> float:
    return float(np.sqrt(mean)) if metric == "rmse" else mean


def _numeric(values: Floats, bucket: NDArray[np.int64]) -> NumericProfile:
    cuts = choose_cuts(values[np.isfinite(values)])
    counts = count_numeric(floats(values), cuts, Limits())
    tops = [_top_share(values[bucket == each]) for each in np.unique(bucket)]
    return NumericProfile(cuts, counts, max((share for share in tops if share is not None), default=None))


def _top_share(values: Floats) -> float | None:
    finite = values[np.isfinite(values)]
    if len(finite) < _FEWEST_ROWS:
        return None
    return float(np.unique(finite, return_counts=True)[1].max() / len(values))
