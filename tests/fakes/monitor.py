"""A monitor that says what a test tells it to, over rows that the test gives it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from graph.errors import AutopilotError
from graph.evidence import Evidence, LookBack
from graph.model import Holdout


@dataclass(frozen=True, slots=True)
class FakeRow:
    """One served row; `label` None is one that never comes."""

    time: datetime
    label: int | None = None
    labelled_at: datetime | None = None
    score: float | None = None
    version: str = "1"
    features: Mapping[str, float | str | None] = field(default_factory=dict)


class FakeMonitor:
    """Port Monitor. `script` holds what the next checks say, or raise; its last entry is said from then on.

    With an empty script a check counts the rows of the last day and measures nothing else.
    """

    def __init__(
        self, model: str, rows: Sequence[FakeRow] = (), script: Sequence[Evidence | AutopilotError] = ()
    ) -> None:
        self.model = model
        self.rows = list(rows)
        self.script = list(script)
        self.asked: list[tuple[str | None, datetime]] = []
        """Champion and moment of every check, oldest first."""
        self.behind: LookBack | None = None
        """What it says of the rows since a change."""

    def measure(self, champion: str | None, now: datetime) -> Evidence:
        self.asked.append((champion, now))
        said = self._next(now)
        if isinstance(said, AutopilotError):
            raise said
        return replace(said, champion=champion, as_of=now)

    def look_back(self, start: datetime, now: datetime) -> LookBack | None:
        return self.behind

    def holdout(
        self, start: datetime, end: datetime, now: datetime, exclude: Sequence[tuple[datetime, datetime]], to: Path
    ) -> Holdout:
        kept = [row for row in self.rows if start <= row.time < end and _known(row, now) and _outside(row, exclude)]
        kept.sort(key=lambda row: row.time)
        to.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(_table(kept), to)
        digest = hashlib.sha256(to.read_bytes()).hexdigest()
        return Holdout(str(to), digest, len(kept), sum(row.label or 0 for row in kept), start, end)

    def _next(self, now: datetime) -> Evidence | AutopilotError:
        if not self.script:
            return self._counted(now)
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def _counted(self, now: datetime) -> Evidence:
        start = now - timedelta(days=1)
        rows = sum(start <= row.time < now for row in self.rows)
        return Evidence(self.model, None, now, "fake", start, now, rows, len(self.rows), float(rows))


def _known(row: FakeRow, now: datetime) -> bool:
    arrived = row.labelled_at is None or row.labelled_at <= now
    return row.label in (0, 1) and row.time <= now and arrived


def _outside(row: FakeRow, exclude: Sequence[tuple[datetime, datetime]]) -> bool:
    return not any(start <= row.time < end for start, end in exclude)


def _table(rows: Sequence[FakeRow]) -> pa.Table:
    names = dict.fromkeys(name for row in rows for name in row.features)
    own = {
        "event_time": pa.array([row.time for row in rows], pa.timestamp("us", "UTC")),
        "label": pa.array([row.label for row in rows], pa.int8()),
        "score": pa.array([row.score for row in rows], pa.float64()),
        "version": pa.array([row.version for row in rows], pa.string()),
    }
    return pa.table({**own, **{name: pa.array([row.features.get(name) for row in rows]) for name in names}})
