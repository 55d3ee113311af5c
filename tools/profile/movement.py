"""One feature's counts over a stretch of time beside the reference's: the movement, its tests and its blind spot."""

from dataclasses import dataclass

from graph.evidence import Movement
from tools.profile.counts import CategoricalCounts, NumericCounts, Whole
from tools.profile.detectable import detectable
from tools.profile.distance import Distance, largest_gap, listed_distance, ordered_distance, unordered_distance
from tools.profile.profile import CategoricalProfile, NumericProfile
from tools.profile.significance import Null, of_distance, of_either, of_gap, of_share

TESTS_OF_A_FEATURE = 4
"""At most: distribution, nulls, NaN, and values that are strange."""
_BEYOND = 1
"""The rows beyond a range that two rows of the reference set are as many as those of a share seen once."""


@dataclass(frozen=True, slots=True)
class Look:
    """A stretch of time: its hours, and the p-value that one test may have at one false alarm a month."""

    hours: float
    level: float


def numeric_movement(profile: NumericProfile, counts: NumericCounts, null: Null, look: Look) -> Movement:
    """Return a numeric feature's movement."""
    before = profile.counts
    distance = ordered_distance(before.bins, counts.bins)
    gap = largest_gap(before.bins, counts.bins) if distance else None
    outside = counts.below + counts.above
    return Movement(
        hours=look.hours,
        rows=counts.rows,
        nulls=counts.nulls,
        nans=counts.nans,
        strange=outside,
        psi=_kept(distance.psi) if distance else None,
        psi_noise=_kept(distance.noise) if distance else None,
        gap=_kept(gap),
        shift_p=_numeric_p(distance, gap, null),
        null_p=_p(of_share(counts.nulls, counts.rows, before.nulls, before.rows, null.nulls)),
        nan_p=_p(of_share(counts.nans, counts.rows, before.nans, before.rows, null.nans)),
        strange_p=_p(of_share(outside, counts.rows, _BEYOND, sum(before.bins))),
        detectable_psi=_detectable(distance, null, look),
    )


def categorical_movement(profile: CategoricalProfile, counts: CategoricalCounts, null: Null, look: Look) -> Movement:
    """Return a categorical feature's movement."""
    before = profile.counts
    distance = category_distance(profile, counts)
    # Where the reference has more values than the table holds, an unlisted one is nothing new.
    new = 0 if profile.pooled else counts.other
    return Movement(
        hours=look.hours,
        rows=counts.rows,
        nulls=counts.nulls,
        nans=0,
        strange=new,
        psi=_kept(distance.psi) if distance else None,
        psi_noise=_kept(distance.noise) if distance else None,
        gap=None,
        shift_p=_p(of_distance(distance, null)) if distance else None,
        null_p=_p(of_share(counts.nulls, counts.rows, before.nulls, before.rows, null.nulls)),
        nan_p=None,
        strange_p=None if profile.pooled else _p(of_share(new, counts.rows, _met_once(before.bins), sum(before.bins))),
        detectable_psi=_detectable(distance, null, look),
    )


def category_distance(profile: CategoricalProfile, counts: CategoricalCounts) -> Distance | None:
    """Return how far a categorical feature's rows lie from the reference's, new categories left out."""
    before = profile.counts
    if profile.pooled:
        return listed_distance(before.bins, counts.bins, (before.other, counts.other))
    return unordered_distance(before.bins, counts.bins)


def _numeric_p(distance: Distance | None, gap: float | None, null: Null) -> float | None:
    if distance is None or gap is None:
        return None
    return _p(of_either(of_distance(distance, null), of_gap(gap, distance.effective, null)))


def _met_once(bins: Whole) -> int:
    """Count the categories with one row: the reference holds about as many rows of them as of what it missed."""
    return sum(count == 1 for count in bins)


def _detectable(distance: Distance | None, null: Null, look: Look) -> float | None:
    return float(f"{detectable(distance, null, look.level):.6g}") if distance else None


def _p(value: float) -> float:
    """Round a p-value to what is worth keeping; its last digits depend on the machine."""
    return float(f"{value:.6g}")


def _kept(value: float | None) -> float | None:
    return None if value is None else round(value, 12)
