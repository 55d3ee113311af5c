"""Nulls: 1 where windows differ by chance alone, larger where they wander, none where there are too few."""

import numpy as np
import pytest

from tools.profile.counts import CategoricalCounts, FeatureCounts, NumericCounts
from tools.profile.nulls import FEWEST_WINDOWS, Wandering
from tools.profile.significance import Null

SHARES = np.full(20, 0.05)


def windows(count: int, rows: int = 2_000, wander: float = 0.0, session: int = 1, seed: int = 1) -> Wandering:
    """Collect hours whose mean wanders, and whose rows come in sessions of equal rows."""
    draw, found = np.random.default_rng(seed), Wandering()
    for _ in range(count):
        weights = SHARES * np.exp(wander * draw.normal() * np.linspace(-1.7, 1.7, 20))
        bins = tuple((session * draw.multinomial(rows // session, weights / weights.sum())).tolist())
        found.add(
            FeatureCounts(
                rows,
                {"x": NumericCounts(bins, rows=rows, nulls=0, nans=0)},
                {"c": CategoricalCounts(bins, rows=rows)},
            )
        )
    return found


def test_chance_alone_needs_no_allowance():
    found = windows(300).nulls(1)
    for null in (found["x"], found["c"]):
        assert null.level == pytest.approx(1.0, abs=0.1)
        assert null.scale == pytest.approx(1.0, abs=0.25)
    assert found["x"].gap < 1.3
    assert found["c"].gap == 1.0


def test_hours_that_wander_get_an_allowance():
    null = windows(300, wander=0.1).nulls(1)["x"]
    assert null.level > 1.5
    assert null.scale > 3
    assert null.gap > 2


def test_rows_in_sessions_get_one_as_well():
    null = windows(300, session=10).nulls(1)["x"]
    assert null.level == pytest.approx(10, rel=0.15)
    assert null.scale == pytest.approx(10, rel=0.4)


def test_sums_have_a_null_of_their_own():
    found = windows(240, wander=0.1)
    hour, day = found.nulls(1)["x"], found.nulls(24)["x"]
    # The same wandering beside a smaller chance: what is left of it by the day weighs more.
    assert day != hour
    assert found.nulls(60) == {}


def test_buckets_that_make_no_whole_window_are_the_oldest():
    found = windows(3 * FEWEST_WINDOWS)
    longer = windows(3 * FEWEST_WINDOWS)
    longer.numeric["x"].insert(0, longer.numeric["x"][0] * 100)
    assert longer.nulls(3)["x"] == found.nulls(3)["x"]


def test_too_few_windows_say_nothing():
    assert windows(FEWEST_WINDOWS - 1).nulls(1) == {}
    assert windows(FEWEST_WINDOWS).nulls(1).keys() == {"x", "c"}
    assert Wandering().nulls(1) == {}


def test_a_window_with_hardly_any_rows_is_left_out():
    found = windows(FEWEST_WINDOWS)
    found.numeric["x"].append(np.array([3, 0, *[0] * 20]))
    assert found.nulls(1)["x"].nulls == 0.0
    found.numeric["x"].append(np.array([400, 30, *[50] * 20]))
    null = found.nulls(1)["x"]
    assert null.nulls == pytest.approx(400 / 1430)
    assert null.nans == pytest.approx(30 / 1430)


@pytest.mark.parametrize("bins", [[0] * 5, [100, 0, 0, 0, 0], [100]])
def test_a_feature_without_values_or_with_one_is_compared_by_chance(bins):
    found = Wandering({"x": [np.array([50, 0, *bins])] * 20})
    assert found.nulls(1)["x"] == Null(nulls=pytest.approx(50 / (50 + sum(bins))))  # type: ignore[arg-type]


def test_the_same_reference_gives_the_same_null():
    assert windows(50, wander=0.1).nulls(1) == windows(50, wander=0.1).nulls(1)
