"""Monitor `predictions`: measures a model by its prediction log, whose labels may come late."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from graph.errors import Misconfigured
from graph.evidence import Evidence, LookBack
from graph.model import Holdout
from graph.ports import WindowStore
from tools.monitors import holdout
from tools.monitors.check import Check
from tools.monitors.file_source import LogFiles
from tools.monitors.log_source import Source
from tools.monitors.looking_back import look_back
from tools.monitors.prediction_log import LabelSource, PredictionLog
from tools.monitors.profiles import Profiles
from tools.monitors.sight import Eyes
from tools.monitors.spans import span
from tools.monitors.value_check import ValueCheck

__all__ = ["LabelSource", "PredictionLog", "PredictionMonitor"]


class PredictionMonitor:
    """Implements port Monitor on a prediction log; profiles and counts of closed buckets live in the store.

    Without a `source` the log is in files.
    """

    def __init__(self, log: PredictionLog, store: WindowStore, source: Source | None = None) -> None:
        if log.window <= timedelta(0):
            raise Misconfigured(f"{log.model}: the window must be longer than nothing, not {log.window}")
        holdout.reserve_names(log)
        self._eyes = Eyes(log, source or LogFiles(log))
        self._store = store

    def measure(self, champion: str | None, now: datetime) -> Evidence:
        """Return the evidence as of `now`.

        Raises Misconfigured for a file whose columns are not what the log's settings say, Unavailable for a file that
        is damaged or changes while it is read.
        """
        kind = ValueCheck if self._eyes.log.task == "regression" else Check
        return kind(self._eyes, self._store, champion, now).evidence()

    def look_back(self, start: datetime, now: datetime) -> LookBack | None:
        """Return the features over all rows from `start` to `now`. Raises what `measure` raises."""
        return look_back(self._eyes, self._store, start, now)

    def holdout(
        self, start: datetime, end: datetime, now: datetime, exclude: Sequence[tuple[datetime, datetime]], to: Path
    ) -> Holdout:
        """Write the labelled rows of [start, end) known at `now`, less excluded and quarantined stretches, to `to`."""
        whole = span(start, end)
        profiles = Profiles(self._eyes, self._store)
        gaps = [*(span(*each) for each in exclude), *profiles.quarantined(profiles.sealed_features(), start, end)]
        fresh = to.with_name(f".{to.name}.part")
        try:
            written = self._eyes.look(
                None, now, lambda sight: holdout.write(sight.with_scores_if_any(whole), whole, gaps, fresh)
            )
            fresh.replace(to)
        finally:
            if fresh.is_file() or fresh.is_symlink():
                fresh.unlink()
        return Holdout(str(to), holdout.digest(to), written.rows, written.positives, start, end)
