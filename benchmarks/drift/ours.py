"""Our side, in a process of its own: the monitor of `autopilot run` on the newest days of a log, evidence as a dict.

    python -m benchmarks.drift.ours FOLDER STORE DAYS

The first run builds the profiles and keeps them in STORE, as the ledger does; later ones count the window only.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.drift import workload
from graph.codec import dump
from graph.model import Json
from graph.ports import StoredWindow
from tools.monitors.prediction_log import LabelSource, PredictionLog
from tools.monitors.predictions import PredictionMonitor

DELAY = timedelta(hours=2)


class Profiles:
    """A window store that keeps profiles in a file, and forgets windows: each run counts its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: dict[str, Json] = json.loads(path.read_text()) if path.exists() else {}

    def profile(self, model: str, version: str) -> Json | None:
        """Return a kept profile."""
        return self._held.get(f"{model} {version}")

    def save_profile(self, model: str, version: str, profile: Json) -> None:
        """Keep a profile."""
        self._held[f"{model} {version}"] = profile
        self._path.write_text(json.dumps(self._held))

    def windows(
        self, model: str, version: str, profile: str, source: str, start: datetime, end: datetime
    ) -> Sequence[StoredWindow]:
        """Return nothing."""
        return ()

    def newest(
        self, model: str, version: str, profile: str, source: str, start: datetime, end: datetime, most: int
    ) -> Sequence[StoredWindow]:
        """Return nothing."""
        return ()

    def flagged(
        self, model: str, version: str, profile: str, source: str, start: datetime, end: datetime
    ) -> Sequence[tuple[datetime, datetime]]:
        """Return nothing."""
        return ()

    def save_window(self, window: StoredWindow) -> StoredWindow:
        """Return the window as it would be kept."""
        return replace(window, revision=1)


def log_of(folder: Path, days: int) -> PredictionLog:
    """Return the settings of the log: its window is so many days."""
    return PredictionLog(
        model="bench",
        source=str(folder),
        id=None,
        timestamp=workload.TIME,
        version=None,
        prediction=workload.SCORE,
        features=workload.FEATURES,
        labels=LabelSource("", "", workload.LABEL, workload.LABEL_TIME, DELAY),
        window=days * workload.DAY,
        reference=(workload.START, workload.START + workload.DAY),
    )


def main() -> None:
    """Measure and print the evidence."""
    folder, store, days = Path(sys.argv[1]), Profiles(Path(sys.argv[2])), int(sys.argv[3])
    now = workload.START + (days + 1) * workload.DAY + DELAY
    print(json.dumps(dump(PredictionMonitor(log_of(folder, days), store).measure("1", now))))


if __name__ == "__main__":
    main()
