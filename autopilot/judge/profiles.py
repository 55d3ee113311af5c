"""The profiles of a stream: features and joint rows from the reference, a version's scores from rows it never saw."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from autopilot.judge.rows import arrays
from autopilot.judge.start import Start, time_of
from autopilot.judge.stream import Stream
from tools.profile import consistency
from tools.profile.consistency import JointModel
from tools.profile.counting import count_features
from tools.profile.profile import FeatureProfile, ScoreProfile
from tools.profile.reference import Filling, Sampler
from tools.profile.scores import Scored, score_profile

_FEWEST_ROWS = 200
"""Below these, and with few of a class, a promoted version keeps the calibrator of the one before."""
_FEWEST_OF_A_CLASS = 20


@dataclass(frozen=True, slots=True)
class Reference:
    """What is known of the rows before the stream."""

    features: FeatureProfile
    joint: JointModel


def reference(start: Start) -> Reference:
    """Return the profile of the rows the champion was trained on."""
    columns = arrays(start.reference, start.features)
    rows = len(start.reference)
    sampler = Sampler(1)
    sampler.add(columns, rows)
    ticks = _ticks(start.reference)
    first, last = int(ticks.min(initial=-1)), int(ticks.max(initial=-1))
    filling = Filling(sampler.bins(start.features, time_of(first), time_of(last + 1)))
    for number in np.unique(ticks):
        inside = pa.array(ticks == number)
        part = {name: column.filter(inside) for name, column in columns.items()}
        filling.add(int(number), count_features(part, int((ticks == number).sum()), filling.shape))
    found = filling.profile()
    return Reference(
        found, consistency.fit(columns, found, arrays(start.holdout, start.features), _ticks(start.holdout))
    )


def champion_scores(start: Start) -> ScoreProfile:
    """Return the champion's score profile, from rows it was not trained on."""
    rows = start.holdout
    label = rows.column("label").to_numpy().astype(np.int8)
    scored = Scored(rows.column("score").to_numpy().astype(np.float64), label, _ticks(rows))
    first, last = int(scored.bucket.min(initial=-1)), int(scored.bucket.max(initial=-1))
    return score_profile(start.champion, time_of(first), time_of(last + 1), scored, start.threshold)


def promoted_scores(stream: Stream, version: str, ticks: Sequence[int]) -> ScoreProfile | None:
    """Return the profile of a promoted version from the rows it was judged on; None when they are too few."""
    parts = [
        Scored(score[tick.known], tick.label[tick.known], np.full(int(tick.known.sum()), tick.number))
        for tick, score in zip((stream.ticks[number] for number in ticks), stream.scores(version, ticks), strict=True)
    ]
    rows = Scored(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("score", "label", "bucket")))
    if rows.labelled < _FEWEST_ROWS or min(rows.positives, rows.labelled - rows.positives) < _FEWEST_OF_A_CLASS:
        return None
    return score_profile(version, time_of(ticks[0]), time_of(ticks[-1] + 1), rows, stream.start.threshold)


def _ticks(rows: pa.Table) -> NDArray[np.int64]:
    if "t" not in rows.column_names:
        return np.full(len(rows), -1, np.int64)
    found: NDArray[np.int64] = rows.column("t").to_numpy().astype(np.int64)
    return found
