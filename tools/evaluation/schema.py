"""Holds the log's columns against what a model was trained to take, and makes the frame that it is scored on."""

from collections.abc import Iterable
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tools.evaluation.mlmodel import Column, SavedModel

Kind = Literal["boolean", "integer", "float", "string", "datetime", "other"]

_KINDS: dict[str, Kind] = {
    "boolean": "boolean",
    "integer": "integer",
    "long": "integer",
    "float": "float",
    "double": "float",
    "string": "string",
    "datetime": "datetime",
}


def fit(
    saved: SavedModel, trained_on: Iterable[str] | None, features: pa.Table
) -> tuple[pd.DataFrame | None, list[str]]:
    """Return the features as the model takes them, and what does not fit; no frame when it cannot be scored.

    The order is the signature's, else the one that the model itself remembers (`trained_on`), else the log's. A column
    of the log that the model does not know is an error, though the model can be scored without it.
    """
    columns, logged = _wanted(saved, trained_on, features.column_names), features.column_names
    taken, fatal = _convert(saved, [column for column in columns if column.name in logged], features)
    missing = [column.name for column in columns if column.name not in logged]
    fatal += [f"{saved.role}: the model takes column {name}, which the log's features do not hold" for name in missing]
    if saved.width not in (None, len(logged)):
        fatal.append(f"{saved.role}: the model takes {saved.width} columns, the log has {len(logged)} features")
    extra = set(logged) - {column.name for column in columns}
    errors = [f"{saved.role}: the model does not take the log's feature {name}" for name in sorted(extra)]
    return (None if fatal else pa.table(taken).to_pandas()), fatal + errors


def _wanted(saved: SavedModel, trained_on: Iterable[str] | None, logged: list[str]) -> tuple[Column, ...]:
    if saved.columns is not None:
        return saved.columns
    return tuple(Column(str(name), "any") for name in (logged if trained_on is None else trained_on))


def _convert(
    saved: SavedModel, columns: list[Column], features: pa.Table
) -> tuple[dict[str, pa.ChunkedArray], list[str]]:
    taken: dict[str, pa.ChunkedArray] = {}
    mismatches: list[str] = []
    for column in columns:
        values = _plain(features[column.name])
        fitting = _as_kind(values, _KINDS.get(column.type))
        if fitting is None:
            mismatches.append(
                f"{saved.role}: column {column.name} is {_described(values)} in the log, {column.type} in the signature"
            )
        else:
            taken[column.name] = fitting
    return taken, mismatches


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_decimal(values.type) or pa.types.is_null(values.type):
        return values.cast(pa.float64())
    return values


def _kind(type_: pa.DataType) -> Kind:
    tests: tuple[tuple[Kind, bool], ...] = (
        ("boolean", pa.types.is_boolean(type_)),
        ("integer", pa.types.is_integer(type_)),
        ("float", pa.types.is_floating(type_)),
        ("string", pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_)),
        ("datetime", pa.types.is_timestamp(type_) or pa.types.is_date(type_)),
    )
    return next((kind for kind, holds in tests if holds), "other")


def _described(values: pa.ChunkedArray) -> str:
    return "float with fractions" if _kind(values.type) == "float" else str(values.type)


def _as_kind(values: pa.ChunkedArray, wanted: Kind | None) -> pa.ChunkedArray | None:
    kind = _kind(values.type)
    if wanted is None or kind == wanted or values.null_count == len(values):
        return values
    if wanted == "float" and kind == "integer":
        return values.cast(pa.float64(), safe=False)  # as pandas does: over 2^53 the nearest float is meant
    # A whole-number column with gaps is stored as floats by pandas: it is the same column, and the model gets it so.
    if wanted == "integer" and kind == "float" and _whole_numbers(values):
        return values
    return None


def _whole_numbers(values: pa.ChunkedArray) -> bool:
    gaps = pc.is_null(values, nan_is_null=True)
    return bool(pc.all(pc.or_(gaps, pc.equal(values, pc.round(values)))).as_py())
