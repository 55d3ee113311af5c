"""The nulls of a feature profile: measured once over the reference's own windows, then kept beside the profile."""

from dataclasses import dataclass
from datetime import datetime

from graph.codec import dump, load
from graph.ports import WindowStore
from tools.monitors.feature_windows import measure_features
from tools.monitors.movements import looked_back
from tools.monitors.prediction_log import PredictionLog
from tools.monitors.sight import Eyes, Sight
from tools.monitors.spans import Span, bucket_length, buckets, span, window_length
from tools.profile.nulls import FEWEST_WINDOWS, Wandering
from tools.profile.profile import FeatureProfile, seal
from tools.profile.significance import Null

_AT_ONCE = 48
"""Buckets counted in one go: the counts of a whole reference would fill the memory."""
_MOST_BUCKETS = 672
"""The newest of the reference: four weeks of hours."""


@dataclass(frozen=True, slots=True)
class ReferenceNulls:
    """Feature → null, over one window and over the longer stretch."""

    window: dict[str, Null]
    longer: dict[str, Null]


def reference_nulls(eyes: Eyes, store: WindowStore, profile: FeatureProfile, now: datetime) -> ReferenceNulls:
    """Return the nulls, from the store once they have been measured."""
    # Beside the profile, not in it: a better null must not make counted windows worthless.
    name = f"nulls#{seal(profile)[:16]}"
    known = store.profile(eyes.log.model, name)
    if known is None:
        measured = eyes.look(None, now, lambda sight: _measured(sight, store, profile))
        store.save_profile(eyes.log.model, name, dump(measured))
        known = store.profile(eyes.log.model, name) or dump(measured)
    return load(ReferenceNulls, known)


def _measured(sight: Sight, store: WindowStore, profile: FeatureProfile) -> ReferenceNulls:
    whole = _whole_buckets(sight.log, profile)
    window = window_length(sight.log.window) // bucket_length(sight.log.window)
    stretch = len(looked_back(sight.log, whole[-1].end)) if whole else 0
    if len(whole) < FEWEST_WINDOWS * window:
        return ReferenceNulls({}, {})
    wandering = Wandering()
    for first in range(0, len(whole), _AT_ONCE):
        for found in measure_features(sight, store, profile, whole[first : first + _AT_ONCE]):
            wandering.add(found.counts)
    own = wandering.nulls(window)
    # A stretch of which the reference holds too few borrows what single windows showed.
    return ReferenceNulls(own, {**own, **(wandering.nulls(stretch) if stretch else {})})


def _whole_buckets(log: PredictionLog, profile: FeatureProfile) -> list[Span]:
    inside = span(profile.start, profile.end)
    touched = buckets(inside.start, inside.end, bucket_length(log.window))
    return [each for each in touched if each.start >= inside.start and each.end <= inside.end][-_MOST_BUCKETS:]
