"""Distances are quiet without a change at any number of rows, and see a change that matters."""

import numpy as np
import pytest
from scipy import stats

from tools.profile.distance import _chi_square_999, listed_distance, ordered_distance, unordered_distance


def bins(rows: int, shares: list[float], seed: int) -> tuple[int, ...]:
    return tuple(int(n) for n in np.random.default_rng(seed).multinomial(rows, shares))


@pytest.mark.parametrize("freedom", [1, 2, 5, 19, 100, 999])
def test_the_chi_square_quantile_is_close(freedom: int):
    assert _chi_square_999(freedom) == pytest.approx(stats.chi2.ppf(0.999, freedom), rel=0.035)


@pytest.mark.parametrize("rows", [40, 200, 1_000, 50_000])
@pytest.mark.parametrize("measure", [ordered_distance, unordered_distance])
def test_without_a_change_psi_stays_below_its_noise(rows: int, measure):
    shares = [0.001, 0.019, 0.08, 0.1, 0.2, 0.3, 0.2, 0.099, 0.001]
    above = 0
    for seed in range(300):
        found = measure(bins(20_000, shares, seed), bins(rows, shares, seed + 10_000))
        assert found is not None
        above += found.psi > found.noise
    assert above <= 3


@pytest.mark.parametrize("measure", [ordered_distance, unordered_distance])
def test_a_change_shows(measure):
    found = measure(bins(20_000, [0.25] * 4, 1), bins(1_000, [0.4, 0.3, 0.2, 0.1], 2))
    assert found.psi == pytest.approx(0.228, abs=0.06)
    assert found.psi > 3 * found.noise


@pytest.mark.parametrize("measure", [ordered_distance, unordered_distance])
@pytest.mark.parametrize(
    ("reference", "window"),
    [
        ((100, 100), (0, 0)),  # no rows
        ((0, 0), (50, 50)),  # no reference
        ((100, 100), (2, 1)),  # fewer rows than two bins need
        ((100,), (100,)),  # a constant
        ((), ()),  # nothing at all
    ],
)
def test_too_little_is_no_distance(measure, reference, window):
    assert measure(reference, window) is None


def test_an_empty_bin_does_not_explode():
    found = ordered_distance((5_000, 5_000), (1_000, 0))
    assert found is not None
    assert 1 < found.psi < 5


def test_rare_categories_are_pooled_and_frequent_ones_are_not():
    reference = (5_000, 4_000, *(1,) * 1_000)
    spread = unordered_distance(reference, (500, 400, *(0,) * 900, *(1,) * 100))
    assert spread is not None
    assert (spread.freedom, spread.psi < spread.noise) == (2, True)
    # One that was rare and now fills a tenth of the rows is no longer rare.
    collapsed = unordered_distance(reference, (500, 400, 100, *(0,) * 999))
    assert collapsed is not None
    assert (collapsed.freedom, collapsed.psi > 0.5) == (3, True)


@pytest.mark.parametrize("rows", [1_000, 20_000])
@pytest.mark.parametrize(("values", "listed"), [(300, 300), (3_000, 1_000)])
def test_many_categories_alike_do_not_drift_because_some_were_lucky_in_the_reference(
    rows: int, values: int, listed: int
):
    for seed in range(20):
        before, after = bins(20_000, [1 / values] * values, seed), bins(rows, [1 / values] * values, seed + 100)
        order = np.argsort(-np.array(before), kind="stable")
        table = order[:listed]
        old, new = (tuple(int(part[place]) for place in table) for part in (before, after))
        rest = (sum(before) - sum(old), sum(after) - sum(new))
        found = listed_distance(old, new, rest) if sum(rest) else unordered_distance(old, new)
        assert found is None or found.psi < 1.2 * found.noise


def test_a_frequent_category_of_many_is_still_seen_to_move():
    before = (6_000, 5_000, *(10,) * 400)
    found = listed_distance(before, (900, 200, *(1,) * 400), (5_000, 500))
    assert found is not None
    assert found.freedom == 2
    assert found.psi > 5 * found.noise
