"""A prediction log of one model, the same every time: a reference day, and days on which ten of 40 features moved."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

Floats = NDArray[np.float64]

START, DAY = datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=1)
GROUP_ROWS = 122_880
SHAPES = ("normal", "lognormal", "exponential", "zero_inflated", "uniform")
NUMERIC = tuple(f"{shape}_{number}" for number in range(6) for shape in SHAPES)
VALUES = (2, 3, 5, 8, 12, 20, 40, 80, 150, 300)
CATEGORICAL = tuple(f"category_{values}" for values in VALUES)
FEATURES = (*NUMERIC, *CATEGORICAL)
TIME, SCORE, LABEL, LABEL_TIME = "event_time", "score", "label", "labelled_at"
COLUMNS = (TIME, SCORE, LABEL, LABEL_TIME, *FEATURES)
WITH_GAPS = {"normal_1": 0.01, "lognormal_2": 0.05, "exponential_3": 0.02, "uniform_4": 0.2}
"""Features with nulls, and their share."""
LABELLED = 0.6
"""The share of rows whose label is known; on the reference day all are."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the log; day 0 is the reference."""

    number: int
    rows: int

    @property
    def moved(self) -> bool:
        """Tell whether ten features have moved."""
        return self.number > 0


def write(folder: Path, rows: int, days: int = 1) -> None:
    """Write the reference, and so many days after it, a Parquet file each: zstd, row groups of 122,880 rows."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(days + 1):
        with pq.ParquetWriter(path_of(folder, number), SCHEMA, compression="zstd") as writer:
            for batch in _batches(Day(number, rows)):
                writer.write_batch(batch, row_group_size=GROUP_ROWS)


def path_of(folder: Path, day: int) -> Path:
    """Return the file of a day."""
    return folder / f"day-{day:02}.parquet"


SCHEMA = pa.schema(
    [
        (TIME, pa.timestamp("us", "UTC")),
        (SCORE, pa.float64()),
        (LABEL, pa.int8()),
        (LABEL_TIME, pa.timestamp("us", "UTC")),
        *((name, pa.float64()) for name in NUMERIC),
        *((name, pa.string()) for name in CATEGORICAL),
    ]
)


def _batches(day: Day) -> Iterator[pa.RecordBatch]:
    for number, first in enumerate(range(0, day.rows, GROUP_ROWS)):
        rows = min(GROUP_ROWS, day.rows - first)
        yield _batch(day, first, rows, np.random.default_rng([day.number, number]))


def _batch(day: Day, first: int, rows: int, draw: np.random.Generator) -> pa.RecordBatch:
    began = int((START + day.number * DAY).timestamp()) * 1_000_000
    at = began + np.arange(first, first + rows) * (86_400_000_000 // day.rows)
    numbers = {name: _numbers(name, rows, day.moved, draw) for name in NUMERIC}
    score = 1 / (1 + np.exp(1.5 - numbers["normal_0"] - 0.5 * numbers["normal_2"]))
    labelled = ~(draw.random(rows) < (1 - LABELLED)) if day.moved else np.ones(rows, np.bool_)
    label = (draw.random(rows) < score).astype(np.int8)
    columns = [
        pa.array(at).cast(SCHEMA.field(TIME).type),
        pa.array(score),
        pa.array(label, mask=~labelled),
        pa.array(at + 3_600_000_000, mask=~labelled).cast(SCHEMA.field(LABEL_TIME).type),
        *(pa.array(values, mask=draw.random(rows) < _gaps(name, day.moved)) for name, values in numbers.items()),
        *(_words(values, rows, day.moved, draw) for values in VALUES),
    ]
    return pa.record_batch(columns, schema=SCHEMA)


def _numbers(name: str, rows: int, moved: bool, draw: np.random.Generator) -> Floats:
    shape = name.rsplit("_", 1)[0]
    values: Floats
    if shape == "normal":
        values = draw.normal(size=rows)
    elif shape == "lognormal":
        values = draw.lognormal(3, 1.2, rows)
    elif shape == "exponential":
        values = draw.exponential(5, rows)
    elif shape == "uniform":
        values = draw.random(rows)
    else:
        values = np.where(draw.random(rows) < 0.3, 0.0, draw.poisson(4, rows))
    return _moved(name, values, draw) if moved else values


def _moved(name: str, values: Floats, draw: np.random.Generator) -> Floats:
    """Return the values of the second day. Five of the shifts matter, one is too small to."""
    if name == "normal_0":
        return values + 0.3
    if name == "normal_3":
        return values + 0.02
    if name == "lognormal_1":
        return values * 1.5
    if name == "exponential_0":
        return values * 1.2
    if name == "zero_inflated_4":
        return np.where(draw.random(len(values)) < 0.2, 0.0, values)
    return values * 100 if name == "lognormal_5" else values


def _gaps(name: str, moved: bool) -> float:
    usual = WITH_GAPS.get(name, 0.0)
    return 3 * usual if moved and name == "lognormal_2" else usual


def _words(values: int, rows: int, moved: bool, draw: np.random.Generator) -> pa.Array:
    weights = 1 / np.arange(1, values + 1)
    if moved and values in (12, 80):
        weights[1] *= 1.1 if values == 80 else 2
    code = draw.choice(values, rows, p=weights / weights.sum())
    words = [f"value {number}" for number in range(values)]
    if moved and values == 40:
        code = np.where(draw.random(rows) < 0.01, values, code)
        words.append("new")
    return pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int32)), pa.array(words)).cast(pa.string())
