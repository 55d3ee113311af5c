"""Each incident as a whole: from the evidence that it leaves to verdict, cause, blame and the rule that decided."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from graph.codec import canonical, dump
from graph.evidence import Evidence, Interval
from graph.model import Diagnosis
from graph.policy.evidence import judge
from graph.spec import Policy
from tests.unit.graph.policy.builders import (
    AMOUNT,
    DAY,
    DELAY,
    LABELS,
    MERCHANT,
    NOW,
    QUIET,
    with_feature,
    with_labels,
)

CONCEPT = with_labels(
    positives=70,
    realised=Interval(0.80, 0.77, 0.83),
    brier_excess=Interval(0.012, 0.006, 0.018),
    positive_lift_low=3.0,
    positive_lift_high=0.6,
)
HARDER = with_labels(
    foreseen=0.85, realised=Interval(0.845, 0.81, 0.88), score_psi=0.3, positives=85, expected_positives=88.0
)
LOST = with_labels(positives=12, realised=Interval(0.9, 0.8, 0.97), positive_lift_low=0.2, positive_lift_high=0.2)
LATE = with_labels(
    labelled=310, positives=20, expected_positives=19.0, expected_positives_sd=4.0, newest_label=NOW - 8 * DAY
)
UNCLEAR = with_labels(realised=Interval(0.80, 0.77, 0.83), brier_excess=Interval(0.012, -0.001, 0.025))
DRIFTED = replace(QUIET, features=(replace(AMOUNT, psi=0.35), MERCHANT))
# A calm month: half as many positives as foreseen, less at the low end, and the scores moved a good deal.
OCTOBER = with_labels(
    predictions=2212,
    labelled=2212,
    positives=115,
    expected_positives=740.0,
    expected_positives_sd=18.0,
    score_psi=0.74,
    score_psi_noise=0.02,
    realised=Interval(0.85, 0.80, 0.89),
    foreseen=0.93,
    brier_excess=Interval(0.124, 0.058, 0.19),
    positive_lift_low=0.05,
    positive_lift_high=0.2,
)
DECEMBER = with_labels(
    positives=442, expected_positives=488.0, expected_positives_sd=15.0, labelled=2159, predictions=2159, score_psi=0.33
)

INCIDENTS = [
    # Nothing is wrong.
    (QUIET, {}, "healthy", "none", None),
    # Amounts in cents: every value 100 times too large.
    (with_feature(factor=100.0, factor_residual=0.04, above=700), {}, "broken_data", "data_quality", "constant_factor"),
    # Four of five positives are labelled as negative, everywhere alike, and the scores did not move.
    (LOST, {}, "broken_data", "label_quality", "positives_collapsed"),
    # No positive arrives at all: too few positives as well, but lost labels are the better explanation.
    (with_labels(positives=0, positive_lift_low=0.0, positive_lift_high=0.0), {}, "broken_data", "label_quality",
     "positives_collapsed"),
    # What the features mean has changed: worse than foreseen, and no feature moved.
    (CONCEPT, {}, "degraded", "concept_drift", "unexplained_drop"),
    # The same where drift counts too: harm is the more exact finding and is asked first.
    (replace(CONCEPT, features=DRIFTED.features), {"max_drift": 0.1}, "degraded", "concept_drift", "unexplained_drop"),
    # Rows that nobody can rank well: worse, as foreseen.
    (HARDER, {}, "degraded", "covariate_shift", "explained_drop"),
    # The same, where the owner wants drift alone to count.
    (replace(HARDER, features=DRIFTED.features), {"max_drift": 0.1}, "degraded", "covariate_shift", "max_drift"),
    # Labels stopped arriving: not healthy, not degraded.
    (LATE, {}, "insufficient", "unknown", "labels_on_time"),
    # No label evidence at all, as in a young log.
    (replace(QUIET, labels=None), {}, "insufficient", "unknown", "labels_on_time"),
    # An empty log: silence is not health.
    (replace(QUIET, rows=0, features=(), labels=None), {}, "insufficient", "unknown", "rows_arrived"),
    # A column without a single value.
    (with_feature(nulls=1000), {}, "broken_data", "data_quality", "all_null"),
    # The writer wrote the same rows twice.
    (replace(QUIET, duplicate_ids=400), {}, "broken_data", "data_quality", "duplicate_ids"),
    # A clock runs ahead.
    (replace(QUIET, future_rows=300), {}, "broken_data", "data_quality", "future_times"),
    # All rows lie in the future, so none has arrived by now: the broken clock is the finding, not the silence.
    (replace(QUIET, rows=0, future_rows=300), {}, "broken_data", "data_quality", "future_times"),
    # Labels for rows that were never predicted.
    (replace(QUIET, orphan_labels=60), {}, "broken_data", "label_quality", "orphan_labels"),
    # … also when none of them belongs to any prediction.
    (replace(QUIET, labels=None, orphan_labels=60), {}, "broken_data", "label_quality", "orphan_labels"),
    # Labels such as 2 or -1.
    (replace(QUIET, bad_labels=60), {}, "broken_data", "label_quality", "bad_labels"),
    # A new model: nobody to judge.
    (replace(QUIET, champion=None), {}, "insufficient", "no_champion", "champion_known"),
    # A new model on broken data: not a case for a first training.
    (replace(with_feature(nulls=1000), champion=None), {}, "broken_data", "data_quality", "all_null"),
    # A classic drift threshold, set by the owner: acts without harm …
    (DRIFTED, {"max_drift": 0.1}, "degraded", "covariate_shift", "max_drift"),
    # … and without labels.
    (replace(DRIFTED, labels=LATE.labels), {"max_drift": 0.1}, "degraded", "covariate_shift", "max_drift"),
    # … and although the labels cannot tell whether there is harm: that alone would be waited out.
    (UNCLEAR, {}, "insufficient", "unknown", "unexplained_drop"),
    (replace(UNCLEAR, features=DRIFTED.features), {"max_drift": 0.1}, "degraded", "covariate_shift", "max_drift"),
    # Not set: drift explains, it does not act.
    (DRIFTED, {}, "healthy", "none", None),
    # Seasons: base rates halve or double with the scores moving; that is never a label fault.
    (OCTOBER, {}, "degraded", "concept_drift", "unexplained_drop"),
    (DECEMBER, {}, "healthy", "none", None),
    (replace(DECEMBER, features=DRIFTED.features), {"max_drift": 0.1}, "degraded", "covariate_shift", "max_drift"),
]  # fmt: skip


@pytest.mark.parametrize(("evidence", "policy", "verdict", "cause", "decisive"), INCIDENTS)
def test_each_incident_is_named_for_what_it_is(evidence, policy, verdict, cause, decisive):
    diagnosis = judge(evidence, Policy(**policy), DELAY)

    assert (diagnosis.verdict, diagnosis.cause) == (verdict, cause)
    blocked = [rule.rule for rule in diagnosis.rules if rule.outcome == "blocked"]
    assert blocked[-1:] == ([decisive] if decisive else [])


@pytest.mark.parametrize("evidence", [row[0] for row in INCIDENTS])
def test_every_rule_is_listed_once_and_rounded_and_the_whole_is_storable(evidence):
    diagnosis = judge(evidence, Policy(), DELAY)

    names = [rule.rule for rule in diagnosis.rules]
    assert names == [rule.rule for rule in judge(QUIET, Policy(), DELAY).rules]
    assert len(names) == len(set(names))
    for rule in diagnosis.rules:
        assert not isinstance(rule.value, float) or rule.value == round(rule.value, 6)
    assert canonical(dump(diagnosis))


def test_rules_after_the_decisive_one_are_not_reached():
    rules = judge(replace(QUIET, duplicate_ids=400), Policy(), DELAY).rules

    assert [rule.rule for rule in rules[:3]] == ["future_times", "rows_arrived", "duplicate_ids"]
    assert [rule.outcome for rule in rules[:3]] == ["passed", "passed", "blocked"]
    assert {rule.outcome for rule in rules[3:]} == {"not_reached"}


def test_late_labels_do_not_silence_max_drift():
    rules = judge(replace(DRIFTED, labels=LATE.labels), Policy(max_drift=0.1), DELAY).rules

    outcomes = {rule.rule: rule.outcome for rule in rules}
    assert outcomes["labels_on_time"] == outcomes["max_drift"] == "blocked"
    assert outcomes["unexplained_drop"] == outcomes["explained_drop"] == "not_reached"


def test_the_same_evidence_gives_the_same_diagnosis():
    assert canonical(dump(judge(CONCEPT, Policy(), DELAY))) == canonical(dump(judge(CONCEPT, Policy(), DELAY)))


@pytest.mark.parametrize(
    ("evidence", "policy", "words"),
    [
        # Names the column, the size and the way back.
        (
            with_feature(factor=100.0, factor_residual=0.04, above=980),
            {},
            "amount: values are 100 times too large: dividing by 100 restores the reference, 98 % of rows lie outside",
        ),
        # Says that no feature moved, rather than blaming one.
        (CONCEPT, {}, "no feature moved"),
        # Names the features that moved, with their numbers.
        (replace(CONCEPT, features=DRIFTED.features), {}, "what moved is amount (PSI 0.35, noise 0.03)"),
        # In the owner's words.
        (HARDER, {}, "harder traffic"),
        # Numbers and times of what is missing.
        (LATE, {}, "310 of 1000 predictions older than 3 days have one (98 % used to), the newest label came 2026-"),
        (replace(QUIET, labels=None), {}, "no usable predictions are older than the label delay of 3 days"),
        (replace(QUIET, rows=0), {}, "no rows arrived: predictions/*.parquet holds none"),
        # Healthy, but a remark on the traffic.
        (replace(QUIET, expected_rows=20000.0), {}, "only 1000 rows arrived where about 20000 used to"),
        (DRIFTED, {"max_drift": 0.1}, "amount drifted beyond max_drift 0.1: PSI 0.35, noise 0.03"),
    ],
)
def test_the_reason_says_what_and_how_much(evidence: Evidence, policy, words):
    reason = judge(evidence, Policy(**policy), DELAY).reason

    assert words in reason
    assert "\n" not in reason


def test_blame_names_the_features_of_the_diagnosis():
    assert [seen.feature for seen in judge(with_feature(nulls=1000), Policy(), DELAY).blame] == ["amount"]
    assert [seen.feature for seen in judge(DRIFTED, Policy(max_drift=0.1), DELAY).blame] == ["amount"]
    assert judge(CONCEPT, Policy(), DELAY).blame == ()


def test_numbers_that_are_missing_or_nan_are_never_health():
    nothing = with_labels(
        realised=None,
        foreseen=None,
        brier_excess=None,
        reference_value=None,
        score_psi=None,
        score_psi_noise=None,
        positive_lift_low=None,
        positive_lift_high=None,
    )
    unknown: dict[str, Any] = dict.fromkeys(("psi", "psi_noise", "factor", "factor_residual", "low", "high"))
    features = tuple(replace(feature, **unknown) for feature in QUIET.features)

    diagnosis: Diagnosis = judge(replace(nothing, features=features), Policy(max_drift=0.1), timedelta(0))

    assert (diagnosis.verdict, diagnosis.cause) == ("insufficient", "unknown")
    assert "roc_auc could not be measured" in diagnosis.reason
    assert judge(with_labels(realised=Interval(float("nan"), 0.1, 0.2)), Policy(), DELAY).verdict == "insufficient"
    assert LABELS.realised is not None
