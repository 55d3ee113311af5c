"""The score profile of a model version: from the reference if it served there, else from the first rows it served."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow.compute as pc

from tools.monitors.log_columns import Labels, Scores, Times, texts
from tools.monitors.scored_rows import ScoredRows, scored_rows
from tools.monitors.sight import Sight
from tools.monitors.spans import Span, bucket_length, buckets, span
from tools.profile.counting import count_cells
from tools.profile.profile import ScoreProfile
from tools.profile.scores import Scored, bare_profile, score_profile
from tools.profile.values import Predicted, ValueProfile, value_profile

Part = Scored | Predicted
Profile = ScoreProfile | ValueProfile

NOBODY = "none"
"""Stands for the version while a model has no champion: rows and labels are counted, scores are not."""
FEWEST_ROWS, FEWEST_OF_A_CLASS = 500, 30
"""Below these a calibrator would be guesswork."""
MANY_ROWS, MANY_OF_A_CLASS = 5_000, 200
"""From these on, first served rows are enough before `LONGEST` windows have passed."""
LONGEST = 7
_BUCKETS = 64
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Forming:
    """There is no profile yet; `reason` says what is missing."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Held:
    """How much there is to make a profile of."""

    rows: int = 0
    labelled: int = 0
    positives: int = 0

    def __add__(self, part: Part) -> "_Held":
        return _Held(self.rows + len(part.score), self.labelled + part.labelled, self.positives + part.positives)


def build_profile(sight: Sight, champion: str | None, quarantined: Sequence[Span]) -> Profile | Forming:
    """Return the profile of the champion's scores, or why there is none yet.

    From the reference where the champion served enough of it, or where the log names no versions. Else from the first
    matured buckets it served that are not quarantined: one window at least, until they hold many labelled rows, or
    enough of them in seven windows.
    """
    whole = span(*sight.log.reference)
    if whole.end + _delay(sight) > sight.now:
        return Forming("the labels of the reference period are not due yet")
    if champion is None:
        return _unscored(sight, whole)
    first = _first_row(sight, whole)
    if first is None:
        return Forming(f"version {champion} has served no row of the log yet")
    rows = _within(sight, whole) if first < whole.end else _sum(sight, [])
    if _enough(sight, _Held() + rows, FEWEST_ROWS, FEWEST_OF_A_CLASS):
        return _made(sight, champion, sight.log.reference, rows)
    return _first_served(sight, champion, first, quarantined)


def _made(sight: Sight, version: str, span_of: tuple[datetime, datetime], rows: Part) -> Profile:
    if isinstance(rows, Predicted):
        return value_profile(version, *span_of, rows)
    return score_profile(version, *span_of, rows, sight.log.threshold)


def _unscored(sight: Sight, whole: Span) -> Profile | Forming:
    rows = _within(sight, whole)
    if not len(rows.label):
        return Forming("the reference period holds no rows")
    if isinstance(rows, Predicted):
        return value_profile(NOBODY, *sight.log.reference, rows)
    cells = count_cells(np.zeros(len(rows.label)), rows.label, ())
    return bare_profile(NOBODY, *sight.log.reference, cells)


def _first_served(sight: Sight, champion: str, first: int, quarantined: Sequence[Span]) -> Profile | Forming:
    matured = sight.now - _delay(sight)
    wanted = [
        bucket
        for bucket in _buckets(sight, first, matured)
        if bucket.end <= matured and not any(bucket.overlaps(bad) for bad in quarantined)
    ]
    parts: list[Part] = []
    held = _Held()
    for bucket, part in _parts(sight, wanted):
        parts.append(part)
        held += part
        if _complete(sight, held, len(parts) * (bucket.end - bucket.start)):
            span_of = wanted[0].starts_at, bucket.ends_at
            return _made(sight, champion, span_of, _sum(sight, parts))
    return Forming(_missing(sight, champion, held))


def _complete(sight: Sight, held: _Held, length: int) -> bool:
    window = sight.log.window // _MICROSECOND
    if length < window:
        return False
    many = _enough(sight, held, MANY_ROWS, MANY_OF_A_CLASS)
    return many or (length >= LONGEST * window and _enough(sight, held, FEWEST_ROWS, FEWEST_OF_A_CLASS))


def _enough(sight: Sight, held: _Held, fewest: int, of_a_class: int) -> bool:
    if sight.log.labels is None:
        return held.rows >= fewest
    enough = held.labelled >= fewest
    if sight.log.task == "regression":
        return enough
    return enough and min(held.positives, held.labelled - held.positives) >= of_a_class


def _missing(sight: Sight, champion: str, held: _Held) -> str:
    if sight.log.labels is None:
        return f"the profile of version {champion} is forming: it served {held.rows} rows, it takes {FEWEST_ROWS}"
    classes = sight.log.task == "binary_classification"
    seen, each = (f" ({held.positives} positive)", f" with {FEWEST_OF_A_CLASS} of each class") if classes else ("", "")
    return (
        f"the profile of version {champion} is forming: its matured rows hold {held.labelled} labels"
        f"{seen}, it takes {FEWEST_ROWS}{each},"
        f" and up to {LONGEST} windows"
    )


def _within(sight: Sight, whole: Span) -> Part:
    return _sum(sight, [part for _, part in _parts(sight, _buckets(sight, whole.start, whole.end), whole)])


def _parts(sight: Sight, wanted: Sequence[Span], within: Span | None = None) -> Iterator[tuple[Span, Part]]:
    # Some buckets at a time: the caller may stop long before the last one.
    for first in range(0, len(wanted), _BUCKETS):
        for found in scored_rows(sight, wanted[first : first + _BUCKETS]):
            for bucket in found.buckets:
                yield bucket, _usable(sight, found, bucket, within)


def _usable(sight: Sight, found: ScoredRows, bucket: Span, within: Span | None) -> Part:
    rows = found.rows
    chosen = (found.bucket == bucket.start) & found.own & ~found.bad_score
    if within:
        chosen &= (rows.time >= within.start) & (rows.time < within.end)
    return _part(sight, rows.score[chosen], found.label[chosen], found.bucket[chosen])


def _sum(sight: Sight, parts: Sequence[Part]) -> Part:
    return _part(
        sight,
        np.concatenate([np.empty(0), *(part.score for part in parts)]),
        np.concatenate([sight.log.how.unlabelled(0), *(part.label for part in parts)]),
        np.concatenate([np.empty(0, np.int64), *(part.bucket for part in parts)]),
    )


def _part(sight: Sight, score: Scores, label: Labels, bucket: Times) -> Part:
    if sight.log.task == "regression":
        return Predicted(score, label.astype(np.float64, copy=False), bucket)
    return Scored(score, label.astype(np.int8, copy=False), bucket)


def _first_row(sight: Sight, reference: Span) -> int | None:
    """Return when the version served its first row since the reference began."""
    reader, log = sight.reader, sight.log
    if log.version is None:
        return reference.start
    best: int | None = None
    around = Span(reference.start, sight.now + 1)
    for file in sorted(sight.within(around), key=lambda each: reader.extent(each, log.timestamp).first or 0):
        if best is not None and (reader.extent(file, log.timestamp).first or 0) > best:
            break
        for at, batch in reader.timed(file, [log.version], log.timestamp, around):
            same = pc.equal(texts(batch.column(log.version), reader.place(file, log.version)), sight.version)
            served = at[pc.fill_null(same, False).to_numpy(zero_copy_only=False)]
            if served.size:
                best = min(int(served.min()), best) if best is not None else int(served.min())
    return best


def _buckets(sight: Sight, start: int, end: int) -> list[Span]:
    return buckets(start, end, bucket_length(sight.log.window))


def _delay(sight: Sight) -> int:
    return sight.log.delay // _MICROSECOND
