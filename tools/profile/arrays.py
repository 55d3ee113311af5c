"""Arrow columns as NumPy arrays, and back, by their buffers.

pyarrow's own conversions load pandas where it is installed: half a second, more than it takes to count an hour's rows.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def numbers(column: pa.Array) -> NDArray[Any]:
    """Return a column of numbers without nulls, without copying it."""
    found: NDArray[Any] = np.from_dlpack(column)
    return found


def filled(column: pa.Array, value: float) -> NDArray[Any]:
    """Return a column of numbers with `value` in place of nulls."""
    if not column.null_count:
        return numbers(column)
    whole = pa.Array.from_buffers(column.type, len(column), [None, column.buffers()[1]], offset=column.offset)
    values = numbers(whole)
    return np.where(valid(column), values, values.dtype.type(value))


def valid(column: pa.Array) -> Mask:
    """Return where a column is not null."""
    return truths(column.is_valid()) if column.null_count else np.ones(len(column), np.bool_)


def truths(column: pa.Array) -> Mask:
    """Return a column of truth values, false where it is null."""
    whole = pc.and_kleene(column.is_valid(), column) if column.null_count else column
    found: Mask = numbers(whole.cast(pa.uint8())).view(np.bool_)
    return found


def mask(chosen: Mask) -> pa.Array:
    """Return truth values as a column."""
    packed = np.packbits(chosen, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(chosen), [None, pa.py_buffer(packed)])


def places(index: NDArray[np.int64]) -> pa.Array:
    """Return row numbers as a column."""
    return pa.Array.from_buffers(pa.int64(), len(index), [None, pa.py_buffer(np.ascontiguousarray(index, np.int64))])


def floats(values: NDArray[np.float64]) -> pa.Array:
    """Return numbers as a column without nulls."""
    return pa.Array.from_buffers(pa.float64(), len(values), [None, pa.py_buffer(np.ascontiguousarray(values))])


def between(ends: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Return how many of `total` sorted values lie before, between and behind places among them."""
    rows = np.append(ends, total)
    rows[1:] -= ends
    return rows


def strings(values: Sequence[str]) -> pa.Array:
    """Return texts as a column."""
    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(encoded), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))])
