"""A regression's profile, its metrics with their intervals, and what a window tells the sequential test."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from graph.codec import canonical, dump, load
from graph.policy.sequence import follow_losses
from tools.profile.losses import count_losses
from tools.profile.values import (
    Predicted,
    ValueProfile,
    bare_values,
    foreseen,
    loss_interval,
    loss_window,
    realised,
    value_profile,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=20)


def predicted(seed: int = 0, days: int = 20, per_day: int = 400, off: float = 0.0, labelled: float = 1.0) -> Predicted:
    draw = np.random.default_rng(seed)
    rows = days * per_day
    score = draw.gamma(3.0, 10.0, rows)
    label = score + draw.normal(off, 1 + score / 20)
    label[draw.random(rows) >= labelled] = np.nan
    return Predicted(score, label, np.repeat(np.arange(days), per_day))


def blocks(rows: Predicted, profile: ValueProfile):
    known = ~np.isnan(rows.label)
    return [
        count_losses(
            rows.score[known & (rows.bucket == each)], rows.label[known & (rows.bucket == each)], profile.yardstick
        )
        for each in np.unique(rows.bucket)
    ]


@pytest.fixture(scope="module")
def profile() -> ValueProfile:
    return value_profile("1", START, END, predicted())


def test_a_profile_is_json_and_comes_back(profile: ValueProfile):
    assert load(ValueProfile, dump(profile)) == profile
    assert canonical(dump(profile))


def test_a_profile_knows_its_own_rows(profile: ValueProfile):
    rows = predicted()
    error = rows.score - rows.label
    assert profile.metrics["mae"] == pytest.approx(np.abs(error).mean(), rel=1e-5)
    assert profile.metrics["rmse"] == pytest.approx(np.sqrt((error**2).mean()), rel=1e-5)
    assert (profile.prediction.counts.rows, profile.label.counts.rows) == (8000, 8000)
    assert profile.spread < 2


def test_rows_without_labels_are_predictions_all_the_same():
    found = value_profile("1", START, END, predicted(labelled=0.5))
    assert found.prediction.counts.rows == 8000
    assert found.label.counts.rows == sum(found.losses.rows)
    assert 3700 < found.label.counts.rows < 4300


@pytest.mark.parametrize("metric", ["rmse", "mae"])
def test_the_interval_holds_what_is_true(metric, profile: ValueProfile):
    whole = predicted(seed=99, days=500)
    error = whole.score - whole.label
    truth = np.abs(error).mean() if metric == "mae" else np.sqrt((error**2).mean())
    held = []
    for seed in range(200):
        parts = blocks(predicted(seed + 1, days=1), profile)
        found = realised(metric, parts, parts[0], profile.yardstick)
        held.append(found is not None and found.low <= truth <= found.high)
    assert 0.9 <= np.mean(held) <= 0.99


def test_what_is_foreseen_follows_the_mix(profile: ValueProfile):
    rows = predicted(seed=1, days=10)
    large = rows.score > 40
    counts = count_losses(rows.score[large], rows.label[large], profile.yardstick)
    truth = np.sqrt(((rows.score - rows.label)[large] ** 2).mean())
    found = foreseen("rmse", counts, profile)
    assert found is not None
    assert found == pytest.approx(truth, rel=0.15)
    assert found > 1.3 * (profile.metrics["rmse"] or 0)


@pytest.mark.parametrize(("off", "certain"), [(0.0, False), (1.5, True)])
def test_only_harm_is_an_excess(off: float, certain: bool, profile: ValueProfile):
    parts = blocks(predicted(seed=3, days=1, off=off), profile)
    found = loss_interval(parts, parts[0], profile)
    assert found is not None
    assert (found.low > 0) is certain
    window = loss_window(START, END, parts[0], profile)
    assert window.rows == 400
    assert (window.excess > 3 * window.variance**0.5) is certain


def test_a_bare_profile_knows_nothing():
    found = bare_values("none", START, END)
    assert not found.labelled
    assert found.metrics == {"rmse": None, "mae": None}
    part = count_losses(np.array([1.0]), np.array([2.0]), found.yardstick)
    assert foreseen("mae", part, found) is None
    assert loss_interval([part], part, found) is None


def test_the_sequential_test_keeps_still_until_errors_grow(profile: ValueProfile):
    """Sixty quiet days, asked every fifth, in ten streams; then predictions that are off by 2."""
    late = []
    for seed in range(10):
        days = [
            *blocks(predicted(100 + seed, days=60), profile),
            *blocks(predicted(200 + seed, days=10, off=2.0), profile),
        ]
        at = [START + timedelta(days=number) for number in range(71)]
        windows = [loss_window(at[number], at[number + 1], each, profile) for number, each in enumerate(days)]
        assert not any(follow_losses(windows[:number], profile.excess_se).alarm for number in range(5, 61, 5))
        seen = [follow_losses(windows[:number], profile.excess_se) for number in range(61, 71)]
        first = next(number for number, each in enumerate(seen) if each.alarm)
        late.append(first)
        assert seen[first].since is not None
        assert abs((seen[first].since or START) - at[60]) <= timedelta(days=2)
    assert max(late) <= 2
