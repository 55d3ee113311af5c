"""From diagnosis and history to an action: what may hold a retrain back, and the windows of one that is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from graph.codec import canonical, dump
from graph.model import Candidate, Diagnosis, History, Question, Rule
from graph.policy.restraint import opened_breaker
from graph.policy.retraining import decide, newest_label, request_rollback
from graph.spec import Policy, Training
from tests.unit.graph.policy.builders import DAY, DEGRADED, HOUR, LABELS, NOW, QUIET, SPEC, with_labels

DRIFTED = Diagnosis("degraded", "covariate_shift", "amount drifted")
FIRST = Diagnosis("insufficient", "no_champion", "fraud has no champion yet")
KEPT = Candidate("7", "run-7", "key-7")
HOLDING_BACK = [
    "one_active_run",
    "open_question",
    "labels_to_learn_from",
    "archived_version",
    "circuit_breaker",
    "kept_candidate",
    "back_off",
    "cooldown",
    "retrains_per_week",
    "retrains_per_month",
    "training_budget",
    "fleet_budget",
    "can_pay",
    "rows_to_learn_from",
]
LOOKING_BACK = ["broken_since_change", "moved_alone", "other_sizes", "left_its_row"]
RULES = [*HOLDING_BACK, *LOOKING_BACK]


def days_ago(*days: float) -> tuple[datetime, ...]:
    return tuple(NOW - day * DAY for day in days)


def outcomes(decision):
    return {rule.rule: rule.outcome for rule in decision.rules}


@pytest.mark.parametrize(
    ("diagnosis", "action", "quarantine"),
    [
        (Diagnosis("healthy", "none", "fine"), "none", False),
        # Harder traffic: retraining would not change it.
        (Diagnosis("degraded", "covariate_shift", "harder", curable=False), "none", False),
        (Diagnosis("broken_data", "data_quality", "cents"), "fix_data", True),
        (Diagnosis("broken_data", "label_quality", "lost"), "fix_data", True),
        (Diagnosis("insufficient", "unknown", "late"), "wait", False),
        (Diagnosis("degraded", "concept_drift", "worse"), "retrain", False),
        (Diagnosis("degraded", "label_shift", "more positives"), "retrain", False),
        (DRIFTED, "retrain", False),
        (FIRST, "retrain", False),
    ],
)
def test_each_verdict_has_its_action(diagnosis, action, quarantine):
    decision = decide(QUIET, diagnosis, History(), SPEC, NOW)

    assert (decision.action, decision.quarantine) == (action, quarantine)
    assert (decision.verdict, decision.cause, decision.reason) == (diagnosis.verdict, diagnosis.cause, diagnosis.reason)
    assert [rule.rule for rule in decision.rules] == RULES
    assert {outcomes(decision)[rule] for rule in HOLDING_BACK} == {"passed" if action == "retrain" else "not_reached"}
    assert {outcomes(decision)[rule] for rule in LOOKING_BACK} == {"not_reached"}
    assert (decision.train_from is None) == (action != "retrain")
    assert canonical(dump(decision))


def test_the_diagnosis_rules_come_first():
    diagnosis = replace(DEGRADED, rules=(Rule("unexplained_drop", "blocked"),))

    assert [rule.rule for rule in decide(QUIET, diagnosis, History(), SPEC, NOW).rules] == ["unexplained_drop", *RULES]


HELD_BACK = [
    # Another run acts.
    (History(active_run="r9"), {}, "one_active_run", "run r9 is active"),
    # The owner has not said yet whether the data is broken.
    (History(questions=(Question("data", NOW - 6 * DAY),)), {}, "open_question", "autopilot answer"),
    # The last training began eleven hours ago, or will by a clock that was set back.
    (History(retrains=(NOW - 11 * HOUR,)), {}, "cooldown", "free again 2026-03-01T11:30:00Z"),
    (History(retrains=(NOW + 2 * DAY,)), {}, "cooldown", "free again 2026-03-03T22:30:00Z"),
    # The new champion is an hour old.
    (History(last_promotion=NOW - HOUR), {}, "cooldown", "since 2026-03-01T09:30:00Z"),
    # The newer of the two counts.
    (History(retrains=days_ago(5), last_promotion=NOW - HOUR), {}, "cooldown", "since 2026-03-01T09:30:00Z"),
    # Three trainings in seven days; the third last falls out of them in one day.
    (History(retrains=days_ago(1, 3, 6)), {}, "retrains_per_week", "free again 2026-03-02T10:30:00Z"),
    # In whatever order they are remembered.
    (History(retrains=days_ago(6, 1, 3)), {}, "retrains_per_week", "free again 2026-03-02T10:30:00Z"),
    # Six in thirty days, two in seven.
    (
        History(retrains=days_ago(1, 6, 10, 15, 20, 25)),
        {},
        "retrains_per_month",
        "6 of 6 retrains in 30 days are used up",
    ),
    # An owner who allows none.
    (History(), {"retrains_per_week": 0}, "retrains_per_week", "0 of 0 retrains in 7 days are used up; the limit is 0"),
    # Three failures since the last promotion.
    (History(failures=days_ago(1, 2, 3)), {}, "circuit_breaker", "3 runs in 30 days failed"),
    (History(failures=days_ago(1, 2, 3)), {}, "circuit_breaker", "free again 2026-03-28T10:30:00Z"),
    # The breaker is asked before the kept candidate: a person should look first.
    (History(failures=days_ago(1, 2, 3), kept=KEPT), {}, "circuit_breaker", "the circuit breaker is open"),
]


@pytest.mark.parametrize(("history", "policy", "rule", "words"), HELD_BACK)
def test_each_rule_can_hold_a_retrain_back(history, policy, rule, words):
    decision = decide(QUIET, DEGRADED, history, replace(SPEC, policy=Policy(**policy)), NOW)

    found = outcomes(decision)
    assert (decision.action, found[rule]) == ("wait", "blocked")
    assert decision.reason.startswith("roc_auc fell, but no retrain: ")
    assert words in decision.reason
    assert {found[later] for later in RULES[RULES.index(rule) + 1 :]} <= {"not_reached"}
    assert (decision.train_from, decision.harm_from, decision.reuse) == (None, None, None)


@pytest.mark.parametrize(
    ("history", "policy"),
    [
        # A question that was answered, and one that nobody reads for a week.
        (History(questions=(Question("data", NOW - DAY, answered_at=NOW, genuine=False),)), {}),
        (History(questions=(Question("data", NOW - 7 * DAY),)), {}),
        # The cool-down is over to the minute.
        (History(retrains=(NOW - 12 * HOUR,)), {}),
        # The third last training is seven days old to the minute.
        (History(retrains=days_ago(1, 3, 7)), {}),
        # Failures before the last promotion are forgiven.
        (History(failures=days_ago(6, 7, 8), last_promotion=NOW - 5 * DAY), {}),
        # … also one that ended with it.
        (History(failures=days_ago(5, 5, 5), last_promotion=NOW - 5 * DAY), {}),
        # Failures before the breaker's window are forgotten.
        (History(failures=days_ago(1, 2, 31)), {}),
        (History(failures=days_ago(1, 2, 3)), {"breaker_window": timedelta(days=2)}),
        # No cool-down wanted.
        (History(retrains=(NOW,)), {"cooldown": timedelta(0)}),
    ],
)
def test_limits_are_free_again_in_time(history, policy):
    assert decide(QUIET, DEGRADED, history, replace(SPEC, policy=Policy(**policy)), NOW).action == "retrain"


@pytest.mark.parametrize("retrains", [(NOW - HOUR, *days_ago(1, 2, 3, 4, 5, 6)), (), days_ago(28)])
def test_a_kept_candidate_is_judged_again_and_costs_no_budget(retrains):
    decision = decide(QUIET, DEGRADED, History(retrains=retrains, kept=KEPT), SPEC, NOW)

    assert (decision.action, decision.reuse) == ("retrain", KEPT)
    assert (decision.train_from, decision.train_until) == (None, None)
    assert (decision.harm_from, decision.harm_until) == (LABELS.start, LABELS.end)
    assert decision.reason.startswith("roc_auc fell; candidate 7")
    assert outcomes(decision)["kept_candidate"] == "blocked"
    assert outcomes(decision)["retrains_per_week"] == "not_reached"


def test_a_candidate_undecided_for_two_holdouts_makes_room_for_a_new_one():
    # Its training rows ended a holdout before it was trained; a failed training since then does not make it younger.
    old = replace(KEPT, trained_until=NOW - 3 * SPEC.training.holdout - HOUR)
    decision = decide(QUIET, DEGRADED, History(retrains=days_ago(8), kept=old), SPEC, NOW)

    assert (decision.action, decision.reuse) == ("retrain", None)
    assert decision.train_from is not None


@pytest.mark.parametrize(
    ("evidence", "action"),
    [
        (QUIET, "retrain"),
        # Just enough.
        (with_labels(labelled=200, positives=20), "retrain"),
        # Too few rows, or too few positives, to train a first model on.
        (with_labels(labelled=199), "wait"),
        (with_labels(positives=19), "wait"),
        # None at all.
        (replace(QUIET, labels=None), "wait"),
    ],
)
def test_a_first_candidate_needs_something_to_learn_from(evidence, action):
    decision = decide(evidence, FIRST, History(), SPEC, NOW)

    assert decision.action == action
    assert action == "retrain" or "too little to learn from" in decision.reason


def test_without_labels_drift_alone_may_retrain_where_the_owner_says_so():
    assert decide(replace(QUIET, labels=None), DRIFTED, History(), SPEC, NOW).action == "retrain"


@pytest.mark.parametrize(
    ("evidence", "diagnosis", "harm"),
    [
        # Harm was seen on the labelled rows.
        (QUIET, DEGRADED, (LABELS.start, LABELS.end)),
        # Drift was seen on the newest rows, which may have no labels yet.
        (QUIET, DRIFTED, (QUIET.start, QUIET.end)),
        (replace(QUIET, labels=None), DRIFTED, (QUIET.start, QUIET.end)),
        # No champion that could have done harm.
        (QUIET, FIRST, (None, None)),
    ],
)
def test_the_window_that_triggered_is_the_one_it_was_seen_on(evidence, diagnosis, harm):
    decision = decide(evidence, diagnosis, History(), SPEC, NOW)

    assert (decision.harm_from, decision.harm_until) == harm


def test_training_stops_where_the_holdout_begins():
    spec = replace(SPEC, training=Training(window=30 * DAY, holdout=7 * DAY))

    decision = decide(QUIET, DEGRADED, History(), spec, NOW)
    assert decision.train_until == LABELS.end - 7 * DAY
    assert decision.train_from == LABELS.end - 37 * DAY

    # Without labels: the full hour that the label delay of three days has passed.
    decision = decide(replace(QUIET, labels=None), DRIFTED, History(), spec, NOW)
    assert decision.train_until == datetime(2026, 2, 19, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("known", "now", "until"),
    [
        (None, NOW, datetime(2026, 2, 26, 10, tzinfo=UTC)),
        (datetime(2026, 2, 20, tzinfo=UTC), NOW, datetime(2026, 2, 20, tzinfo=UTC)),
        # The window that triggered ends later than labels can be complete.
        (NOW, NOW, datetime(2026, 2, 26, 10, tzinfo=UTC)),
        # Whatever the zone of the clock.
        (None, NOW.astimezone(timezone(timedelta(hours=5, minutes=30))), datetime(2026, 2, 26, 10, tzinfo=UTC)),
    ],
)
def test_newest_label_is_the_last_full_hour_with_complete_labels(known, now, until):
    assert newest_label(known, SPEC, now) == until


def test_a_return_is_asked_for_by_somebody_and_needs_no_budget():
    history = History(retrains=(NOW, *days_ago(1, 2, 3, 4, 5)), failures=days_ago(1, 2, 3))

    decision = request_rollback(SPEC, history, NOW, "ana", "2")

    assert (decision.action, decision.return_to, decision.requested_by) == ("rollback", "2", "ana")
    assert (decision.verdict, decision.cause) == ("insufficient", "none")
    assert decision.reason == "ana asked at 2026-03-01T10:30:00Z to return fraud to version 2"
    assert outcomes(decision) == {"one_active_run": "passed"}
    assert decision.train_from is None


def test_a_return_waits_for_an_active_run():
    decision = request_rollback(SPEC, History(active_run="r9"), NOW, None, "2", "degraded", "concept_drift")

    assert (decision.action, decision.verdict, decision.cause) == ("wait", "degraded", "concept_drift")
    assert decision.reason.startswith("somebody unnamed asked")
    assert decision.reason.endswith("run r9 is active")
    assert outcomes(decision) == {"one_active_run": "blocked"}


@pytest.mark.parametrize(
    ("history", "at", "opened"),
    [
        (History(failures=days_ago(1, 2, 3)), days_ago(1)[0], True),
        (History(failures=days_ago(1, 2, 3)), days_ago(2)[0], False),
        # It was open before.
        (History(failures=days_ago(1, 2, 3, 4)), days_ago(1)[0], False),
        # What failed before the promotion, or before the window, is forgotten.
        (History(failures=days_ago(1, 2, 6), last_promotion=days_ago(5)[0]), days_ago(1)[0], False),
        (History(failures=days_ago(1, 2, 32)), days_ago(1)[0], False),
        # Seen long after: it opened when it did.
        (History(failures=days_ago(40, 41, 42)), days_ago(40)[0], True),
    ],
)
def test_the_run_that_opened_the_breaker_is_the_one_without_which_it_would_be_closed(history, at, opened):
    said = opened_breaker(history, 3, timedelta(days=30), at)
    assert (said is not None) == opened
    assert said is None or said.startswith("the circuit breaker is open: 3 runs in 30 days failed")
