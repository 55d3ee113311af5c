"""The metrics, against scikit-learn's."""

import numpy as np
import pytest
from sklearn import metrics as reference

from tools.evaluation import measures

SEEDS = range(5)


def rows(seed: int, decimals: int = 16):
    random = np.random.default_rng(seed)
    label = random.random(400) < 0.2
    return label, np.round(np.clip(random.normal(0.3 + 0.2 * label, 0.2), 0, 1), decimals)


@pytest.mark.parametrize("decimals", [16, 1])  # one decimal: almost every score is tied with others
@pytest.mark.parametrize("seed", SEEDS)
def test_metrics_are_scikit_learns(seed: int, decimals: int):
    label, score = rows(seed, decimals)
    assert measures.metrics(label, score, 0.5) == pytest.approx(
        {
            "roc_auc": reference.roc_auc_score(label, score),
            "average_precision": reference.average_precision_score(label, score),
            "log_loss": reference.log_loss(label, score),
            "brier": reference.brier_score_loss(label, score),
            "accuracy": reference.accuracy_score(label, score >= 0.5),
            "f1": reference.f1_score(label, score >= 0.5),
        },
        abs=1e-12,
    )


def test_one_class_leaves_rank_metrics_undefined():
    found = measures.metrics(np.zeros(3, dtype=bool), np.array([0.1, 0.2, 0.3]), 0.5)
    undefined = {name for name, value in found.items() if np.isnan(value)}
    assert undefined == {"roc_auc", "average_precision", "f1"}
    assert found["accuracy"] == 1.0


def test_a_score_at_the_threshold_is_a_positive_decision():
    assert measures.hits(np.array([True, False]), np.array([0.5, 0.5]), 0.5).tolist() == [True, False]


def test_negative_flips_count_right_before_and_wrong_now():
    label = np.array([True, True, False, False])
    assert measures.negative_flips(label, np.array([0.9, 0.1, 0.1, 0.9]), np.array([0.1, 0.9, 0.1, 0.1]), 0.5) == 1


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.4, -1.0), (2.0, 0.5), (0.3, -2.6)])
def test_calibration_finds_how_the_scores_were_bent(slope: float, intercept: float):
    random = np.random.default_rng(0)
    logit = random.normal(-1, 2, 40_000)
    label = random.random(len(logit)) < 1 / (1 + np.exp(-(slope * logit + intercept)))
    found = measures.calibration(label, 1 / (1 + np.exp(-logit)))
    assert found["slope"] == pytest.approx(slope, rel=0.1)
    assert found["intercept"] == pytest.approx(intercept, abs=0.1)
    assert found["positive_share"] == label.mean()


@pytest.mark.parametrize(
    ("label", "score"),
    [
        ([True, True], [0.2, 0.9]),  # one class
        ([True, False], [0.5, 0.5]),  # scores that say nothing
        ([True, True, False, False], [0.9, 0.8, 0.2, 0.1]),  # scores that separate the labels
    ],
)
def test_calibration_without_an_answer_has_none(label: list[bool], score: list[float]):
    found = measures.calibration(np.array(label), np.array(score))
    assert np.isnan(found["slope"])
    assert np.isnan(found["intercept"])
