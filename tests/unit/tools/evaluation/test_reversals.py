"""Confident decisions turned round, and whether rows that score alike are told apart."""

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.tools.evaluation.test_holdout import DAY
from tools.evaluation.holdout import Rows
from tools.evaluation.reversals import reversals, told_apart

ROWS = 6000
RANDOM = np.random.default_rng(0)
SEGMENT = RANDOM.random(ROWS) < 0.5
"""Half of the rows: a concept may change in these and not in the others."""
BEFORE = 1 / (1 + np.exp(-RANDOM.normal(0, 2, ROWS)))
"""Probabilities as they were, and as the champion knows them."""
CHAMPION = np.clip(BEFORE + RANDOM.normal(0, 0.03, ROWS), 0, 1)


def rows(probability) -> Rows:
    label = np.random.default_rng(1).random(ROWS) < probability
    return Rows(label, np.arange(ROWS) * (20 * DAY // ROWS), pa.table({}))


def test_each_kind_of_confident_decision_is_counted():
    label = np.array([True, False] * 10)
    champion = np.tile([0.95, 0.05, 0.7, 0.3], 5)
    challenger = np.tile([0.1, 0.1, 0.1, 0.9], 5)
    found = reversals(Rows(label, np.arange(20) * DAY, pa.table({})), 0.5, champion, challenger)
    assert [(each.decision, each.confident, each.reversed) for each in found] == [
        ("positive", 5, 5), ("negative", 5, 0)
    ]  # fmt: skip
    assert found[0].agreement is not None
    assert found[0].agreement.value == 0
    assert found[1].agreement is None


def test_confident_follows_the_score_and_the_decision_the_threshold():
    """At a threshold of 0.03 a score of 0.05 decides positive, and nobody is sure of that."""
    label, champion = np.array([True, False] * 10), np.tile([0.05, 0.01], 10)
    found = reversals(Rows(label, np.arange(20) * DAY, pa.table({})), 0.03, champion, np.full(20, 0.5))
    assert [(each.confident, each.reversed) for each in found] == [(0, 0), (10, 10)]


@pytest.mark.parametrize(
    ("now", "least", "most"),
    [
        # One noise channel for every row: inverted, seven of ten positives lost, joined to the wrong rows.
        (1 - BEFORE, 0.45, 0.6),
        (0.3 * BEFORE, 0.45, 0.6),
        (np.full(ROWS, 0.5), 0.45, 0.6),
        # The concept turned round in half of the rows, or in a tenth of them.
        (np.where(SEGMENT, 1 - BEFORE, BEFORE), 0.75, 1.0),
        (np.where(RANDOM.random(ROWS) < 0.1, 1 - BEFORE, BEFORE), 0.6, 1.0),
    ],
)
def test_broken_labels_tell_nothing_apart_and_a_changed_concept_does(now, least, most):
    learned = np.clip(now + np.random.default_rng(2).normal(0, 0.03, ROWS), 0, 1)
    found = told_apart(rows(now), CHAMPION, learned)
    assert found
    assert least < found.value < most
    assert (found.low > 0.6) == (least >= 0.6)


@pytest.mark.parametrize("champion", [np.full(ROWS, 0.3), CHAMPION])
def test_scores_that_are_all_alike_tell_nothing_apart(champion):
    found = told_apart(rows(BEFORE), champion, np.full(ROWS, 0.3))
    assert found
    assert found.value == 0.5


def test_one_class_or_few_days_have_no_interval():
    assert told_apart(rows(np.zeros(ROWS)), CHAMPION, CHAMPION) is None
    few = Rows(rows(BEFORE).label[:40], np.arange(40) * 1000, pa.table({}))
    assert told_apart(few, CHAMPION[:40], CHAMPION[:40]) is None
