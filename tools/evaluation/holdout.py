"""Reads the holdout: labels, times and features of the judged rows, and which of them belong together."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tools.evaluation.request import Request

Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]
Scores = NDArray[np.float64]
"""One per row: probabilities of the positive class, or what a regression predicts."""
Labels = Flags | Scores
"""One per row: whether it is positive, or the number that a regression should have predicted."""

_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
_DAYS_FOR_DAILY = 10
_BLOCKS = 20
SMALLEST_SLICE = 50
MOST_SLICES = 20


@dataclass(frozen=True, slots=True)
class Rows:
    """The judged rows. `time` is microseconds since 1970, UTC; `features` keeps the log's own types."""

    label: Labels
    time: Whole
    features: pa.Table


def read(request: Request) -> Rows:
    """Return the rows of the holdout file. Raises KeyError for a missing column, ValueError for an impossible label."""
    wanted = list(dict.fromkeys(("event_time", "label", *request.features)))
    missing = set(wanted) - set(pq.read_schema(Path(request.holdout)).names)
    if missing:
        raise KeyError(f"the holdout file holds no column {', '.join(sorted(missing))}")
    table = pq.read_table(Path(request.holdout), columns=wanted)
    label: Scores = table["label"].cast(pa.float64()).to_numpy()
    time = table["event_time"].cast(pa.timestamp("us", tz="UTC"), safe=False).cast(pa.int64()).to_numpy()
    return Rows(_labels(request, label), time, pa.table({name: _plain(table[name]) for name in request.features}))


def _labels(request: Request, label: Scores) -> Labels:
    if request.task == "regression":
        if not np.isfinite(label).all():
            raise ValueError("the holdout file holds labels that are no numbers")
        return label
    if not np.isin(label, (0.0, 1.0)).all():
        raise ValueError("the holdout file holds labels other than 0 and 1")
    return np.equal(label, 1.0)


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return values.cast(values.type.value_type) if pa.types.is_dictionary(values.type) else values


def blocks(time: Whole) -> Whole:
    """Return a block number per row, from 0 without gaps: rows of one block are taken as one piece of evidence.

    A block is a day in UTC where the rows span ten days or more, else a twentieth of the span, but at least an hour.
    """
    first = int(time.min())
    span = int(time.max()) - first
    daily = span >= _DAYS_FOR_DAILY * _DAY
    codes = time // _DAY if daily else (time - first) // max(_HOUR, span // _BLOCKS + 1)
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def parts(request: Request, rows: Rows) -> Iterator[tuple[str, Flags]]:
    """Yield name and row selection of each part to compare: overall, harm and rest, then the policy's slices."""
    yield "overall", np.ones(len(rows.time), dtype=bool)
    if request.harm_from is not None:
        harm = rows.time >= _microseconds(request.harm_from)
        yield "harm", harm
        if not harm.all():
            yield "rest", ~harm
    for feature in request.validation.slices:
        for value, chosen in categories(rows.features[feature]):
            yield f"slice:{feature}={value}", chosen


def _microseconds(time: datetime) -> int:
    return int(pa.scalar(time, pa.timestamp("us", tz="UTC")).cast(pa.int64()).as_py())


def categories(column: pa.ChunkedArray) -> Iterator[tuple[str, Flags]]:
    """Yield the value and rows of each slice of a column: the most frequent values that have enough rows."""
    codes = pc.dictionary_encode(column, null_encoding="encode").combine_chunks()
    index, values = codes.indices.to_numpy(zero_copy_only=False), codes.dictionary.to_pylist()
    sizes = np.bincount(index, minlength=len(values))
    large = [code for code in range(len(values)) if sizes[code] >= SMALLEST_SLICE]
    for code in sorted(large, key=lambda code: (-sizes[code], str(values[code])))[:MOST_SLICES]:
        yield _text(values[code]), index == code


def _text(value: object) -> str:
    return "null" if value is None else str(value)
