"""Labels that lie in files of their own: joined to predictions by id, the newest one that had arrived by now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tools.monitors.log_columns import NO_TIME, Labels, Times, texts, times
from tools.monitors.log_source import Part
from tools.monitors.prediction_log import LabelSource
from tools.monitors.served_rows import ServedRows
from tools.monitors.sight import Sight
from tools.monitors.spans import Span

_DAY = timedelta(days=1) // timedelta(microseconds=1)
_EARLY = 2 * _DAY
"""A label may seem older than its prediction by this much: some write dates where times belong."""
_AT_ONCE = 1_000_000
_LOOK_BACK = 30 * _DAY
"""How long before its label a prediction is looked for, before the label counts as one without a prediction."""


@dataclass(frozen=True, slots=True)
class Strays:
    """Labels from a stretch of time whose predictions were not among the rows they were joined to."""

    ids: pa.Array
    labelled_at: Times


@dataclass(frozen=True, slots=True)
class _LabelRows:
    """The rows of one label file that had arrived."""

    ids: pa.Array
    label: Labels
    labelled_at: Times


def useful(sight: Sight, source: LabelSource, start: int) -> list[Part]:
    """Return the parts that can hold labels of predictions from `start` on."""
    if source.timestamp is None:
        return list(sight.labels)
    # A label without a time can belong to any prediction.
    return sight.reader.since(sight.labels, source.timestamp, start - _EARLY)


def join(sight: Sight, rows: ServedRows, span: Span) -> tuple[ServedRows, Strays]:
    """Return the rows with their labels, and the labels of the span's time that belong to none of them."""
    source = sight.log.joined_labels
    if source is None or rows.ids is None:
        return rows, _no_strays()
    coded = rows.ids.dictionary_encode()
    label = sight.log.how.unlabelled(len(coded.dictionary) + 1)
    at = np.full(len(label), NO_TIME)
    strays = [_no_strays()]
    for file in useful(sight, source, span.start):
        for found in _read(sight, source, file):
            place = pc.index_in(found.ids, value_set=coded.dictionary, skip_nulls=True)
            _take_newest(label, at, place, found)
            strays.append(_unmatched(found, place, span))
    # A row without an id is looked up in the last place, which never has a label.
    code = coded.indices.fill_null(len(label) - 1).to_numpy(zero_copy_only=False)
    return replace(rows, label=label[code], labelled_at=at[code]), _joined(strays)


def orphans(sight: Sight, strays: Strays, span: Span) -> Times:
    """Return when the labels were attached that belong to no prediction at all, as far as the log reaches back."""
    log = sight.log
    if not len(strays.ids) or log.id is None:
        return np.empty(0, np.int64)
    delay = log.delay // timedelta(microseconds=1)
    around = Span(span.start - max(_LOOK_BACK, 4 * delay), span.end + _EARLY)
    left, left_at = strays.ids, strays.labelled_at
    # Newest first: most labels belong to predictions from just before, and then nothing older needs to be read.
    for file in sorted(sight.within(around), key=lambda each: -(sight.reader.extent(each, log.timestamp).last or 0)):
        for _, batch in sight.reader.timed(file, [log.id], log.timestamp, around):
            known = texts(batch.column(log.id), sight.reader.place(file, log.id))
            missing = pc.is_null(pc.index_in(left, value_set=known, skip_nulls=True))
            left, left_at = left.filter(missing), left_at[missing.to_numpy(zero_copy_only=False)]
        if not len(left):
            break
    return left_at


def _read(sight: Sight, source: LabelSource, file: Part) -> Iterator[_LabelRows]:
    """Yield the labels of a part, about a million at a time: a table may hold more than memory does."""
    wanted = [source.id, source.label, *([source.timestamp] if source.timestamp else [])]
    held: list[_LabelRows] = []
    for batch in sight.reader.batches(file, wanted):
        held.append(_part(sight, source, file, batch))
        if sum(len(each.ids) for each in held) >= _AT_ONCE:
            yield _in_one(sight, held)
            held = []
    yield _in_one(sight, held)


def _in_one(sight: Sight, parts: Sequence[_LabelRows]) -> _LabelRows:
    return _LabelRows(
        pa.concat_arrays([pa.array([], pa.string()), *(part.ids for part in parts)]),
        np.concatenate([sight.log.how.unlabelled(0), *(part.label for part in parts)]),
        np.concatenate([np.empty(0, np.int64), *(part.labelled_at for part in parts)]),
    )


def _part(sight: Sight, source: LabelSource, file: Part, batch: pa.RecordBatch) -> _LabelRows:
    place = sight.reader.place
    ids = texts(batch.column(source.id), place(file, source.id))
    label = sight.log.how.delivered(batch.column(source.label), place(file, source.label))
    if source.timestamp:
        at = times(batch.column(source.timestamp), place(file, source.timestamp))
    else:
        at = np.full(len(label), NO_TIME)
    arrived = ~sight.log.how.missing(label) & (at <= sight.now)
    return _LabelRows(ids.filter(pa.array(arrived)), label[arrived], at[arrived])


def _take_newest(label: Labels, at: Times, place: pa.Array, found: _LabelRows) -> None:
    """Put each label in its prediction's place unless a newer one is there; of equally old ones the later row wins."""
    matched = place.is_valid().to_numpy(zero_copy_only=False)
    where = place.drop_null().to_numpy(zero_copy_only=False)
    new, new_at = found.label[matched], found.labelled_at[matched]
    order = np.lexsort((np.arange(len(where)), new_at, where))
    where, new, new_at = where[order], new[order], new_at[order]
    newest = np.append(where[1:] != where[:-1], True)[: len(where)] & (new_at >= at[where])
    label[where[newest]], at[where[newest]] = new[newest], new_at[newest]


def _unmatched(found: _LabelRows, place: pa.Array, span: Span) -> Strays:
    inside = (found.labelled_at >= span.start) & (found.labelled_at < span.end)
    stray = place.is_null().to_numpy(zero_copy_only=False) & inside
    return Strays(found.ids.filter(pa.array(stray)), found.labelled_at[stray])


def _no_strays() -> Strays:
    return Strays(pa.array([], pa.string()), np.empty(0, np.int64))


def _joined(parts: list[Strays]) -> Strays:
    return Strays(pa.concat_arrays([part.ids for part in parts]), np.concatenate([part.labelled_at for part in parts]))
