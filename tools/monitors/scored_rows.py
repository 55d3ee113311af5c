"""Which of the served rows count for one model version, and as what."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tools.monitors import label_files
from tools.monitors.log_columns import BAD_LABEL, NO_TIME, Labels, Times
from tools.monitors.served_rows import ServedRows, read_rows
from tools.monitors.sight import Sight
from tools.monitors.spans import Span, groups
from tools.profile.arrays import Mask, filled, mask, strings, valid
from tools.profile.counting import UNLABELLED, count_cells, count_lags
from tools.profile.counts import ScoreCounts, first_few
from tools.profile.profile import ScoreProfile

GROUP_ROWS = 1_000_000
"""Rows joined to their labels at a time: what bounds the memory."""


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

    @property
    def own(self) -> Mask:
        """Return the version's rows, the first of each id."""
        return ~self.foreign & ~self.repeated

    @property
    def bad_score(self) -> Mask:
        """Return the rows whose score was read and is null, NaN or outside [0, 1]."""
        inside = (self.rows.score >= 0) & (self.rows.score <= 1)
        return ~inside if self.has_scores else np.zeros(len(self.rows), np.bool_)

    @property
    def label(self) -> Labels:
        """Return the labels, without those that are neither 0 nor 1."""
        return np.where(self.rows.label == BAD_LABEL, UNLABELLED, self.rows.label).astype(np.int8)


def scored_rows(
    sight: Sight, wanted: Sequence[Span], features: Mapping[str, pa.DataType] | None = None, limit: int = GROUP_ROWS
) -> Iterator[ScoredRows]:
    """Yield the rows of the wanted buckets, ordered by time, with about `limit` rows at a time."""
    for run in groups(wanted, [_expected_rows(sight, each) for each in wanted], limit):
        span = Span(run[0].start, run[-1].end)
        rows, strays = _labelled(sight, read_rows(sight, span, features or {}), span)
        bucket = rows.time - (rows.time - span.start) % (run[0].end - run[0].start)
        foreign = _foreign(rows, sight.version)
        yield ScoredRows(run, rows, bucket, foreign, _repeated(rows, bucket, foreign), strays, sight.scored)


def _labelled(sight: Sight, rows: ServedRows, span: Span) -> tuple[ServedRows, label_files.Strays]:
    if sight.log.joined_labels:
        return label_files.join(sight, rows, span)
    return rows, label_files.Strays(pa.nulls(0, pa.string()), np.empty(0, np.int64))


def count_all(sight: Sight, found: ScoredRows, profile: ScoreProfile) -> dict[Span, ScoreCounts]:
    """Count the rows bucket by bucket, with the labels that have no prediction anywhere in the log."""
    orphans = label_files.orphans(sight, found.strays, Span(found.buckets[0].start, found.buckets[-1].end))
    return {bucket: _count(found, bucket, profile, orphans) for bucket in found.buckets}


def _count(found: ScoredRows, bucket: Span, profile: ScoreProfile, orphans: Times) -> ScoreCounts:
    """Count one bucket by the cells of a profile; one without cells counts rows that have no score as well."""
    rows, inside = found.rows, found.bucket == bucket.start
    own = inside & found.own
    counted = own & ~found.bad_score if profile.cuts else own
    score = rows.score[counted] if profile.cuts else np.zeros(int(counted.sum()))
    label = found.label[counted]
    timed = counted & (found.label != UNLABELLED) & (rows.labelled_at != NO_TIME)
    foreign = inside & found.foreign
    return ScoreCounts(
        cells=count_cells(score, label, profile.cuts),
        rows=int(own.sum()),
        bad_scores=int((own & found.bad_score).sum()),
        bad_labels=int((own & (rows.label == BAD_LABEL)).sum()),
        duplicate_ids=int((inside & found.repeated).sum()),
        missing_ids=int((inside & ~found.foreign & _without_id(rows)).sum()),
        orphan_labels=int(((orphans >= bucket.start) & (orphans < bucket.end)).sum()),
        other_rows=int(foreign.sum()),
        other_versions=_some_versions(rows.versions, foreign),
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
