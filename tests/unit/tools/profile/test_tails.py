"""Tail probabilities agree with scipy wherever somebody would look, and never promise less than they should."""

import math

import numpy as np
import pytest
from scipy import special, stats

from tools.profile.tails import at_least, chi_square, highest_share, kolmogorov


@pytest.mark.parametrize("freedom", [0.5, 1.0, 3.3, 15.0, 299.0])
@pytest.mark.parametrize("shift", [0.0, 0.01, 5.0, 120.0, 25_000.0])
@pytest.mark.parametrize("sigmas", [0.5, 3.0, 6.0])
def test_chi_square_tails(freedom: float, shift: float, sigmas: float):
    statistic = freedom + shift + sigmas * math.sqrt(2 * (freedom + 2 * shift))
    wanted = stats.ncx2.sf(statistic, freedom, shift) if shift else stats.chi2.sf(statistic, freedom)
    assert chi_square(statistic, freedom, shift) == pytest.approx(wanted, rel=1e-8, abs=1e-14)


def test_what_lies_far_out_has_no_probability_left_and_no_error():
    assert chi_square(1e7, 15.0, 100.0) == 0.0
    assert chi_square(1e7, 15.0) == 0.0
    assert 0.0 <= at_least(1_000_000, 1_000_000, 0.001) < 1e-300
    assert kolmogorov(40.0) == 0.0


def test_what_is_no_less_likely_than_not_is_certain():
    assert chi_square(14.9, 15.0) == chi_square(20.0, 15.0, 5.0) == chi_square(0.0, 1.0) == 1.0
    assert at_least(0, 0, 0.1) == at_least(10, 100, 0.1) == 1.0
    assert kolmogorov(0.0) == 1.0


@pytest.mark.parametrize("rows", [1, 30, 1_000, 1_000_000])
@pytest.mark.parametrize("share", [1e-5, 0.001, 0.3])
@pytest.mark.parametrize("sigmas", [0.1, 2.0, 6.0])
def test_binomial_tails(rows: int, share: float, sigmas: float):
    count = min(rows, math.floor(rows * share + sigmas * math.sqrt(rows * share)) + 1)
    assert at_least(count, rows, share) == pytest.approx(stats.binom.sf(count - 1, rows, share), rel=1e-7)


@pytest.mark.parametrize("distance", [0.25, 0.3, 0.5, 0.83, 1.36, 2.7, 5.0])
def test_kolmogorov_tails(distance: float):
    assert kolmogorov(distance) == pytest.approx(special.kolmogorov(distance), rel=1e-9, abs=1e-7 * (distance < 0.5))


@pytest.mark.parametrize(("count", "rows"), [(0, 50), (0, 100_000), (1, 1_000), (17, 400), (2_000, 100_000), (49, 50)])
def test_no_larger_share_leaves_so_few_rows(count: int, rows: int):
    share = highest_share(count, rows)
    assert count / rows < share < 1
    assert stats.binom.cdf(count, rows, share) <= 1.0001e-9
    # Not much larger than it must be either.
    assert stats.binom.cdf(count, rows, share * 0.9) > 1e-10


def test_rows_that_all_have_a_fault_leave_every_share_open():
    assert highest_share(50, 50) == 1.0


def test_the_tails_are_the_same_each_time():
    values = np.random.default_rng(1).uniform(15, 200, 50).tolist()
    assert [chi_square(x, 12.5, 7.0) for x in values] == [chi_square(x, 12.5, 7.0) for x in values]
