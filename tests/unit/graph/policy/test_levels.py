"""Levels: bounds at other levels than the measured one, and many tests held to the level of one."""

import math

import pytest

from graph.evidence import Interval
from graph.policy.levels import ALPHA, chance, holm, lower, upper

WIDE = Interval(1.0, 0.0, 3.0)


def test_a_bound_at_the_measured_level_is_the_measured_bound():
    assert (lower(WIDE, ALPHA, 20), upper(WIDE, ALPHA, 20)) == (0.0, 3.0)


@pytest.mark.parametrize(
    ("alpha", "blocks", "times"),
    [
        # Quantiles of Student's t over the one of 0.975, from any table.
        (0.05, 10_001, 1.6450 / 1.9602),
        (0.005, 31, 2.7500 / 2.0423),
        (0.005, 8, 3.4995 / 2.3646),
        (0.0005, 8, 5.4079 / 2.3646),
        (0.005, 5, 4.6041 / 2.7764),
        (0.1, 8, 1.4149 / 2.3646),
    ],
)
def test_a_bound_widens_as_students_t_does(alpha, blocks, times):
    assert 1 - lower(WIDE, alpha, blocks) == pytest.approx(times, rel=0.02)
    assert upper(WIDE, alpha, blocks) - 1 == pytest.approx(2 * times, rel=0.02)


@pytest.mark.parametrize("blocks", [5, 8, 30, 1000])
@pytest.mark.parametrize("alpha", [0.05, ALPHA, 0.001, 0.00001])
def test_a_chance_and_a_bound_say_the_same(alpha, blocks):
    limit = upper(WIDE, alpha, blocks)
    assert chance(WIDE, limit, blocks) == pytest.approx(alpha, rel=1e-6)


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (Interval(-1.0, -2.0, 0.0), 0.5),
        # No spread at all: certain, one way or the other.
        (Interval(-2.0, -2.0, -2.0), 0.0),
        (Interval(0.5, 0.5, 0.5), 1.0),
    ],
)
def test_the_chance_of_a_loss(measured, expected):
    assert chance(measured, -1.0, 20) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("chances", "tests", "levels"),
    [
        ([], 0, ()),
        ([0.01], 1, (0.025,)),
        # The surest is held against a third, the next against a half, then against the whole.
        ([0.02, 0.001, 0.011], 3, (0.025, 0.025 / 3, 0.0125)),
        # The first that is not sure enough stops: what follows is held against its level.
        ([0.02, 0.009, 0.011], 3, (0.025 / 3,) * 3),
        # Most of those searched were left out, because they tell less.
        ([0.0001, 0.5], 100, (0.025 / 100, 0.025 / 99)),
    ],
)
def test_holms_method(chances, tests, levels):
    assert holm(chances, 0.025, tests) == pytest.approx(levels)


def test_bounds_stay_finite_where_blocks_are_few():
    assert all(math.isfinite(upper(WIDE, 0.025 / 500, blocks)) for blocks in (1, 2, 5))
