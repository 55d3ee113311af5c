"""Features per bucket: read once, when the bucket has closed."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from graph.ports import WindowStore
from tools.monitors.log_columns import categorical_feature, feature, numeric_feature
from tools.monitors.log_files import LogFile
from tools.monitors.log_reader import Reader
from tools.monitors.prediction_log import PredictionLog
from tools.monitors.sight import Sight
from tools.monitors.spans import Span, span, window_length
from tools.monitors.windows import Key, Window, recall, stamp
from tools.profile.counting import count_features, no_features
from tools.profile.counts import FeatureCounts
from tools.profile.profile import FeatureProfile, seal
from tools.profile.reference import SAMPLE_ROWS, Filling, Sampler

SOURCE = "features"
ANY_VERSION = "*"
"""Features are counted over all rows, whichever version served them."""


def key_of(log: PredictionLog, profile: FeatureProfile) -> Key:
    """Return the key of the windows that are counted with a feature profile."""
    return Key(log.model, ANY_VERSION, seal(profile), SOURCE)


def build_profile(sight: Sight) -> FeatureProfile | None:
    """Return the profile of the reference rows, or None when there are none."""
    reader, log = sight.reader, sight.log
    whole = span(*log.reference)
    files = sight.within(whole)
    rows = sum(reader.extent(file, log.timestamp).rows for file in files)
    sampler = Sampler(max(1, rows // SAMPLE_ROWS))
    for file in files:
        _sample(sight, file, whole, sampler)
    filling = Filling(sampler.bins(log.features, *log.reference))
    for file in files:
        _fill(sight, file, whole, filling)
    found = filling.profile()
    return found if found.rows else None


def measure_features(
    sight: Sight, store: WindowStore, profile: FeatureProfile, wanted: Sequence[Span]
) -> list[Window[FeatureCounts]]:
    """Return the counts of the wanted buckets, from the store where the files they were read from are unchanged."""
    stamps = {bucket: stamp(file.stamp for file in sight.within(bucket)) for bucket in wanted}
    known = recall(store, key_of(sight.log, profile), FeatureCounts, stamps, dict.fromkeys(wanted, True))
    fresh = _count(sight, profile, [bucket for bucket in wanted if bucket not in known])
    return [known.get(bucket) or Window(bucket, fresh[bucket], stamps[bucket]) for bucket in wanted]


def _count(sight: Sight, profile: FeatureProfile, missing: list[Span]) -> dict[Span, FeatureCounts]:
    counts = dict.fromkeys(missing, no_features(profile))
    if not missing:
        return counts
    around = Span(missing[0].start, missing[-1].end)
    for file in sight.within(around):
        for at, batch in sight.reader.timed(file, sight.log.features, sight.log.timestamp, around):
            for bucket in missing:
                inside = (at >= bucket.start) & (at < bucket.end)
                if inside.any():
                    part = batch if inside.all() else batch.filter(pa.array(inside))
                    counts[bucket] += _counted(sight.reader, file, part, profile)
    return counts


def _counted(reader: Reader, file: LogFile, batch: pa.RecordBatch, profile: FeatureProfile) -> FeatureCounts:
    columns = {}
    for name in profile.numeric:
        columns[name] = numeric_feature(batch.column(name), reader.place(file, name))
    for name in profile.categorical:
        columns[name] = categorical_feature(batch.column(name), reader.place(file, name))
    return count_features(columns, len(batch), profile)


def _fill(sight: Sight, file: LogFile, whole: Span, filling: Filling) -> None:
    for at, batch in sight.reader.timed(file, sight.log.features, sight.log.timestamp, whole):
        window = (at - whole.start) // window_length(sight.log.window)
        for number in np.unique(window):
            part = batch.filter(pa.array(window == number))
            filling.add(int(number), _counted(sight.reader, file, part, filling.shape))


def _sample(sight: Sight, file: LogFile, whole: Span, sampler: Sampler) -> None:
    reader, log = sight.reader, sight.log
    for _, batch in reader.timed(file, log.features, log.timestamp, whole):
        columns = {name: feature(batch.column(name), reader.place(file, name)) for name in log.features}
        sampler.add(columns, len(batch))
        for name in sampler.mixed():
            raise reader.place(file, name).wrong(
                "holds text in one part of the reference and numbers in another", "write one type in all files"
            )
