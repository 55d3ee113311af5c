"""Which of the served rows count for one model version, and as what."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tools.monitors import label_files
from tools.monitors.log_columns import NO_TIME, Labels, Times
from tools.monitors.served_rows import ServedRows, read_rows
from tools.monitors.sight import Sight
from tools.monitors.spans import Span, groups
from tools.monitors.tasks import Task
from tools.profile.arrays import Mask, filled, mask, strings, valid
from tools.profile.counting import UNLABELLED, count_cells, count_lags
from tools.profile.counts import ScoreCounts, first_few
from tools.profile.profile import ScoreProfile

GROUP_ROWS = 1_000_000
"""Rows joined to their labels at a time: what bounds the memory."""
_BLOCK_ROWS = 65_536
"""Rows counted at a time: few enough for the processor's cache, where counting takes half as long."""


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """Joined rows of a stretch of buckets; the masks say what each row is to one version."""

    buckets: list[Span]
    rows: ServedRows
    bucket: Times
    """Start of the bucket that each row lies in."""
    foreign: Mask
    """Served by another version."""
    repeated: Mask
    """Not the first row of its id in its bucket, among the version's own."""
    strays: label_files.Strays
    """Labels from the same stretch of time that belong to none of the rows."""
    has_scores: bool
    """Whether the scores were read."""
    task: Task

    @property
    def own(self) -> Mask:
        """Return the version's rows, the first of each id."""
        return ~self.foreign & ~self.repeated

    @property
    def bad_score(self) -> Mask:
        """Return the rows whose score was read and cannot be right."""
        return self.task.bad_score(self.rows.score) if self.has_scores else np.zeros(len(self.rows), np.bool_)

    @property
    def label(self) -> Labels:
        """Return the labels, without those that cannot be right."""
        return self.task.sound(self.rows.label)

    def parts(self, span: Span) -> "list[ScoredRows]":
        """Return the rows in a stretch of time, a block after the other; one block without rows if there are none."""
        first, last = np.searchsorted(self.rows.time, [span.start, span.end]).tolist()
        ends = [min(start + _BLOCK_ROWS, last) for start in range(first, max(last, first + 1), _BLOCK_ROWS)]
        return [self._part(start, end) for start, end in zip([first, *ends], ends, strict=False)]

    def _part(self, first: int, last: int) -> "ScoredRows":
        return replace(
            self,
            rows=self.rows.part(first, last),
            bucket=self.bucket[first:last],
            foreign=self.foreign[first:last],
            repeated=self.repeated[first:last],
        )


def scored_rows(
    sight: Sight, wanted: Sequence[Span], features: Mapping[str, pa.DataType] | None = None, limit: int = GROUP_ROWS
) -> Iterator[ScoredRows]:
    """Yield the rows of the wanted buckets, ordered by time, with about `limit` rows at a time."""
    for run in groups(wanted, [_expected_rows(sight, each) for each in wanted], limit):
        span = Span(run[0].start, run[-1].end)
        rows, strays = _labelled(sight, read_rows(sight, span, features or {}), span)
        bucket = rows.time - (rows.time - span.start) % (run[0].end - run[0].start)
        foreign = _foreign(rows, sight.version)
        yield ScoredRows(
            run, rows, bucket, foreign, _repeated(rows, bucket, foreign), strays, sight.scored, sight.log.how
        )


def _labelled(sight: Sight, rows: ServedRows, span: Span) -> tuple[ServedRows, label_files.Strays]:
    if sight.log.joined_labels:
        return label_files.join(sight, rows, span)
    return rows, label_files.Strays(pa.nulls(0, pa.string()), np.empty(0, np.int64))


def count_all(sight: Sight, found: ScoredRows, profile: ScoreProfile) -> dict[Span, ScoreCounts]:
    """Count the rows bucket by bucket, with the labels that have no prediction anywhere in the log."""
    orphans = label_files.orphans(sight, found.strays, Span(found.buckets[0].start, found.buckets[-1].end))
    counts = {}
    for bucket in found.buckets:
        inside = reduce(add, (_count(block, profile) for block in found.parts(bucket)))
        lost = int(np.count_nonzero((orphans >= bucket.start) & (orphans < bucket.end)))
        counts[bucket] = replace(inside, orphan_labels=lost)
    return counts


def _count(found: ScoredRows, profile: ScoreProfile) -> ScoreCounts:
    """Count rows by the cells of a profile; one without cells counts rows that have no score as well."""
    rows, own, bad, label = found.rows, found.own, found.bad_score, found.task.classes(found.label)
    counted = own & ~bad if profile.cuts else own
    score = rows.score[counted] if profile.cuts else np.zeros(np.count_nonzero(counted))
    timed = counted & (label != UNLABELLED) & (rows.labelled_at != NO_TIME)
    return ScoreCounts(
        cells=count_cells(score, label[counted], profile.cuts),
        rows=int(np.count_nonzero(own)),
        bad_scores=int(np.count_nonzero(own & bad)),
        bad_labels=int(np.count_nonzero(own & found.task.bad(rows.label))),
        duplicate_ids=int(np.count_nonzero(found.repeated)),
        missing_ids=int(np.count_nonzero(~found.foreign & _without_id(rows))),
        other_rows=int(np.count_nonzero(found.foreign)),
        other_versions=_some_versions(rows.versions, found.foreign),
        lags=count_lags(rows.labelled_at[timed] - rows.time[timed]),
    )


def _expected_rows(sight: Sight, bucket: Span) -> int:
    """Return about how many rows a bucket has, as if each file's rows were spread evenly over its extent."""
    total = 0.0
    for file in sight.within(bucket):
        extent = sight.reader.extent(file, sight.log.timestamp)
        first, last = extent.first or 0, extent.last or 0
        common = min(last + 1, bucket.end) - max(first, bucket.start)
        total += extent.rows * common / (last + 1 - first)
    return int(total)


def _foreign(rows: ServedRows, version: str | None) -> Mask:
    if version is None or rows.versions is None:
        return np.zeros(len(rows), np.bool_)
    return ~valid(pc.index_in(rows.versions, value_set=strings([version])))


def _repeated(rows: ServedRows, bucket: Times, foreign: Mask) -> Mask:
    repeated = np.zeros(len(rows), np.bool_)
    if rows.ids is None:
        return repeated
    coded = rows.ids.dictionary_encode()
    code = filled(coded.indices, len(coded.dictionary)).astype(np.int64)
    usable = ~foreign & ~_without_id(rows)
    # Most ids are there once; only the rest need to be put in order.
    often = np.bincount(code[usable], minlength=len(coded.dictionary) + 1) > 1
    candidates = np.flatnonzero(usable & often[code])
    key = np.stack([bucket[candidates], code[candidates]])
    order = np.lexsort((candidates, key[1], key[0]))
    same = (key[:, order[1:]] == key[:, order[:-1]]).all(axis=0)
    repeated[candidates[order[1:][same]]] = True
    return repeated


def _without_id(rows: ServedRows) -> Mask:
    if rows.ids is None:
        return np.zeros(len(rows), np.bool_)
    return ~valid(rows.ids)


def _some_versions(versions: pa.Array | None, chosen: Mask) -> tuple[str, ...]:
    if versions is None or not chosen.any():
        return ()
    found = versions.filter(mask(chosen)).drop_null().unique()
    return first_few(tuple(value[:40] for value in found.to_pylist()))
