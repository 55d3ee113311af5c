"""The paired block bootstrap: how far the difference of two models on the same rows may be off, drawing blocks of time.

Every draw weighs each block by how often it was drawn, and both models get the same draw. A metric is computed from
sums per block (or per pair of blocks) that are made once, so a draw costs next to nothing however many rows there are.
Only average precision needs the rows' order in every draw; see `_average_precision`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from graph.evidence import Interval
from graph.spec import Metric
from tools.evaluation import measures
from tools.evaluation.holdout import Flags, Labels, Whole

Values = NDArray[np.float64]

DRAWS = 1000
SMALLEST_BLOCKS = 5
"""Fewer blocks say too little about how much blocks differ: no interval."""
_SEED = 20_130_101
_USABLE = 0.9
"""Draws without one of the classes define nothing; if more than a tenth are like that there is no interval."""
_GROUPS = 20_000
_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """The rows of one part, and the block of each."""

    label: Labels
    block: Whole
    threshold: float

    @property
    def flags(self) -> Flags:
        """Return the labels of a classification."""
        return measures.flags(self.label)

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return int(self.block.max()) + 1


def draw(blocks: int) -> Values:
    """Return (DRAWS, blocks): how often each block is drawn. The same number of blocks gets the same draws."""
    generator = np.random.default_rng(_SEED)
    return generator.multinomial(blocks, np.full(blocks, 1 / blocks), size=DRAWS).astype(np.float64)


def interval(metric: Metric, sample: Sample, champion: Values, challenger: Values) -> Interval | None:
    """Return challenger minus champion, positive = better, with its 95 % interval; None where it cannot be told."""
    if measures.one_class(sample.label) or sample.blocks < SMALLEST_BLOCKS:
        return None
    weights, sign = draw(sample.blocks), measures.sign(metric)
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = sign * (weigh(metric, sample, challenger, weights) - weigh(metric, sample, champion, weights))
    drawn = drawn[np.isfinite(drawn)]
    old, new = (measures.value(metric, sample.label, score, sample.threshold) for score in (champion, challenger))
    value = sign * (new - old)
    if len(drawn) < _USABLE * DRAWS or not np.isfinite(value):
        return None
    low, high = np.quantile(drawn, _levels(sample.blocks))
    return Interval(value, float(low), float(high))


def _levels(blocks: int) -> tuple[float, float]:
    # With few blocks the plain 2.5 % and 97.5 % lie too close: drawn blocks vary less than fresh ones would, and their
    # spread is itself a guess. Hesterberg's "expanded percentile" interval reads further out, as Student's t does.
    tail = float(ndtr(stdtrit(blocks - 1, 0.025) * np.sqrt(blocks / (blocks - 1))))
    return tail, 1 - tail


def weigh(metric: Metric, sample: Sample, score: Values, weights: Values) -> Values:
    """Return the metric under each draw, (draws,); NaN where a draw does not define it."""
    if metric in ("rmse", "mae"):
        means = _mean(sample, measures.losses(metric, sample.label, score), weights)
        return np.sqrt(means) if metric == "rmse" else means
    if metric == "roc_auc":
        return _roc_auc(sample, score, weights)
    if metric == "average_precision":
        return _average_precision(sample, score, weights)
    if metric == "f1":
        return _f1(sample, score, weights)
    if metric == "accuracy":
        return _mean(sample, measures.hits(sample.flags, score, sample.threshold), weights)
    losses = measures.log_losses if metric == "log_loss" else measures.briers
    return _mean(sample, losses(sample.flags, score), weights)


def _sums(sample: Sample, values: Flags | Values) -> Values:
    return np.bincount(sample.block, weights=values, minlength=sample.blocks).astype(np.float64)


def _mean(sample: Sample, values: Flags | Values, weights: Values) -> Values:
    means: Values = (weights @ _sums(sample, values)) / (weights @ np.bincount(sample.block))
    return means


def _f1(sample: Sample, score: Values, weights: Values) -> Values:
    decided = score >= sample.threshold
    right = weights @ _sums(sample, decided & sample.flags)
    called = weights @ (_sums(sample, decided) + _sums(sample, sample.flags))
    result: Values = 2 * right / called
    return result


def _roc_auc(sample: Sample, score: Values, weights: Values) -> Values:
    # With w the draw and U[a, b] the pairs in order between blocks a and b, AUC is wUw / (w·positives × w·negatives).
    pairs = _pairs_in_order(sample, score)
    positives, negatives = _sums(sample, sample.flags), _sums(sample, ~sample.flags)
    area: Values = ((weights @ pairs) * weights).sum(axis=1) / ((weights @ positives) * (weights @ negatives))
    return area


def _pairs_in_order(sample: Sample, score: Values) -> Values:
    """Return (blocks, blocks): positives of block a above negatives of block b, ties counting half."""
    order = np.argsort(score[sample.flags])
    positives, home = score[sample.flags][order], sample.block[sample.flags][order]
    negatives, block = score[~sample.flags], sample.block[~sample.flags]
    by_block = np.lexsort((negatives, block))
    borders = np.searchsorted(block[by_block], np.arange(sample.blocks + 1))
    pairs = np.empty((sample.blocks, sample.blocks))
    for b in range(sample.blocks):
        theirs = negatives[by_block[borders[b] : borders[b + 1]]]
        below = np.searchsorted(theirs, positives, "left") + np.searchsorted(theirs, positives, "right")
        pairs[:, b] = np.bincount(home, weights=below / 2, minlength=sample.blocks)
    return pairs


def _average_precision(sample: Sample, score: Values, weights: Values) -> Values:
    """Rows are grouped by the next lower score of a positive, which is exact. Over 20,000 such scores, neighbours count
    as ties, which moves the result by less than 0.0005."""
    cuts = np.unique(score[sample.flags])
    cuts = cuts[:: -(-len(cuts) // _GROUPS)]
    # Group 0 has the highest scores; len(cuts) is below every positive.
    group: Whole = len(cuts) - np.searchsorted(cuts, score, "right")
    positives = _table(sample, group, sample.flags, len(cuts))
    everyone = _table(sample, group, np.ones(len(score), dtype=bool), len(cuts))
    step = max(1, _CELLS // len(cuts))
    chunks = [_precision(weights[i : i + step], positives, everyone) for i in range(0, len(weights), step)]
    return np.concatenate(chunks)


def _table(sample: Sample, group: Whole, chosen: Flags, groups: int) -> Values:
    chosen = chosen & (group < groups)
    cell = sample.block[chosen] * groups + group[chosen]
    counts = np.bincount(cell, minlength=sample.blocks * groups)
    return counts.reshape(sample.blocks, groups).astype(np.float64)


def _precision(weights: Values, positives: Values, everyone: Values) -> Values:
    found = weights @ positives
    flagged = np.cumsum(weights @ everyone, axis=1)
    precision = np.divide(np.cumsum(found, axis=1), flagged, out=np.zeros_like(flagged), where=flagged > 0)
    area: Values = (found * precision).sum(axis=1) / found.sum(axis=1)
    return area
