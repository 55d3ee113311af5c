"""All rows since a moment beside the reference: what a single window holds too few rows to show."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce
from operator import add

from graph.evidence import LookBack
from graph.ports import WindowStore
from tools.monitors import feature_windows, whole_rows
from tools.monitors.long_evidence import features_since
from tools.monitors.profiles import Profiles
from tools.monitors.sight import Eyes, Sight
from tools.monitors.spans import Span, bucket_length, buckets, microseconds, newest_buckets
from tools.monitors.windows import Kept, keep
from tools.profile.consistency import Moved
from tools.profile.counts import FeatureCounts
from tools.profile.profile import FeatureProfile

MOST = 200
"""Buckets looked at at most, the newest ones: as many as harm is followed over."""


def look_back(eyes: Eyes, store: WindowStore, start: datetime, now: datetime) -> LookBack | None:
    """Return the features over the sound rows of the buckets from `start` on that are over by `now`.

    What no check has counted yet is read; the rest comes from the store.
    """
    profile, wanted = Profiles(eyes, store).features(now), _buckets(eyes, start, now)
    if profile is None or not wanted:
        return None
    windows = eyes.look(None, now, lambda sight: feature_windows.measure_features(sight, store, profile, wanted))
    kept = keep(store, feature_windows.key_of(eyes.log, profile), windows)
    sound = [each for each in kept if not each.ref.quarantined]
    if not sound:
        return None
    spans = [each.span for each in sound]
    moved = eyes.look(None, now, lambda sight: _moved(sight, store, profile, spans))
    return _made(profile, eyes.log.features, sound, moved)


def _buckets(eyes: Eyes, start: datetime, now: datetime) -> list[Span]:
    newest = newest_buckets(eyes.log.window, now)
    return buckets(microseconds(start), newest[-1].end, bucket_length(eyes.log.window))[-MOST:]


def _moved(sight: Sight, store: WindowStore, profile: FeatureProfile, spans: Sequence[Span]) -> dict[str, Moved]:
    return whole_rows.moved(sight, profile, whole_rows.joint_model(sight, store, profile), spans)


def _made(
    profile: FeatureProfile, names: Sequence[str], sound: Sequence[Kept[FeatureCounts]], moved: Mapping[str, Moved]
) -> LookBack:
    counts = reduce(add, (each.counts for each in sound))
    features = features_since(profile, counts, names, moved)
    refs = tuple(each.ref for each in sound)
    return LookBack(refs[0].start, refs[-1].end, counts.rows, features, refs)
