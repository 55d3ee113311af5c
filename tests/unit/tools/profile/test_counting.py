"""Batches of every awkward kind are counted as one by one."""

from collections import Counter
from datetime import UTC, datetime
from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.tools.profile.samples import counted, cut, features, profile_of
from tools.profile.counting import Counting, count_categorical, count_cells, count_numeric, no_features
from tools.profile.numeric import Limits
from tools.profile.profile import Cuts
from tools.profile.reference import Sampler
from tools.profile.sketch import LogHistogram

PROFILE = profile_of(features(4_000, seed=1))


@pytest.mark.parametrize("pieces", [1, 2, 7, 40])
def test_a_window_counted_batch_by_batch_is_the_sum_of_its_batches(pieces: int):
    columns = features(1_500, seed=pieces)
    counting = Counting(PROFILE)
    parts = []
    for piece, rows in cut(columns, pieces, seed=pieces):
        counting.add(piece, rows)
        parts.append(counted(piece, PROFILE))
    whole, total = counting.counts(), reduce(add, parts)
    assert whole.numeric == total.numeric
    for name, part in whole.categorical.items():
        other = total.categorical[name]
        assert (part.bins, part.rows, part.nulls, part.other) == (other.bins, other.rows, other.nulls, other.other)
        assert part.examples == other.examples
    # Of thousands of values the batches know the frequent ones exactly, sums of parts within their slack.
    assert whole.categorical["word"].frequent == total.categorical["word"].frequent
    assert whole.categorical["many"].frequent.slack <= total.categorical["many"].frequent.slack


def test_nothing_counted_is_a_window_without_rows():
    assert Counting(PROFILE).counts() == no_features(PROFILE)
    empty = {name: column[:0] for name, column in features(10, seed=1).items()}
    assert counted(empty, PROFILE) == no_features(PROFILE)


@pytest.mark.parametrize("kind", [pa.int8(), pa.int64(), pa.uint16(), pa.float32(), pa.decimal128(12, 2)], ids=str)
def test_numbers_of_every_kind_are_counted_as_floats(kind: pa.DataType):
    values = [3, None, 0, 7, 7, 100, 2]
    cuts, limits = Cuts((2.0, 7.0), (7.0,)), Limits(1.0, 50.0)
    counts = count_numeric(pa.array(values, kind), cuts, limits)
    expected = count_numeric(pa.array(values, pa.float64()), cuts, limits)
    assert counts == expected
    assert (counts.bins, counts.nulls, counts.below, counts.above) == ((1, 2, 2, 1), 1, 1, 1)


def test_whole_numbers_beyond_the_precision_of_floats_are_counted():
    counts = count_numeric(pa.array([2**62, -(2**62), 2**53 + 1]), Cuts((0.0,)), Limits())
    assert (counts.bins, counts.low, counts.high) == ((1, 2), -(2.0**62), 2.0**62)


def test_a_reference_beyond_the_range_of_a_narrow_log_is_no_warning():
    cuts, limits = Cuts((1.0, 1e300), (1e300,)), Limits(-1e300, 1e300)
    counts = count_numeric(pa.array([0.5, 3e38, np.inf, np.nan, None], pa.float32()), cuts, limits)
    assert (counts.bins, counts.nans, counts.nulls, counts.below, counts.above) == ((1, 1, 0, 0), 2, 1, 0, 0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()], ids=str)
def test_a_column_without_a_finite_value_has_none(value: float, kind: pa.DataType):
    counts = count_numeric(pa.array([value] * 5, kind), Cuts((0.0,)), Limits(0.0, 1.0))
    assert (counts.bins, counts.nans, counts.low, counts.high) == ((0, 0), 5, None, None)
    assert counts.sizes == LogHistogram()
    assert counts.frequent.top() is None


def test_minus_zero_is_zero():
    counts = count_numeric(pa.array([-0.0, 0.0, -0.0]), Cuts((0.0,), (0.0,)), Limits(0.0, 0.0))
    assert (counts.bins, counts.below, counts.above, counts.sizes.zeros) == ((0, 3, 0), 0, 0, 3)
    assert str((counts.low, counts.high)) == "(0.0, 0.0)"
    assert counts.frequent.counts == {"0": 3}


def naive_bucket(size: float) -> int:
    """Return the bucket by trial: the last one whose smallest size is not above this one."""
    bucket, start = 0, 1.0
    while start > size and bucket > -704:
        bucket, start = bucket - 1, start / 1.04
    while size >= start * 1.04 and bucket < 1057:
        bucket, start = bucket + 1, start * 1.04
    return bucket


@pytest.mark.parametrize("seed", range(4))
def test_sizes_are_those_of_a_loop(seed: int):
    draw = np.random.default_rng(seed)
    values = np.concatenate([draw.normal(size=300), draw.lognormal(0, 20, 100), [0.0, 1.0, -1.0, 1e-300, -1e300]])
    found = count_numeric(pa.array(values), Cuts(), Limits()).sizes
    assert found.positive == Counter(naive_bucket(value) for value in values if value > 0)
    assert found.negative == Counter(naive_bucket(-value) for value in values if value < 0)
    assert found.zeros == 1


@pytest.mark.parametrize("kind", [pa.int8(), pa.int32(), pa.int64()], ids=str)
def test_texts_by_dictionary_are_counted_like_plain_ones(kind: pa.DataType):
    plain = pa.array(["b", None, "new", "a", "b", "b\x00", "é" * 60, "new"])
    coded = plain.dictionary_encode().cast(pa.dictionary(kind, pa.string()))
    values = ("a", "b", "never")
    assert count_categorical(coded, values) == count_categorical(plain, values)
    assert count_categorical(coded[2:5], values) == count_categorical(plain[2:5], values)


def test_a_dictionary_may_hold_values_twice_or_not_at_all_or_null():
    coded = pa.DictionaryArray.from_arrays(
        pa.array([0, 1, 2, 4, None], pa.int32()), pa.array(["a", "a", "x", "unused", None])
    )
    counts = count_categorical(coded, ("a", "unused"))
    assert (counts.bins, counts.nulls, counts.other, counts.examples) == ((2, 0), 2, 1, ("x",))
    assert counts.frequent.counts == {"a": 2, "x": 1}


def test_a_text_of_its_own_in_every_row_stays_small():
    counting = Counting(PROFILE)
    for number in range(5):
        column = pa.array([f"{number}-{each}" for each in range(2_000)])
        counting.add({**features(2_000, seed=number), "word": column}, 2_000)
    found = counting.counts().categorical["word"]
    assert (found.rows, found.other, sum(found.bins)) == (10_000, 10_000, 0)
    assert found.examples == ("0-0", "0-1", "0-10", "0-100", "0-1000")
    assert len(found.frequent.counts) == 0
    assert found.frequent.slack == 5


def test_a_reference_with_a_text_of_its_own_in_every_row_is_pooled():
    values = pa.array([f"v{number:06}" for number in range(5_000)])
    part = profile_of({"word": values}).categorical["word"]
    assert part.pooled
    assert (len(part.values), part.counts.other) == (1_000, 4_000)


def test_a_sampler_reads_dictionaries():
    plain = pa.array(["b", None, "a", "b"])
    shapes = []
    for column in (plain, plain.dictionary_encode()):
        sampler = Sampler(1)
        sampler.add({"word": column}, 4)
        shapes.append(sampler.bins(("word",), datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)))
    assert shapes[0] == shapes[1]
    assert shapes[0].categorical["word"].values == ("a", "b")


def test_cells_without_rows_or_labels():
    nothing = count_cells(np.empty(0), np.empty(0, np.int8), (0.2, 0.5))
    assert (nothing.rows, nothing.logit) == ((0, 0, 0), (0, 0, 0))
    unlabelled = count_cells(np.array([0.1, 0.9]), np.array([-1, -1], np.int8), (0.5,))
    assert (unlabelled.rows, unlabelled.labelled, unlabelled.p) == ((1, 1), (0, 0), (0, 0))
