"""A feature's movement: each fault is told by its own test, and by no other."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from graph.codec import canonical, dump, load
from graph.evidence import Movement
from tests.unit.tools.profile.samples import counted, features, profile_of
from tools.profile.counts import CategoricalCounts, NumericCounts
from tools.profile.movement import Look, categorical_movement, numeric_movement
from tools.profile.profile import CategoricalProfile, FeatureProfile
from tools.profile.significance import Null

LOOK = Look(24.0, 1e-5)
TESTS = ("shift_p", "null_p", "nan_p", "strange_p")


@pytest.fixture(scope="module")
def profile() -> FeatureProfile:
    return profile_of(features(20_000, seed=1))


def moved(profile: FeatureProfile, columns: dict[str, pa.Array], name: str, null: Null | None = None) -> Movement:
    counts = counted(columns, profile)
    if name in profile.numeric:
        return numeric_movement(profile.numeric[name], counts.numeric[name], null or Null(), LOOK)
    return categorical_movement(profile.categorical[name], counts.categorical[name], null or Null(), LOOK)


def alarming(movement: Movement) -> list[str]:
    return [test for test in TESTS if (p := getattr(movement, test)) is not None and p < LOOK.level]


@pytest.mark.parametrize("name", features(1, seed=1))
def test_nothing_is_alarming_where_nothing_changed(profile: FeatureProfile, name: str):
    found = moved(profile, features(4_000, seed=2), name)
    assert alarming(found) == []
    assert (found.hours, found.rows) == (24.0, 4_000)
    assert load(Movement, dump(found)) == found


def spoiled(name: str, spoil) -> dict[str, pa.Array]:
    columns = features(4_000, seed=2)
    return {**columns, name: spoil(columns[name])}


def plus(column: pa.Array, by: float) -> pa.Array:
    return pa.array(column.to_numpy(zero_copy_only=False) + by, mask=np.array(column.is_null()))


def with_some(column: pa.Array, value: object, every: int) -> pa.Array:
    return pa.array([value if row % every == 0 else each for row, each in enumerate(column.to_pylist())], column.type)


@pytest.mark.parametrize(
    ("name", "spoil", "test"),
    [
        ("normal", lambda column: plus(column, 0.3), "shift_p"),
        ("amount", lambda column: with_some(column, 1.0, 4), "shift_p"),
        ("amount", lambda column: with_some(column, None, 50), "null_p"),
        ("normal", lambda column: with_some(column, None, 4), "null_p"),
        ("amount", lambda column: with_some(column, float("nan"), 50), "nan_p"),
        ("amount", lambda column: with_some(column, 1e9, 100), "strange_p"),
        ("word", lambda column: with_some(column, "b", 6), "shift_p"),
        ("word", lambda column: with_some(column, None, 5), "null_p"),
        ("word", lambda column: with_some(column, "unheard of", 60), "strange_p"),
    ],
)
def test_each_fault_has_its_test(profile: FeatureProfile, name: str, spoil, test: str):
    assert alarming(moved(profile, spoiled(name, spoil), name)) == [test]


def test_counts_stand_beside_the_tests(profile: FeatureProfile):
    columns = spoiled("amount", lambda column: with_some(with_some(column, 1e9, 100), None, 40))
    found = moved(profile, columns, "amount")
    assert (found.nulls, found.strange, found.nans) == (100, 20, 0)
    assert found.psi is not None and found.psi_noise is not None and found.gap is not None
    assert found.psi < found.psi_noise
    assert found.detectable_psi is not None and 0.005 < found.detectable_psi < 0.2


def test_a_reference_that_wandered_allows_for_it(profile: FeatureProfile):
    columns = spoiled("normal", lambda column: plus(column, 0.3))
    assert alarming(moved(profile, columns, "normal", Null(level=5.0, scale=30.0, gap=4.0))) == []
    columns = spoiled("amount", lambda column: with_some(column, None, 50))
    assert alarming(moved(profile, columns, "amount", Null(nulls=0.03))) == []


def test_without_rows_nothing_is_said(profile: FeatureProfile):
    for name in profile.numeric:
        found = numeric_movement(
            profile.numeric[name], NumericCounts((0,) * profile.numeric[name].cuts.bins), Null(), LOOK
        )
        assert (found.psi, found.gap, found.shift_p, found.detectable_psi) == (None, None, None, None)
        assert alarming(found) == []


def test_beside_a_reference_without_rows_nothing_is_said(profile: FeatureProfile):
    part = profile.numeric["amount"]
    empty = replace(part, counts=NumericCounts((0,) * part.cuts.bins))
    counts = counted(features(500, seed=3), profile).numeric["amount"]
    assert alarming(numeric_movement(empty, counts, Null(), LOOK)) == []


def test_unlisted_values_of_a_cut_table_are_no_news():
    part = CategoricalProfile(("a", "b"), True, CategoricalCounts((600, 300), rows=1_000, other=100))
    same = categorical_movement(part, CategoricalCounts((600, 300), rows=1_000, other=100), Null(), LOOK)
    more = categorical_movement(part, CategoricalCounts((300, 100), rows=1_000, other=600), Null(), LOOK)
    assert (same.strange, same.strange_p) == (0, None)
    assert alarming(same) == []
    assert alarming(more) == ["shift_p"]


def test_where_many_categories_were_met_once_more_will_come():
    bins = (500, *(1,) * 100)
    part = CategoricalProfile(tuple(map(str, range(101))), False, CategoricalCounts(bins, rows=600))
    usual = categorical_movement(part, CategoricalCounts(bins, rows=700, other=100), Null(), LOOK)
    assert alarming(usual) == []
    part = replace(part, counts=CategoricalCounts((500, *(100,) * 100), rows=10_500))
    assert "strange_p" in alarming(categorical_movement(part, CategoricalCounts(bins, 700, other=100), Null(), LOOK))


def test_the_same_counts_give_the_same_bytes(profile: FeatureProfile):
    first, second = (canonical(dump(moved(profile, features(4_000, seed=5), "amount"))) for _ in range(2))
    assert first == second
