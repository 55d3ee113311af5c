"""Rows as a whole in a live log: whether columns still fit each other.

That needs columns side by side, which counts of single columns cannot give; some thousand rows are enough to say.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graph.codec import dump, load
from graph.ports import WindowStore
from tools.monitors.log_columns import categorical_feature, numeric_feature
from tools.monitors.sight import Sight
from tools.monitors.spans import Span, groups, span, window_length
from tools.profile import consistency
from tools.profile.consistency import JointCounts, JointModel, Moved
from tools.profile.profile import FeatureProfile, seal

SAMPLE = 20_000
"""Rows looked at, of the reference and of a window."""
_FEWEST_WINDOWS = 4


@dataclass(frozen=True, slots=True)
class Sample:
    """Evenly spaced rows of a stretch: typed feature columns, and the window that each row lies in."""

    columns: dict[str, pa.Array]
    window: NDArray[np.int64]


def joint_model(sight: Sight, store: WindowStore, profile: FeatureProfile) -> JointModel:
    """Return the model of how columns foresee each other; fitted to the reference once, and kept beside its profile."""
    name = f"rows#{seal(profile)}"
    known = store.profile(sight.log.model, name)
    if known is None:
        store.save_profile(sight.log.model, name, dump(_fit(sight, profile)))
        known = store.profile(sight.log.model, name)
    return load(JointModel, known) if known else JointModel()


def moved(sight: Sight, profile: FeatureProfile, model: JointModel, spans: Sequence[Span]) -> dict[str, Moved]:
    """Return how far each told column of these buckets, oldest first, has left its rows."""
    return consistency.moved(model, counted(sight, profile, model, spans))


def counted(sight: Sight, profile: FeatureProfile, model: JointModel, spans: Sequence[Span]) -> JointCounts:
    """Return how a sample of the rows of these buckets fit together, oldest first."""
    counts = JointCounts()
    for whole in _without_gaps(spans) if model.told else ():
        found = _sample(sight, whole, profile)
        if len(found.window):
            counts += consistency.count(found.columns, profile, model)
    return counts


def _without_gaps(spans: Sequence[Span]) -> list[Span]:
    return [Span(run[0].start, run[-1].end) for run in groups(spans, [0] * len(spans), 0)]


def _fit(sight: Sight, profile: FeatureProfile) -> JointModel:
    found = _sample(sight, span(profile.start, profile.end), profile)
    rows = len(found.window)
    if len(np.unique(found.window)) < _FEWEST_WINDOWS:
        # How far rows wander from window to window is not known then, and a season would look like a broken join.
        return JointModel()
    # Fitted on every other row, so that windows of both halves are alike.
    first, second = pa.array(np.arange(0, rows, 2)), pa.array(np.arange(1, rows, 2))
    older = {name: column.take(first) for name, column in found.columns.items()}
    newer = {name: column.take(second) for name, column in found.columns.items()}
    return consistency.fit(older, profile, newer, found.window[1::2])


def _sample(sight: Sight, around: Span, profile: FeatureProfile) -> Sample:
    log, reader = sight.log, sight.reader
    files = sight.within(around)
    stride = max(1, sum(reader.extent(file, log.timestamp).rows for file in files) // SAMPLE)
    kinds = _kinds(profile)
    parts: dict[str, list[pa.Array]] = {name: [] for name in log.features}
    windows: list[NDArray[np.int64]] = []
    for file in files:
        for at, batch in reader.timed(file, log.features, log.timestamp, around):
            chosen = pa.array(np.arange(0, len(at), stride))
            windows.append((at[::stride] - around.start) // window_length(log.window))
            for name in log.features:
                column, place = batch.column(name).take(chosen), reader.place(file, name)
                typed = numeric_feature if name in profile.numeric else categorical_feature
                parts[name].append(typed(column, place).cast(kinds[name], safe=False))
    columns = {name: pa.chunked_array(held, kinds[name]).combine_chunks() for name, held in parts.items()}
    return Sample(columns, np.concatenate([np.empty(0, np.int64), *windows]))


def _kinds(features: FeatureProfile) -> dict[str, pa.DataType]:
    numeric = dict.fromkeys(features.numeric, pa.float64())
    return {**numeric, **dict.fromkeys(features.categorical, pa.string())}
