"""The metrics of scored rows, exact and unweighted. NaN stands for a metric that the rows do not define.

Labels say whether a row is positive, or are the numbers of a regression; its metrics are losses.
"""

from collections.abc import Callable
from typing import Any, get_args

import numpy as np

from graph.spec import ClassMetric, LossMetric, Metric
from tools.evaluation.holdout import Flags, Labels, Scores

SMALLER_IS_BETTER: frozenset[Metric] = frozenset({"log_loss", "brier", "rmse", "mae"})
_EPS = float(np.finfo(np.float64).eps)
_LOGIT_EPS = 1e-6
"""A forest says exactly 0 and 1, whose logit is infinite."""


def sign(metric: Metric) -> int:
    """Return 1 where larger is better, else -1."""
    return -1 if metric in SMALLER_IS_BETTER else 1


def are_numbers(label: Labels) -> bool:
    """Tell whether these are the labels of a regression."""
    return label.dtype != np.bool_


def flags(label: Labels) -> Flags:
    """Return the labels of a classification as what they are."""
    return label.astype(np.bool_, copy=False)


def positives(label: Labels) -> int:
    """Return how many rows are positive; a number never is."""
    return 0 if are_numbers(label) else int(label.sum())


def one_class(label: Labels) -> bool:
    """Tell whether there is nothing to tell apart: one class only, or no rows."""
    return not len(label) or (not are_numbers(label) and bool(label.all() or not label.any()))


def losses(metric: Metric, label: Labels, score: Scores) -> Scores:
    """Return what each row adds to a metric that is a mean over rows; `rmse` is the root of that mean."""
    found: Scores = np.abs(score - label) if metric == "mae" else np.square(score - label)
    return found


def log_losses(label: Flags, score: Scores) -> Scores:
    """Return the log loss of each row; scores of 0 and 1 are moved in by the float's epsilon, as scikit-learn does."""
    clipped = np.clip(score, _EPS, 1 - _EPS)
    losses: Scores = -np.log(np.where(label, clipped, 1 - clipped))
    return losses


def briers(label: Flags, score: Scores) -> Scores:
    """Return the squared error of each row."""
    return np.square(score - label)


def hits(label: Flags, score: Scores, threshold: float) -> Flags:
    """Return for each row whether the decision at `threshold` is right."""
    right: Flags = (score >= threshold) == label
    return right


def metrics(label: Labels, score: Scores, threshold: float) -> dict[Metric, float]:
    """Return every metric of these rows; at least one row."""
    names = get_args(LossMetric if are_numbers(label) else ClassMetric)
    return {metric: value(metric, label, score, threshold) for metric in names}


def value(metric: Metric, label: Labels, score: Scores, threshold: float) -> float:
    """Return one metric of these rows; at least one row."""
    if are_numbers(label):
        mean = float(losses(metric, label, score).mean())
        return float(np.sqrt(mean)) if metric == "rmse" else mean
    return _of_classes(metric, flags(label), score, threshold)


def _of_classes(metric: Metric, label: Flags, score: Scores, threshold: float) -> float:
    measures: dict[Metric, Callable[[], Any]] = {
        "roc_auc": lambda: roc_auc(label, score),
        "average_precision": lambda: average_precision(label, score),
        "log_loss": lambda: log_losses(label, score).mean(),
        "brier": lambda: briers(label, score).mean(),
        "accuracy": lambda: hits(label, score, threshold).mean(),
        "f1": lambda: f1(label, score, threshold),
    }
    return float(measures[metric]())


def roc_auc(label: Flags, score: Scores) -> float:
    """Return the share of (positive, negative) pairs that are in the right order, ties counting half."""
    positives, negatives = score[label], np.sort(score[~label])
    if not len(positives) or not len(negatives):
        return float("nan")
    below = np.searchsorted(negatives, positives, "left") + np.searchsorted(negatives, positives, "right")
    return float(below.mean() / 2 / len(negatives))


def average_precision(label: Flags, score: Scores) -> float:
    """Return the mean over the positives of the precision at their score."""
    if not label.any():
        return float("nan")
    positives = np.sort(score[label])
    flagged = len(score) - np.searchsorted(np.sort(score), positives, "left")
    right = len(positives) - np.searchsorted(positives, positives, "left")
    return float((right / flagged).mean())


def f1(label: Flags, score: Scores, threshold: float) -> float:
    """Return the F1 of the positive decisions; NaN where nothing is positive and nothing was called so."""
    decided = score >= threshold
    called = int(decided.sum()) + int(label.sum())
    return 2 * int((decided & label).sum()) / called if called else float("nan")


def negative_flips(label: Flags, champion: Scores, challenger: Scores, threshold: float) -> int:
    """Return how many rows the champion decides right and the challenger wrong."""
    return int((hits(label, champion, threshold) & ~hits(label, challenger, threshold)).sum())


def calibration(label: Flags, score: Scores) -> dict[str, float]:
    """Return Brier score, mean score, positive share, slope and intercept of the labels' logit on the scores' logit.

    Slope 1 and intercept 0 say that the scores are probabilities; a slope under 1 says that they are too extreme.
    """
    slope, intercept = _recalibration(label, score)
    return {
        "brier": float(briers(label, score).mean()),
        "slope": slope,
        "intercept": intercept,
        "mean_score": float(score.mean()),
        "positive_share": float(label.mean()),
    }


def _recalibration(label: Flags, score: Scores) -> tuple[float, float]:
    clipped = np.clip(score, _LOGIT_EPS, 1 - _LOGIT_EPS)
    logit = np.log(clipped / (1 - clipped))
    if label.all() or not label.any() or np.ptp(logit) == 0:
        return float("nan"), float("nan")
    design = np.column_stack([logit, np.ones_like(logit)])
    share = label.mean()
    coefficients = np.array([0.0, np.log(share / (1 - share))])  # from slope 1, Newton's steps may run away
    for _ in range(50):
        fitted = 1 / (1 + np.exp(-np.clip(design @ coefficients, -500, 500)))
        curvature = design.T @ (design * (fitted * (1 - fitted))[:, None])
        if np.linalg.cond(curvature) > 1e12:  # scores that separate the labels: the slope runs to infinity
            break
        step = np.linalg.solve(curvature, design.T @ (label - fitted))
        coefficients = coefficients + step
        if np.abs(step).max() < 1e-8:
            return float(coefficients[0]), float(coefficients[1])
    return float("nan"), float("nan")
