"""Rows of the prediction log with the labels that had arrived, in order of time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tools.monitors.log_columns import (
    NO_TIME,
    Labels,
    Place,
    Scores,
    Times,
    scores,
    texts,
    times,
    typed_feature,
)
from tools.monitors.log_source import Part, Rows
from tools.monitors.prediction_log import PredictionLog
from tools.monitors.sight import Sight
from tools.monitors.spans import Span
from tools.profile.arrays import places


@dataclass(frozen=True, slots=True)
class ServedRows:
    """Columns of equal length, ordered by time; `ids` and `versions` are None where the log has no such column."""

    time: Times
    score: Scores
    label: Labels
    labelled_at: Times
    ids: pa.Array | None
    versions: pa.Array | None
    features: pa.Table

    def __len__(self) -> int:
        return len(self.time)

    def part(self, first: int, last: int) -> "ServedRows":
        """Return the rows from the first to before the last, without a copy."""
        return ServedRows(
            time=self.time[first:last],
            score=self.score[first:last],
            label=self.label[first:last],
            labelled_at=self.labelled_at[first:last],
            ids=self.ids[first:last] if self.ids is not None else None,
            versions=self.versions[first:last] if self.versions is not None else None,
            features=self.features[first:last],
        )


def read_rows(sight: Sight, span: Span, features: Mapping[str, pa.DataType]) -> ServedRows:
    """Return the log's rows in the span, with the labels the log itself holds, and features in the types asked for."""
    log = sight.log
    wanted = _columns(sight, features)
    parts = [
        _part(_Batch(sight.reader, file, at, rows), sight, features)
        for file in sight.within(span)
        for at, rows in sight.reader.timed(file, wanted, log.timestamp, span)
    ]
    return _ordered(parts, log, features)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some rows of one part."""

    reader: Rows
    file: Part
    time: Times
    rows: pa.RecordBatch

    def column(self, name: str) -> tuple[pa.Array, Place]:
        return self.rows.column(name), self.reader.place(self.file, name)


def _columns(sight: Sight, features: Iterable[str]) -> list[str]:
    log, own = sight.log, sight.log.own_labels
    wanted = [log.prediction if sight.scored else None, log.id, log.version]
    return [name for name in (*wanted, *((own.label, own.timestamp) if own else ()), *features) if name]


def _part(batch: _Batch, sight: Sight, kinds: Mapping[str, pa.DataType]) -> ServedRows:
    log = sight.log
    label, labelled_at = _own_labels(batch, log, sight.now)
    return ServedRows(
        time=batch.time,
        score=scores(*batch.column(log.prediction)) if sight.scored else np.full(len(batch.time), np.nan),
        label=label,
        labelled_at=labelled_at,
        ids=texts(*batch.column(log.id)) if log.id else None,
        versions=texts(*batch.column(log.version)) if log.version else None,
        features=pa.table({name: _typed(batch, name, kind) for name, kind in kinds.items()}),
    )


def _typed(batch: _Batch, name: str, kind: pa.DataType) -> pa.Array:
    column, place = batch.column(name)
    return typed_feature(column, kind, place)


def _own_labels(batch: _Batch, log: PredictionLog, now: int) -> tuple[Labels, Times]:
    own = log.own_labels
    if own is None:
        return log.how.unlabelled(len(batch.time)), np.full(len(batch.time), NO_TIME)
    label = log.how.own(*batch.column(own.label))
    if own.timestamp is None:
        return label, np.full(len(label), NO_TIME)
    at = times(*batch.column(own.timestamp))
    return np.where(at <= now, label, log.how.unlabelled(len(label))), at


def _ordered(parts: list[ServedRows], log: PredictionLog, kinds: Mapping[str, pa.DataType]) -> ServedRows:
    rows = ServedRows(
        time=np.concatenate([np.empty(0, np.int64), *(part.time for part in parts)]),
        score=np.concatenate([np.empty(0), *(part.score for part in parts)]),
        label=np.concatenate([log.how.unlabelled(0), *(part.label for part in parts)]),
        labelled_at=np.concatenate([np.empty(0, np.int64), *(part.labelled_at for part in parts)]),
        ids=_joined([part.ids for part in parts]) if log.id else None,
        versions=_joined([part.versions for part in parts]) if log.version else None,
        features=pa.concat_tables([pa.Table.from_batches([], pa.schema(kinds.items())), *(p.features for p in parts)]),
    )
    if (rows.time[1:] >= rows.time[:-1]).all():
        return rows
    return _taken(rows, np.argsort(rows.time, kind="stable"))


def _joined(parts: list[pa.Array]) -> pa.Array:
    return pa.concat_arrays([pa.nulls(0, pa.string()), *parts])


def _taken(rows: ServedRows, order: NDArray[np.int64]) -> ServedRows:
    chosen = places(order)
    return ServedRows(
        time=rows.time[order],
        score=rows.score[order],
        label=rows.label[order],
        labelled_at=rows.labelled_at[order],
        ids=rows.ids.take(chosen) if rows.ids is not None else None,
        versions=rows.versions.take(chosen) if rows.versions is not None else None,
        features=rows.features.take(chosen) if rows.features.column_names else rows.features,
    )
