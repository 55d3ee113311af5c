"""Arrow columns and NumPy arrays say the same, whatever lies under the nulls and wherever a slice begins."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from tools.profile.arrays import filled, mask, numbers, places, strings, truths, valid


@pytest.mark.parametrize("kind", [pa.int8(), pa.int64(), pa.float32(), pa.float64()], ids=str)
@pytest.mark.parametrize("values", [[], [1, 2, 3], [None, 2, None], [None, None]])
@pytest.mark.parametrize("first", [0, 1])
def test_numbers_and_their_gaps(kind: pa.DataType, values: list[int | None], first: int):
    column = pa.array(values, kind)[first:]
    there = [value is not None for value in values[first:]]
    assert valid(column).tolist() == there
    assert filled(column, -7).tolist() == [-7 if value is None else value for value in values[first:]]
    assert filled(column, -7).dtype == kind.to_pandas_dtype()
    assert numbers(column.drop_null()).tolist() == [value for value in values[first:] if value is not None]


@pytest.mark.parametrize("values", [[], [True, False, True], [None, True, False, None]])
@pytest.mark.parametrize("first", [0, 1, 2])
def test_truth_values(values: list[bool | None], first: int):
    assert truths(pa.array(values, pa.bool_())[first:]).tolist() == [value is True for value in values[first:]]


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 1_000])
def test_there_and_back(size: int):
    chosen = np.random.default_rng(size).random(size) < 0.5
    assert mask(chosen).to_pylist() == chosen.tolist()
    assert truths(mask(chosen)).tolist() == chosen.tolist()
    assert places(np.flatnonzero(chosen)).to_pylist() == np.flatnonzero(chosen).tolist()
    texts = [f"é{number}" if number % 3 else "" for number in range(size)]
    assert strings(texts).to_pylist() == texts
    assert strings(texts).equals(pa.array(texts, pa.string()))


def test_counting_a_log_does_not_load_pandas():
    script = """
import sys
import numpy as np, pyarrow as pa
from tools.monitors.log_columns import Place, categorical_feature, labels, numeric_feature, scores, texts, times
from tools.monitors.log_reader import rows_where
from tools.profile.arrays import places, strings
from tools.profile.counting import count_cells, count_features
from tools.profile.counts import CategoricalCounts, NumericCounts
from tools.profile.profile import CategoricalProfile, Cuts, FeatureProfile, NumericProfile
place = Place("m", "f", "c")
whole = places(np.arange(5))
times(whole.cast(pa.timestamp("us")), place), scores(whole, place), texts(whole, place), labels(whole, 1, place)
labels(strings(["a", "b", "a", "b", "a"]), "a", place), labels(strings(["0", "1", "1", "1", "1"]), 1, place)
cuts = Cuts((1.0,))
profile = FeatureProfile(None, None, 0, {"x": NumericProfile(cuts, NumericCounts((0,) * 2))},
    {"w": CategoricalProfile(("a",), False, CategoricalCounts((0,)))})
batch = pa.record_batch([whole, strings(["a", "b", "a", "b", "a"])], names=["x", "w"])
batch = rows_where(batch, np.array([True, False, True, True, False]))
columns = {"x": numeric_feature(batch.column("x"), place), "w": categorical_feature(batch.column("w"), place)}
count_features(columns, len(batch), profile)
count_cells(np.array([0.5]), np.array([1], np.int8), (0.5,))
assert "pandas" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)
