"""A regression's questions: predictions and labels judged by their distributions, harm by its loss."""

from dataclasses import replace

import pytest

from graph.evidence import Evidence, Interval, Learnable, LossWindow, Outcome
from graph.model import Diagnosis, History, Question
from graph.policy.evidence import judge
from graph.policy.gate import judge as judge_challenger
from graph.policy.metrics import better_by
from graph.policy.price import followed
from graph.policy.retraining import decide
from graph.spec import Policy, Training, ValidationSpec
from tests.unit.graph.policy.builders import AMOUNT, DAY, DECIDED, DELAY, LABELS, NOW, QUIET, SPEC, compared, part

POLICY = Policy(metric="rmse", max_drop=0.5, min_positives=0)
MINUTES = replace(
    AMOUNT,
    name="minutes",
    low=2.0,
    high=90.0,
    reference_low=1.0,
    reference_high=100.0,
    factor=1.0,
    factor_residual=0.02,
)
PREDICTION = replace(MINUTES, name="predicted_minutes")
LOSSES = tuple(LossWindow(NOW - (20 - n) * DAY, NOW - (19 - n) * DAY, 1000, 0.5 * (-1) ** n, 40.0) for n in range(12))
NUMBERS = replace(
    LABELS,
    metric="rmse",
    positives=0,
    expected_positives=0.0,
    expected_positives_sd=0.0,
    positive_lift_low=None,
    positive_lift_high=None,
    reference_value=4.0,
    foreseen=4.0,
    realised=Interval(4.02, 3.9, 4.14),
    brier_excess=None,
    loss_excess=Interval(0.001, -0.01, 0.012),
)
FINE = replace(QUIET, labels=NUMBERS, outcome=Outcome(PREDICTION, MINUTES, LOSSES, 0.005, 9.0, 0.94, 0.95))
HARMED = replace(
    FINE,
    labels=replace(NUMBERS, realised=Interval(5.2, 5.0, 5.4), loss_excess=Interval(0.08, 0.06, 0.1)),
    outcome=replace(
        FINE.outcome or Outcome(),
        losses=(
            *LOSSES,
            *(replace(LOSSES[0], start=NOW - n * DAY, end=NOW - (n - 1) * DAY, excess=80.0) for n in (5, 4)),
        ),
    ),
)


def judged(evidence: Evidence, history: History | None = None, **policy: object) -> Diagnosis:
    return judge(evidence, replace(POLICY, **policy), DELAY, history)  # type: ignore[arg-type]


def with_label(**changes: object) -> Evidence:
    return replace(FINE, outcome=replace(FINE.outcome or Outcome(), label=replace(MINUTES, **changes)))  # type: ignore[arg-type]


def with_outcome(**changes: object) -> Evidence:
    return replace(FINE, outcome=replace(FINE.outcome or Outcome(), **changes))  # type: ignore[arg-type]


def astray(**changes: object) -> Evidence:
    """Return rows whose labels are none of theirs: what is predicted is worth nothing."""
    return replace(HARMED, outcome=replace(HARMED.outcome or Outcome(), **changes))  # type: ignore[arg-type]


def with_prediction(**changes: object) -> Evidence:
    found = replace(PREDICTION, **changes)  # type: ignore[arg-type]
    return replace(FINE, outcome=replace(FINE.outcome or Outcome(), prediction=found))


HARDER = replace(FINE, labels=replace(NUMBERS, foreseen=4.6, realised=Interval(4.62, 4.5, 4.74)))
LATE = replace(FINE, labels=replace(NUMBERS, labelled=300))
NOT_HARDER = replace(FINE, labels=replace(NUMBERS, foreseen=4.6))
FEW, MOVED = replace(MINUTES, rows=50), replace(MINUTES, psi=0.3)
TIMES_100 = {"factor": 100.0, "factor_residual": 0.04, "above": 900, "high": 9000.0}


@pytest.mark.parametrize(
    ("evidence", "verdict", "cause", "rule", "words"),
    [
        (FINE, "healthy", "none", None, "rmse is 4.02"),
        # Question 1: the prediction is a column like any other.
        (with_prediction(**TIMES_100), "broken_data", "data_quality", "prediction_factor", "minutes: values are 100"),
        (with_prediction(top_share=0.99), "broken_data", "data_quality", "stuck_prediction", "one value"),
        (with_prediction(above=50, high=5000.0), "broken_data", "data_quality", "prediction_range", "outside"),
        (replace(FINE, bad_scores=50), "broken_data", "data_quality", "bad_scores", "null, NaN or infinite"),
        # Question 2: labels against those of the reference.
        (with_label(**TIMES_100), "broken_data", "label_quality", "label_factor", "minutes: values are 100 times"),
        (with_label(top_share=0.99), "broken_data", "label_quality", "stuck_label", "one value"),
        (with_label(above=50, high=5000.0), "broken_data", "label_quality", "label_range", "outside"),
        (with_label(below=40, low=-1.0), "broken_data", "label_quality", "label_sign", "none was negative"),
        (replace(FINE, bad_labels=500), "broken_data", "label_quality", "bad_labels", "null, NaN or infinite"),
        (astray(correlation=0.02), "broken_data", "label_quality", "label_join", "joined to the wrong rows"),
        (astray(correlation=-0.93), "broken_data", "label_quality", "label_join", "inverted"),
        # A changed concept moves the labels, or leaves some of the correlation; a weak model never had any.
        (astray(correlation=0.02, label=MOVED), "degraded", "concept_drift", "unexplained_drop", ""),
        (astray(correlation=0.5), "degraded", "concept_drift", "unexplained_drop", ""),
        (astray(correlation=0.0, reference_correlation=0.6), "degraded", "concept_drift", "unexplained_drop", ""),
        # Where nothing is lost, nothing is astray.
        (with_outcome(correlation=0.02), "healthy", "none", None, "rmse is"),
        (astray(correlation=0.25, label=FEW), "degraded", "concept_drift", "unexplained_drop", ""),
        (with_outcome(correlation=None), "healthy", "none", None, "rmse is"),
        # A stray one is none; where some always were negative another one is no news; a like season is no unit.
        (with_label(below=9, low=-1.0), "healthy", "none", None, "rmse is"),
        (with_label(below=40, low=-9.0, reference_low=-3.0), "healthy", "none", None, "rmse is"),
        (with_label(factor=2.0, factor_residual=0.01), "healthy", "none", None, "rmse is"),
        # A handful of labels has no distribution.
        (with_label(rows=20, top_share=1.0), "healthy", "none", None, "rmse is"),
        # Question 3.
        (HARMED, "degraded", "concept_drift", "unexplained_drop", "errors of the reference foresee 4"),
        # Worse by less than the owner bears.
        (replace(HARMED, labels=replace(NUMBERS, realised=Interval(4.4, 4.3, 4.5))), "healthy", "none", None, ""),
        # A drop that its own interval calls certain and the sequential test does not: neither harm nor health.
        (replace(HARMED, outcome=FINE.outcome), "insufficient", "unknown", "unexplained_drop", "loss excess"),
        # The rows became harder, and the reference's own errors say so.
        (HARDER, "degraded", "covariate_shift", "explained_drop", "harder traffic"),
        # They foresaw it and were wrong: an absurd error of the reference foresees anything.
        (NOT_HARDER, "healthy", "none", None, "rmse is 4.02"),
        # Labels are late: nothing stands in for them.
        (LATE, "insufficient", "unknown", "labels_on_time", "no label-free estimate"),
        (replace(FINE, champion=None), "insufficient", "no_champion", "champion_known", ""),
    ],
)  # fmt: skip
def test_each_question_has_its_answer(evidence: Evidence, verdict: str, cause: str, rule: str | None, words: str):
    found = judged(evidence)
    assert (found.verdict, found.cause) == (verdict, cause)
    assert words in found.reason
    assert [each.rule for each in found.rules if each.outcome == "blocked"] == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("predicted", "labelled", "verdict"),
    [
        # Before a holiday everything trebles, and the model foresees it.
        (3.0, 3.1, "healthy"),
        # Labels in seconds on such a day.
        (3.0, 180.0, "broken_data"),
        (3.0, None, "broken_data"),
        (None, 3.0, "broken_data"),
    ],
)
def test_a_factor_of_both_is_no_unit(predicted: float | None, labelled: float | None, verdict: str):
    told, turned_out = (
        replace(column, factor=factor, factor_residual=0.02 if factor else None)
        for column, factor in ((PREDICTION, predicted), (MINUTES, labelled))
    )
    found = replace(FINE, outcome=replace(FINE.outcome or Outcome(), prediction=told, label=turned_out))
    assert judged(found).verdict == verdict


def test_rules_on_probabilities_are_absent():
    asked = {each.rule for each in judged(FINE).rules}
    assert not asked & {"positives_collapsed", "label_channel", "label_segment", "enough_positives", "uneven_labels"}
    assert not asked & {"half_learned", "label_free_estimate"}
    assert {"constant_factor", "exchanged_columns", "max_drift", "sequential_harm"} <= asked


def test_max_drift_acts_as_it_does_for_a_classifier():
    found = judged(replace(FINE, features=(replace(AMOUNT, psi=0.4),)), max_drift=0.1)
    assert (found.verdict, found.cause) == ("degraded", "covariate_shift")
    assert found.blame[0].feature == "amount"


def test_what_the_owner_called_genuine_is_not_asked_again():
    label = Question("label", NOW - DAY, (), NOW, True)
    data = Question("data", NOW - DAY, ("predicted_minutes",), NOW, True)
    earlier = History(questions=tuple(replace(each, answered_at=NOW - DAY / 2) for each in (label, data)))
    assert judged(with_label(**TIMES_100), earlier).verdict == "healthy"
    assert judged(with_prediction(**TIMES_100), earlier).verdict == "healthy"


def test_harm_begins_where_the_losses_rose():
    seen = followed(HARMED, POLICY)
    assert seen.alarm
    assert seen.since == NOW - 5 * DAY
    assert not followed(FINE, POLICY).alarm


def test_a_label_fault_is_known_since_its_window():
    assert judged(with_label(**TIMES_100)).since == NUMBERS.start


def test_harm_retrains_over_the_owners_window():
    spec = replace(SPEC, policy=POLICY, task="regression")
    found = decide(HARMED, judged(HARMED), History(), spec, NOW)
    assert (found.action, found.harm_from) == ("retrain", NUMBERS.start)


def test_a_first_model_is_trained_without_a_word_on_positives():
    spec = replace(SPEC, policy=POLICY, task="regression")
    alone = replace(FINE, champion=None)
    found = decide(alone, judged(alone), History(), spec, NOW)
    assert found.action == "retrain"
    told = next(rule for rule in found.rules if rule.rule == "labels_to_learn_from")
    assert (told.value, told.limit) == ("990 labelled rows", "200")


def losses(*, low: float, high: float, name: str = "harm"):
    return replace(part(name, low, high, positives=0), metric="rmse", champion=5.2, challenger=4.1)


def test_a_challenger_is_judged_by_its_losses_alone():
    spec = replace(SPEC, policy=POLICY, validation=ValidationSpec(min_positives=0, margin=0.1), task="regression")
    measured = compared(
        losses(low=0.9, high=1.3, name="overall"),
        losses(low=0.9, high=1.3),
        losses(low=-0.05, high=0.1, name="rest"),
        positives=0,
        calibration={},
    )
    checks = judge_challenger(measured, spec, DECIDED, no_champion=False)
    assert {check.outcome for check in checks} == {"passed"}
    assert [check.name for check in checks] == ["loads", "schema", "rows", "superiority", "non_inferiority", "attempt"]
    assert next(check for check in checks if check.name == "rows").value == "2000 rows"


@pytest.mark.parametrize(("metric", "value", "than", "better"), [("rmse", 4.1, 5.2, 1.1), ("mae", 3.0, 2.0, -1.0)])
def test_less_loss_is_better(metric: str, value: float, than: float, better: float):
    assert better_by(metric, value, than) == pytest.approx(better)


def test_the_policy_chooses_the_rows_since_the_change_and_judges_by_later_ones():
    free = replace(SPEC, policy=POLICY, task="regression", training=Training(window=None))
    since = [LossWindow(NOW - n * DAY, NOW - (n - 1) * DAY, 1000, 80.0, 40.0) for n in range(9, 3, -1)]
    followed_on = tuple(Learnable(each.start, each.end, each.rows) for each in (*LOSSES[:10], *since))
    changed = replace(
        HARMED, outcome=replace(FINE.outcome or Outcome(), losses=(*LOSSES[:10], *since)), learnable=followed_on
    )
    found = decide(changed, judged(changed), History(), free, NOW)
    assert found.action == "retrain"
    assert (found.train_from, found.train_until) == (NOW - 9 * DAY, NOW - 6 * DAY)
    assert found.learned is not None
    assert found.learned.rows == 3000
