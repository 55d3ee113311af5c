"""A regression's losses: sums that are exact however rows are split, and the metrics that they stand for."""

from functools import reduce
from operator import add

import numpy as np
import pytest

from tools.profile import losses
from tools.profile.losses import LossCounts, Yardstick, count_losses, yardstick


def rows(count: int, seed: int = 0, scale: float = 1.0):
    """Return predictions and labels whose errors grow with the prediction."""
    draw = np.random.default_rng(seed)
    prediction = draw.gamma(3.0, 10.0, count)
    return scale * prediction, scale * (prediction + draw.normal(0, 1 + prediction / 20, count))


def naive(prediction, label, by: Yardstick) -> LossCounts:
    """Count row by row, in Python's whole numbers."""
    sums = [[0] * (len(by.cuts) + 1) for _ in range(11)]
    for each, truth in zip(prediction.tolist(), label.tolist(), strict=True):
        cell = sum(cut <= each for cut in by.cuts)
        error, predicted, labelled = (
            round(max(min(value / by.unit, 2**16), -(2**16)) * 1024)
            for value in (each - truth, each - by.center, truth - by.center)
        )
        coarse = min(round(error * error / 1024), 2**26)
        loss = round(min(abs(each - truth) / by.cap, 1.0) * 1_000_000)
        moments = (predicted, predicted**2, labelled, labelled**2)
        row = (1, error, abs(error), error**2, coarse**2, loss, loss**2, *moments)
        for part, value in zip(sums, row, strict=True):
            part[cell] += value
    return LossCounts(*(tuple(part) for part in sums))


@pytest.mark.parametrize("scale", [1.0, 1e-9, 1e12])
def test_counts_are_those_of_a_naive_count(scale: float):
    prediction, label = rows(3000, scale=scale)
    by = yardstick(prediction, label)
    assert len(by.cuts) == 15
    assert count_losses(prediction, label, by) == naive(prediction, label, by)


def test_absurd_errors_are_counted_to_the_last_digit():
    by = yardstick(*rows(2000))
    prediction, label = np.full(5000, 1.7e308), np.linspace(-8e307, 8e307, 5000)
    found = count_losses(prediction, label, by)
    assert found == naive(prediction, label, by)
    assert sum(found.square) > 2**63


def test_one_absurd_value_in_the_reference_does_not_hide_the_others():
    prediction, label = rows(2000)
    spoiled = np.where(np.arange(2000) == 7, 1.7e308, label)
    clean, by = yardstick(prediction, label), yardstick(prediction, spoiled)
    assert by.unit == clean.unit
    assert by.cap == pytest.approx(clean.cap, rel=0.05)


@pytest.mark.parametrize("parts", [2, 7, 24])
def test_hours_sum_to_days(parts: int):
    prediction, label = rows(5000)
    by = yardstick(prediction, label)
    hour = np.random.default_rng(1).integers(0, parts, len(label))
    split = [count_losses(prediction[hour == each], label[hour == each], by) for each in range(parts)]
    assert reduce(add, split) == count_losses(prediction, label, by)


def test_the_sums_are_those_of_the_metrics():
    prediction, label = rows(20_000)
    by = yardstick(prediction, label)
    counts, error = count_losses(prediction, label, by), prediction - label
    for metric, each in (("mae", np.abs(error)), ("rmse", error**2)):
        found = losses.sums(metric, counts, by)  # type: ignore[arg-type]
        assert found.rows == len(label)
        assert found.mean == pytest.approx(each.mean(), rel=1e-5)
        assert found.row_se == pytest.approx(each.std() / np.sqrt(len(each)), rel=1e-3)


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_the_correlation_is_its_definition(offset: float):
    prediction, label = rows(5000)
    by = yardstick(prediction + offset, label + offset)
    found = losses.correlation(count_losses(prediction + offset, label + offset, by))
    assert found == pytest.approx(np.corrcoef(prediction, label)[0, 1], abs=2e-3)
    shuffled = np.random.default_rng(0).permutation(label)
    assert abs(losses.correlation(count_losses(prediction, shuffled, by)) or 0) < 0.05


def test_what_does_not_vary_goes_with_nothing():
    by = yardstick(*rows(500))
    assert losses.correlation(count_losses(np.full(50, 3.0), np.arange(50.0), by)) is None
    assert losses.correlation(count_losses(np.empty(0), np.empty(0), by)) is None


def test_large_predictions_may_be_wrong_by_more():
    reference = rows(20_000)
    by = yardstick(*reference)
    expected = losses.foreseen(count_losses(reference[0], reference[1], by), by)
    assert expected.square[-1] > 4 * expected.square[0]
    prediction, label = rows(20_000, seed=1)
    large = prediction > np.quantile(prediction, 0.7)
    harder = losses.loss_excess(count_losses(prediction[large], label[large], by), expected)
    assert abs(harder.mean) < 4 * harder.row_se
    worse = losses.loss_excess(count_losses(prediction, label + 3, by), expected)
    assert worse.mean > 20 * worse.row_se


def test_a_loss_is_never_more_than_one_beyond_what_is_foreseen():
    """What the sequential test's bets rest on."""
    reference = rows(5000)
    by = yardstick(*reference)
    found = losses.loss_excess(
        count_losses(np.array([30.0]), np.array([1e9]), by),
        losses.foreseen(count_losses(reference[0], reference[1], by), by),
    )
    assert 0 < found.total <= 1


@pytest.mark.parametrize(
    ("prediction", "label"),
    [
        ([], []),
        ([0.0] * 500, [0.0] * 500),
        # A reference without errors: any later one counts, but not as infinite.
        (list(range(500)), list(range(500))),
    ],
)
def test_a_reference_without_errors_can_still_be_counted_by(prediction: list[float], label: list[float]):
    known = np.array(prediction, np.float64), np.array(label, np.float64)
    by = yardstick(*known)
    assert by.unit > 0 and by.cap > 0
    expected = losses.foreseen(count_losses(known[0], known[1], by), by)
    found = losses.loss_excess(count_losses(np.array([1.0, 2.0]), np.array([1.0, 9.0]), by), expected)
    assert found.total == pytest.approx(1.0)
