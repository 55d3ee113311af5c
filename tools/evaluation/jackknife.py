"""The delete-a-block jackknife: an interval for one statistic at the price of one evaluation per block of time.

Where hundreds of slices or a statistic without sums per block are looked at, the bootstrap's thousand draws would cost
too much. Leaving one block out at a time is the older, slightly wider answer to the same question (Tukey 1958).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from graph.evidence import Interval
from graph.spec import Metric
from tools.evaluation import bootstrap, measures
from tools.evaluation.holdout import Flags, Whole

Values = NDArray[np.float64]


def difference(metric: Metric, sample: bootstrap.Sample, champion: Values, challenger: Values) -> Interval | None:
    """Return challenger minus champion, positive = better, with its 95 % interval; None where it cannot be told."""
    if measures.one_class(sample.label) or sample.blocks < bootstrap.SMALLEST_BLOCKS:
        return None
    left_out = 1 - np.eye(sample.blocks)
    with np.errstate(invalid="ignore", divide="ignore"):
        old, new = (bootstrap.weigh(metric, sample, score, left_out) for score in (champion, challenger))
    values = [measures.value(metric, sample.label, score, sample.threshold) for score in (champion, challenger)]
    sign = measures.sign(metric)
    return _interval(sign * (values[1] - values[0]), sign * (new - old))


def of(statistic: Callable[[Flags], float], block: Whole) -> Interval | None:
    """Return a statistic of the rows that a mask keeps, with its 95 % interval; None where it cannot be told."""
    blocks = int(block.max()) + 1 if len(block) else 0
    if blocks < bootstrap.SMALLEST_BLOCKS:
        return None
    partial = np.array([statistic(block != left_out) for left_out in range(blocks)])
    return _interval(statistic(np.ones(len(block), dtype=bool)), partial)


def of_pairs(right: Values, pairs: Values) -> Interval | None:
    """Return the share of pairs that are right, from their numbers between each two blocks, (blocks, blocks)."""
    if len(pairs) < bootstrap.SMALLEST_BLOCKS:
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        return _interval(float(right.sum() / pairs.sum()), _without(right) / _without(pairs))


def _without(between: Values) -> Values:
    """Return the sum over all pairs of blocks without each block in turn."""
    left: Values = between.sum() - between.sum(axis=0) - between.sum(axis=1) + np.diag(between)
    return left


def _interval(value: float, partial: Values) -> Interval | None:
    """`partial`: the statistic without each block in turn."""
    blocks = len(partial)
    if not np.isfinite(value) or not np.isfinite(partial).all():
        return None
    error = np.sqrt((blocks - 1) / blocks * np.square(partial - partial.mean()).sum())
    half = float(stdtrit(blocks - 1, 0.975) * error)
    return Interval(float(value), float(value) - half, float(value) + half)
