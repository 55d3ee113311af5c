"""Counts are what a person would count, and add up to the same whatever way the rows were cut."""

from dataclasses import replace
from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa
import pytest

from graph.codec import canonical, dump, load
from tests.unit.tools.profile.samples import counted, cut, features, profile_of, scored
from tools.profile.counting import UNLABELLED, count_categorical, count_cells, count_lags, count_numeric
from tools.profile.counts import CellCounts, FeatureCounts, ScoreCounts, no_cells
from tools.profile.frequent import KEPT, Frequent
from tools.profile.numeric import Limits
from tools.profile.profile import Cuts
from tools.profile.scores import choose_cells

PROFILE = profile_of(features(4_000, seed=1))


def without_frequent(counts: FeatureCounts) -> FeatureCounts:
    """Frequent values are the one part that is exact only within a stated error."""
    return FeatureCounts(
        counts.rows,
        {name: replace(part, frequent=Frequent()) for name, part in counts.numeric.items()},
        {name: replace(part, frequent=Frequent()) for name, part in counts.categorical.items()},
    )


@pytest.mark.parametrize("seed", range(8))
def test_parts_add_up_to_the_whole(seed: int):
    columns = features(1_500, seed=seed + 100)
    whole = counted(columns, PROFILE)
    parts = [counted(piece, PROFILE) for piece, _ in cut(columns, pieces=1 + 3 * seed, seed=seed)]
    assert without_frequent(reduce(add, parts)) == without_frequent(whole)
    assert without_frequent(reduce(add, reversed(parts))) == without_frequent(whole)


def test_counts_survive_json():
    counts = counted(features(500, seed=3), PROFILE)
    assert load(FeatureCounts, dump(counts)) == counts
    assert canonical(dump(load(FeatureCounts, dump(counts)))) == canonical(dump(counts))


def naive_bins(values: list[float | None], edges: list[float]) -> list[int]:
    bins = [0] * (len(edges) + 1)
    for value in values:
        if value is not None and np.isfinite(value):
            bins[sum(value >= edge for edge in edges)] += 1
    return bins


@pytest.mark.parametrize("name", ["normal", "amount", "often_zero", "count", "odd", "constant", "absent"])
def test_numeric_counts_are_those_of_a_loop(name: str):
    column = features(800, seed=5)[name]
    part = PROFILE.numeric[name]
    values = column.to_pylist()
    finite = [value for value in values if value is not None and np.isfinite(value)]
    counts = counted(features(800, seed=5), PROFILE).numeric[name]
    assert list(counts.bins) == naive_bins(values, part.cuts.edges(np.dtype(np.float64)).tolist())
    assert counts.rows == 800
    assert counts.nulls == sum(value is None for value in values)
    assert counts.nans == sum(value is not None and not np.isfinite(value) for value in values)
    assert counts.below == sum(value < (part.counts.low or 0) for value in finite)
    assert counts.above == sum(value > (part.counts.high or 0) for value in finite)
    assert (counts.low, counts.high) == ((min(finite), max(finite)) if finite else (None, None))


def test_a_frequent_value_has_a_bin_of_its_own_in_both_float_widths():
    cuts = Cuts(at=(0.1, 0.5), atoms=(0.1,))
    wide = count_numeric(pa.array([0.1, 0.1, 0.2, 0.05]), cuts, Limits())
    narrow = count_numeric(pa.array([0.1, 0.1, 0.2, 0.05], pa.float32()), cuts, Limits())
    assert wide.bins == narrow.bins == (1, 2, 1, 0)


def test_float32_values_at_the_limits_are_inside():
    limits = Limits(low=0.1, high=0.7)
    counts = count_numeric(pa.array([0.1, 0.7], pa.float32()), Cuts(), limits)
    assert (counts.below, counts.above) == (0, 0)


def test_categories_are_counted_by_name_and_new_ones_shown():
    column = pa.array(["b", None, "new2", "a", "new1", "b", "new1", "x" * 90])
    counts = count_categorical(column, ("a", "b", "never"))
    assert (counts.rows, counts.nulls, counts.other) == (8, 1, 4)
    assert counts.bins == (1, 2, 0)
    assert counts.examples == ("new1", "new2", "x" * 40)


def test_a_missing_category_is_not_confused_with_an_unknown_one():
    counts = count_categorical(pa.array([None, None], pa.string()), ("a",))
    assert (counts.nulls, counts.other, counts.bins) == (2, 0, (0,))


@pytest.mark.parametrize("seed", range(6))
def test_score_cells_add_up_exactly(seed: int):
    rows = scored(3_000, seed)
    label = np.where(np.random.default_rng(seed).random(3_000) < 0.3, UNLABELLED, rows.label).astype(np.int8)
    cuts = choose_cells(rows, 0.5)
    whole = count_cells(rows.score, label, cuts)
    marks = sorted(np.random.default_rng(seed).integers(0, 3_000, 7).tolist())
    parts = [count_cells(rows.score[a:b], label[a:b], cuts) for a, b in zip([0, *marks], [*marks, 3_000], strict=True)]
    assert reduce(add, parts) == whole
    assert load(CellCounts, dump(whole)) == whole


def test_score_cells_are_those_of_a_loop():
    score = np.array([0.0, 0.2, 0.2, 0.5, 1.0])
    label = np.array([0, 1, UNLABELLED, 1, 1], np.int8)
    cells = count_cells(score, label, (0.2, 0.5))
    assert cells.rows == (1, 2, 2)
    assert cells.labelled == (1, 1, 2)
    assert cells.positives == (0, 1, 2)
    assert cells.p == (0, 200_000, 1_500_000)
    assert cells.yp2 == (0, 40_000, 1_250_000)
    assert all(np.isfinite(cells.logit))


def test_counts_of_other_cells_do_not_add():
    with pytest.raises(ValueError, match="zip"):
        _ = no_cells(3) + no_cells(2)


def test_lags_are_counted_by_whole_hours():
    hour = 3_600_000_000
    assert count_lags(np.array([0, hour - 1, hour, 50 * hour, -5])) == {0: 3, 1: 1, 50: 1}


def test_everything_else_of_the_scores_adds_up():
    one = ScoreCounts(no_cells(1), rows=3, duplicate_ids=1, other_versions=("7", "9"), lags={0: 1, 5: 2})
    two = ScoreCounts(no_cells(1), rows=4, orphan_labels=2, other_versions=("8", "7"), lags={5: 1})
    total = one + two
    assert (total.rows, total.duplicate_ids, total.orphan_labels) == (7, 1, 2)
    assert total.other_versions == ("7", "8", "9")
    assert total.lags == {0: 1, 5: 3}
    assert load(ScoreCounts, dump(total)) == total


@pytest.mark.parametrize("distinct", [1, 20, KEPT, KEPT + 1, 400])
@pytest.mark.parametrize("pieces", [1, 2, 9])
def test_frequent_values_are_known_within_their_slack(distinct: int, pieces: int):
    draw = np.random.default_rng(distinct)
    values = np.where(draw.random(5_000) < 0.2, 3.25, draw.integers(0, distinct, 5_000).astype(float))
    columns = {"x": pa.array(values)}
    profile = profile_of(columns)
    total = reduce(add, (counted(piece, profile) for piece, _ in cut(columns, pieces, seed=distinct)))
    found = total.numeric["x"].frequent
    truth = {str(int(v)) if v.is_integer() else str(v): int((values == v).sum()) for v in set(values.tolist())}
    assert all(truth[value] - found.slack <= rows <= truth[value] for value, rows in found.counts.items())
    assert all(rows <= found.slack for value, rows in truth.items() if value not in found.counts)
    assert found.top() == ("3.25", truth["3.25"]) if distinct > 1 else found.slack == 0
    assert found.slack == 0 or distinct > KEPT - 1


def test_a_column_of_distinct_numbers_has_no_frequent_value():
    counts = count_numeric(pa.array(np.random.default_rng(0).normal(size=1_000)), Cuts(), Limits())
    assert counts.frequent == Frequent({}, 1)
    assert counts.frequent.top() is None


@pytest.mark.parametrize("pieces", [1, 3, 100])
def test_a_value_stands_out_however_the_rows_are_cut(pieces: int):
    draw = np.random.default_rng(1)
    columns = {
        "plain": pa.array(draw.normal(size=900)),
        "stuck": pa.array(np.where(np.arange(900) % 9, 2.5, draw.random(900))),
    }
    profile = profile_of(columns)
    found = reduce(add, (counted(piece, profile) for piece, _ in cut(columns, pieces, seed=1))).numeric
    assert found["plain"].frequent.top() is None
    assert found["stuck"].frequent.top() == ("2.5", 800)


def test_the_nul_character_is_not_kept():
    assert count_categorical(pa.array(["a\x00b"]), ()).examples == ("a�b",)
