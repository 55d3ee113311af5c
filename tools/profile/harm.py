"""What became of a window's scores beyond what they foresee: Brier excess, and wrong decisions."""

from datetime import datetime

import numpy as np

from graph.evidence import HarmWindow
from tools.profile.counts import CellCounts
from tools.profile.excess import excess
from tools.profile.profile import ScoreProfile


def harm_window(start: datetime, end: datetime, cells: CellCounts, profile: ScoreProfile) -> HarmWindow:
    """Return one matured window's sums over labelled rows."""
    brier = excess(cells, profile.calibrator)
    wrong, foreseen, variance = _wrong(cells, profile)
    return HarmWindow(
        start=start,
        end=end,
        rows=brier.rows,
        brier_excess=round(brier.total, 9),
        brier_variance=round(brier.variance, 9),
        wrong=wrong,
        wrong_excess=round(wrong - foreseen, 9),
        wrong_variance=round(variance, 9),
    )


def wrong_error(profile: ScoreProfile) -> float:
    """Return the standard error of the mean excess of wrong decisions per row in the profile's own rows."""
    rows = sum(profile.cells.labelled)
    return float(np.sqrt(_wrong(profile.cells, profile)[2])) / rows if rows else 0.0


def _wrong(cells: CellCounts, profile: ScoreProfile) -> tuple[int, float, float]:
    """Return decisions that labels call wrong, those that scores foresee, and the variance of the difference."""
    rows, hits = np.array(cells.labelled, np.int64), np.array(cells.positives, np.int64)
    q = np.array(profile.calibrator)
    acts = np.arange(len(rows)) >= profile.positive_cell
    wrong = np.where(acts, rows - hits, hits)
    foreseen = rows * np.where(acts, 1 - q, q)
    return int(wrong.sum()), float(foreseen.sum()), float((rows * q * (1 - q)).sum())
