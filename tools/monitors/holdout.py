"""Write the labelled rows of a stretch of time to one Parquet file, for two models to be judged on."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from graph.errors import Misconfigured, Unavailable
from tools.monitors.log_columns import shared_type
from tools.monitors.prediction_log import PredictionLog
from tools.monitors.scored_rows import ScoredRows, scored_rows
from tools.monitors.sight import Sight
from tools.monitors.spans import Span, bucket_length, buckets

Rows = NDArray[np.int64]

TIME, LABEL, SCORE, VERSION = "event_time", "label", "score", "version"
_ROWS = 200_000
"""Rows held with all their features at a time."""


@dataclass(frozen=True, slots=True)
class Written:
    """What went into the file."""

    rows: int
    positives: int


def reserve_names(log: PredictionLog) -> None:
    """Raise Misconfigured when a feature has the name of one of the holdout's own columns."""
    for name in (TIME, LABEL, SCORE, VERSION):
        if name in log.features:
            raise Misconfigured(
                f"{log.model}: a feature cannot be called {name}: holdouts have a column of that name",
                "rename it in the log and in the training script",
            )


def write(sight: Sight, span: Span, exclude: Sequence[Span], to: Path) -> Written:
    """Write event_time, label, the score as served, the version if the log has one, then the features; by time and id.

    The first row of each id in a bucket is kept; rows without a good label and rows in an excluded stretch are not.
    Raises Unavailable when the disk takes no more.
    """
    kinds = _kinds(sight, span)
    schema = _schema(sight.log, kinds)
    rows, positives, numbers = 0, 0, sight.log.task == "regression"
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(to, schema, compression="zstd") as writer:
            for table in _tables(sight, span, exclude, kinds, schema):
                writer.write_table(table)
                rows += len(table)
                positives += 0 if numbers else int(np.count_nonzero(table.column(LABEL).to_numpy()))
    except OSError as problem:
        raise Unavailable(f"{sight.log.model}: {to} cannot be written: {problem}", "free some space there") from problem
    return Written(rows, positives)


def digest(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _kinds(sight: Sight, span: Span) -> dict[str, pa.DataType]:
    schemas = [sight.reader.schema(file) for file in sight.within(span)]
    return {
        name: shared_type([schema.field(name).type for schema in schemas if name in schema.names])
        for name in sight.log.features
    }


def _schema(log: PredictionLog, kinds: dict[str, pa.DataType]) -> pa.Schema:
    version = {VERSION: pa.string()} if log.version else {}
    own = {TIME: pa.timestamp("us", "UTC"), LABEL: log.how.label_type, SCORE: pa.float64(), **version}
    return pa.schema(list({**own, **kinds}.items()))


def _tables(
    sight: Sight, span: Span, exclude: Sequence[Span], kinds: dict[str, pa.DataType], schema: pa.Schema
) -> Iterator[pa.Table]:
    wanted = buckets(span.start, span.end, bucket_length(sight.log.window))
    for found in scored_rows(sight, wanted, kinds, _ROWS):
        chosen = _chosen(found, span, exclude, sight.now)
        if len(chosen):
            yield _table(found, chosen, schema)


def _chosen(found: ScoredRows, span: Span, exclude: Sequence[Span], now: int) -> Rows:
    at = found.rows.time
    good = found.own & ~found.task.missing(found.label) & (at >= span.start) & (at < span.end) & (at <= now)
    for gap in exclude:
        good &= (at < gap.start) | (at >= gap.end)
    chosen = np.flatnonzero(good)
    if found.rows.ids is None:
        return chosen
    # Codes of the sorted ids, so that equal times are ordered by id whatever the order of the files.
    ids = found.rows.ids.take(pa.array(chosen))
    rank = pc.rank(ids, tiebreaker="dense").to_numpy(zero_copy_only=False)
    ordered: Rows = chosen[np.lexsort((rank, at[chosen]))]
    return ordered


def _table(found: ScoredRows, chosen: Rows, schema: pa.Schema) -> pa.Table:
    rows, picked = found.rows, pa.array(chosen)
    columns = {
        TIME: pa.array(rows.time[chosen]).cast(pa.timestamp("us", "UTC")),
        LABEL: pa.array(found.label[chosen]),
        SCORE: pa.array(rows.score[chosen], from_pandas=True),
        **({VERSION: rows.versions.take(picked)} if rows.versions is not None else {}),
        **{name: rows.features.column(name).take(picked) for name in rows.features.column_names},
    }
    return pa.table([columns[name] for name in schema.names], schema=schema)
