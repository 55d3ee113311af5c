"""Too many confident decisions turned round: broken labels, or a concept that changed?"""

import pytest

from graph.evidence import Interval
from graph.model import Check, Question, Reversal
from graph.policy.creep import Trial
from graph.policy.suspicion import asks_about_labels, called_genuine, suspicion
from tests.unit.graph.policy.builders import DAY, NOW, compared

SIDED = Interval(0.9, 0.85, 0.95)
"""Labels from after the training side with the challenger."""
APART = Interval(0.8, 0.75, 0.85)
"""It orders rows that the champion scores alike."""


def judged(*reversals: Reversal, told_apart: Interval | None = APART, genuine: bool = False) -> Check:
    return suspicion(compared(reversals=reversals, told_apart=told_apart), Trial(genuine=genuine))


def turned(share: float, agreement: Interval | None = SIDED, confident: int = 200) -> Reversal:
    return Reversal("positive", confident, round(share * confident), agreement)


@pytest.mark.parametrize(
    ("found", "outcome", "words"),
    [
        # A few are reversed, exactly as many as may be, or all of too few.
        (judged(turned(0.1, None)), "passed", "reverses 10 % of the champion's 200 confident decisions"),
        (judged(turned(0.3, None)), "passed", "reverses 30 %"),
        (
            judged(turned(1.0, None, confident=49)),
            "passed",
            "too few confident decisions of a kind",
        ),
        (judged(), "passed", "at most 0"),
        # A concept that changed: labels after training bear it out, and unevenly.
        (judged(turned(0.9)), "passed", "the concept changed"),
        # Sound labels after training on broken ones: they do not side with it, or it cannot be told.
        (judged(turned(0.9, Interval(0.1, 0.0, 0.2))), "inconclusive", "look for broken labels in its training rows"),
        (
            judged(turned(0.9, Interval(0.6, 0.5, 0.7))),
            "inconclusive",
            "labels side with the challenger on 60 % [50 %, 70 %]",
        ),
        (judged(turned(0.9, None)), "inconclusive", "too few labels to side with it"),
        # Broken in training and after it: they agree, but every row of one score alike was turned.
        (judged(turned(0.9), told_apart=Interval(0.55, 0.5, 0.6)), "inconclusive", "look at the labels first"),
        (judged(turned(0.9), told_apart=Interval(0.62, 0.59, 0.65)), "inconclusive", "as broken labels would have it"),
        (judged(turned(0.9), told_apart=None), "inconclusive", "cannot be seen to order pairs"),
        # The owner was asked.
        (judged(turned(0.9, None), told_apart=None, genuine=True), "passed", "the owner has called the labels genuine"),
    ],
)
def test_a_reversal_is_a_label_bug_until_shown_otherwise(found, outcome, words):
    assert (found.name, found.outcome) == ("suspicion", outcome)
    assert words in found.detail


def test_each_kind_of_decision_is_looked_at_by_itself():
    """Where positives are rare, losing every one of them reverses few decisions."""
    found = judged(Reversal("negative", 10_000, 0, None), turned(0.95, None, confident=60))
    assert (found.outcome, found.value, found.limit) == ("inconclusive", 0.95, 0.3)
    assert "60 confident decisions that are positive" in found.detail


HORIZON = NOW - 30 * DAY


@pytest.mark.parametrize(
    ("question", "genuine"),
    [
        (Question("label", NOW - 3 * DAY, (), NOW - DAY, True), True),
        (Question("label", NOW - 3 * DAY, (), NOW - DAY, False), False),
        (Question("label", NOW - 3 * DAY), False),
        # About the data, or so long ago that the labels may have changed.
        (Question("data", NOW - 3 * DAY, (), NOW - DAY, True), False),
        (Question("label", NOW - 40 * DAY, (), NOW - 30 * DAY, True), False),
    ],
)
def test_the_owners_answer_about_labels_holds_for_the_horizon(question, genuine):
    assert called_genuine([question], HORIZON) == genuine
    assert called_genuine([], HORIZON) is False


@pytest.mark.parametrize(
    ("outcomes", "asks"),
    [
        ({"superiority": "passed", "suspicion": "inconclusive"}, True),
        ({"superiority": "passed", "suspicion": "passed"}, False),
        # It would not be promoted anyway.
        ({"superiority": "failed", "suspicion": "inconclusive"}, False),
        ({"superiority": "inconclusive", "suspicion": "inconclusive"}, False),
        ({"superiority": "inconclusive", "suspicion": "passed"}, False),
    ],
)
def test_the_owner_is_asked_only_where_nothing_else_is_in_the_way(outcomes, asks):
    assert asks_about_labels([Check(name, outcome) for name, outcome in outcomes.items()]) == asks
