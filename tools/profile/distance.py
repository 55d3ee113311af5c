"""How far a window's counts lie from the reference's, beside how far they would lie if nothing had changed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.profile.counts import Whole

Floats = NDArray[np.float64]

_FEWEST_EXPECTED = 5.0
_SMALLEST_SHARE = 0.05
"""Of the reference's rows in one bin of a numeric feature: finer bins add noise, not sight."""
_NORMAL_999 = 3.090232306167813


@dataclass(frozen=True, slots=True)
class Distance:
    """A population stability index with the 99.9 % quantile it has between two such samples when nothing changed."""

    psi: float
    noise: float


def ordered_distance(reference: Whole, window: Whole) -> Distance | None:
    """Return the PSI over bins in order, neighbours pooled until each is large enough; None if that leaves one."""
    return _distance(_neighbours_pooled(np.array(reference, float), np.array(window, float)))


def unordered_distance(reference: Whole, window: Whole) -> Distance | None:
    """Return the PSI over categories, the rarest pooled together; None if that leaves one."""
    before, after = np.array(reference, float), np.array(window, float)
    order = np.argsort(-before, kind="stable")
    return _distance(_tail_pooled(before[order], after[order]))


def _neighbours_pooled(before: Floats, after: Floats) -> list[tuple[float, float]]:
    pooled: list[tuple[float, float]] = []
    enough = max(_enough(before, after), _SMALLEST_SHARE * float(before.sum()))
    left, right = 0.0, 0.0
    for old, new in zip(before.tolist(), after.tolist(), strict=True):
        left, right = left + old, right + new
        if left >= enough:
            pooled.append((left, right))
            left, right = 0.0, 0.0
    return _with_rest(pooled, left, right)


def _tail_pooled(before: Floats, after: Floats) -> list[tuple[float, float]]:
    enough = _enough(before, after)
    large = before >= enough
    pooled = list(zip(before[large].tolist(), after[large].tolist(), strict=True))
    left, right = float(before[~large].sum()), float(after[~large].sum())
    if left >= enough:
        return [*pooled, (left, right)]
    return _with_rest(pooled, left, right)


def _enough(before: Floats, after: Floats) -> float:
    """Return how many reference rows a bin needs so that both samples expect enough rows in it."""
    old, new = before.sum(), after.sum()
    return float(max(_FEWEST_EXPECTED, _FEWEST_EXPECTED * old / new if new else np.inf))


def _with_rest(pooled: list[tuple[float, float]], left: float, right: float) -> list[tuple[float, float]]:
    if not pooled:
        return [(left, right)]
    last = pooled[-1]
    return [*pooled[:-1], (last[0] + left, last[1] + right)]


def _distance(pooled: list[tuple[float, float]]) -> Distance | None:
    size = len(pooled)
    before, after = np.array(pooled).T
    old, new = before.sum(), after.sum()
    if size < 2 or not old or not new:
        return None
    # Half a row in every bin: an empty bin must neither be infinitely far nor depend on an arbitrary fill.
    p, q = (before + 0.5) / (old + 0.5 * size), (after + 0.5) / (new + 0.5 * size)
    psi = float(((q - p) * np.log(q / p)).sum())
    return Distance(psi, _chi_square_999(size - 1) * (1 / old + 1 / new))


def _chi_square_999(freedom: int) -> float:
    """Return the 99.9 % quantile of chi-square by Wilson and Hilferty, within 3 %: scipy takes a second to load."""
    term = 2 / (9 * freedom)
    return float(freedom * (1 - term + _NORMAL_999 * term**0.5) ** 3)
