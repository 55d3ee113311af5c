"""The most frequent values of a column, kept small: exact for few distinct values, with a known error for many."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tools.profile.arrays import places
from tools.profile.merging import both

KEPT = 32
_LONGEST = 80
"""Characters of a value that are kept: enough to recognise it."""


@dataclass(frozen=True, slots=True)
class Frequent:
    """Value → rows, as text. A count may be too low by up to `slack`; an absent value has at most `slack` rows."""

    counts: dict[str, int] = field(default_factory=dict)
    slack: int = 0

    def __add__(self, other: "Frequent") -> "Frequent":
        counted = both(self.counts, other.counts)
        limit = sorted(counted.values(), reverse=True)[KEPT] if len(counted) > KEPT else 0
        kept = {value: rows for value, rows in counted.items() if rows > limit}
        return Frequent(kept, self.slack + other.slack + limit)

    def top(self) -> tuple[str, int] | None:
        """Return the most frequent value and its rows, or None when no value stands out.

        With no more rows than `slack`, a value is one of many, and chance has kept it: the way the rows were cut.
        """
        found = min(self.counts.items(), key=lambda item: (-item[1], item[0]), default=None)
        return found if found and found[1] > self.slack else None


def frequent_numbers(ascending: NDArray[np.floating]) -> Frequent:
    """Count finite numbers that are in order."""
    size = len(ascending)
    changes = ascending[1:] != ascending[:-1]
    if size > KEPT and changes.all():
        return Frequent({}, 1)
    ends = np.flatnonzero(changes) + 1
    starts = np.concatenate([[0] if size else [], ends]).astype(np.int64)
    rows = np.concatenate([ends, [size] if size else []]).astype(np.int64) - starts
    limit = _limit(rows)
    kept = np.flatnonzero(rows > limit)
    return _counted(ascending[starts[kept]].tolist(), rows[kept], limit)


def frequent_texts(values: pa.Array, rows: NDArray[np.int64]) -> Frequent:
    """Return the most frequent of some texts with these rows."""
    limit = _limit(rows)
    kept = np.flatnonzero(rows > limit)
    return _counted(values.take(places(kept)).to_pylist(), rows[kept], limit)


def all_texts(values: Sequence[str], rows: NDArray[np.int64]) -> Frequent:
    """Return every one of these texts that has rows, however many there are: adding trims them."""
    met = np.flatnonzero(rows)
    return _counted([values[index] for index in met.tolist()], rows[met], 0)


def as_text(value: object) -> str:
    """Return how a value is written in evidence."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    # Postgres cannot hold the NUL character in JSON.
    return str(value).replace("\x00", "\ufffd")[:_LONGEST]


def _limit(rows: NDArray[np.int64]) -> int:
    """Return the rows of the first value left out. Others as rare tell nothing: distinct numbers are all left out."""
    return int(np.partition(rows, -KEPT - 1)[-KEPT - 1]) if len(rows) > KEPT else 0


def _counted(values: Sequence[object], rows: NDArray[np.int64], limit: int) -> Frequent:
    counted: Counter[str] = Counter()
    for value, count in zip(values, rows.tolist(), strict=True):
        counted[as_text(value)] += count
    return Frequent(dict(counted), limit)
