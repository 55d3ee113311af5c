"""Features that vanish, appear, explode or say nothing, and references too small to say much: numbers, or an error."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graph.codec import canonical, dump
from graph.errors import Misconfigured
from graph.evidence import Evidence, FeatureEvidence
from tests.unit.tools.monitors.logs import LOGGED, ROWS, World, day, rows_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, days=16)


def measured(world: World) -> Evidence:
    """Return the evidence of day 15, which must be proper JSON whatever was in the log."""
    found = world.monitor.measure("1", day(15))
    assert "NaN" not in canonical(dump(found))
    return found


def feature(world: World, name: str) -> FeatureEvidence:
    return next(each for each in measured(world).features if each.name == name)


def logged(number: int, changes: dict[str, Any], rows: int = ROWS) -> dict[str, Any]:
    columns = rows_of(number, rows)
    return {**{name: columns[name] for name in LOGGED}, **changes}


@pytest.mark.parametrize("number", [3, 14])
def test_a_feature_that_one_file_does_not_have_is_named_with_the_file(world: World, number: int):
    columns = logged(number, {})
    path = world.write_log(number, {name: columns[name] for name in columns if name != "amount"})
    with pytest.raises(Misconfigured, match=f"{path.name} has no column amount"):
        measured(world)


def test_a_feature_that_has_no_value_any_more(world: World):
    world.write_log(14, logged(14, {"amount": pa.nulls(ROWS), "word": pa.nulls(ROWS)}))
    amount, word = feature(world, "amount"), feature(world, "word")
    assert (amount.nulls, amount.reference_null_share, amount.psi, amount.top_value) == (ROWS, 0.0, None, None)
    assert (word.nulls, word.new_category_rows, word.psi, word.top_value) == (ROWS, 0, None, None)


def test_a_feature_whose_reference_holds_nothing_may_appear_as_numbers(world: World):
    for number in range(10):
        world.write_log(number, logged(number, {"visits": pa.nulls(ROWS)}))
    found = feature(world, "visits")
    assert (found.kind, found.reference_null_share, found.nulls) == ("numeric", 1.0, 0)
    assert (found.psi, found.factor, found.below, found.above) == (None, None, 0, 0)
    assert found.high is not None


def test_a_feature_whose_reference_holds_nothing_may_not_appear_as_text(world: World):
    for number in range(10):
        world.write_log(number, logged(number, {"word": pa.nulls(ROWS)}))
    with pytest.raises(Misconfigured, match=r"14\.parquet, column word: holds text such as '[abc]', and no text"):
        measured(world)


@pytest.mark.parametrize("coded", [True, False])
def test_a_text_of_its_own_in_every_row_of_the_window(world: World, coded: bool):
    words = pa.array([f"w{number:03}" for number in range(ROWS)])
    world.write_log(14, logged(14, {"word": words.dictionary_encode() if coded else words}))
    found = feature(world, "word")
    assert found.new_category_rows == ROWS
    assert found.new_categories == ("w000", "w001", "w002", "w003", "w004")
    assert (found.top_value, found.top_share) == (None, 0.0)


def test_a_text_of_its_own_in_every_row_of_the_log_is_nothing_new(world: World):
    for number in range(16):
        world.write_log(number, logged(number, {"word": [f"{number}-{each}" for each in range(ROWS)]}))
    found = feature(world, "word")
    assert (found.new_category_rows, found.new_categories, found.reference_most) == (0, (), None)


@pytest.mark.parametrize("rows", [1, 5])
def test_a_reference_of_few_rows(world: World, rows: int):
    for number in range(10):
        world.write(number, rows=rows)
    found = measured(world)
    assert (found.rows, found.reference_rows) == (ROWS, 10 * rows)
    assert {each.rows for each in found.features} == {ROWS}
    assert all(each.psi is None or each.psi < (each.psi_noise or 0) for each in found.features)


def test_a_window_of_one_row(world: World):
    world.write(14, rows=1)
    found = measured(world)
    assert (found.rows, {each.psi for each in found.features}) == (1, {None})


def test_truth_values_and_whole_numbers_are_what_they_were_in_the_reference(world: World):
    for number in range(16):
        world.write_log(number, logged(number, {"visits": [each % 2 == 0 for each in range(ROWS)]}))
    found = feature(world, "visits")
    assert (found.kind, found.top_value, found.top_share, found.new_category_rows) == ("categorical", "false", 0.5, 0)
    world.write_log(14, logged(14, {"visits": [each % 2 for each in range(ROWS)]}))
    assert feature(world, "visits").new_categories == ("0", "1")


def test_numbers_at_the_end_of_the_range_of_floats(world: World):
    huge = [1.7e308, -1.7e308, 5e-324] * (ROWS // 3)
    for number in range(10):
        world.write_log(number, logged(number, {"amount": huge}))
    world.write_log(14, logged(14, {"amount": np.array([3e38, -3e38, 0] * (ROWS // 3), np.float32)}))
    found = feature(world, "amount")
    assert (found.nans, found.below, found.above, found.reference_high) == (0, 0, 0, 1.7e308)


def test_labels_from_long_before_their_predictions_are_no_labels(world: World):
    rows = rows_of(12)
    world.write_labels(12, {"id": rows["id"], "label": rows["label"], "labelled_at": [day(2)] * ROWS})
    found = measured(world).labels
    assert found is not None
    assert (found.predictions, found.labelled, found.realised) == (ROWS, 0, None)


@pytest.mark.parametrize("group", [7, 100, 100_000])
def test_row_groups_of_any_size_are_counted_the_same(world: World, group: int):
    whole = measured(world)
    for path in (world.folder / "log").iterdir():
        pq.write_table(pq.read_table(path), path, row_group_size=group, compression="zstd", data_page_size=512)
    again = World(world.folder, days=0)
    assert measured(again).features == whole.features


def test_a_log_out_of_order_is_counted_the_same(world: World):
    world.settings = {"window": day(3) - day(0)}
    whole = measured(world)
    shuffled = np.random.default_rng(1).permutation(16 * ROWS)
    paths = sorted((world.folder / "log").iterdir())
    together = pa.concat_tables([pq.read_table(path) for path in paths]).take(pa.array(shuffled))
    for path in paths:
        path.unlink()
    pq.write_table(together, world.folder / "log" / "all.parquet", row_group_size=500)
    again = World(world.folder, days=0, settings=world.settings)
    assert measured(again).features == whole.features
