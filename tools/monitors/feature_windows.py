"""Features per bucket: read once, when the bucket has closed."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from graph.ports import WindowStore
from tools.monitors.log_columns import categorical_feature, feature, numeric_feature
from tools.monitors.log_reader import rows_where
from tools.monitors.log_source import Part, Rows
from tools.monitors.prediction_log import PredictionLog
from tools.monitors.sight import Sight
from tools.monitors.spans import Span, groups, span, window_length
from tools.monitors.windows import Key, Window, recall, stamp
from tools.profile.counting import Counting, no_features
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
    for number, counts in _by_window(sight, filling.shape, whole, window_length(log.window)):
        filling.add(number, counts)
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
    counts: dict[Span, FeatureCounts] = {}
    # Without the buckets between them that are known: those were read before.
    for run in groups(missing, [0] * len(missing), 0):
        length = run[0].end - run[0].start
        for number, found in _by_window(sight, profile, Span(run[0].start, run[-1].end), length):
            held = counts.get(run[number])
            counts[run[number]] = held + found if held else found
    if len(counts) < len(missing):
        counts = {**dict.fromkeys(missing, no_features(profile)), **counts}
    return counts


def _by_window(sight: Sight, profile: FeatureProfile, around: Span, length: int) -> Iterator[tuple[int, FeatureCounts]]:
    """Yield the counts of windows of this length by number, each as soon as the log has gone past it.

    A window comes in several parts where the log is not in order of time.
    """
    log, held = sight.log, dict[int, Counting]()
    for file in sight.within(around):
        for at, batch in sight.reader.timed(file, log.features, log.timestamp, around, coded=log.features):
            window = (at - around.start) // length
            met = np.unique(window).tolist() if window.min() < window.max() else [int(window[0])]
            for number in [number for number in held if number not in met]:
                yield number, held.pop(number).counts()
            for number in met:
                part = rows_where(batch, window == number)
                held.setdefault(number, Counting(profile)).add(_columns(sight.reader, file, part, profile), len(part))
    for number, counting in held.items():
        yield number, counting.counts()


def _columns(reader: Rows, file: Part, batch: pa.RecordBatch, profile: FeatureProfile) -> dict[str, pa.Array]:
    columns = {}
    for name in profile.numeric:
        columns[name] = numeric_feature(batch.column(name), reader.place(file, name))
    for name in profile.categorical:
        columns[name] = categorical_feature(batch.column(name), reader.place(file, name))
    return columns


def _sample(sight: Sight, file: Part, whole: Span, sampler: Sampler) -> None:
    reader, log = sight.reader, sight.log
    for _, batch in reader.timed(file, log.features, log.timestamp, whole, coded=log.features):
        columns = {name: feature(batch.column(name), reader.place(file, name)) for name in log.features}
        sampler.add(columns, len(batch))
        for name in sampler.mixed():
            raise reader.place(file, name).wrong(
                "holds text in one part of the reference and numbers in another", "write one type in all files"
            )
