"""Before something is made to fit the rows since a change: did a column break in them?"""

from dataclasses import fields, replace

import pytest

from graph.evidence import FeatureEvidence, FeatureSince, LookBack
from graph.model import Diagnosis, History, Question
from graph.policy.evidence import judge
from graph.policy.retraining import decide, worth_looking_back
from tests.unit.graph.policy.builders import AMOUNT, DAY, DELAY, MERCHANT, NOW, QUIET, SPEC

SINCE = NOW - 12 * DAY
Changes = dict[str, float | None]


def since(feature: FeatureEvidence, **changes) -> FeatureSince:
    """Return a feature over the rows since the change; by itself nothing is wrong with it."""
    held = {part.name: getattr(feature, part.name) for part in fields(FeatureEvidence)}
    usual = {
        "psi_before": 0.01,
        "psi_noise_before": 0.03,
        "resized": 0.02,
        "resized_noise": 0.03,
        "resized_before": 0.02,
        "slope": 0.98,
        "slope_before": 1.01,
        "slope_sigmas": -0.7,
    }
    return FeatureSince(**{**held, **usual, **changes})


def back(amount: Changes | None = None, merchant: Changes | None = None, before: int = 12000) -> LookBack:
    return LookBack(SINCE, NOW, 12000, before, (since(AMOUNT, **(amount or {})), since(MERCHANT, **(merchant or {}))))


DEGRADED = Diagnosis("degraded", "concept_drift", "worse", since=SINCE)


def decided(seen: LookBack | None, diagnosis: Diagnosis = DEGRADED, history: History | None = None):
    return decide(replace(QUIET, look_back=seen), diagnosis, history or History(), SPEC, NOW)


def outcome(decision, rule: str) -> str:
    return {each.rule: str(each.outcome) for each in decision.rules}[rule]


def test_sound_rows_are_learned_from():
    decision = decided(back())
    assert decision.action == "retrain"
    assert {outcome(decision, rule) for rule in ("broken_since_change", "moved_alone", "left_its_row")} == {"passed"}


def test_nobody_looks_back_on_what_is_not_acted_upon():
    assert worth_looking_back(decided(None))
    assert not worth_looking_back(decided(None, replace(DEGRADED, since=None)))
    healthy = decided(back({"psi": 3.0}), Diagnosis("healthy", "none", "fine"))
    assert not worth_looking_back(healthy)
    assert (healthy.action, outcome(healthy, "moved_alone")) == ("none", "not_reached")


@pytest.mark.parametrize(
    ("amount", "merchant", "rule"),
    [
        # One column became another, and only that one.
        ({"psi": 0.6}, {}, "moved_alone"),
        # A column that is 0 in most rows: few values, all of them of another size.
        ({"resized": 0.8, "resized_noise": 0.15}, {}, "other_sizes"),
        # It belongs to other rows, or to none.
        ({"slope": 0.05, "slope_sigmas": -4.0}, {}, "left_its_row"),
        ({"slope": -0.8, "slope_sigmas": -12.0}, {}, "left_its_row"),
        ({"slope": 0.05, "slope_sigmas": -4.0, "told": 0.2}, {}, "left_its_row"),
        # Its row tells little of it, but many rows tell that it left them.
        ({"slope": 0.05, "slope_sigmas": -9.0, "told": 0.1}, {}, "left_its_row"),
        # What question 1 would have said of one window, had it held more rows.
        ({"factor": 100.0, "factor_residual": 0.01}, {}, "broken_since_change"),
        ({}, {"joint_shift": 0.9, "joint_sigmas": 9.0}, "broken_since_change"),
    ],
)
def test_a_column_that_broke_is_asked_about_from_the_change_on(amount, merchant, rule):
    decision = decided(back(amount, merchant))

    assert (decision.verdict, decision.cause, decision.action) == ("broken_data", "data_quality", "fix_data")
    assert (decision.since, decision.quarantine) == (SINCE, True)
    assert [each.feature for each in decision.blame] == ["merchant" if merchant else "amount"]
    assert outcome(decision, rule) == "blocked"


@pytest.mark.parametrize(
    ("amount", "merchant"),
    [
        # Traffic of another mix moves several columns, a day of it one column a little.
        ({"psi": 0.6}, {"psi": 0.3}),
        ({"psi": 0.15}, {}),
        # It has been another ever since, as a month is; so have its sizes, and its row never told of it.
        ({"psi": 8.2, "psi_before": 8.1}, {}),
        ({"resized": 0.9, "resized_before": 0.85}, {}),
        ({"slope": 0.04, "slope_before": 0.1, "slope_sigmas": -22.0}, {}),
        # A difference that so few values may show by chance.
        ({"resized": 0.5, "resized_noise": 0.3}, {}),
        ({"resized": 0.2, "resized_noise": 0.01}, {}),
        # Certain, but the column still follows its row; or it may be chance.
        ({"slope": 0.9, "slope_sigmas": -6.0}, {}),
        ({"slope": 0.2, "slope_sigmas": -1.5}, {}),
        ({"slope": 0.05, "slope_sigmas": -4.0, "told": 0.1}, {}),
        # Nothing is known.
        ({"psi": None, "resized": None, "slope": None, "slope_sigmas": None}, {"psi": float("nan"), "slope": None}),
    ],
)
def test_what_traffic_does_is_not_asked_about(amount, merchant):
    assert decided(back(amount, merchant)).action == "retrain"


SOFT: Changes = {"psi": 0.6, "slope": 0.1, "slope_sigmas": -9.0}


@pytest.mark.parametrize("looked_back", [True, False])
def test_what_the_owner_called_genuine_is_learned_from(looked_back):
    asked = Question("data", NOW - 2 * DAY, ("amount",), NOW - DAY, True, looked_back)
    decision = decided(back(SOFT), history=History(questions=(asked,)))
    assert decision.action == "retrain"


def test_nor_does_a_question_that_nobody_reads_stop_it_for_ever():
    asked = Question("data", NOW - 8 * DAY, ("amount",), looked_back=True)
    assert decided(back(SOFT), history=History(questions=(asked,))).action == "retrain"


@pytest.mark.parametrize(("looked_back", "verdict"), [(True, "broken_data"), (False, "insufficient")])
def test_a_genuine_trend_may_still_break_in_a_single_window(looked_back, verdict):
    """Only a fault that was called genuine in a window is not minded in one."""
    asked = Question("data", NOW - 2 * DAY, ("amount",), NOW - DAY, True, looked_back)
    cents = replace(QUIET, labels=None, features=(replace(AMOUNT, factor=100.0, factor_residual=0.01), MERCHANT))
    assert judge(cents, SPEC.policy, DELAY, History(questions=(asked,))).verdict == verdict


def test_without_rows_from_before_nothing_moved_with_the_change():
    assert decided(back(SOFT, before=0)).action == "retrain"


def test_what_moved_beside_a_genuine_column_did_not_move_alone():
    asked = Question("data", NOW - 2 * DAY, ("amount",), NOW - DAY, True, True)
    decision = decided(back({"psi": 3.0}, {"psi": 0.5}), history=History(questions=(asked,)))
    assert decision.action == "retrain"


def test_the_only_column_of_a_model_is_always_alone():
    only = replace(back({"psi": 3.0}), features=(since(AMOUNT, psi=3.0),))
    assert decided(only).action == "retrain"
