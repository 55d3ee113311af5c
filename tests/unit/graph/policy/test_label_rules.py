"""Lost labels against changed concepts, calm seasons and chance; late and few labels."""

from dataclasses import replace

import pytest

from graph.policy.label_rules import LABEL_RULES, LABELS_IN_RULES
from graph.policy.rules import walk
from tests.unit.graph.policy.builders import QUIET, case, with_labels

LOST = {"positives": 18, "positive_lift_low": 0.3, "positive_lift_high": 0.3}  # of 60 foreseen, give or take 7


@pytest.mark.parametrize(
    ("changes", "blocked", "detail"),
    [
        # Seven of ten positives lost, everywhere alike.
        (LOST, True, "18 positive labels arrived where the calibrated scores foresee 60"),
        # Half of them: within what a calibrator may be off.
        ({**LOST, "positives": 30}, False, "within a factor of two"),
        # Two of seven: a collapse that may be chance.
        ({**LOST, "positives": 2, "expected_positives": 7.0, "expected_positives_sd": 2.5}, False, "may be chance"),
        # Just four standard deviations, and just fewer.
        ({**LOST, "expected_positives_sd": 10.5}, True, "18 positive labels"),
        ({**LOST, "expected_positives_sd": 10.6}, False, "may be chance"),
        # Its chance is not known.
        ({**LOST, "expected_positives_sd": float("nan")}, False, "may be chance"),
        # The scores fell with the positives: a calm season.
        ({**LOST, "score_psi": 0.13}, False, "the scores moved too"),
        # They moved by less than ordinary days do.
        ({**LOST, "score_psi": 0.08}, True, "18 positive labels"),
        # Noise unknown: only the constant is borne.
        ({**LOST, "score_psi": 0.06, "score_psi_noise": None}, False, "the scores moved too"),
        # Whether they moved is not known: no excuse for calling labels lost.
        ({**LOST, "score_psi": None}, False, "whether the scores moved is not known"),
        # Positives left the high scores and turned up among the low ones: the concept changed.
        ({**LOST, "positive_lift_low": 2.0}, False, "uneven over low and high scores"),
        ({**LOST, "positive_lift_low": 0.0, "positive_lift_high": 0.5}, False, "uneven"),
        # Nearly even, and no longer.
        ({**LOST, "positive_lift_high": 0.64}, True, "18 positive labels"),
        ({**LOST, "positive_lift_high": 0.66}, False, "uneven"),
        # One third has nothing to compare.
        ({**LOST, "positive_lift_low": None}, True, "18 positive labels"),
        # Of one positive foreseen among the low scores one is there: noise, when the counts are known …
        ({**LOST, "positive_lift_low": 1.0, "expected_low": 1.0, "expected_high": 50.0}, True, "18 positive labels"),
        # … as may be 11 of 15 …
        ({**LOST, "positive_lift_low": 0.72, "expected_low": 15.0, "expected_high": 40.0}, True, "18 positive labels"),
        ({**LOST, "positive_lift_low": 0.73, "expected_low": 15.0, "expected_high": 40.0}, False, "uneven"),
        # … while 15 of 15 are not.
        ({**LOST, "positive_lift_low": 1.0, "expected_low": 15.0, "expected_high": 40.0}, False, "uneven"),
        # Nothing foreseen, as without a champion.
        ({**LOST, "expected_positives": 0.0}, False, "no calibrated scores"),
    ],
)
def test_lost_labels_are_told_from_what_looks_alike(changes, blocked, detail):
    walked = walk(LABEL_RULES, case(with_labels(**changes)))

    rule = next(rule for rule in walked.rules if rule.rule == "positives_collapsed")
    assert rule.outcome == ("blocked" if blocked else "passed")
    assert detail in rule.detail
    assert (walked.conclusion is not None and walked.conclusion.cause == "label_quality") == blocked


@pytest.mark.parametrize(
    ("changes", "decisive"),
    [
        ({}, None),
        # Ten of a thousand labels belong nowhere, or are no labels: borne.
        ({"orphan_labels": 10}, None),
        ({"bad_labels": 9}, None),
        ({"orphan_labels": 11}, "orphan_labels"),
        ({"bad_labels": 11}, "bad_labels"),
        # There are no others.
        ({"labels": None, "bad_labels": 1}, "bad_labels"),
        # Sound labels, nobody to judge.
        ({"champion": None}, "champion_known"),
        # Without label evidence there is nothing to object to in this question.
        ({"labels": None}, None),
    ],
)
def test_labels_that_fit_nowhere(changes, decisive):
    walked = walk(LABEL_RULES, case(replace(QUIET, **changes)))

    blocked = [rule.rule for rule in walked.rules if rule.outcome == "blocked"]
    assert blocked == ([decisive] if decisive else [])


@pytest.mark.parametrize(
    ("changes", "decisive"),
    [
        ({}, None),
        # Four fifths of the usual share are in; a little less is not.
        ({"labelled": 784}, None),
        ({"labelled": 783}, "labels_on_time"),
        # None is in, and none ever was.
        ({"labelled": 0, "newest_label": None}, "labels_on_time"),
        ({"labelled": 0, "reference_labelled_share": 0.0}, "labels_on_time"),
        # Nothing is old enough to have a label.
        ({"predictions": 0, "labelled": 0}, "labels_on_time"),
        # In time, but few.
        ({"predictions": 200, "labelled": 200}, None),
        ({"predictions": 199, "labelled": 199}, "enough_labels"),
        ({"positives": 19}, "enough_positives"),
        ({"positives": 20}, None),
    ],
)
def test_labels_must_be_in_and_enough(changes, decisive):
    walked = walk(LABELS_IN_RULES, case(with_labels(**changes)))

    blocked = [rule.rule for rule in walked.rules if rule.outcome == "blocked"]
    assert blocked == ([decisive] if decisive else [])
    assert decisive is None or (walked.conclusion is not None and walked.conclusion.verdict == "insufficient")


def test_each_rule_bears_missing_label_evidence():
    for step in LABELS_IN_RULES:
        conclusion = step.judge(case(replace(QUIET, labels=None))).conclusion
        assert conclusion is not None
        assert conclusion.verdict == "insufficient"


def test_labels_that_never_came_say_so():
    walked = walk(LABELS_IN_RULES, case(with_labels(labelled=0, newest_label=None)))

    assert walked.conclusion is not None
    assert walked.conclusion.reason.endswith("the newest label came never")
