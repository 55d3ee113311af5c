"""Who calls which feature moved in which hour: the product, and what is usual."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from benchmarks.alarms.world import DAY, MONTH, REFERENCE, Floats, Hours, Shape
from graph.evidence import Evidence, FeatureEvidence, Movement
from graph.policy.alarm_rules import alarms
from graph.policy.case import Case
from graph.spec import Policy
from tools.profile.counts import CategoricalCounts, FeatureCounts, NumericCounts
from tools.profile.distance import chi_square, unordered_pools
from tools.profile.movement import TESTS_OF_A_FEATURE, Look, categorical_movement, numeric_movement
from tools.profile.nulls import Wandering
from tools.profile.profile import NumericProfile
from tools.profile.significance import Null
from tools.profile.tails import chi_square as chi_square_tail

LOOKS = (1, DAY)
"""Hours that each check looks back over."""
FIRST = REFERENCE + DAY
_POLICY = Policy(false_alarms_per_month=1.0)
_START = datetime(2026, 1, 1, tzinfo=UTC)
_KS_05 = 1.358
Called = NDArray[np.bool_]
"""Hours × features."""


class Watched:
    """One feature under watch: its profile and its nulls, made once from its reference."""

    def __init__(self, shape: Shape, hours: Hours, features: int) -> None:
        self.shape = shape
        wandering = Wandering()
        for hour in range(REFERENCE):
            wandering.add(_alone(shape, hours.counts(shape, hour, hour + 1)))
        self._nulls = [wandering.nulls(length).get(shape.name, Null()) for length in LOOKS]
        level = 1 / (MONTH * len(LOOKS) * features * TESTS_OF_A_FEATURE)
        self._looks = [Look(float(length), level) for length in LOOKS]

    def movements(self, hours: Hours, now: int) -> tuple[Movement, ...]:
        """Return what the check after hour `now` measures."""
        return tuple(
            self._movement(hours, now + 1 - length, now + 1, null, look)
            for length, null, look in zip(LOOKS, self._nulls, self._looks, strict=True)
        )

    def _movement(self, hours: Hours, first: int, last: int, null: Null, look: Look) -> Movement:
        profile, counts = self.shape.profile, hours.counts(self.shape, first, last)
        if isinstance(profile, NumericProfile) and isinstance(counts, NumericCounts):
            return numeric_movement(profile, counts, null, look)
        assert not isinstance(profile, NumericProfile) and isinstance(counts, CategoricalCounts)  # noqa: S101
        return categorical_movement(profile, counts, null, look)

    def evidence(self, movements: tuple[Movement, ...]) -> FeatureEvidence:
        """Return the feature as policy sees it."""
        newest = movements[0]
        numeric = isinstance(self.shape.profile, NumericProfile)
        return FeatureEvidence(
            name=self.shape.name,
            kind="numeric" if numeric else "categorical",
            rows=newest.rows,
            nulls=newest.nulls,
            nans=newest.nans,
            reference_null_share=self.shape.null_share,
            movements=movements,
        )


def called(features: Sequence[FeatureEvidence]) -> set[str]:
    """Return the features that the product's rule calls moved in one check."""
    evidence = Evidence(
        "m", "1", _START, "counts", _START, _START, 0, 0, 0.0, features=tuple(features), windows_per_month=float(MONTH)
    )
    return {found.test.feature.name for found in alarms(Case(evidence, _POLICY, timedelta(0)))}


def new_alarms(calls: Called) -> int:
    """Count the checks in which a feature begins to be called moved."""
    return int((calls[1:] & ~calls[:-1]).sum() + calls[0].sum())


def usual(shape: Shape, hours: Hours, length: int) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield name and calls per hour of the usual rules: PSI > 0.1 on ten bins, KS (or chi-square) p < 0.05."""
    before = hours.bins[:REFERENCE].sum(0).astype(float)
    after = hours.bins[FIRST : FIRST + length].astype(float)
    numeric = isinstance(shape.profile, NumericProfile)
    tenths = _tenths(before) if numeric else np.arange(len(before))
    yield "psi", _psi(_pooled(before[None], tenths), _pooled(after, tenths)) > 0.1
    if numeric:
        yield "p", _ks(before, after) > _KS_05
    else:
        pools = unordered_pools(tuple(int(count) for count in before), float(after[0].sum()))
        squares = chi_square(_pooled(before[None], pools), _pooled(after, pools))
        yield "p", np.array([chi_square_tail(float(square), float(pools.max())) < 0.05 for square in squares])


def _tenths(before: Floats) -> NDArray[np.int64]:
    middle = (np.cumsum(before) - before / 2) / before.sum()
    return np.unique((middle * 10).astype(int), return_inverse=True)[1]


def _pooled(counts: Floats, pools: NDArray[np.int64]) -> Floats:
    pooled: Floats = counts @ (pools[:, None] == np.arange(pools.max() + 1))
    return pooled


def _psi(before: Floats, after: Floats) -> Floats:
    """Return the PSI as it is usually written: an empty bin holds one row in ten thousand."""
    p, q = (
        np.maximum(before / before.sum(1, keepdims=True), 1e-4),
        np.maximum(after / after.sum(1, keepdims=True), 1e-4),
    )
    psi: Floats = ((q - p) * np.log(q / p)).sum(1)
    return psi


def _ks(before: Floats, after: Floats) -> Floats:
    old, new = before.sum(), after.sum(1)
    gap = np.abs(np.cumsum(after, 1) / new[:, None] - np.cumsum(before) / old).max(1)
    scaled: Floats = gap * np.sqrt(old * new / (old + new))
    return scaled


def _alone(shape: Shape, counts: NumericCounts | CategoricalCounts) -> FeatureCounts:
    if isinstance(counts, NumericCounts):
        return FeatureCounts(counts.rows, {shape.name: counts}, {})
    return FeatureCounts(counts.rows, {}, {shape.name: counts})
