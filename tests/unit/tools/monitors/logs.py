"""Small prediction logs: calibrated scores over some days, labels a day later, and every way to spoil them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from tests.fakes.windows import FakeWindows
from tools.monitors.predictions import LabelSource, PredictionLog, PredictionMonitor

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
REFERENCE_DAYS = 10
ROWS = 300
"""Per day."""
FEATURES = ("amount", "visits", "word")
UTC_TIME = pa.timestamp("us", "UTC")


def day(number: float) -> datetime:
    """Return the time `number` days after the log begins."""
    return FIRST + timedelta(days=number)


def rows_of(number: int, rows: int = ROWS) -> dict[str, Any]:
    """Return one day of served rows, in order of time, with the labels they will get."""
    return {name: values.copy() for name, values in _rows(number, rows).items()}


@cache
def _rows(number: int, rows: int) -> dict[str, Any]:
    """Every test writes the same days: they are drawn once."""
    draw = np.random.default_rng(1_000 + number)
    seconds = np.sort(draw.integers(0, 86_400, rows))
    score = draw.beta(0.8, 6, rows)
    return {
        "id": [f"{number}-{each}" for each in range(rows)],
        "at": [day(number) + timedelta(seconds=int(second)) for second in seconds],
        "version": ["1"] * rows,
        "score": score,
        "amount": draw.lognormal(3, 1, rows),
        "visits": draw.poisson(2, rows),
        "word": draw.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1]).tolist(),
        "label": (draw.random(rows) < score).astype(np.int64),
        "labelled_at": [day(number + 1) + timedelta(seconds=int(second)) for second in seconds],
    }


@cache
def _arrays(number: int, rows: int) -> dict[str, pa.Array]:
    return {name: pa.array(values) for name, values in _rows(number, rows).items()}


LOGGED = ("id", "at", "version", "score", *FEATURES)
LABELS = ("id", "label", "labelled_at")


@dataclass
class World:
    """A folder with `log/` and `labels/`, a file per day in each, and a monitor on them."""

    folder: Path
    days: int = 20
    settings: dict[str, Any] = field(default_factory=dict)
    store: FakeWindows = field(default_factory=FakeWindows)

    def __post_init__(self) -> None:
        for number in range(self.days):
            self.write(number)

    def write(self, number: int, changes: Mapping[str, Any] | None = None, rows: int = ROWS) -> None:
        """Write a day of log and labels, with some columns replaced."""
        columns = {**_arrays(number, rows), **(changes or {})}
        self.write_log(number, {name: columns[name] for name in columns if name not in ("label", "labelled_at")})
        self.write_labels(number, {name: columns[name] for name in LABELS})

    def write_log(self, number: int, columns: Mapping[str, Any]) -> Path:
        return save(self.folder / "log" / f"{number:02}.parquet", columns)

    def write_labels(self, number: int, columns: Mapping[str, Any]) -> Path:
        return save(self.folder / "labels" / f"{number:02}.parquet", columns)

    @property
    def log(self) -> PredictionLog:
        """Return the log's settings."""
        given: dict[str, Any] = {
            "model": "shop",
            "source": str(self.folder / "log"),
            "id": "id",
            "timestamp": "at",
            "version": "version",
            "prediction": "score",
            "features": FEATURES,
            "labels": LabelSource(str(self.folder / "labels"), "id", "label", "labelled_at", timedelta(days=2)),
            "window": timedelta(days=1),
            "reference": (day(0), day(REFERENCE_DAYS)),
            **self.settings,
        }
        return PredictionLog(**given)

    @property
    def monitor(self) -> PredictionMonitor:
        """Return a monitor that has read nothing yet; what it finds out stays in the store."""
        return PredictionMonitor(self.log, self.store)


def table(columns: Mapping[str, Any]) -> pa.Table:
    return pa.table({name: v if isinstance(v, pa.Array) else pa.array(v) for name, v in columns.items()})


def save(path: Path, columns: Mapping[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}")
    if path.suffix == ".parquet":
        pq.write_table(table(columns), fresh)
    else:
        with pa.output_stream(str(fresh), compression="gzip" if path.suffix == ".gz" else None) as stream:
            pacsv.write_csv(table(columns), stream)
    fresh.replace(path)
    return path
