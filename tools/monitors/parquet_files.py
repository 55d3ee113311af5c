"""Read Parquet: what the footer says about times, and the row groups that can matter."""

import json
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from tools.monitors.extents import Extent, joined, may_hold
from tools.monitors.spans import Span

BATCH_ROWS = 32_768
_BUFFER = 65_536
_MICROSECONDS = {"milliseconds": (1_000, 1), "microseconds": (1, 1), "nanoseconds": (1, 1_000)}
"""Per unit in the file, as a fraction."""


def schema(path: str) -> pa.Schema:
    """Return the names and types of the columns."""
    return pq.read_schema(path)


def extent(path: str, time: str) -> Extent | None:
    """Return the file's extent by its footer, or None where the footer does not say."""
    metadata = pq.read_metadata(path)
    parts = [_group_extent(metadata, group, time) for group in range(metadata.num_row_groups)]
    known = [part for part in parts if part is not None]
    return joined(known) if len(known) == len(parts) else None


def batches(
    path: str, columns: list[str], time: str, span: Span | None, coded: Sequence[str] = ()
) -> Iterator[pa.RecordBatch]:
    """Yield the columns, of the row groups that may have rows in the span; `coded` texts stay in their dictionaries."""
    # Read through a buffer: else each column of a row group is held whole, and a file may be one large row group.
    with pq.ParquetFile(path, read_dictionary=list(coded), buffer_size=_BUFFER, pre_buffer=False) as opened:
        groups = [
            group
            for group in range(opened.metadata.num_row_groups)
            if span is None or may_hold(_group_extent(opened.metadata, group, time), span)
        ]
        yield from opened.iter_batches(BATCH_ROWS, row_groups=groups, columns=columns, use_threads=False)


def _group_extent(metadata: pq.FileMetaData, group: int, time: str) -> Extent | None:
    index = _index(metadata.schema, time)
    if index is None:
        return None
    part = metadata.row_group(group)
    unit, known = _unit(metadata, index), part.column(index).statistics
    if unit is None or known is None or not known.has_null_count:
        return None
    if known.null_count == part.num_rows:
        return Extent(part.num_rows, None, None, part.num_rows)
    if not known.has_min_max:
        return None
    multiplied, divided = unit
    first, last = known.min_raw * multiplied // divided, known.max_raw * multiplied // divided
    return Extent(part.num_rows, first, last, known.null_count)


def _index(schema: pq.ParquetSchema, column: str) -> int | None:
    return next((index for index in range(len(schema)) if schema.column(index).path == column), None)


def _unit(metadata: pq.FileMetaData, index: int) -> tuple[int, int] | None:
    """Return the unit in which a time column is stored: the file's, which need not be that of the Arrow type."""
    kind = json.loads(metadata.schema.column(index).logical_type.to_json())
    return _MICROSECONDS.get(kind.get("timeUnit", "")) if kind.get("Type") == "Timestamp" else None
