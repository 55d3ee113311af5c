"""Columns of a log as the types they must have: times, ids, scores, labels, features."""

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.errors import Misconfigured
from tools.profile.arrays import filled, strings, valid
from tools.profile.counting import UNLABELLED

Times = NDArray[np.int64]
Scores = NDArray[np.float64]
Labels = NDArray[np.int8] | NDArray[np.float64]
"""Classes, or the numbers of a regression: see tasks."""

NO_TIME = int(np.iinfo(np.int64).min)
BAD_LABEL = 2
"""A label that is neither of the two classes."""
_WHOLE = 2.0**53


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column was read: for messages."""

    model: str
    path: str
    column: str

    def wrong(self, found: str, hint: str) -> Misconfigured:
        """Return the error that says what was found here."""
        return Misconfigured(f"{self.model}: {self.path}, column {self.column}: {found}", hint)


def require(model: str, path: str, wanted: Sequence[str], existing: Sequence[str]) -> None:
    """Raise Misconfigured for the first wanted column that a file does not have exactly once, with the nearest name."""
    for column in wanted:
        if existing.count(column) > 1:
            raise Misconfigured(f"{model}: {path} has more than one column {column}", "rename all but one of them")
        if column not in existing:
            near = difflib.get_close_matches(column, existing, n=1)
            hint = f"did you mean {near[0]}?" if near else "name a column that the file has, or write this one"
            raise Misconfigured(f"{model}: {path} has no column {column}; it has {', '.join(existing)}", hint)


def has_no_zone(kind: pa.DataType) -> bool:
    """Tell whether a time column carries no time zone."""
    return bool((pa.types.is_timestamp(kind) and kind.tz is None) or pa.types.is_date(kind))


def is_text(kind: pa.DataType) -> bool:
    """Tell whether a column holds texts, plain or by dictionary."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def as_timestamps(column: pa.Array, place: Place) -> pa.Array:
    """Return a time column as timestamps, with a zone if it says one."""
    kind = column.type
    if is_text(kind):
        return _parsed(column.cast(pa.string()), place)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_null(kind):
        return column.cast(pa.timestamp("us", "UTC" if pa.types.is_timestamp(kind) and kind.tz else None), safe=False)
    raise place.wrong(f"holds {kind}, not times", "write times as timestamps, or as text like 2026-01-31T12:00:00Z")


def times(column: pa.Array, place: Place) -> Times:
    """Return microseconds since 1970 UTC, NO_TIME for nulls. Times without a zone are taken as UTC."""
    return filled(as_timestamps(column, place).cast(pa.int64()), NO_TIME)


def texts(column: pa.Array, place: Place) -> pa.Array:
    """Return ids or versions as strings; whole numbers lose nothing by it."""
    kind = column.type
    if pa.types.is_string(kind):
        return column
    if pa.types.is_floating(kind):
        if pc.any(pc.not_equal(pc.floor(column), column)).as_py():
            raise place.wrong("holds fractions where ids were expected", "write ids as text or as whole numbers")
        column = column.cast(pa.int64())
    if is_text(kind) or pa.types.is_integer(column.type) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return column.cast(pa.string())
    raise place.wrong(f"holds {kind} where ids were expected", "write ids as text or as whole numbers")


def scores(column: pa.Array, place: Place) -> Scores:
    """Return scores, NaN for nulls."""
    if not _is_number(column.type):
        raise place.wrong(f"holds {_found(column)} where scores were expected", "name the column with the probability")
    return filled(column.cast(pa.float64(), safe=False), np.nan)


def number_labels(column: pa.Array, place: Place) -> Scores:
    """Return the labels of a regression, NaN for nulls."""
    if not _is_number(column.type):
        raise place.wrong(f"holds {_found(column)} where numbers were expected", "write labels as numbers")
    return filled(column.cast(pa.float64(), safe=False), np.nan)


def labels(column: pa.Array, positive: str | int | bool, place: Place) -> NDArray[np.int8]:
    """Return 1 for `positive`, 0 for the other class, UNLABELLED for nulls, BAD_LABEL for anything else."""
    if is_text(column.type):
        found = _text_labels(column.cast(pa.string()), positive, place)
    elif _is_number(column.type):
        found = _number_labels(column, positive, place)
    else:
        raise place.wrong(f"holds {column.type} where labels were expected", "write labels as 0 and 1, or as text")
    found[~valid(column)] = UNLABELLED
    return found


def feature(column: pa.Array, place: Place) -> pa.Array:
    """Return a feature as numbers, as texts, plain or by dictionary, or as nulls where it holds nothing else."""
    kind = column.type
    if pa.types.is_dictionary(kind) and is_text(kind):
        return column.cast(pa.dictionary(kind.index_type, pa.string()))
    if pa.types.is_null(kind) or pa.types.is_float32(kind) or pa.types.is_float64(kind) or pa.types.is_int64(kind):
        return column
    if pa.types.is_boolean(kind) or is_text(kind):
        return column.cast(pa.string())
    if _is_number(kind):
        return column.cast(pa.float64(), safe=False)
    raise place.wrong(f"holds {kind}", "a feature is a number, a text or a truth value")


def numeric_feature(column: pa.Array, place: Place) -> pa.Array:
    """Return a feature that the reference holds as numbers."""
    found = feature(column, place)
    if is_text(found.type):
        raise place.wrong(
            f"holds {_found(found, _is_no_number)}, and no text in the reference",
            "write numbers, or name another reference",
        )
    return found.cast(pa.float64()) if pa.types.is_null(found.type) else found


def categorical_feature(column: pa.Array, place: Place) -> pa.Array:
    """Return a feature that the reference holds as text; numbers are written out."""
    found = feature(column, place)
    return found if is_text(found.type) else found.cast(pa.string())


def typed_feature(column: pa.Array, kind: pa.DataType, place: Place) -> pa.Array:
    """Return a feature in a type that all files of a log share."""
    try:
        return column.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as problem:
        raise place.wrong(f"holds {_found(column)}, but {kind} elsewhere", "write one type in all files") from problem


def shared_type(kinds: Sequence[pa.DataType]) -> pa.DataType:
    """Return the type in which columns of these types can be put together: whole, truth value, number or text."""
    known = [kind for kind in kinds if not pa.types.is_null(kind)]
    if any(is_text(kind) for kind in known):
        return pa.string()
    if known and all(pa.types.is_integer(kind) for kind in known):
        return pa.int64()
    return pa.bool_() if known and all(pa.types.is_boolean(kind) for kind in known) else pa.float64()


def _parsed(column: pa.Array, place: Place) -> pa.Array:
    problem = None
    for zone in ("UTC", None):
        try:
            return column.cast(pa.timestamp("us", zone))
        except pa.ArrowInvalid as error:
            problem = error
    match = re.search(r"parse string: '([^']*)'", str(problem))
    example = f"{match.group(1)!r}" if match else "text"
    raise place.wrong(f"holds {example}, not times of one kind", "write every time like 2026-01-31T12:00:00Z")


def _text_labels(column: pa.Array, positive: str | int | bool, place: Place) -> NDArray[np.int8]:
    if isinstance(positive, str):
        is_positive = valid(pc.index_in(column, value_set=strings([positive])))
        empty = valid(pc.index_in(pc.utf8_trim_whitespace(column), value_set=strings([""])))
        return np.where(empty, BAD_LABEL, is_positive).astype(np.int8)
    words = {"0": 0.0, "1": 1.0, "false": 0.0, "true": 1.0, "0.0": 0.0, "1.0": 1.0}
    place_of = pc.index_in(pc.utf8_lower(column), value_set=strings(list(words)))
    if len(column) > column.null_count and place_of.null_count == len(column):
        raise place.wrong(f"holds {_found(column)}, but the positive label is {positive!r}", "set score.positive")
    meaning = np.array([*words.values(), np.nan])
    return _classes(meaning[filled(place_of, len(words))], bool(positive))


def _number_labels(column: pa.Array, positive: str | int | bool, place: Place) -> NDArray[np.int8]:
    if isinstance(positive, str) and positive not in ("0", "1"):
        raise place.wrong(f"holds {column.type}, but the positive label is {positive!r}", "set score.positive")
    if int(positive) not in (0, 1):
        raise place.wrong(f"labels must be 0 and 1, the positive label is {positive!r}", "set score.positive")
    return _classes(filled(column.cast(pa.float64(), safe=False), np.nan), bool(int(positive)))


def _classes(values: NDArray[np.float64], positive: bool) -> NDArray[np.int8]:
    sensible = (values == 0) | (values == 1)
    return np.where(sensible, (values == 1) == positive, BAD_LABEL).astype(np.int8)


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_null(kind)
    )


def _found(column: pa.Array, telling: Callable[[str], bool] = bool) -> str:
    """Describe what a column holds instead, with the first telling value."""
    if not is_text(column.type) or column.null_count == len(column):
        return str(column.type)
    present = column.drop_null().to_pylist()
    return f"text such as {next(filter(telling, present), present[0])[:40]!r}"


def _is_no_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return True
    return False
