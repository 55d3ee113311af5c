"""The log's columns against a model's signature."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tools.evaluation import schema
from tools.evaluation.mlmodel import Column, SavedModel

LOG = pa.table({"b": pa.array([1, 2, None]), "a": pa.array([0.5, 1.5, None]), "c": pa.array(["x", None, "y"])})


def names(frame) -> list[str]:
    return list(frame)


def saved(*columns: tuple[str, str], width: int | None = None) -> SavedModel:
    named = tuple(Column(name, type_) for name, type_ in columns) if columns else None
    return SavedModel("challenger", Path(), ("sklearn",), None, "", named, width)


def test_columns_come_in_the_order_of_the_signature():
    frame, errors = schema.fit(saved(("a", "double"), ("b", "long"), ("c", "string")), None, LOG)
    assert errors == []
    assert names(frame) == ["a", "b", "c"]
    assert frame is not None
    assert np.isnan(frame["b"][2])


def test_without_a_signature_the_models_own_memory_gives_the_order():
    frame, errors = schema.fit(saved(), ["c", "a", "b"], LOG)
    assert errors == []
    assert names(frame) == ["c", "a", "b"]


def test_without_either_it_is_the_logs():
    frame, errors = schema.fit(saved(), None, LOG)
    assert (names(frame), errors) == (["b", "a", "c"], [])


def test_a_missing_column_leaves_nothing_to_score():
    frame, errors = schema.fit(saved(("a", "double"), ("b", "long"), ("c", "string"), ("device", "string")), None, LOG)
    assert frame is None
    assert errors == ["challenger: the model takes column device, which the log's features do not hold"]


def test_a_column_that_the_model_does_not_take_is_said_and_left_out():
    frame, errors = schema.fit(saved(("a", "double"), ("b", "long")), None, LOG)
    assert names(frame) == ["a", "b"]
    assert errors == ["challenger: the model does not take the log's feature c"]


@pytest.mark.parametrize(("width", "fits"), [(3, True), (2, False)])
def test_a_signature_without_names_asks_for_a_number_of_columns(width: int, fits: bool):
    frame, errors = schema.fit(saved(width=width), None, LOG)
    assert (frame is not None) == fits
    assert (errors == []) == fits


FITTING = [
    ("double", pa.array([1, 2]), "float64"),
    ("double", pa.array([2**53 + 1, 2]), "float64"),
    ("float", pa.array([0.5, 1.0]), "float64"),
    ("double", pa.array([Decimal("0.1"), None]), "float64"),
    ("long", pa.array([1, None]), "float64"),  # whole numbers with gaps
    ("long", pa.array([1.0, float("nan")]), "float64"),  # the same, as pandas writes them
    ("integer", pa.array([1, 2], pa.int16()), "int16"),
    ("string", pa.array([None, None], pa.float64()), "float64"),  # nothing but gaps has no type
    ("boolean", pa.array([True, False]), "bool"),
    ("datetime", pa.array([0, 1], pa.timestamp("us")), "datetime64[us]"),
    ("any", pa.array([[1], [2]]), "object"),
]


@pytest.mark.parametrize(("wanted", "values", "dtype"), FITTING)
def test_types_that_fit(wanted: str, values: pa.Array, dtype: str):
    frame, errors = schema.fit(saved(("a", wanted)), None, pa.table({"a": values}))
    assert errors == []
    assert frame is not None
    assert str(frame["a"].dtype) == dtype


@pytest.mark.parametrize(
    ("wanted", "values", "said"),
    [
        ("long", pa.array([1.5, 2.0]), "float with fractions in the log, long in the signature"),
        ("double", pa.array(["1.5", "2"]), "string in the log, double in the signature"),
        ("string", pa.array([1, 2]), "int64 in the log, string in the signature"),
        ("boolean", pa.array([0, 1]), "int64 in the log, boolean in the signature"),
        ("datetime", pa.array(["2026-01-01", "2026-01-02"]), "string in the log, datetime in the signature"),
    ],
)
def test_types_that_do_not_fit(wanted: str, values: pa.Array, said: str):
    frame, errors = schema.fit(saved(("a", wanted)), None, pa.table({"a": values}))
    assert frame is None
    assert errors == [f"challenger: column a is {said}"]
