"""Rows and labels as a whole: what marginal counts cannot see."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from tools.profile import consistency
from tools.profile.consistency import JointModel
from tools.profile.counting import count_cells, count_features
from tools.profile.counts import NumericCounts
from tools.profile.exchange import exchanged, renamed
from tools.profile.harm import harm_window
from tools.profile.profile import FeatureProfile
from tools.profile.reference import Filling, Sampler
from tools.profile.scores import Scored, score_profile
from tools.profile.slices import channel, count_slices, segments

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=10)


def rows(size: int, seed: int) -> dict[str, pa.Array]:
    """Three numbers that hang together, and a category that hangs on the first."""
    random = np.random.default_rng(seed)
    common = random.normal(size=size)
    numbers = {name: common * weight + random.normal(size=size) for name, weight in (("a", 2), ("b", 2), ("c", 1))}
    place = np.digitize(numbers["a"] + random.normal(size=size), [-2.5, 0.5, 2.5])
    return {
        "a": pa.array(np.exp(numbers["a"] / 3)),
        "b": pa.array(numbers["b"] * 3 + 100),
        "c": pa.array(numbers["c"]),
        "kind": pa.array([f"k{each}" for each in place], pa.string()),
    }


def profile(columns: dict[str, pa.Array]) -> FeatureProfile:
    size = len(columns["a"])
    sampler = Sampler(1)
    sampler.add(columns, size)
    filling = Filling(sampler.bins(tuple(columns), START, END))
    filling.add(0, count_features(columns, size, filling.shape))
    return filling.profile()


def fitted(drawn: Callable[[int, int], dict[str, pa.Array]]) -> tuple[FeatureProfile, JointModel]:
    columns, newer = drawn(4000, 1), drawn(2000, 2)
    features = profile(columns)
    return features, consistency.fit(columns, features, newer, np.arange(2000) // 200)


def with_loose_columns(size: int, seed: int) -> dict[str, pa.Array]:
    """One more number that hangs a little on the second, and one that hangs on nothing."""
    columns, random = rows(size, seed), np.random.default_rng(100 + seed)
    second = (columns["b"].to_numpy() - 100) / 3
    hardly = 0.15 * second + random.normal(size=size)
    return {**columns, "hardly": pa.array(hardly), "alone": pa.array(random.normal(size=size))}


@pytest.fixture(scope="module")
def known():
    return fitted(rows)


def shifted(column: pa.Array) -> pa.Array:
    return column.take(pa.array(np.roll(np.arange(len(column)), 1)))


def test_a_column_of_other_rows_no_longer_follows_its_own(known):
    features, model = known
    before = consistency.count(rows(1000, 3), features, model)
    whole = consistency.fall(model, "a", consistency.count(rows(1000, 4), features, model), before)
    columns = rows(1000, 4)
    columns["a"] = shifted(columns["a"])
    torn = consistency.fall(model, "a", consistency.count(columns, features, model), before)
    assert whole and torn
    assert abs(whole.sigmas) < 3
    assert torn.now < 0.2 < 0.8 < torn.before
    assert torn.sigmas < -10


def test_a_column_that_hardly_follows_its_row_is_followed_over_many_rows_and_in_no_window():
    features, model = fitted(with_loose_columns)
    assert "hardly" in {each.name for each in model.told}
    assert "alone" not in {each.name for each in model.told}
    before, after = with_loose_columns(4000, 3), with_loose_columns(4000, 4)
    after["hardly"] = shifted(after["hardly"])
    then, now = (consistency.count(each, features, model) for each in (before, after))
    assert set(consistency.moved(model, now)) == {"a", "b", "c", "kind"}
    torn, whole = (consistency.fall(model, "hardly", counts, then) for counts in (now, then))
    assert torn and whole
    assert (torn.before, whole.now) == pytest.approx((1, 1), abs=0.2)
    assert abs(torn.now) < 0.2
    assert torn.sigmas < -10
    assert 0.05 < torn.told < 0.15


def test_a_model_of_an_earlier_release_says_nothing_of_that(known):
    features, model = known
    older = replace(model, told=tuple(replace(each, slope=0.0, slope_wander=0.0) for each in model.told))
    counts = consistency.count(rows(1000, 3), features, older)
    assert consistency.fall(older, "a", counts, counts) is None


def test_whole_rows_are_within_their_noise(known):
    features, model = known
    assert {each.name for each in model.told} == {"a", "b", "c", "kind"}
    found = consistency.moved(model, consistency.count(rows(1000, 3), features, model))
    assert all(abs(each.share) < 0.2 and abs(each.sigmas) < 5 for each in found.values())


@pytest.mark.parametrize("column", ["a", "b", "kind"])
def test_a_column_of_other_rows_is_as_far_as_a_random_join(known, column):
    features, model = known
    broken = rows(1000, 3)
    broken[column] = shifted(broken[column])
    found = consistency.moved(model, consistency.count(broken, features, model))[column]
    assert found.share == pytest.approx(1, abs=0.3)
    assert found.sigmas > 6


def test_counts_of_rows_add_up(known):
    features, model = known
    columns = rows(1000, 4)
    parts = [{name: column[at : at + 500] for name, column in columns.items()} for at in (0, 500)]
    one, two = (consistency.count(part, features, model) for part in parts)
    whole = consistency.count(columns, features, model)
    assert (one + two).rows == whole.rows
    assert all(abs((one + two).residual[name] - whole.residual[name]) <= 1 for name in whole.residual)


def test_columns_that_changed_places_name_each_other(known):
    features, _ = known
    columns = rows(1000, 5)
    counts = count_features({**columns, "a": columns["b"], "b": columns["a"]}, 1000, features)
    assert exchanged(features.numeric, counts.numeric) == {"a": "b", "b": "a"}
    sound: dict[str, NumericCounts] = count_features(columns, 1000, features).numeric
    assert exchanged(features.numeric, sound) == {}


def test_new_names_for_the_same_shares_are_told_from_another_mix():
    names, mix = renamed((50, 30, 15, 5), (5, 15, 30, 50)), renamed((50, 30, 15, 5), (20, 30, 30, 20))
    assert names is not None
    assert mix is not None
    assert (names.moved, names.left) == pytest.approx((0.6, 0))
    assert mix.left > 0.15
    assert renamed((60, 40), (40, 60)) is None


def labelled(size: int, seed: int):
    random = np.random.default_rng(seed)
    columns = rows(size, seed)
    score = 1 / (1 + np.exp(-1.5 * columns["c"].to_numpy()))
    return columns, score, (random.random(size) < score).astype(np.int8)


@pytest.fixture(scope="module")
def scores():
    columns, score, label = labelled(6000, 6)
    return profile(columns), score_profile("1", START, END, Scored(score, label, np.arange(6000) // 600), 0.5)


def test_sound_labels_are_no_harm_and_a_slope_of_one(scores):
    features, known = scores
    columns, score, label = labelled(3000, 7)
    seen = harm_window(START, END, count_cells(score, label, known.cuts), known)
    assert abs(seen.wrong_excess) < 4 * seen.wrong_variance**0.5
    assert abs(seen.brier_excess) < 4 * seen.brier_variance**0.5
    assert seen.wrong == int(((score >= 0.5) != label).sum())
    found = channel(START, END, 4, count_slices(columns, score, label, features, known), "all")
    assert found is not None
    assert found.slope == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize(("how", "slope"), [("lost", 0.4), ("inverted", -1), ("other rows", 0)])
def test_a_broken_label_pipe_is_a_weak_channel_even_over_all_slices(scores, how, slope):
    features, known = scores
    columns, score, label = labelled(3000, 8)
    kept = np.random.default_rng(1).random(3000) < 0.4
    broken = {"lost": label & kept, "inverted": 1 - label, "other rows": np.roll(label, 5)}[how].astype(np.int8)
    found = channel(START, END, 4, count_slices(columns, score, broken, features, known), "all")
    assert found is not None
    assert found.slope == pytest.approx(slope, abs=0.15)
    assert found.worst < 4


def test_a_changed_concept_is_uneven(scores):
    features, known = scores
    columns, score, label = labelled(3000, 9)
    turned = columns["b"].to_numpy() > np.median(columns["b"].to_numpy())
    changed = np.where(turned, 1 - label, label).astype(np.int8)
    found = channel(START, END, 4, count_slices(columns, score, changed, features, known), "all")
    assert found is not None
    assert found.worst > 6


def test_positives_lost_in_one_segment_are_found_there(scores):
    features, known = scores
    columns, score, label = labelled(4000, 10)
    inside = np.array(columns["kind"].to_pylist()) == "k1"
    lost = np.where(inside, 0, label).astype(np.int8)
    found = segments(START, END, 4, count_slices(columns, score, lost, features, known))
    assert found[0].segment == "kind=k1"
    assert found[0].slope == pytest.approx(0, abs=0.05)
    assert found[0].elsewhere == pytest.approx(1, abs=0.15)


def test_an_empty_segment_is_found_behind_larger_ones_that_share_its_rows():
    columns, score, label = labelled(6000, 6)
    rarely = {f"rarely {at}": pa.array((np.arange(6000) % (11 + at) == 0).astype(float)) for at in range(3)}
    columns |= rarely
    features = profile(columns)
    known = score_profile("1", START, END, Scored(score, label, np.arange(6000) // 600), 0.5)
    highest = columns["b"].to_numpy() > np.quantile(columns["b"].to_numpy(), 0.75)
    lost = np.where(highest, 0, label).astype(np.int8)
    found = segments(START, END, 4, count_slices(columns, score, lost, features, known))
    assert all(each.segment.startswith("rarely") for each in found[:3])
    assert [(each.segment, each.positives) for each in found[3:]] == [("b=fifth 5", 0)]
    assert found[3].foreseen is not None
    assert found[3].foreseen > 500
    sound = segments(START, END, 4, count_slices(columns, score, label, features, known))
    assert len(sound) == 3
