"""What a regression's errors become: whole-number sums per cell of predictions, which add up exactly over windows.

Errors are kept in 1024ths of a unit that the reference fixes, so that sums do not depend on how rows were split over
windows. The loss of a row is |error| over the reference's high quantile, at most 1: what a sequential test can bet on.
"""

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from graph.spec import Metric
from tools.profile.counting import MILLION
from tools.profile.counts import Whole
from tools.profile.excess import Excess

Floats = NDArray[np.float64]

_FINE = 2.0**10
_MOST = 2.0**26
"""Of a unit's 1024ths: an error of more than 65536 units counts as that many, so that its square is a whole number."""
_HALF = 2.0**26
_CELLS = 16
_FEWEST_ROWS = 50
_CAP_LEVEL = 0.99
_SMALLEST_PART = 1e-4
"""Of the labels' size: the unit of a reference without errors."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """How errors are counted; chosen on the reference."""

    unit: float = 1.0
    """A power of two near the reference's median error."""
    cap: float = 1.0
    """The error from which on a row's loss is 1."""
    center: float = 0.0
    """What labels and predictions are counted from, so that their squares stay small."""
    cuts: tuple[float, ...] = ()
    """Edges of the cells of predictions: large predictions may be wrong by more."""


@dataclass(frozen=True, slots=True)
class LossCounts:
    """Per cell of predictions: labelled rows, and sums over them."""

    rows: Whole
    error: Whole
    """Prediction - label, in 1024ths of the unit."""
    absolute: Whole
    square: Whole
    fourth: Whole
    """Of the squared error in 1024ths of the unit's square, its square; the largest are cut off."""
    loss: Whole
    """In millionths."""
    loss2: Whole
    predicted: Whole
    """Prediction and label, from the center on in 1024ths of the unit; with the error they say how they go together."""
    predicted2: Whole
    label: Whole
    label2: Whole

    def __add__(self, other: "LossCounts") -> "LossCounts":
        return LossCounts(*(_added(getattr(self, f.name), getattr(other, f.name)) for f in fields(LossCounts)))


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What the reference's rows of each cell lost on average: loss with its variance, and the error's two measures."""

    loss: Floats
    variance: Floats
    absolute: Floats
    square: Floats


def yardstick(prediction: Floats, label: Floats) -> Yardstick:
    """Return how to count, from the labelled rows of the reference; all values finite."""
    if not len(label):
        return Yardstick()
    error = _difference(prediction, label)
    error, size = np.abs(error), np.quantile(np.abs(label), _CAP_LEVEL, method="lower")
    least = max(_SMALLEST_PART * float(size), float(np.finfo(np.float32).tiny))
    # Quantiles, not means: one absurd value in the reference must not make all the others nothing.
    unit = 2.0 ** float(np.floor(np.log2(max(float(np.quantile(error, 0.5, method="higher")), least))))
    cap = max(float(np.quantile(error, _CAP_LEVEL, method="higher")), least)
    return Yardstick(unit, cap, float(np.median(label)) + 0.0, _cells(prediction))


def count_losses(prediction: Floats, label: Floats, by: Yardstick) -> LossCounts:
    """Count labelled rows; all values finite."""
    cell = np.searchsorted(np.array(by.cuts), prediction, side="right")
    apart = _difference(prediction, label)
    error, predicted, labels = (
        np.rint(np.clip(values / by.unit, -_MOST / _FINE, _MOST / _FINE) * _FINE)
        for values in (apart, _difference(prediction, by.center), _difference(label, by.center))
    )
    square = error * error
    loss = np.rint(np.minimum(np.abs(apart) / by.cap, 1.0) * MILLION)
    coarse = np.minimum(np.rint(square / _FINE), _MOST)
    sums = (np.ones(len(cell)), error, np.abs(error), square, coarse * coarse, loss, loss * loss)
    moments = (predicted, predicted * predicted, labels, labels * labels)
    return LossCounts(*(_exact(values, cell, len(by.cuts) + 1) for values in (*sums, *moments)))


def correlation(counts: LossCounts) -> float | None:
    """Return the correlation of predictions and labels; None where one of them does not vary."""
    rows = sum(counts.rows)
    if not rows:
        return None
    # In whole numbers: a variance of large numbers is the small difference of two larger ones.
    error, predicted, label = (
        rows * sum(squares) - sum(total) ** 2
        for squares, total in (
            (counts.square, counts.error),
            (counts.predicted2, counts.predicted),
            (counts.label2, counts.label),
        )
    )
    if predicted <= 0 or label <= 0:
        return None
    found = (predicted + label - error) / 2 / math.sqrt(predicted) / math.sqrt(label)
    return max(-1.0, min(1.0, found))


def foreseen(reference: LossCounts, by: Yardstick) -> Foreseen:
    """Return what to expect per cell; a cell without rows is taken for all of them."""
    rows = np.array(reference.rows, float)
    loss = _means(reference.loss, rows) / MILLION
    return Foreseen(
        loss=loss,
        variance=np.maximum(_means(reference.loss2, rows) / MILLION**2 - loss**2, 0.0),
        absolute=_means(reference.absolute, rows) * by.unit / _FINE,
        square=_means(reference.square, rows) * (by.unit / _FINE) ** 2,
    )


def loss_excess(counts: LossCounts, reference: Foreseen) -> Excess:
    """Return the loss beyond what the reference foresees for these predictions."""
    rows, loss, loss2 = (np.array(part, float) for part in (counts.rows, counts.loss, counts.loss2))
    loss, loss2 = loss / MILLION, loss2 / MILLION**2
    return Excess(
        rows=sum(counts.rows),
        total=float((loss - rows * reference.loss).sum()),
        variance=float((rows * reference.variance).sum()),
        squares=float((loss2 - 2 * reference.loss * loss + rows * reference.loss**2).sum()),
    )


def sums(metric: Metric, counts: LossCounts, by: Yardstick) -> Excess:
    """Return the sums whose mean is `mae`, or whose mean's root is `rmse`."""
    size = by.unit / _FINE
    if metric == "mae":
        squares = sum(counts.square) * size**2
        return Excess(sum(counts.rows), sum(counts.absolute) * size, 0.0, squares)
    squares = sum(counts.fourth) * (by.unit**2 / _FINE) ** 2
    return Excess(sum(counts.rows), sum(counts.square) * size**2, 0.0, squares)


def _difference(one: Floats, other: Floats | float) -> Floats:
    """Subtract; what is too large for a number is infinite, and counted as the largest."""
    with np.errstate(over="ignore"):
        found: Floats = one - other
    return found


def _cells(prediction: Floats) -> tuple[float, ...]:
    """Return quantile edges with enough rows on either side of each."""
    wanted = np.unique(np.quantile(prediction, np.arange(1, _CELLS) / _CELLS, method="lower"))
    below = np.searchsorted(np.sort(prediction), wanted)
    kept, filled = [], 0
    for edge, count in zip(wanted.tolist(), below.tolist(), strict=True):
        if count - filled >= _FEWEST_ROWS and len(prediction) - count >= _FEWEST_ROWS:
            kept.append(edge + 0.0)  # turns -0.0 into 0.0, which Postgres would do silently and so change the digest
            filled = count
    return tuple(kept)


def _exact(values: Floats, cell: NDArray[np.int64], cells: int) -> Whole:
    """Sum whole numbers of up to 53 bits per cell; in two halves, since their sum would not fit into 53 bits."""
    high = np.floor(values / _HALF)
    parts = (np.bincount(cell, weights=part, minlength=cells) for part in (high, values - high * _HALF))
    upper, lower = (part.tolist() for part in parts)
    return tuple(int(a) * int(_HALF) + int(b) for a, b in zip(upper, lower, strict=True))


def _means(part: Whole, rows: Floats) -> Floats:
    values = np.array(part, float)
    overall = values.sum() / max(rows.sum(), 1.0)
    means: Floats = np.divide(values, rows, out=np.full(len(rows), overall), where=rows > 0)
    return means


def _added(left: Whole, right: Whole) -> Whole:
    return tuple(a + b for a, b in zip(left, right, strict=True))
