"""Rows with a score that ranks well and is not calibrated, and labels; what of it is known without the labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.profile.counting import count_cells
from tools.profile.counts import CellCounts
from tools.profile.profile import ScoreProfile
from tools.profile.scores import Scored

Floats = NDArray[np.float64]

THRESHOLD = 0.5
DAYS = 28
_SLOPE = 1.5


@dataclass(frozen=True)
class Traffic:
    """Where the rows lie: the mean and the spread of what the score sees, and what that means for the label."""

    mean: float = 0.0
    spread: float = 1.0
    slope: float = 1.0
    """Of the log odds, as a part of what the score learned: 0.5 is a concept that changed."""
    level: float = -1.0
    """Log odds of the middle row: -1 makes three of ten positive, -3.5 one of twenty."""


USUAL = Traffic()
SHIFTED = Traffic(mean=0.5, spread=1.2)
"""More rows with high scores, and more unusual ones; what a score means is as before."""
CHANGED = Traffic(slope=0.5)


def rows(count: int, traffic: Traffic, draw: np.random.Generator) -> Scored:
    """Return rows of `DAYS` days."""
    seen = draw.normal(traffic.mean, traffic.spread, count)
    score = _odds(0.2 + 1.3 * (traffic.level + _SLOPE * seen))
    label = draw.random(count) < _odds(traffic.level + traffic.slope * _SLOPE * seen)
    return Scored(score, label.astype(np.int8), np.arange(count) * DAYS // count)


def cells(found: Scored, profile: ScoreProfile) -> CellCounts:
    """Return the rows as the product counts them."""
    return count_cells(found.score, found.label, profile.cuts)


def truth(found: Scored) -> dict[str, float]:
    """Return what the labels say of each metric, row by row; NaN where they say nothing."""
    positive, called = found.label == 1, found.score >= THRESHOLD
    right, hits, misses = int((positive & called).sum()), int(positive.sum()), int((~positive).sum())
    rank = np.empty(len(positive))
    rank[np.argsort(found.score)] = np.arange(1, len(positive) + 1)
    above = float(rank[positive].sum()) - hits * (hits + 1) / 2
    return {
        "roc_auc": _part(above, hits * misses),
        "accuracy": float((positive == called).mean()),
        "f1": _part(2 * right, hits + int(called.sum())),
        "precision": _part(right, int(called.sum())),
        "recall": _part(right, hits),
    }


def _odds(log_odds: Floats) -> Floats:
    shares: Floats = 1 / (1 + np.exp(-log_odds))
    return shares


def _part(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
