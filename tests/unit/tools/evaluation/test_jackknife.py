"""The jackknife: the bootstrap's interval at a fraction of its price, and as honest."""

from typing import get_args

import numpy as np
import pytest

from graph.spec import ClassMetric, Metric
from tests.unit.tools.evaluation.test_bootstrap import world
from tools.evaluation import bootstrap, jackknife
from tools.evaluation.bootstrap import Sample


@pytest.mark.parametrize("metric", get_args(ClassMetric))
def test_it_agrees_with_the_bootstrap(metric: Metric):
    sample, champion, challenger = world(0, days=40, day_effect=0.03)
    quick, slow = (way(metric, sample, champion, challenger) for way in (jackknife.difference, bootstrap.interval))
    assert quick and slow
    assert quick.value == slow.value
    assert quick.high - quick.low == pytest.approx(slow.high - slow.low, rel=0.25)


def test_it_covers_what_is_true():
    """Days differ; both models are as good in truth, so an interval that keeps its word holds 0 in 95 of 100 cases."""
    found = [jackknife.difference("brier", *_even(seed)) for seed in range(300)]
    held = [each.low <= 0 <= each.high for each in found if each]
    assert 0.91 <= np.mean(held) <= 0.99


def _even(seed: int):
    sample, champion, _ = world(seed, days=14)
    random = np.random.default_rng(1000 + seed)
    shift = np.repeat(random.normal(0, 0.05, 28), 15)
    swap = np.repeat(random.random(14) < 0.5, 30)
    off = np.clip(champion + shift, 0, 1)
    return sample, np.where(swap, champion, off), np.where(swap, off, champion)


@pytest.mark.parametrize(
    ("label", "days"),
    [
        # One class only, or four days.
        (np.zeros(600, dtype=bool), 20),
        (np.ones(600, dtype=bool), 20),
        (np.arange(600) % 3 == 0, 4),
    ],
)
def test_where_it_cannot_be_told_there_is_no_interval(label, days):
    score = np.linspace(0, 1, 600)
    sample = Sample(label, np.arange(600) % days, 0.5)
    assert jackknife.difference("roc_auc", sample, score, score) is None


def test_the_mean_of_a_statistic_has_the_standard_error_of_means():
    values = np.random.default_rng(0).random(20)
    found = jackknife.of(lambda kept: float(values[kept].mean()), np.arange(20))
    assert found
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.value == pytest.approx(2.093 * values.std(ddof=1) / np.sqrt(20), rel=1e-3)


def test_pairs_are_left_out_with_either_of_their_blocks():
    random = np.random.default_rng(0)
    pairs = random.integers(1, 9, (6, 6)).astype(float)
    right = pairs * random.random((6, 6))
    found = jackknife.of_pairs(right, pairs)

    def share(kept):
        return float(right[np.ix_(kept, kept)].sum() / pairs[np.ix_(kept, kept)].sum())

    expected = jackknife.of(share, np.arange(6))
    assert found and expected
    assert (found.low, found.value, found.high) == pytest.approx((expected.low, expected.value, expected.high))


def test_no_pairs_at_all_have_no_interval():
    assert jackknife.of_pairs(np.zeros((6, 6)), np.zeros((6, 6))) is None
    assert jackknife.of_pairs(np.ones((4, 4)), np.ones((4, 4))) is None
