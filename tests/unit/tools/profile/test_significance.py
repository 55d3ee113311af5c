"""One rule from a handful of rows to millions: noise is not called drift, nor is what nobody minds; the rest is."""

import numpy as np
import pytest

from tools.profile.detectable import detectable
from tools.profile.distance import Distance, largest_gap, ordered_distance
from tools.profile.significance import Null, of_distance, of_either, of_gap, of_share

REFERENCE = 500_000
BINS = 16
LEVEL = 1e-5


def bins(rows: int, psi: float, seed: int) -> tuple[int, ...]:
    """Return a window of a feature whose bins were equal in the reference, moved by this much."""
    places = np.linspace(-1, 1, BINS)
    weights = np.exp(np.sqrt(psi) * places / places.std())
    return tuple(np.random.default_rng(seed).multinomial(rows, weights / weights.sum()).tolist())


def found(rows: int, psi: float, seed: int) -> Distance:
    distance = ordered_distance(bins(REFERENCE, 0.0, 10_000 + seed), bins(rows, psi, seed))
    assert distance is not None
    return distance


@pytest.mark.parametrize("rows", [200, 1_000, 10_000, 100_000, 5_000_000])
@pytest.mark.parametrize("psi", [0.0, 0.003])
def test_nothing_and_what_nobody_minds_are_no_drift(rows: int, psi: float):
    assert min(of_distance(found(rows, psi, seed), Null()) for seed in range(100)) > LEVEL


@pytest.mark.parametrize(("rows", "psi"), [(200, 0.4), (1_000, 0.1), (10_000, 0.03), (1_000_000, 0.008)])
def test_what_moved_is_seen_at_any_size(rows: int, psi: float):
    assert max(of_distance(found(rows, psi, seed), Null()) for seed in range(20)) < LEVEL


@pytest.mark.parametrize("rows", [200, 1_000, 10_000, 100_000])
@pytest.mark.parametrize("null", [Null(), Null(level=1.5, scale=2.5)])
def test_what_is_called_detectable_is_detected_in_four_of_five_windows(rows: int, null: Null):
    psi = detectable(found(rows, 0.0, 1), null, LEVEL)
    if null == Null():
        seen = [of_distance(found(rows, psi, seed), null) < LEVEL for seed in range(300)]
        assert np.mean(seen) == pytest.approx(0.8, abs=0.08)
    else:
        assert psi > detectable(found(rows, 0.0, 1), Null(), LEVEL)


def test_a_window_that_wanders_in_the_reference_may_wander():
    distance, gap = found(10_000, 0.02, 1), 0.06
    assert of_distance(distance, Null()) < LEVEL < of_distance(distance, Null(level=4.0, scale=20.0))
    assert of_gap(gap, 10_000, Null()) < of_gap(gap, 10_000, Null(gap=3.0))


def test_the_gap_has_a_tolerance_of_its_own():
    assert of_gap(0.03, 1e7, Null()) == 1.0
    assert of_gap(0.032, 1e7, Null()) < LEVEL
    assert largest_gap((50, 50), (40, 60)) == pytest.approx(0.1)
    assert largest_gap((), ()) == largest_gap((0, 0), (1, 1)) == largest_gap((1, 1), (0, 0)) == 0.0


def test_two_tests_of_one_question_are_paid_for():
    assert of_either(0.01, 0.4) == 0.02
    assert of_either(0.7, 0.9) == 1.0


@pytest.mark.parametrize(
    ("count", "rows", "before", "before_rows", "largest", "alarming"),
    [
        (0, 1_000, 0, 100_000, 0.0, False),  # nothing
        (1, 1_000, 0, 100_000, 0.0, False),  # a stray row of a fault never seen
        (12, 1_000, 0, 100_000, 0.0, True),  # one in a hundred of them
        (200, 100_000, 0, 100_000, 0.0, True),  # two in a thousand, of many rows
        (30, 1_000, 2_000, 100_000, 0.0, False),  # half as many again is borne
        (75, 1_000, 2_000, 100_000, 0.0, True),  # more than three times as many is not
        (500, 10_000, 2_000, 100_000, 0.0, True),  # 5 % where 2 % were missing
        (500, 10_000, 2_000, 100_000, 0.06, False),  # but an hour of the reference lacked 6 %
        (30, 1_000, 0, 60, 0.0, False),  # sixty rows without a fault promise little
        (900, 1_000, 30, 40, 0.0, False),  # nor do forty of which most had it
        (5, 10, 0, 0, 0.0, False),  # no reference, no limit
        (0, 0, 0, 100, 0.0, False),  # no rows
    ],
)
def test_a_share_of_faulty_rows(count, rows, before, before_rows, largest, alarming):
    assert (of_share(count, rows, before, before_rows, largest) < LEVEL) is alarming


@pytest.mark.parametrize("share", [0.0, 0.001, 0.02])
@pytest.mark.parametrize("before_rows", [100, 5_000])
def test_shares_that_are_the_same_are_never_called_different(share: float, before_rows: int):
    draw = np.random.default_rng(3)
    for _ in range(300):
        before, count = int(draw.binomial(before_rows, share)), int(draw.binomial(20_000, share))
        assert of_share(count, 20_000, before, before_rows) > LEVEL
