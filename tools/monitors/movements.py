"""How far each feature moved over the newest window, and over the day or week that ends with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import reduce
from operator import add

from graph.codec import load
from graph.evidence import FeatureEvidence, Movement
from graph.ports import WindowStore
from tools.monitors import feature_windows
from tools.monitors.prediction_log import PredictionLog
from tools.monitors.spans import Span, bucket_length, buckets
from tools.monitors.windows import Kept, stored
from tools.profile.counts import FeatureCounts
from tools.profile.movement import TESTS_OF_A_FEATURE, Look, categorical_movement, numeric_movement
from tools.profile.profile import FeatureProfile
from tools.profile.significance import Null

DAY, WEEK = timedelta(days=1), timedelta(days=7)
_MICROSECOND = timedelta(microseconds=1)
_HOUR = timedelta(hours=1) // _MICROSECOND
_MONTH = timedelta(days=30) // _MICROSECOND


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time, its counts, and the features' nulls over windows as long as it."""

    hours: float
    counts: FeatureCounts
    nulls: Mapping[str, Null]


def longer(window: timedelta) -> timedelta | None:
    """Return what a check looks back over beside its window: a day, or a week where the window is a day or more."""
    return DAY if window < DAY else WEEK if window < WEEK else None


def looked_back(log: PredictionLog, until: int) -> list[Span]:
    """Return the buckets of the longer stretch that ends at `until`, where a bucket ends; none without one."""
    stretch, length = longer(log.window), bucket_length(log.window)
    count = -(-(stretch // _MICROSECOND) // length) if stretch else 0
    return buckets(until - count * length, until, length)


def windows_per_month(log: PredictionLog) -> float:
    """Return how many windows close in 30 days: a window that is looked at twice says the same twice."""
    return _MONTH / bucket_length(log.window)


def longer_counts(
    store: WindowStore, log: PredictionLog, profile: FeatureProfile, kept: Sequence[Kept[FeatureCounts]]
) -> tuple[float, FeatureCounts] | None:
    """Return hours and counts of the longer stretch, out of the store alone; None until it holds all of its windows.

    Quarantined windows are left out.
    """
    wanted = looked_back(log, kept[-1].span.end) if kept else []
    if not wanted:
        return None
    known = {(each.start, each.end): each for each in stored(store, feature_windows.key_of(log, profile), wanted)}
    if any((each.starts_at, each.ends_at) not in known for each in wanted):
        return None
    sound = [load(FeatureCounts, each.counts) for each in known.values() if not each.quarantined]
    return (_hours(wanted), reduce(add, sound)) if sound else None


def with_movements(
    features: Sequence[FeatureEvidence], profile: FeatureProfile, stretches: Sequence[Stretch], per_month: float
) -> tuple[FeatureEvidence, ...]:
    """Return the features with their movement over each stretch."""
    tests = len(stretches) * len(features) * TESTS_OF_A_FEATURE
    level = 1 / (per_month * tests) if tests else 1.0
    return tuple(
        replace(feature, movements=tuple(_movement(feature.name, profile, each, level) for each in stretches))
        for feature in features
    )


def _movement(name: str, profile: FeatureProfile, stretch: Stretch, level: float) -> Movement:
    look, null = Look(stretch.hours, level), stretch.nulls.get(name, Null())
    if name in profile.numeric:
        return numeric_movement(profile.numeric[name], stretch.counts.numeric[name], null, look)
    return categorical_movement(profile.categorical[name], stretch.counts.categorical[name], null, look)


def hours(kept: Sequence[Kept[FeatureCounts]]) -> float:
    """Return the hours of a window's buckets."""
    return _hours([each.span for each in kept])


def _hours(spans: Sequence[Span]) -> float:
    return sum(each.end - each.start for each in spans) / _HOUR
