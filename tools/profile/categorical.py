"""Count one categorical feature, batch by batch: each batch by its own dictionary, whose few values are looked up."""

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tools.profile.arrays import filled, mask, numbers, places, strings
from tools.profile.counts import EXAMPLES, CategoricalCounts, first_few
from tools.profile.frequent import Frequent, all_texts, frequent_texts

_LONGEST_EXAMPLE = 40


class CategoricalCounting:
    """Adds up the rows of one column of texts, plain or by dictionary."""

    def __init__(self, values: tuple[str, ...]) -> None:
        self._values = values
        self._bins = np.zeros(len(values), np.int64)
        self._rows = self._nulls = self._other = 0
        self._examples: tuple[str, ...] = ()
        self._unlisted = Frequent()

    def add(self, column: pa.Array) -> None:
        """Count a batch of texts."""
        values, rows = tallied(column)
        place = filled(pc.index_in(values, value_set=_table(self._values)), -1)
        listed = place >= 0
        np.add.at(self._bins, place[listed], rows[listed])
        self._rows += len(column)
        self._nulls += len(column) - int(rows.sum())
        if not listed.all():
            self._add_unlisted(values.filter(mask(~listed)), rows[~listed])

    def counts(self) -> CategoricalCounts:
        """Return what was counted."""
        return CategoricalCounts(
            bins=tuple(self._bins.tolist()),
            rows=self._rows,
            nulls=self._nulls,
            other=self._other,
            examples=self._examples,
            frequent=all_texts(self._values, self._bins) + self._unlisted,
        )

    def _add_unlisted(self, values: pa.Array, rows: NDArray[np.int64]) -> None:
        self._other += int(rows.sum())
        self._examples = first_few(self._examples + _first_shown(values))
        self._unlisted += frequent_texts(values, rows)


def tallied(column: pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
    """Return the texts that a column holds, and the rows of each; nulls are left out."""
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    if coded.dictionary.null_count:
        coded = column.cast(pa.string()).dictionary_encode()
    codes = coded.indices.drop_null() if coded.null_count else coded.indices
    rows = np.bincount(numbers(codes), minlength=len(coded.dictionary))
    met = np.flatnonzero(rows)
    if len(met) == len(rows):
        return coded.dictionary, rows
    return coded.dictionary.take(places(met)), rows[met]


def _first_shown(values: pa.Array) -> tuple[str, ...]:
    """Return the few that come first, as they are shown: there may be as many as rows."""
    # Postgres cannot hold the NUL character in JSON.
    whole = pc.replace_substring(values, pattern="\x00", replacement="\ufffd")
    shown = pc.utf8_slice_codeunits(whole, start=0, stop=_LONGEST_EXAMPLE).unique()
    return tuple(shown.take(pc.array_sort_indices(shown)[:EXAMPLES]).to_pylist())


@lru_cache(maxsize=1024)
def _table(values: tuple[str, ...]) -> pa.Array:
    return strings(values)
