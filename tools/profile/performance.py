"""Metrics from score cells: realised by the labels, foreseen by the calibrator, with bootstrap intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.evidence import Interval
from graph.spec import Metric
from tools.profile.counting import MILLION
from tools.profile.counts import CellCounts, Whole

Floats = NDArray[np.float64]

METRICS: tuple[Metric, ...] = ("roc_auc", "average_precision", "log_loss", "brier", "accuracy", "f1")
_NEED_BOTH_CLASSES = ("roc_auc", "average_precision", "f1")
_REPLICATES = 400
_SEED = 20_240_229
_FEWEST_BLOCKS = 4
_WIDE = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Tally:
    """Weight of positives and negatives per cell (last axis), and what a row of either class costs there on average.

    The costs are (p - y)² or the negated log of the probability of y; the other metrics have none.
    """

    positives: Floats
    negatives: Floats
    positive_cost: Floats
    negative_cost: Floats


def realised(name: Metric, blocks: Sequence[CellCounts], total: CellCounts, positive_cell: int) -> Interval | None:
    """Return the metric of the labelled rows; its interval is the wider of resampled rows and resampled time blocks.

    None when the rows do not determine it: no labels, or one class only for a metric that compares the two.
    """
    tally = observed(name, total)
    value = measure(name, tally, positive_cell)
    if value is None:
        return None
    spread = max(_row_spread(name, tally, positive_cell), _block_spread(name, blocks, tally, positive_cell))
    top = np.inf if name == "log_loss" else 1.0
    return Interval(value, max(0.0, value - _WIDE * spread), min(top, value + _WIDE * spread))


def foreseen(name: Metric, total: CellCounts, calibrator: tuple[float, ...], positive_cell: int) -> float | None:
    """Return the metric if every labelled row were positive with its calibrated share."""
    return measure(name, expected(name, total, calibrator), positive_cell)


def observed(name: Metric, cells: CellCounts) -> Tally:
    """Return the labelled rows of the cells by class."""
    rows, hits = np.array(cells.labelled, float), np.array(cells.positives, float)
    p2, yp, yp2 = _sums(cells.p2), _sums(cells.yp), _sums(cells.yp2)
    rest, y_logit = _sums(cells.log_rest), _sums(cells.y_logit)
    if name == "log_loss":
        # log(1 - p) is not kept by class: its share by rows is a little off inside a cell, and exact in the sum.
        mean_rest = _mean(rest, rows)
        hit_cost, miss_cost = -(y_logit + mean_rest * hits), -(rest - mean_rest * hits)
    else:
        hit_cost, miss_cost = hits - 2 * yp + yp2, p2 - yp2
    return Tally(hits, rows - hits, _mean(hit_cost, hits), _mean(miss_cost, rows - hits))


def expected(name: Metric, cells: CellCounts, calibrator: tuple[float, ...]) -> Tally:
    """Return the same rows, each split between the classes by its calibrated share."""
    rows, share = np.array(cells.labelled, float), np.array(calibrator)
    p, p2, rest, logit = (_sums(part) for part in (cells.p, cells.p2, cells.log_rest, cells.logit))
    if name == "log_loss":
        hit_cost, miss_cost = -(logit + rest), -rest
    else:
        hit_cost, miss_cost = rows - 2 * p + p2, p2
    return Tally(rows * share, rows * (1 - share), _mean(hit_cost, rows), _mean(miss_cost, rows))


def measure(name: Metric, tally: Tally, positive_cell: int) -> float | None:
    """Return one metric of one tally, or None when it is not determined."""
    hits, misses = float(tally.positives.sum()), float(tally.negatives.sum())
    if not hits + misses or (name in _NEED_BOTH_CLASSES and not (hits and misses)):
        return None
    return float(_value(name, tally, positive_cell))


def _value(name: Metric, tally: Tally, positive_cell: int) -> Floats:
    hits, misses = tally.positives, tally.negatives
    all_hits, all_rows = hits.sum(-1), hits.sum(-1) + misses.sum(-1)
    if name == "roc_auc":
        below = np.cumsum(misses, -1) - misses / 2
        return _mean((hits * below).sum(-1), all_hits * misses.sum(-1))
    if name == "average_precision":
        found, called = _from_top(hits), _from_top(hits + misses)
        return _mean((hits[..., ::-1] * _mean(found, called)).sum(-1), all_hits)
    if name in ("log_loss", "brier"):
        return _mean((hits * tally.positive_cost + misses * tally.negative_cost).sum(-1), all_rows)
    right = hits[..., positive_cell:].sum(-1)
    wrong = misses[..., positive_cell:].sum(-1)
    if name == "f1":
        return _mean(2 * right, right + wrong + all_hits)
    return _mean(right + misses.sum(-1) - wrong, all_rows)


def _row_spread(name: Metric, tally: Tally, positive_cell: int) -> float:
    weights = np.concatenate([tally.positives, tally.negatives])
    rows = int(weights.sum())
    drawn = np.random.default_rng(_SEED).multinomial(rows, weights / rows, size=_REPLICATES).astype(np.float64)
    size = len(tally.positives)
    return _spread(name, drawn[:, :size], drawn[:, size:], tally, positive_cell)


def _block_spread(name: Metric, blocks: Sequence[CellCounts], tally: Tally, positive_cell: int) -> float:
    filled = [block for block in blocks if sum(block.labelled)]
    if len(filled) < _FEWEST_BLOCKS:
        return 0.0
    hits = np.array([block.positives for block in filled], float)
    misses = np.array([block.labelled for block in filled], float) - hits
    chosen = np.random.default_rng(_SEED).multinomial(len(filled), [1 / len(filled)] * len(filled), size=_REPLICATES)
    return _spread(name, chosen @ hits, chosen @ misses, tally, positive_cell)


def _spread(name: Metric, hits: Floats, misses: Floats, tally: Tally, positive_cell: int) -> float:
    usable = (hits.sum(-1) > 0) & (misses.sum(-1) > 0) if name in _NEED_BOTH_CLASSES else hits.sum(-1) >= 0
    if usable.sum() < 2:
        return 0.0
    drawn = Tally(hits[usable], misses[usable], tally.positive_cost, tally.negative_cost)
    return float(np.std(_value(name, drawn, positive_cell), ddof=1))


def _from_top(values: Floats) -> Floats:
    return np.cumsum(values[..., ::-1], -1)


def _sums(part: Whole) -> Floats:
    return np.array(part, np.float64) / MILLION


def _mean(total: Floats, count: Floats) -> Floats:
    """Divide, with 0 where there is nothing to divide by."""
    total, count = np.asarray(total, np.float64), np.asarray(count, np.float64)
    return np.divide(total, count, out=np.zeros(np.broadcast_shapes(total.shape, count.shape)), where=count > 0)
