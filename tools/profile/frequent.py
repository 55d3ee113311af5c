"""The most frequent values of a column, kept small: exact for few distinct values, with a known error for many."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

KEPT = 32
_LONGEST = 80
"""Characters of a value that are kept: enough to recognise it."""


@dataclass(frozen=True, slots=True)
class Frequent:
    """Value → rows, as text. A count may be too low by up to `slack`; an absent value has at most `slack` rows."""

    counts: dict[str, int] = field(default_factory=dict)
    slack: int = 0

    def __add__(self, other: "Frequent") -> "Frequent":
        counted = Counter(self.counts) + Counter(other.counts)
        limit = sorted(counted.values(), reverse=True)[KEPT] if len(counted) > KEPT else 0
        kept = {value: rows for value, rows in counted.items() if rows > limit}
        return Frequent(kept, self.slack + other.slack + limit)

    def top(self) -> tuple[str, int] | None:
        """Return the most frequent value and its rows, or None when no value stands out."""
        return min(self.counts.items(), key=lambda item: (-item[1], item[0]), default=None)


def frequent(column: pa.Array) -> Frequent:
    """Count a column of texts or finite numbers; nulls are left out."""
    found = pc.value_counts(column.drop_null())
    values, rows = found.field("values"), found.field("counts").to_numpy(zero_copy_only=False)
    # Values as rare as the first one left out tell nothing: a column of distinct numbers keeps none.
    limit = int(np.partition(rows, -KEPT - 1)[-KEPT - 1]) if len(rows) > KEPT else 0
    counted: Counter[str] = Counter()
    for index in np.flatnonzero(rows > limit):
        counted[as_text(values[int(index)].as_py())] += int(rows[index])
    return Frequent(dict(counted), limit)


def as_text(value: object) -> str:
    """Return how a value is written in evidence."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    # Postgres cannot hold the NUL character in JSON.
    return str(value).replace("\x00", "\ufffd")[:_LONGEST]
