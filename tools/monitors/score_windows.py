"""Scores and labels per bucket: read again when labels arrive late, and then replaced."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from graph.ports import WindowStore
from tools.monitors import label_files
from tools.monitors.prediction_log import PredictionLog
from tools.monitors.scored_rows import ScoredRows, count_all, scored_rows
from tools.monitors.sight import Sight
from tools.monitors.spans import Span
from tools.monitors.windows import Counts, Key, Window, recall, stamp
from tools.profile.counts import ScoreCounts
from tools.profile.profile import ScoreProfile, seal
from tools.profile.values import ValueProfile

SOURCE = "scores"


def key_of(log: PredictionLog, profile: ScoreProfile | ValueProfile) -> Key:
    """Return the key of the windows that are counted with a version's profile."""
    return Key(log.model, profile.version, seal(profile), SOURCE)


def measure_scores(
    sight: Sight, store: WindowStore, profile: ScoreProfile, wanted: Sequence[Span]
) -> list[Window[ScoreCounts]]:
    """Return the counts of the wanted buckets, from the store where nothing they were read from has changed."""
    key = key_of(sight.log, profile)
    return measure(sight, store, key, ScoreCounts, wanted, lambda found: count_all(sight, found, profile))


def measure(
    sight: Sight,
    store: WindowStore,
    key: Key,
    kind: type[Counts],
    wanted: Sequence[Span],
    count: Callable[[ScoredRows], dict[Span, Counts]],
) -> list[Window[Counts]]:
    """Return the wanted buckets as `count` counts them, or as the store holds them under the key."""
    delay = sight.log.delay // timedelta(microseconds=1)
    stamps = {bucket: _stamp(sight, bucket) for bucket in wanted}
    matured = {bucket: bucket.end + delay <= sight.now for bucket in wanted}
    known = recall(store, key, kind, stamps, matured)
    fresh: dict[Span, Counts] = {}
    for found in scored_rows(sight, [bucket for bucket in wanted if bucket not in known]):
        fresh |= count(found)
    return [known.get(bucket) or Window(bucket, fresh[bucket], stamps[bucket], matured[bucket]) for bucket in wanted]


def _stamp(sight: Sight, bucket: Span) -> str:
    held = sight.within(bucket)
    source = sight.log.joined_labels
    labelling = label_files.useful(sight, source, bucket.start) if source else held
    column = sight.log.labels.timestamp if sight.log.labels else None
    # Labels from after `now` do not exist yet: while the files hold some, the counts also depend on `now`.
    early = column and any((sight.reader.extent(file, column).last or 0) > sight.now for file in labelling)
    return stamp(
        (file.stamp for file in held),
        (file.stamp for file in labelling),
        [str(sight.now)] if early else [],
    )
