"""Harm that the mix of rows does not explain: Brier excess over what calibrated scores foresee, and where it sits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.evidence import Interval
from tools.profile.counting import MILLION
from tools.profile.counts import CellCounts, Whole

Floats = NDArray[np.float64]

_WIDE = 1.959963984540054
_FEWEST_BLOCKS = 4


@dataclass(frozen=True, slots=True)
class Excess:
    """Sums over labelled rows of d = (p-y)² - [q(1-p)² + (1-q)p²] = (y-q)(1-2p), of its variance, and of d²."""

    rows: int
    total: float
    variance: float
    squares: float

    @property
    def mean(self) -> float:
        """Return the mean excess per row; 0 without rows."""
        return self.total / self.rows if self.rows else 0.0

    @property
    def row_se(self) -> float:
        """Return the mean's standard error if rows are independent: as foreseen or as seen, whichever is wider."""
        if not self.rows:
            return 0.0
        seen = max(self.squares - self.rows * self.mean**2, 0.0)
        return float(np.sqrt(max(self.variance, seen)) / self.rows)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The positives that calibrated scores foresee on the labelled rows."""

    positives: float
    sd: float


@dataclass(frozen=True, slots=True)
class Third:
    """Observed over foreseen positives among a third of the rows, and the foreseen ones; None without labels."""

    lift: float | None
    expected: float | None


def excess(cells: CellCounts, calibrator: tuple[float, ...]) -> Excess:
    """Return the Brier excess of the labelled rows."""
    rows, hits, q = np.array(cells.labelled, float), np.array(cells.positives, float), np.array(calibrator)
    p, p2, yp, yp2 = (_sums(part) for part in (cells.p, cells.p2, cells.yp, cells.yp2))
    weight, hit_weight = rows - 4 * p + 4 * p2, hits - 4 * yp + 4 * yp2
    return Excess(
        rows=sum(cells.labelled),
        total=float((hits - 2 * yp - q * (rows - 2 * p)).sum()),
        variance=float((q * (1 - q) * weight).sum()),
        squares=float(((1 - 2 * q) * hit_weight + q**2 * weight).sum()),
    )


def block_se(blocks: Sequence[Excess]) -> float:
    """Return the standard error of the mean seen between time blocks; 0 with too few blocks to see any."""
    filled = [block for block in blocks if block.rows]
    if len(filled) < _FEWEST_BLOCKS:
        return 0.0
    rows, totals = np.array([block.rows for block in filled], float), np.array([block.total for block in filled])
    left = totals - rows * totals.sum() / rows.sum()
    return float(np.sqrt(len(filled) / (len(filled) - 1) * (left**2).sum()) / rows.sum())


def spread(blocks: Sequence[Excess]) -> float:
    """Return how many times the variance between time blocks exceeds what single rows explain, at least 1."""
    whole = sum(block.rows for block in blocks)
    rows_only = np.sqrt(sum(block.variance for block in blocks)) / whole if whole else 0.0
    return max(1.0, float((block_se(blocks) / rows_only) ** 2)) if rows_only else 1.0


def interval(total: Excess, blocks: Sequence[Excess], reference_se: float, reference_spread: float) -> Interval | None:
    """Return the mean excess with its 95 % interval, which pays for rows, time blocks and the reference's own error."""
    if not total.rows:
        return None
    # With too few blocks of its own, a window takes its spread between blocks from the reference.
    se = np.hypot(max(total.row_se * np.sqrt(reference_spread), block_se(blocks)), reference_se)
    return Interval(total.mean, total.mean - _WIDE * float(se), total.mean + _WIDE * float(se))


def foreseen_positives(cells: CellCounts, calibrator: tuple[float, ...]) -> Foreseen:
    """Return how many positives the calibrated scores foresee."""
    rows, q = np.array(cells.labelled, float), np.array(calibrator)
    return Foreseen(float((rows * q).sum()), float(np.sqrt((rows * q * (1 - q)).sum())))


def thirds(cells: CellCounts, calibrator: tuple[float, ...]) -> tuple[Third, Third]:
    """Return what became of the thirds of labelled rows with the lowest and with the highest scores."""
    rows, hits = np.array(cells.labelled, float), np.array(cells.positives, float)
    middle = (np.cumsum(rows) - rows / 2) / max(rows.sum(), 1.0)
    due = rows * np.array(calibrator)
    return _third(hits, due, middle < 1 / 3), _third(hits, due, middle > 2 / 3)


def _third(hits: Floats, due: Floats, chosen: NDArray[np.bool_]) -> Third:
    expected = float(due[chosen].sum())
    return Third(float(hits[chosen].sum()) / expected, expected) if expected else Third(None, None)


def _sums(part: Whole) -> Floats:
    return np.array(part, np.float64) / MILLION
