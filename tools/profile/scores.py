"""Turn the scored and labelled rows of a reference into the score profile of one model version."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from tools.profile.calibration import calibrate
from tools.profile.counting import UNLABELLED, cell_of, count_cells
from tools.profile.counts import CellCounts, no_cells
from tools.profile.excess import Excess, block_se, excess, spread
from tools.profile.performance import METRICS, measure, observed
from tools.profile.profile import ScoreProfile

_SLICES = 50
"""Quantile cells of all rows, and as many of the positives: a rare event's scores lie where few rows do."""
_FEWEST_ROWS = 20


@dataclass(frozen=True, slots=True)
class Scored:
    """Valid scores in [0, 1], their labels (0, 1 or UNLABELLED) and the number of the time bucket of each row."""

    score: NDArray[np.float64]
    label: NDArray[np.int8]
    bucket: NDArray[np.int64]

    @property
    def labelled(self) -> int:
        """Return the number of labelled rows."""
        return int(np.count_nonzero(self.label != UNLABELLED))

    @property
    def positives(self) -> int:
        """Return the number of positives."""
        return int(np.count_nonzero(self.label == 1))


def score_profile(version: str, start: datetime, end: datetime, rows: Scored, threshold: float) -> ScoreProfile:
    """Return the profile of scored rows. Raises ValueError without rows."""
    cuts = choose_cells(rows, threshold)
    total = count_cells(rows.score, rows.label, cuts)
    calibrator = calibrate(total.labelled, total.positives) if rows.labelled else ()
    blocks = _excess_by_bucket(rows, cuts, calibrator) if calibrator else []
    whole = excess(total, calibrator) if calibrator else Excess(0, 0.0, 0.0, 0.0)
    positive_cell = int(cell_of(np.array([threshold]), cuts)[0])
    return ScoreProfile(
        version=version,
        start=start,
        end=end,
        cuts=cuts,
        positive_cell=positive_cell,
        cells=total,
        calibrator=calibrator,
        excess_se=max(whole.row_se, block_se(blocks)),
        spread=spread(blocks),
        metrics={name: measure(name, observed(name, total), positive_cell) for name in METRICS},
    )


def bare_profile(version: str, start: datetime, end: datetime, cells: CellCounts | None = None) -> ScoreProfile:
    """Return a profile that knows no scores: rows and labels are counted in one cell."""
    return ScoreProfile(version, start, end, (), 0, cells or no_cells(1), (), 0.0, 1.0, {})


def choose_cells(rows: Scored, threshold: float) -> tuple[float, ...]:
    """Return the edges of the score cells, the decision threshold among them."""
    levels = np.arange(1, _SLICES) / _SLICES
    positives = rows.score[rows.label == 1]
    wanted = [np.quantile(part, levels, method="lower") for part in (rows.score, positives) if part.size]
    candidates = np.unique(np.concatenate([*wanted, np.empty(0)]))
    below = np.searchsorted(np.sort(rows.score), candidates)
    kept, filled = [], 0
    for edge, count in zip(candidates.tolist(), below.tolist(), strict=True):
        if count - filled >= _FEWEST_ROWS and len(rows.score) - count >= _FEWEST_ROWS:
            kept.append(edge)
            filled = count
    return tuple(sorted({*kept, float(threshold)}))


def _excess_by_bucket(rows: Scored, cuts: tuple[float, ...], calibrator: tuple[float, ...]) -> list[Excess]:
    blocks = []
    for bucket in np.unique(rows.bucket):
        inside = rows.bucket == bucket
        blocks.append(excess(count_cells(rows.score[inside], rows.label[inside], cuts), calibrator))
    return blocks
