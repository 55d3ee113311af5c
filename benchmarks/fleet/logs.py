"""The logs of a fleet: an hour a file, 20 features, scores and labels; hard links to a few templates."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HOUR = timedelta(hours=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
REFERENCE_HOURS = 24
"""The hours that the reference has; those after it are live."""
NUMBERS = tuple(f"number_{number:02}" for number in range(14))
WORDS = tuple(f"word_{number:02}" for number in range(6))
FEATURES = (*NUMBERS, *WORDS)


def hour(number: int) -> datetime:
    """Return when an hour of the log begins; the reference begins with hour 0."""
    return START + number * HOUR


def write(folder: Path, template: int, hours: range, rows: int) -> None:
    """Write the hours of one template, a Parquet file each."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in hours:
        pq.write_table(_rows(template, number, rows), file(folder, number), compression="zstd")


def file(folder: Path, number: int) -> Path:
    """Return where the log of an hour lies."""
    return folder / f"{number:04}.parquet"


def link(template: Path, folder: Path) -> None:
    """Give a model a folder with the files of a template, without copying them."""
    folder.mkdir(parents=True, exist_ok=True)
    for found in template.iterdir():
        if not (folder / found.name).exists():
            os.link(found, folder / found.name)


def _rows(template: int, number: int, rows: int) -> pa.Table:
    draw = np.random.default_rng([template, number])
    at = np.sort(draw.integers(0, 3_600_000_000, rows)) + int(hour(number).timestamp()) * 1_000_000
    columns = {name: _numbers(place, rows, draw) for place, name in enumerate(NUMBERS)}
    score = 1 / (1 + np.exp(2.0 - columns[NUMBERS[2]] - 0.5 * columns[NUMBERS[5]]))
    words = {name: _words(3 + 4 * place, rows, draw) for place, name in enumerate(WORDS)}
    label = (draw.random(rows) < score).astype(np.int8)
    stamps = pa.array(at).cast(pa.timestamp("us", "UTC"))
    return pa.table({"at": stamps, "score": score, "label": label, **columns, **words})


def _numbers(place: int, rows: int, draw: np.random.Generator) -> np.ndarray:
    kinds = (draw.lognormal(3, 1, rows), draw.poisson(4, rows).astype(float), draw.normal(size=rows))
    return kinds[place % 3]


def _words(values: int, rows: int, draw: np.random.Generator) -> pa.Array:
    weights = 1 / np.arange(1, values + 1)
    code = draw.choice(values, rows, p=weights / weights.sum()).astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(code), pa.array([f"value {n}" for n in range(values)])).cast(
        pa.string()
    )
