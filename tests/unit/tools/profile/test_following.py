"""How much a column still rises where its row says so, and whether its values are of the old sizes."""

import numpy as np
import pytest

from tools.profile.following import by_window, moments, slope, wander
from tools.profile.sizes import resized
from tools.profile.sketch import log_histogram


def ranks(rows: int, seed: int = 1):
    random = np.random.default_rng(seed)
    foreseen = random.uniform(0.2, 0.8, rows)
    return foreseen + random.normal(0, 0.1, rows), foreseen


def test_whole_rows_rise_as_foreseen():
    found = slope(moments(*ranks(4000)))
    assert found and abs(found.value - 1) < 4 * found.error < 0.1


@pytest.mark.parametrize(("turned", "expected"), [(lambda r: np.roll(r, 1), 0.0), (lambda r: 1 - r, -1.0)])
def test_rows_torn_apart_or_turned_round_do_not(turned, expected):
    rank, foreseen = ranks(4000)
    found = slope(moments(turned(rank), foreseen))
    assert found and abs(found.value - expected) < 4 * found.error


def test_a_column_stuck_in_half_of_its_rows_rises_half_as_much():
    rank, foreseen = ranks(4000)
    rank[::2] = 0.5
    found = slope(moments(rank, foreseen))
    assert found and abs(found.value - 0.5) < 4 * found.error


def test_sums_add_up():
    rank, foreseen = ranks(900)
    parts = moments(rank[:300], foreseen[:300]) + moments(rank[300:], foreseen[300:])
    whole = moments(rank, foreseen)
    assert parts.rows == whole.rows
    assert parts.rf == pytest.approx(whole.rf, abs=2)


@pytest.mark.parametrize("rows", [(np.zeros(0), np.zeros(0)), (np.ones(500), np.full(500, 0.5))])
def test_nothing_to_tell_is_none(rows):
    assert slope(moments(*rows)) is None


def test_windows_that_differ_more_than_their_rows_explain():
    rank, foreseen = ranks(4000)
    window = np.arange(4000) // 500
    whole = slope(moments(rank, foreseen))
    assert whole
    assert wander(by_window(rank, foreseen, window), whole) < 0.05
    uneven = np.where(window % 2, rank, 0.5)
    assert wander(by_window(uneven, foreseen, window), whole) > 0.4


def test_what_moves_together_over_a_year_alone_says_nothing_of_a_day():
    season = np.repeat(np.linspace(0.2, 0.8, 50), 100)
    random = np.random.default_rng(3)
    rank, foreseen = (season + random.normal(0, 0.05, 5000) for _ in range(2))
    whole = slope(moments(rank, foreseen))
    assert whole
    assert whole.value > 0.9
    assert wander(by_window(rank, foreseen, np.arange(5000) // 100), whole) > 0.8


def test_windows_of_a_few_rows_are_taken_together():
    rank, foreseen = ranks(900)
    assert [each.rows for each in by_window(rank, foreseen, np.arange(900) // 9)] == [108] * 8


@pytest.mark.parametrize(("times", "moved"), [(1.0, False), (0.1, True), (-1.0, True)])
def test_few_values_of_another_size_among_many_zeros(times, moved):
    random = np.random.default_rng(2)
    before, after = (np.where(random.random(5000) < 0.06, random.exponential(1, 5000), 0.0) for _ in range(2))
    found = resized(log_histogram(before), log_histogram(after * times))
    assert found and (found.gap > 3 * found.noise) == moved


@pytest.mark.parametrize(("before", "after"), [(np.zeros(10), np.ones(10)), (np.arange(10.0), np.ones(10))])
def test_sizes_are_of_a_column_that_is_mostly_but_not_only_zero(before, after):
    assert resized(log_histogram(before), log_histogram(after)) is None
