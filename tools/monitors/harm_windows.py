"""What the sequential test follows: the matured windows of one version, as the store remembers them."""

from collections.abc import Sequence
from datetime import datetime

from graph.codec import load
from graph.evidence import HarmWindow, Learnable
from graph.ports import WindowStore
from tools.monitors import score_windows
from tools.monitors.prediction_log import PredictionLog
from tools.profile.counts import ScoreCounts
from tools.profile.harm import harm_window
from tools.profile.profile import ScoreProfile

MOST = 200
"""Windows followed at most, the newest ones: older harm has been seen or never mattered."""


def followed(store: WindowStore, log: PredictionLog, profile: ScoreProfile, until: datetime) -> tuple[HarmWindow, ...]:
    """Return the version's matured windows since its own profile that are not quarantined, oldest first.

    Only what checks have counted: a bucket that no check ever looked at is not read now.
    """
    if not profile.calibrator or profile.end >= until:
        return ()
    key = score_windows.key_of(log, profile)
    usable = store.newest(key.model, key.version, key.profile, key.source, profile.end, until, MOST)
    windows = (harm_window(each.start, each.end, load(ScoreCounts, each.counts).cells, profile) for each in usable)
    return tuple(window for window in windows if window.rows)


def learnable(windows: Sequence[HarmWindow]) -> tuple[Learnable, ...]:
    """Return the same windows as rows to learn from."""
    return tuple(Learnable(window.start, window.end, window.rows) for window in windows)
