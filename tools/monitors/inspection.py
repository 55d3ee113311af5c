"""Look at a log that nobody has described yet: what its columns hold, by a sample of its rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph.errors import Misconfigured
from tools.monitors.extents import Extent, joined
from tools.monitors.log_columns import NO_TIME, Times, texts, times
from tools.monitors.log_files import LogFile
from tools.monitors.log_reader import Memory, Reader, steady

Kind = Literal["time", "number", "boolean", "text", "empty", "other"]

_MOST_FILES = 12
_MOST_ROWS = 120_000
"""Rows of the sample, evenly over at most twelve evenly chosen files: enough to tell columns apart, quick to read."""


_MOST_JOINED = 3_000_000


@dataclass(frozen=True, slots=True)
class Column:
    """What the sampled rows of one column hold."""

    name: str
    kind: Kind
    rows: int
    missing: int
    """Null or NaN."""
    distinct: int
    """Different values, without the missing ones."""
    low: float | None = None
    high: float | None = None
    whole: bool = False
    """Every number is a whole one."""
    examples: tuple[str, ...] = ()

    @property
    def unique(self) -> bool:
        """Tell whether every sampled row has a value of its own."""
        return self.missing == 0 and self.rows > 1 and self.distinct == self.rows


@dataclass(frozen=True, slots=True)
class Inspection:
    """A log at a first look."""

    sources: tuple[str, ...]
    files: tuple[LogFile, ...]
    columns: tuple[Column, ...]
    sample: pa.Table
    reader: Reader

    def column(self, name: str) -> Column | None:
        """Return a column by its name."""
        return next((column for column in self.columns if column.name == name), None)

    def times(self, name: str) -> Times:
        """Return the sampled times of a column, microseconds since 1970 UTC."""
        return times(self.sample.column(name).combine_chunks(), self.reader.place(self.files[0], name))


def inspect(model: str, sources: tuple[str, ...]) -> Inspection:
    """Return what a log's files hold. Misconfigured when there are none, or none with rows."""
    return steady(lambda: Reader(model, Memory(), frozenset()), lambda reader: _inspect(reader, sources))


def _inspect(reader: Reader, sources: tuple[str, ...]) -> Inspection:
    files = tuple(file for file in reader.files(sources) if file.size)
    where = ", ".join(sources)
    if not files:
        raise Misconfigured(
            f"no Parquet or CSV file with anything in it at {where}", "name a file, a folder, or a glob in quotes"
        )
    sample = _sample(reader, _evenly(files, _MOST_FILES))
    if not sample.num_rows or not sample.num_columns:
        raise Misconfigured(f"the files at {where} hold no rows", "let the model serve for a while, then try again")
    columns = tuple(_column(name, sample.column(name)) for name in sample.column_names)
    return Inspection(sources, files, columns, sample, reader)


def reach(found: Inspection, time: str) -> Extent:
    """Return the rows of the whole log, and its first and last time. Reads a CSV to its end."""
    return joined(found.reader.extent(file, time) for file in found.files)


def _evenly(files: Sequence[LogFile], most: int) -> list[LogFile]:
    if len(files) <= most:
        return list(files)
    return [files[round(at * (len(files) - 1) / (most - 1))] for at in range(most)]


def _sample(reader: Reader, files: Sequence[LogFile]) -> pa.Table:
    names = [name for name in reader.schema(files[-1]).names if all(name in reader.schema(f).names for f in files)]
    if not names:
        raise Misconfigured(f"{files[0].path} and {files[-1].path} have no column in common", "name one log at a time")
    tables = [_rows(reader, file, names, max(1, _MOST_ROWS // len(files))) for file in files]
    return pa.table({name: _together([table.column(name) for table in tables]) for name in names})


def _rows(reader: Reader, file: LogFile, names: list[str], most: int) -> pa.Table:
    """Return evenly spaced rows of a file, at least `most` and fewer than twice that where it has as many."""
    kept, held, stride, seen = [], 0, 1, 0
    for batch in reader.batches(file, names):
        chosen = np.arange(-seen % stride, batch.num_rows, stride)
        seen += batch.num_rows
        kept.append(batch.take(pa.array(chosen)))
        held += len(chosen)
        while held >= 2 * most:
            whole = pa.Table.from_batches(kept).combine_chunks()
            whole = whole.take(pa.array(np.arange(0, held, 2)))
            kept, held, stride = whole.to_batches(), whole.num_rows, stride * 2
    schema = pa.schema([reader.schema(file).field(name) for name in names])
    return pa.Table.from_batches(kept, None if kept else schema)


def _together(parts: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Return parts of a column as one; as text where the files disagree about its type."""
    kinds = {part.type for part in parts if not pa.types.is_null(part.type)}
    if len(kinds) == 1:
        kind = kinds.pop()
    elif kinds and all(pa.types.is_integer(each) or pa.types.is_floating(each) for each in kinds):
        kind = pa.float64()
    else:
        kind = pa.string() if kinds else pa.null()
    return pa.chunked_array([chunk for part in parts for chunk in part.cast(kind).chunks], kind)


def _column(name: str, values: pa.ChunkedArray) -> Column:
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    kind = _kind(values)
    missing = values.null_count
    low = high = None
    whole = False
    if kind == "number":
        numbers = values.cast(pa.float64(), safe=False).to_numpy()
        known = numbers[np.isfinite(numbers)]
        missing = len(numbers) - len(known)
        low, high = (float(known.min()), float(known.max())) if len(known) else (None, None)
        whole = bool(len(known)) and bool((known == np.floor(known)).all())
        distinct = len(np.unique(known))
    else:
        distinct = len(values.drop_null().unique()) if kind != "other" else 0
    examples = tuple(str(value) for value in values.drop_null().slice(0, 3).to_pylist())
    return Column(name, kind, len(values), missing, distinct, low, high, whole, examples)


def _kind(values: pa.ChunkedArray) -> Kind:
    kind = values.type
    if values.null_count == len(values):
        return "empty"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "time"
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "time" if _are_times(values.cast(pa.string())) else "text"
    return "other"


def _are_times(values: pa.ChunkedArray) -> bool:
    for zone in ("UTC", None):
        try:
            values.cast(pa.timestamp("us", zone))
        except pa.ArrowInvalid:
            continue
        return True
    return False


def separation(found: Inspection, score: str, label: str, positive: str) -> float | None:
    """Return the AUC of a score for one of a column's two values: 0.5 where it knows nothing of them."""
    values = found.sample.column(score).cast(pa.float64(), safe=False).to_numpy()
    wanted = found.sample.column(label)
    known = np.asarray(wanted.is_valid().to_numpy()) & np.isfinite(values)
    hits = np.asarray(pc.equal(wanted.cast(pa.string()), positive).fill_null(False).to_numpy())[known]
    if not hits.any() or hits.all():
        return None
    _, rank, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2
    above = middle[rank][hits].sum() - hits.sum() * (hits.sum() + 1) / 2
    return float(above / (hits.sum() * (~hits).sum()))


def values_of(found: Inspection, name: str) -> list[str]:
    """Return the different values of a column as text, at most ten."""
    distinct = found.sample.column(name).drop_null().unique().slice(0, 10)
    return [str(value) for value in distinct.cast(pa.string()).to_pylist()]


def lags(found: Inspection, since: str, until: str) -> Times:
    """Return the microseconds between two time columns, of the rows that have both."""
    first, last = found.times(since), found.times(until)
    return _between(first, last)


def newest_labelled(found: Inspection, time: str, label: str) -> tuple[int, int]:
    """Return the times of the newest sampled row with a label and of the newest one at all, in microseconds."""
    at = found.times(time)
    labelled = np.asarray(found.sample.column(label).is_valid().to_numpy())
    return int(at[labelled].max(initial=NO_TIME)), int(at.max(initial=NO_TIME))


def joined_lags(
    log: Inspection, key: str, since: str, labels: Inspection, label_key: str, until: str | None
) -> tuple[Times, float]:
    """Return how long the newest labels took, in microseconds, and the share of them whose prediction was found.

    Both logs are read from their newest file on: a sample of each would hold few rows in common. Without a time of the
    label, no lag is known.
    """
    ids, at = _keyed(log, key, since, _MOST_JOINED)
    theirs, labelled_at = _keyed(labels, label_key, until, _MOST_ROWS)
    place = pc.index_in(theirs, value_set=ids)
    matched = place.is_valid().to_numpy(zero_copy_only=False)
    share = float(matched.mean()) if len(matched) else 0.0
    if until is None:
        return np.empty(0, np.int64), share
    return _between(at[place.drop_null().to_numpy(zero_copy_only=False)], labelled_at[matched]), share


def _keyed(found: Inspection, key: str, time: str | None, most: int) -> tuple[pa.Array, Times]:
    """Return ids and times of whole files, the newest first, until there are enough."""
    reader, ids, at = found.reader, [pa.array([], pa.string())], [np.empty(0, np.int64)]
    for file in sorted(found.files, reverse=True):
        for batch in reader.batches(file, [key, time] if time else [key]):
            ids.append(texts(batch.column(key), reader.place(file, key)))
            if time:
                at.append(times(batch.column(time), reader.place(file, time)))
        if sum(map(len, ids)) >= most:
            break
    return pa.concat_arrays(ids), np.concatenate(at)


def _between(first: Times, last: Times) -> Times:
    known = (first != NO_TIME) & (last != NO_TIME)
    return np.asarray((last - first)[known], np.int64)
