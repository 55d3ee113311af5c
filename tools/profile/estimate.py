"""Performance without labels: what calibrated scores foresee on a window's rows, with bars that pay for their errors.

Each score cell holds as many positives as its calibrated share says; every metric follows from that. The bars pay for
the labels' own chance (the rows are known), and for the calibrator's, which is fitted anew on resampled reference rows.
Blind by construction to a change of what scores mean: `contradiction` holds them against the labels there are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from graph.evidence import Estimate, Interval
from tools.profile.calibration import calibrate
from tools.profile.counts import CellCounts, Whole
from tools.profile.profile import ScoreProfile
from tools.profile.tails import chi_square

Floats = NDArray[np.float64]
Measure = Callable[[Floats, Floats, int], Floats]

_CALIBRATORS = 60
_REPLICATES = 200
_SEED = 20_240_229
_WIDE = 1.959963984540054
_FIFTHS = 5
_LEAST_VARIANCE = 4.0
"""Of the positives in a group: below it a handful of labels would look like a contradiction."""
_COMPLETE = 0.8
"""Labels of a window are complete when it has this part of the labelled share that the reference has."""


@dataclass(frozen=True, slots=True)
class _Worlds:
    """Positives per cell: as foreseen, and (one line each) as chance may have them and as other calibrators say."""

    rows: Floats
    foreseen: Floats
    drawn: Floats
    refitted: Floats
    positive_cell: int
    spread: float

    def bars(self, measure: Measure) -> Interval | None:
        """Return a metric with its 95 % interval, or None when the rows do not determine it."""
        value = float(self._of(measure, self.foreseen))
        if not np.isfinite(value):
            return None
        variance = _variance(self._of(measure, self.drawn)) + _variance(self._of(measure, self.refitted))
        reach = _WIDE * float(np.sqrt(self.spread * variance))
        return Interval(*(round(bound, 12) for bound in (value, max(0.0, value - reach), min(1.0, value + reach))))

    def _of(self, measure: Measure, hits: Floats) -> Floats:
        return measure(hits, self.rows - hits, self.positive_cell)


def estimate(profile: ScoreProfile, cells: CellCounts, start: datetime, end: datetime) -> Estimate | None:
    """Return the estimate for the scored rows of [start, end), or None without rows or without a calibrator."""
    rows = np.array(cells.rows, np.float64)
    if not profile.calibrator or not rows.sum():
        return None
    worlds = _worlds(profile, rows)
    return Estimate(
        start=start,
        end=end,
        rows=int(rows.sum()),
        roc_auc=worlds.bars(_roc_auc),
        accuracy=worlds.bars(_accuracy),
        f1=worlds.bars(_f1),
        precision=worlds.bars(_precision),
        recall=worlds.bars(_recall),
    )


def _worlds(profile: ScoreProfile, rows: Floats) -> _Worlds:
    share = np.array(profile.calibrator)
    drawn = np.random.default_rng(_SEED).binomial(rows.astype(np.int64), share, (_REPLICATES, len(rows)))
    return _Worlds(
        rows=rows,
        foreseen=rows * share,
        drawn=drawn.astype(np.float64),
        refitted=rows * _calibrators(profile),
        positive_cell=profile.positive_cell,
        spread=profile.spread,
    )


def contradiction(profile: ScoreProfile, blocks: Sequence[CellCounts]) -> tuple[int, float | None]:
    """Return the labelled rows of the windows with complete labels, and how likely they lie so far off by chance.

    Rows whose labels are still to come are not like the others: early labels are the ones that were easy to find.
    """
    complete = [block for block in blocks if _is_complete(block, profile.cells)]
    if not complete or not profile.calibrator:
        return 0, None
    cells = reduce(add, complete)
    rows, hits = np.array(cells.labelled, np.float64), np.array(cells.positives, np.float64)
    share = np.array(profile.calibrator)
    groups = _groups(rows, share)
    apart = groups @ (hits - rows * share)
    chance = np.diag(groups @ (rows * share * (1 - share)))
    guessed = np.cov((rows * _calibrators(profile)) @ groups.T, rowvar=False).reshape(chance.shape)
    square = float(apart @ np.linalg.solve((chance + guessed) * profile.spread, apart))
    return sum(cells.labelled), float(f"{chi_square(square, len(apart)):.6g}")


def _is_complete(block: CellCounts, reference: CellCounts) -> bool:
    rows, wanted = sum(block.rows), sum(reference.labelled) / max(sum(reference.rows), 1)
    return rows > 0 and sum(block.labelled) >= max(1.0, _COMPLETE * wanted * rows)


def _groups(rows: Floats, share: Floats) -> Floats:
    """Return which cells make up each fifth of the rows, as 0 and 1; a fifth with hardly any chance joins the next."""
    middle = (np.cumsum(rows) - rows / 2) / rows.sum()
    fifth = np.minimum((middle * _FIFTHS).astype(np.int64), _FIFTHS - 1)
    parts = (fifth == np.arange(_FIFTHS)[:, None]).astype(np.float64)
    variance = parts @ (rows * share * (1 - share))
    groups: list[Floats] = []
    held, chance = np.zeros(len(rows)), 0.0
    for part, own in zip(parts, variance.tolist(), strict=True):
        held, chance = held + part, chance + own
        if chance >= _LEAST_VARIANCE:
            groups.append(held)
            held, chance = np.zeros(len(rows)), 0.0
    if not groups:
        return held[None]
    return np.array([*groups[:-1], groups[-1] + held])


def _variance(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.var(ddof=1)) if len(known) > 1 else 0.0


def _calibrators(profile: ScoreProfile) -> Floats:
    return _refitted(profile.cells.labelled, profile.cells.positives)


@lru_cache(maxsize=8)
def _refitted(labelled: Whole, positives: Whole) -> Floats:
    """Return calibrators of resampled reference rows, one a line."""
    hits = np.array(positives)
    weights = np.concatenate([hits, np.array(labelled) - hits])
    rows = int(weights.sum())
    drawn = np.random.default_rng(_SEED).multinomial(rows, weights / rows, size=_CALIBRATORS)
    fitted = []
    for hit, miss in zip(*np.split(drawn, 2, axis=1), strict=True):
        fitted.append(calibrate(tuple((hit + miss).tolist()), tuple(hit.tolist())))
    calibrators = np.array(fitted)
    calibrators.setflags(write=False)
    return calibrators


def _roc_auc(hits: Floats, misses: Floats, _: int) -> Floats:
    below = np.cumsum(misses, -1) - misses / 2
    return _part((hits * below).sum(-1), hits.sum(-1) * misses.sum(-1))


def _accuracy(hits: Floats, misses: Floats, cell: int) -> Floats:
    right = hits[..., cell:].sum(-1) + misses[..., :cell].sum(-1)
    return _part(right, hits.sum(-1) + misses.sum(-1))


def _f1(hits: Floats, misses: Floats, cell: int) -> Floats:
    right, called = hits[..., cell:].sum(-1), (hits + misses)[..., cell:].sum(-1)
    return _part(2 * right, called + hits.sum(-1))


def _precision(hits: Floats, misses: Floats, cell: int) -> Floats:
    return _part(hits[..., cell:].sum(-1), (hits + misses)[..., cell:].sum(-1))


def _recall(hits: Floats, _: Floats, cell: int) -> Floats:
    return _part(hits[..., cell:].sum(-1), hits.sum(-1))


def _part(part: Floats, whole: Floats) -> Floats:
    """Divide; NaN where there is nothing to divide by."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    divided: Floats = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return divided
