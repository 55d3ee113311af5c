"""The estimate without labels explains, is withdrawn when labels contradict it, and never decides."""

from dataclasses import replace
from typing import Any

import pytest

from graph.evidence import Estimate, Evidence, Interval
from graph.policy.estimate_rules import ESTIMATE_RULES
from graph.policy.evidence import judge
from graph.policy.rules import walk
from graph.spec import Policy
from tests.unit.graph.policy.builders import DAY, DELAY, NOW, QUIET, case, with_labels

ESTIMATE = Estimate(
    start=NOW - DAY,
    end=NOW,
    rows=1000,
    roc_auc=Interval(0.912, 0.89, 0.934),
    accuracy=Interval(0.95, 0.94, 0.96),
    f1=Interval(0.6, 0.5, 0.7),
    precision=None,
    recall=Interval(0.5, 0.4, 0.6),
    held_against=500,
    contradiction_p=0.4,
)
LATE = with_labels(
    labelled=310, positives=20, expected_positives=19.0, expected_positives_sd=4.0, newest_label=NOW - 8 * DAY
)


def estimated(evidence: Evidence = QUIET, **changes: Any) -> Evidence:
    return replace(evidence, estimate=replace(ESTIMATE, **changes))


@pytest.mark.parametrize(
    ("evidence", "metric", "value", "words"),
    [
        # Not there: no scores, or nobody who served.
        (QUIET, "roc_auc", None, ""),
        # The policy's metric, with its bars.
        (estimated(), "roc_auc", 0.912, "without labels, roc_auc is estimated at 0.912 [0.89, 0.934] on 1000 rows"),
        (estimated(), "f1", 0.6, "f1 is estimated at 0.6 [0.5, 0.7]"),
        # A metric that cannot be told without labels: the first that can.
        (estimated(), "log_loss", 0.912, "roc_auc is estimated at"),
        (estimated(roc_auc=None), "roc_auc", 0.95, "accuracy is estimated at"),
        # Held against what labels there are, or against none.
        (estimated(), "roc_auc", 0.912, "500 labelled rows do not contradict it"),
        (estimated(held_against=0, contradiction_p=None), "roc_auc", 0.912, "no labels to hold it against"),
        # Withdrawn.
        (estimated(contradiction_p=1e-6), "roc_auc", None,
         "the label-free estimate is withdrawn: 500 labelled rows contradict the calibrated scores (p 1e-06)"),
        (estimated(contradiction_p=0.001), "roc_auc", 0.912, "do not contradict it"),
        # Numbers that are none.
        (estimated(roc_auc=Interval(float("nan"), 0.0, 1.0)), "roc_auc", 0.95, "accuracy is estimated at"),
        (estimated(roc_auc=None, accuracy=None, f1=None, recall=None), "roc_auc", None, "do not determine any metric"),
    ],
)  # fmt: skip
def test_the_rule_says_what_is_likely(evidence, metric, value, words):
    walked = walk(ESTIMATE_RULES, case(evidence, metric=metric))
    rule = walked.rules[0]
    assert (rule.rule, rule.outcome, rule.value) == ("label_free_estimate", "passed", value)
    assert words in rule.detail
    assert walked.conclusion is None


def test_late_labels_are_told_with_the_estimate():
    before, after = judge(LATE, Policy(), DELAY), judge(estimated(LATE), Policy(), DELAY)
    assert (after.verdict, after.cause) == (before.verdict, before.cause) == ("insufficient", "unknown")
    assert after.reason.startswith(before.reason)
    assert "; without labels, roc_auc is estimated at 0.912 [0.89, 0.934]" in after.reason


def test_late_labels_are_told_with_the_withdrawal():
    reason = judge(estimated(LATE, contradiction_p=1e-9), Policy(), DELAY).reason
    assert "the label-free estimate is withdrawn" in reason
    assert "0.912" not in reason


def test_where_labels_tell_the_reason_is_theirs():
    assert judge(estimated(), Policy(), DELAY).reason == judge(QUIET, Policy(), DELAY).reason


@pytest.mark.parametrize("changes", [{}, {"contradiction_p": 0.0}, {"roc_auc": Interval(0.5, 0.4, 0.6)}])
@pytest.mark.parametrize("evidence", [QUIET, LATE, replace(QUIET, duplicate_ids=400), replace(QUIET, champion=None)])
def test_no_estimate_changes_a_verdict(evidence: Evidence, changes: dict[str, Any]):
    before, after = judge(evidence, Policy(), DELAY), judge(estimated(evidence, **changes), Policy(), DELAY)
    assert (before.verdict, before.cause, before.blame) == (after.verdict, after.cause, after.blame)
