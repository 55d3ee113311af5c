"""What a regression served and what became of it, per bucket: replaced when labels arrive late, as scores are."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from operator import add

import numpy as np

from graph.codec import load
from graph.evidence import LossWindow
from graph.ports import WindowStore
from tools.monitors import score_windows
from tools.monitors.harm_windows import MOST
from tools.monitors.prediction_log import PredictionLog
from tools.monitors.scored_rows import ScoredRows, count_all
from tools.monitors.sight import Sight
from tools.monitors.spans import Span
from tools.monitors.windows import Window
from tools.profile.counts import ScoreCounts
from tools.profile.losses import count_losses
from tools.profile.profile import ScoreProfile
from tools.profile.scores import bare_profile
from tools.profile.values import ValueCounts, ValueProfile, count_column, loss_window


def measure_values(
    sight: Sight, store: WindowStore, profile: ValueProfile, wanted: Sequence[Span]
) -> list[Window[ValueCounts]]:
    """Return the counts of the wanted buckets, from the store where nothing they were read from has changed."""
    key = score_windows.key_of(sight.log, profile)
    return score_windows.measure(sight, store, key, ValueCounts, wanted, lambda found: _count(sight, found, profile))


def in_one_cell(profile: ValueProfile) -> ScoreProfile:
    """Return the profile that counts the same rows without looking at their scores."""
    return bare_profile(profile.version, profile.start, profile.end)


def followed(store: WindowStore, log: PredictionLog, profile: ValueProfile, until: datetime) -> tuple[LossWindow, ...]:
    """Return the version's matured windows since its own profile that are not quarantined, oldest first.

    Only what checks have counted: a bucket that no check ever looked at is not read now.
    """
    if not profile.labelled or profile.end >= until:
        return ()
    key = score_windows.key_of(log, profile)
    usable = store.newest(key.model, key.version, key.profile, key.source, profile.end, until, MOST)
    windows = (loss_window(each.start, each.end, load(ValueCounts, each.counts).losses, profile) for each in usable)
    return tuple(window for window in windows if window.rows)


def _count(sight: Sight, found: ScoredRows, profile: ValueProfile) -> dict[Span, ValueCounts]:
    served = count_all(sight, found, in_one_cell(profile))
    return {
        bucket: replace(reduce(add, (_values(block, profile) for block in found.parts(bucket))), served=served[bucket])
        for bucket in found.buckets
    }


def _values(found: ScoredRows, profile: ValueProfile) -> ValueCounts:
    score, label = found.rows.score[found.own], found.label[found.own].astype(np.float64, copy=False)
    both = np.isfinite(score) & np.isfinite(label)
    return ValueCounts(
        served=ScoreCounts(in_one_cell(profile).cells),
        prediction=count_column(score, profile.prediction),
        label=count_column(label[np.isfinite(label)], profile.label),
        losses=count_losses(score[both], label[both], profile.yardstick),
    )
