"""Question 1, column by column: is a feature missing, stuck, scaled or absurd?

Every rule measures each feature against a limit of that feature's own and decides by the one furthest beyond it. Limits
grow with what the reference already shows: a column that is often null swings with the season, a complete one does not.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graph.evidence import FeatureEvidence
from graph.model import Blame, Cause
from graph.policy.case import Case, EvidenceFinding, EvidenceRule, broken
from graph.policy.rules import Finding, Step
from graph.policy.words import finite, number, percent, plural, short

FLIPPED_SHARE = 0.5
"""Rows beyond the reference's range on the other side of zero: the rest are zeros."""
NULL_JUMP = 0.05
NULL_SWING = 3.0
"""Nulls are a fault beyond 5 % plus three times the reference share. In a year of hourly weather, week by week,
a column that is null in 70 % of rows reaches 97 %, one with 11 % reaches 30 %, complete ones stay complete."""
STUCK_JUMP = 0.25
STUCK_SWING = 1.6
"""One value is a fault beyond 25 % plus 1.6 times what one value held before, so that a value which fills half of the
rows anyway (no rain, full visibility), or all of every window (the weekday), never is."""
CONTINUOUS = 0.05
"""Most that one value of a continuous column holds in the reference."""
STUCK_DISCRETE = 0.9
"""Categories and small whole numbers change their shares with the traffic; only a nearly constant column is stuck."""
LEAST_FACTOR = 2.4
"""The smallest unit error told apart from a season: an inch is 2.54 cm, summer doubles the Fahrenheit of winter."""
FACTOR_RESIDUAL = 0.05
FACTOR_NOISE = 4.0
"""What dividing by the factor may leave over: 5 %, plus the noise of a tail quantile of `rows` rows, 4 / sqrt(rows).
A season that shifts by a like factor leaves 0.25 and more."""
OUTSIDE_SHARE = 0.01
OUTSIDE_WIDTHS = 10.0
"""Values are absurd when one in a hundred lies outside the reference's range and the furthest lies ten of its widths
away. A calendar feature leaves a three-month reference by five widths, the weather by two."""
NEW_CATEGORY_SHARE = 0.2
"""New merchants come one by one; a fifth of the rows in unknown categories at once is a changed encoding."""
MOST_BLAMED = 5


@dataclass(frozen=True, slots=True)
class Measure:
    """What a rule sees in one feature. It is a fault when the value lies beyond the limit."""

    feature: str
    value: float
    limit: float
    detail: str

    @property
    def excess(self) -> float:
        """How far beyond the limit; negative is within."""
        return self.value - self.limit


def over_features(measure: Callable[[FeatureEvidence], Measure | None], needs_reference: bool = True) -> EvidenceRule:
    """Make a rule over all features out of what is measured in one."""

    def judge(case: Case) -> EvidenceFinding:
        if needs_reference and not case.evidence.reference_rows:
            return Finding(detail="there is no reference to compare with")
        asked = [feature for feature in case.evidence.features if feature.rows and feature.name not in case.excused]
        return by_the_worst([seen for feature in asked if (seen := measure(feature))])

    return judge


def by_the_worst(measures: Sequence[Measure], cause: Cause = "data_quality") -> EvidenceFinding:
    """Block when one of the measures lies beyond its limit; the furthest beyond says why."""
    if not measures:
        return Finding()
    ranked = sorted(measures, key=lambda seen: (-seen.excess, seen.feature))
    faults = [seen for seen in ranked if seen.excess > 0]
    worst = ranked[0]
    if not faults:
        return Finding(worst.value, worst.limit, f"largest in {worst.feature}")
    others = f" (and {plural(len(faults) - 1, 'more feature')})" if len(faults) > 1 else ""
    blame = tuple(Blame(seen.feature, seen.detail, round(seen.value, 6)) for seen in faults[:MOST_BLAMED])
    return broken(cause, f"{worst.feature}: {worst.detail}{others}", worst.value, worst.limit, blame)


def _all_null(feature: FeatureEvidence) -> Measure | None:
    empty = feature.nulls + feature.nans
    if empty < feature.rows:
        return None
    limit = 1 - 1 / feature.rows
    return Measure(feature.name, 1.0, limit, f"no value in any of {plural(feature.rows, 'row')}")


def _nulls(feature: FeatureEvidence) -> Measure:
    return _missing(feature, feature.nulls, "null")


def _nans(feature: FeatureEvidence) -> Measure:
    return _missing(feature, feature.nans, "NaN")


def _missing(feature: FeatureEvidence, count: int, word: str) -> Measure:
    share, usual = count / feature.rows, feature.reference_null_share
    detail = f"{word} in {percent(share)} of rows, missing in {percent(usual)} of the reference"
    return Measure(feature.name, share, NULL_JUMP + NULL_SWING * usual, detail)


def stuck_value(feature: FeatureEvidence) -> Measure:
    """Measure the share of the most frequent value."""
    usual = max(feature.reference_top_share, finite(feature.reference_most) or 0.0)
    limit = STUCK_JUMP + STUCK_SWING * usual
    if feature.kind == "categorical" or usual > CONTINUOUS:
        limit = max(limit, STUCK_DISCRETE)
    value = short(feature.top_value or "")
    before = percent(feature.reference_top_share)
    detail = f"one value, {value}, fills {percent(feature.top_share)} of rows, {before} in the reference"
    return Measure(feature.name, feature.top_share, limit, detail)


def _factor(feature: FeatureEvidence) -> Measure | None:
    return _flipped(feature) or constant_factor(feature)


def _flipped(feature: FeatureEvidence) -> Measure | None:
    """Find a factor of -1: every value lies beyond zero on the side where the reference has none."""
    low, high = finite(feature.low), finite(feature.high)
    before, after = finite(feature.reference_low), finite(feature.reference_high)
    if low is None or high is None or before is None or after is None:
        return None
    below, above = feature.below / feature.rows, feature.above / feature.rows
    became_negative = before >= 0 < after and low < 0 >= high and below > FLIPPED_SHARE
    became_positive = after <= 0 > before and high > 0 <= low and above > FLIPPED_SHARE
    if not became_negative and not became_positive:
        return None
    return Measure(feature.name, 1.0, 0.0, f"values have the other sign: {number(low)} to {number(high)}, none before")


def constant_factor(feature: FeatureEvidence) -> Measure | None:
    """Measure the factor that, divided out, restores the reference."""
    factor, residual = finite(feature.factor), finite(feature.factor_residual)
    if factor is None or residual is None or factor <= 0:
        return None
    if residual > FACTOR_RESIDUAL + FACTOR_NOISE / math.sqrt(feature.rows):
        return None
    size, way, undo = (factor, "large", "dividing") if factor > 1 else (1 / factor, "small", "multiplying")
    outside, times = percent((feature.below + feature.above) / feature.rows), number(_round_factor(size))
    detail = (
        f"values are {times} times too {way}: {undo} by {times} restores the reference, "
        f"{outside} of rows lie outside its range"
    )
    return Measure(feature.name, size, LEAST_FACTOR, detail)


def _round_factor(size: float) -> float:
    """Return the power of ten that a measured factor stands for, if it lies near one: 98.5 is 100."""
    power = 10.0 ** round(math.log10(size))
    return power if abs(math.log(size / power)) <= FACTOR_RESIDUAL else size


def outside_range(feature: FeatureEvidence) -> Measure | None:
    """Measure the share of rows outside the reference's range, where the furthest is absurdly far away."""
    share = (feature.below + feature.above) / feature.rows
    widths = _widths_away(feature)
    if widths is None or widths < OUTSIDE_WIDTHS:
        return None
    detail = (
        f"{percent(share)} of rows lie outside the reference's range of {number(feature.reference_low or 0.0)} to "
        f"{number(feature.reference_high or 0.0)}, up to {number(widths)} times its width away"
    )
    return Measure(feature.name, share, OUTSIDE_SHARE, detail)


def _widths_away(feature: FeatureEvidence) -> float | None:
    """Return how far the furthest value lies outside the reference's range, in widths of that range."""
    low, high = finite(feature.reference_low), finite(feature.reference_high)
    if low is None or high is None or high <= low:
        return None
    below, above = finite(feature.low), finite(feature.high)
    away = [low - below if below is not None else 0.0, above - high if above is not None else 0.0]
    return max(away) / (high - low)


def _new_categories(feature: FeatureEvidence) -> Measure | None:
    if not feature.new_category_rows:
        return None
    share = feature.new_category_rows / feature.rows
    names = ", ".join(short(name) for name in feature.new_categories[:3])
    detail = f"{percent(share)} of rows hold categories the reference never saw: {names}"
    return Measure(feature.name, share, NEW_CATEGORY_SHARE, detail)


FEATURE_RULES = (
    Step("all_null", over_features(_all_null, needs_reference=False)),
    Step("null_share", over_features(_nulls)),
    Step("nan_share", over_features(_nans)),
    Step("stuck_value", over_features(stuck_value)),
    Step("constant_factor", over_features(_factor)),
    Step("outside_range", over_features(outside_range)),
    Step("new_categories", over_features(_new_categories)),
)
