"""The paired block bootstrap: the same numbers as repeating rows, and intervals that keep their word."""

from typing import get_args

import numpy as np
import pytest
from sklearn import metrics as reference

from graph.spec import ClassMetric, Metric
from tools.evaluation import bootstrap, measures
from tools.evaluation.bootstrap import Sample

BY_REPEATING = {
    "roc_auc": reference.roc_auc_score,
    "average_precision": reference.average_precision_score,
    "log_loss": reference.log_loss,
    "brier": reference.brier_score_loss,
    "accuracy": lambda label, score: reference.accuracy_score(label, score >= 0.5),
    "f1": lambda label, score: reference.f1_score(label, score >= 0.5),
}


def world(seed: int, days: int = 20, per_day: int = 30, day_effect: float = 0.0):
    """Labels and two scores; each day the challenger's scores are off by an amount of that day's own."""
    random = np.random.default_rng(seed)
    block = np.repeat(np.arange(days), per_day)
    label = random.random(len(block)) < 0.3
    champion = np.clip(0.3 + 0.2 * label + random.normal(0, 0.2, len(block)), 0, 1)
    shift = np.repeat(random.normal(0, day_effect, days), per_day)
    challenger = np.clip(champion + random.normal(0, 0.05, len(block)) + shift, 0, 1)
    return Sample(label, block, 0.5), champion, challenger


@pytest.mark.parametrize("decimals", [16, 1])
@pytest.mark.parametrize("metric", get_args(ClassMetric))
def test_a_draw_is_what_repeating_its_rows_gives(metric: Metric, decimals: int):
    sample, _, score = world(0)
    score = np.round(score, decimals)
    weights = bootstrap.draw(sample.blocks)[:20]
    repeated = [np.repeat(np.arange(len(score)), row[sample.block].astype(int)) for row in weights]
    expected = [BY_REPEATING[metric](sample.label[index], score[index]) for index in repeated]
    assert bootstrap.weigh(metric, sample, score, weights) == pytest.approx(expected, abs=1e-12)


def test_average_precision_stays_close_when_scores_are_grouped():
    random = np.random.default_rng(0)
    label = random.random(120_000) < 0.5  # 60,000 positives, three times what is kept apart
    score = 1 / (1 + np.exp(-random.normal(label, 1)))
    sample = Sample(label, np.arange(len(label)) % 7, 0.5)
    grouped = bootstrap.weigh("average_precision", sample, score, np.ones((1, 7)))[0]
    assert grouped == pytest.approx(measures.average_precision(label, score), abs=5e-4)


@pytest.mark.parametrize("metric", get_args(ClassMetric))
def test_better_is_positive_whatever_the_metric(metric: Metric):
    sample, champion, _ = world(0)
    better = np.where(sample.label, np.sqrt(champion), np.square(champion))
    found = bootstrap.interval(metric, sample, champion, better)
    assert found is not None
    assert 0 < found.low <= found.value <= found.high
    turned = bootstrap.interval(metric, sample, better, champion)
    assert turned is not None
    assert turned.high < 0


def test_the_same_rows_give_the_same_interval():
    assert bootstrap.interval("roc_auc", *world(3)) == bootstrap.interval("roc_auc", *world(3))


def test_the_interval_of_one_model_against_itself_is_zero():
    sample, champion, _ = world(0)
    found = bootstrap.interval("roc_auc", sample, champion, champion)
    assert found is not None
    assert (found.low, found.value, found.high) == (0, 0, 0)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda s: Sample(np.zeros_like(s.label), s.block, 0.5), "one class"),
        (lambda s: Sample(s.label, s.block % 4, 0.5), "four blocks"),
        (
            lambda s: Sample(s.label & (s.block == 7), s.block, 0.5),
            "every positive on one day: a third of draws has none",
        ),
    ],
)
def test_no_interval_without_enough_to_go_by(change, why: str):
    sample, champion, challenger = world(0)
    assert bootstrap.interval("roc_auc", change(sample), champion, challenger) is None, why


def covered(blocks_of_days: bool, days: int, rounds: int = 200) -> float:
    """Return how often the interval of the Brier difference holds the true one, when days differ by chance."""
    truth = np.mean([_brier_difference(world(10_000 + i, 200, 100, 0.1)) for i in range(50)])
    hits = 0.0
    for seed in range(rounds):
        sample, champion, challenger = world(seed, days, 100, 0.1)
        block = sample.block if blocks_of_days else np.arange(len(sample.block))
        found = bootstrap.interval("brier", Sample(sample.label, block, 0.5), champion, challenger)
        assert found is not None
        hits += found.low <= truth <= found.high
    return hits / rounds


def _brier_difference(made) -> float:
    sample, champion, challenger = made
    return float((np.square(champion - sample.label) - np.square(challenger - sample.label)).mean())


@pytest.mark.parametrize(("days", "least"), [(8, 0.86), (14, 0.89), (30, 0.92)])
def test_day_blocks_cover_nearly_nineteen_times_in_twenty(days: int, least: float):
    assert covered(blocks_of_days=True, days=days) >= least


def test_rows_as_blocks_do_not():
    """What the blocks are for: taken one by one, the rows of a day count as fresh evidence each."""
    assert covered(blocks_of_days=False, days=14, rounds=30) < 0.75
