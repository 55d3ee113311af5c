"""The owner's own values and the rows: each is judged, the worst verdict counts, and silence never becomes health."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from graph.codec import dump, load
from graph.evidence import Evidence, Interval, Reading, Unanswered
from graph.model import Decision, Diagnosis, History, Question
from graph.policy.evidence import judge
from graph.policy.retraining import decide
from graph.spec import ValidationSpec
from tests.unit.graph.policy.builders import DAY, NOW, QUIET, SPEC, with_labels

ACCURACY = Reading("accuracy", "model_accuracy", "degraded", "unknown", 0.95, NOW, below=0.9)
NULLS = Reading("nulls", "null_share", "broken_data", "data_quality", 0.01, NOW, above=0.05)
LOW = replace(ACCURACY, value=0.71)
BROKEN = replace(NULLS, value=0.4)
SILENT = replace(ACCURACY, name="other", value=None, missing="the query finds no series")
ROWS_DEGRADED = with_labels(realised=Interval(0.80, 0.77, 0.83), brier_excess=Interval(0.02, 0.015, 0.025))
VALUES_ONLY = Evidence("fraud", "3", NOW, "http://prometheus:9090", NOW - DAY, NOW, 0, 0, 0.0, logged=False)
REPORTED = replace(SPEC, validation=ValidationSpec(kind="reported"))


def judged(evidence: Evidence, history: History | None = None) -> Diagnosis:
    return judge(load(Evidence, dump(evidence)), SPEC.policy, SPEC.label_delay, history)


def decided(evidence: Evidence, spec=REPORTED, history: History | None = None) -> Decision:
    past = history or History()
    return decide(evidence, judge(evidence, spec.policy, spec.label_delay, past), past, spec, NOW)


def with_readings(*readings: Reading, base: Evidence = VALUES_ONLY) -> Evidence:
    return replace(base, readings=readings)


@pytest.mark.parametrize(
    ("reading", "verdict"),
    [
        (ACCURACY, "healthy"),
        (replace(ACCURACY, value=0.9), "healthy"),
        (replace(ACCURACY, value=0.8999), "degraded"),
        (replace(ACCURACY, below=None, above=0.2), "degraded"),
        (replace(ACCURACY, below=None, above=0.95), "healthy"),
        (replace(ACCURACY, value=0.5, below=0.4, above=0.6), "healthy"),
        (replace(ACCURACY, value=0.7, below=0.4, above=0.6), "degraded"),
        (BROKEN, "broken_data"),
        (SILENT, "insufficient"),
        (replace(LOW, value=None), "insufficient"),
        (replace(LOW, at=NOW - timedelta(minutes=15), stale_after=timedelta(minutes=15)), "degraded"),
        (replace(LOW, at=NOW - timedelta(minutes=16), stale_after=timedelta(minutes=15)), "insufficient"),
        (replace(ACCURACY, at=None, stale_after=timedelta(minutes=15)), "healthy"),
    ],
)
def test_one_value(reading: Reading, verdict: str):
    assert judged(with_readings(reading)).verdict == verdict


def test_the_worst_counts_in_any_order():
    worst = ["broken_data", "degraded", "insufficient", "healthy"]
    for at in range(4):
        values = [BROKEN, LOW, SILENT, replace(ACCURACY, name="last")][at:]
        for order in permutations(values):
            assert judged(with_readings(*order)).verdict == worst[at]


@pytest.mark.parametrize(
    ("base", "readings", "verdict", "cause"),
    [
        (QUIET, (ACCURACY,), "healthy", "none"),
        (QUIET, (SILENT,), "insufficient", "unknown"),
        (QUIET, (LOW,), "degraded", "unknown"),
        (QUIET, (replace(LOW, cause="covariate_shift"),), "degraded", "covariate_shift"),
        (QUIET, (BROKEN,), "broken_data", "data_quality"),
        (ROWS_DEGRADED, (LOW,), "degraded", "concept_drift"),
        (ROWS_DEGRADED, (SILENT,), "degraded", "concept_drift"),
        (ROWS_DEGRADED, (BROKEN,), "broken_data", "data_quality"),
        (replace(QUIET, rows=0), (ACCURACY,), "insufficient", "unknown"),
        (replace(QUIET, rows=0), (LOW,), "degraded", "unknown"),
        (replace(QUIET, future_rows=400), (LOW,), "broken_data", "data_quality"),
    ],
)
def test_rows_and_values(base: Evidence, readings: tuple[Reading, ...], verdict: str, cause: str):
    found = judged(replace(base, readings=readings))
    assert (found.verdict, found.cause) == (verdict, cause)


def test_rows_alone_are_judged_as_ever():
    assert judged(ROWS_DEGRADED).rules == judged(replace(ROWS_DEGRADED, readings=(SILENT,))).rules[:-1]
    names = [rule.rule for rule in decided(ROWS_DEGRADED).rules]
    assert not [name for name in names if name.startswith("reading_") or name == "everything_answered"]


def test_every_value_has_its_rule_whatever_the_others_say():
    found = judged(with_readings(BROKEN, LOW, SILENT, replace(ACCURACY, name="fine")))
    said = {rule.rule: (rule.outcome, rule.value, rule.limit) for rule in found.rules}
    assert said["reading_nulls"] == ("blocked", 0.4, 0.05)
    assert said["reading_accuracy"] == ("blocked", 0.71, 0.9)
    assert said["reading_other"] == ("blocked", None, 0.9)
    assert said["reading_fine"] == ("passed", 0.95, 0.9)


def test_reasons_of_equally_bad_values_stand_together():
    drift = Reading("drift", "drift", "degraded", "covariate_shift", 0.3, NOW, above=0.2)
    found = judged(with_readings(LOW, drift))
    assert found.reason == (
        "accuracy is 0.71 at 2026-03-01T10:30:00Z, below 0.9; drift is 0.3 at 2026-03-01T10:30:00Z, above 0.2"
    )
    assert (found.cause, [blame.feature for blame in found.blame]) == (
        "covariate_shift",
        ["reading accuracy", "reading drift"],
    )


def test_a_monitor_that_does_not_answer_is_named_and_is_not_health():
    silent = (Unanswered("prometheus", "cannot be reached"),)
    found = judged(replace(QUIET, unanswered=silent))
    assert (found.verdict, found.reason) == (
        "insufficient",
        "monitor prometheus did not answer: cannot be reached",
    )
    assert judged(replace(ROWS_DEGRADED, unanswered=silent)).verdict == "degraded"
    assert judged(replace(QUIET, unanswered=silent, readings=(BROKEN,))).verdict == "broken_data"


def test_nothing_at_all_is_not_health():
    assert judged(VALUES_ONLY).verdict == "insufficient"


def test_a_loss_that_the_rows_explain_is_not_retrained_away():
    labels = QUIET.labels
    assert labels is not None
    harder = replace(QUIET, labels=replace(labels, reference_value=0.97), readings=(LOW,))
    found = judged(harder)
    assert (found.verdict, found.curable) == ("degraded", False)
    assert decided(harder).action == "none"


def test_a_value_retrains_where_the_pipeline_reports_its_metrics():
    found = decided(with_readings(LOW, NULLS))
    assert (found.action, found.cause, found.harm_from, found.harm_until) == ("retrain", "unknown", NOW - DAY, NOW)
    assert found.train_until is not None


def test_a_value_does_not_retrain_what_nobody_could_judge():
    found = decided(with_readings(LOW), SPEC)
    assert found.action == "wait"
    assert "set validation.kind: reported" in found.reason


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        ({"unanswered": (Unanswered("predictions", "the log vanished"),)}, "predictions"),
        ({"readings": (LOW, replace(NULLS, value=None, missing="NaN"))}, "nulls"),
        ({"readings": (LOW, replace(NULLS, at=NOW - DAY, stale_after=DAY / 2))}, "nulls"),
    ],
)
def test_nothing_is_trained_while_it_is_not_known_whether_data_are_sound(changes, who: str):
    found = decided(replace(with_readings(LOW), **changes))
    assert (found.verdict, found.action) == ("degraded", "wait")
    assert f"whether the data are sound is not known: {who} did not say" in found.reason


def test_no_budget_is_passed_over():
    past = History(retrains=(NOW - timedelta(hours=1),))
    found = decided(with_readings(LOW), history=past)
    assert (found.action, "cool-down" in found.reason) == ("wait", True)


def test_broken_data_are_asked_about_once():
    asked = History(questions=(Question("data", NOW - DAY, ("reading nulls",), NOW - DAY, genuine=True),))
    assert judged(with_readings(BROKEN)).blame[0].feature == "reading nulls"
    assert judged(with_readings(BROKEN), asked).verdict == "healthy"


def test_without_a_champion_a_value_is_nobodys():
    found = judged(replace(with_readings(LOW), champion=None))
    assert (found.verdict, "has no champion yet" in found.reason) == ("insufficient", True)
    assert judged(replace(QUIET, champion=None, readings=(LOW,))).cause == "no_champion"
    assert judged(replace(QUIET, champion=None, readings=(BROKEN,))).verdict == "broken_data"
