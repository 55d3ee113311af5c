"""How far a window's counts lie from the reference's, beside how far they would lie if nothing had changed."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tools.profile.counts import Whole

Floats = NDArray[np.float64]
Pools = NDArray[np.int64]
"""Which pool each bin belongs to, counted from 0."""

_FEWEST_EXPECTED = 5.0
_SMALLEST_SHARE = 0.05
"""Of the reference's rows in one bin of a numeric feature: finer bins add noise, not sight."""
_LUCK = 5.0
"""Standard deviations by which a category must exceed the least of a list to be there for certain."""
_NORMAL_999 = 3.090232306167813


@dataclass(frozen=True, slots=True)
class Distance:
    """A population stability index with the 99.9 % quantile it has between two such samples when nothing changed."""

    psi: float
    noise: float
    square: float
    """The two-sample chi-square statistic over the same pooled bins, …"""
    freedom: int
    """… its degrees of freedom, …"""
    effective: float
    """… and nm / (n + m): how many rows the two samples are worth together."""


def ordered_distance(reference: Whole, window: Whole) -> Distance | None:
    """Return the PSI over bins in order, neighbours pooled until each is large enough; None if that leaves one."""
    return _distance(reference, window, ordered_pools(reference, sum(window)))


def unordered_distance(reference: Whole, window: Whole) -> Distance | None:
    """Return the PSI over categories, the rarest pooled together; None if that leaves one."""
    # Rare in both together: chosen by the reference alone, the rare ones would be those that were unlucky there.
    both = tuple(old + new for old, new in zip(reference, window, strict=True))
    return _distance(reference, window, unordered_pools(both, min(sum(reference), sum(window))))


def listed_distance(reference: Whole, window: Whole, unlisted: tuple[int, int]) -> Distance | None:
    """Return the PSI over the most frequent categories of many; `unlisted` rows of both hold any other.

    Who barely made the list did so by luck, and is counted with those who did not.
    """
    least = min((count for count in reference if count), default=0)
    sure = least + _LUCK * least**0.5
    known = [place for place, count in enumerate(reference) if count >= sure]
    before, after = (
        (*(part[place] for place in known), sum(part) - sum(part[place] for place in known) + rest)
        for part, rest in zip((reference, window), unlisted, strict=True)
    )
    return unordered_distance(before, after)


def largest_gap(reference: Whole, window: Whole) -> float:
    """Return the largest difference of cumulated shares at the bins' edges: at most the Kolmogorov-Smirnov distance."""
    before, after = np.cumsum(np.array(reference, float)), np.cumsum(np.array(window, float))
    if not before.size or not before[-1] or not after[-1]:
        return 0.0
    return float(np.abs(before / before[-1] - after / after[-1]).max())


def ordered_pools(reference: Whole, rows: float) -> Pools:
    """Pool neighbours until each pool is large enough to compare a window of that many rows by."""
    return _neighbours(reference, max(_enough(reference, rows), _SMALLEST_SHARE * sum(reference)))


@lru_cache(maxsize=1024)
def _neighbours(reference: Whole, enough: float) -> Pools:
    pools = np.zeros(len(reference), np.int64)
    pool, filled = 0, 0
    for place, count in enumerate(reference):
        pools[place] = pool
        filled += count
        if filled >= enough:
            pool, filled = pool + 1, 0
    # What is left at the end joins the last pool that is large enough.
    pools = np.minimum(pools, max(pool - 1, 0))
    pools.setflags(write=False)
    return pools


def unordered_pools(both: Whole, smaller: float) -> Pools:
    """Give each category that is large enough a pool of its own; the rest shares one, or joins the smallest of them.

    `both` counts two samples together, of which the smaller has so many rows.
    """
    enough = max(_FEWEST_EXPECTED, _FEWEST_EXPECTED * sum(both) / smaller if smaller else np.inf)
    counts = np.array(both, np.int64)
    order = np.argsort(-counts, kind="stable")
    large = int((counts >= enough).sum())
    last = large if counts[order[large:]].sum() >= enough else max(large - 1, 0)
    pools = np.empty(len(both), np.int64)
    pools[order] = np.minimum(np.arange(len(both)), last)
    return pools


def chi_square(before: Floats, after: Floats) -> Floats:
    """Return the two-sample chi-square statistic over the last axis; both samples hold rows."""
    old, new = before.sum(-1, keepdims=True), after.sum(-1, keepdims=True)
    both = before + after
    apart = (after / new - before / old) ** 2 * (old + new)
    terms = np.divide(apart, both, out=np.zeros_like(apart), where=both > 0)
    square: Floats = (old * new / (old + new))[..., 0] * terms.sum(-1)
    return square


def _pooled(counts: Whole, pools: Pools) -> Floats:
    rows: Floats = np.bincount(pools, weights=counts).astype(np.float64)
    return rows


def _enough(reference: Whole, rows: float) -> float:
    """Return how many reference rows a bin needs so that both samples expect enough rows in it."""
    return max(_FEWEST_EXPECTED, _FEWEST_EXPECTED * sum(reference) / rows if rows else np.inf)


def _distance(reference: Whole, window: Whole, pools: Pools) -> Distance | None:
    before, after = _pooled(reference, pools), _pooled(window, pools)
    size, old, new = len(before), float(before.sum()), float(after.sum())
    if size < 2 or not old or not new:
        return None
    # Half a row in every bin: an empty bin must neither be infinitely far nor depend on an arbitrary fill.
    p, q = (before + 0.5) / (old + 0.5 * size), (after + 0.5) / (new + 0.5 * size)
    psi = float(((q - p) * np.log(q / p)).sum())
    return Distance(
        psi=psi,
        noise=_chi_square_999(size - 1) * (1 / old + 1 / new),
        square=float(chi_square(before, after)),
        freedom=size - 1,
        effective=old * new / (old + new),
    )


def _chi_square_999(freedom: int) -> float:
    """Return the 99.9 % quantile of chi-square by Wilson and Hilferty, within 3 %: scipy takes a second to load."""
    term = 2 / (9 * freedom)
    return float(freedom * (1 - term + _NORMAL_999 * term**0.5) ** 3)
