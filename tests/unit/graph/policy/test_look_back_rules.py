"""Before something is made to fit the rows since a change: did a column break in them?"""

from dataclasses import fields, replace

import pytest

from graph.evidence import FeatureEvidence, FeatureSince, LookBack
from graph.model import Diagnosis, History, Question
from graph.policy.retraining import decide, worth_looking_back
from tests.unit.graph.policy.builders import AMOUNT, DAY, MERCHANT, NOW, QUIET, SPEC

SINCE = NOW - 12 * DAY
Changes = dict[str, float | None]


def since(feature: FeatureEvidence, **changes) -> FeatureSince:
    """Return a feature over the rows since the change; by itself nothing is wrong with it."""
    held = {part.name: getattr(feature, part.name) for part in fields(FeatureEvidence)}
    usual = {"resized": 0.02, "resized_noise": 0.03, "slope": 0.98, "slope_sigmas": -0.7}
    return FeatureSince(**{**held, **usual, **changes})


def back(amount: Changes | None = None, merchant: Changes | None = None) -> LookBack:
    return LookBack(SINCE, NOW, 12000, (since(AMOUNT, **(amount or {})), since(MERCHANT, **(merchant or {}))))


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
        # A difference that so few values may show by chance.
        ({"resized": 0.5, "resized_noise": 0.3}, {}),
        ({"resized": 0.2, "resized_noise": 0.01}, {}),
        # Certain, but the column still follows its row; or it may be chance.
        ({"slope": 0.9, "slope_sigmas": -6.0}, {}),
        ({"slope": 0.2, "slope_sigmas": -1.5}, {}),
        # Nothing is known.
        ({"psi": None, "resized": None, "slope": None, "slope_sigmas": None}, {"psi": float("nan"), "slope": None}),
    ],
)
def test_what_traffic_does_is_not_asked_about(amount, merchant):
    assert decided(back(amount, merchant)).action == "retrain"


def test_what_the_owner_called_genuine_is_learned_from():
    asked = Question("data", NOW - 2 * DAY, ("amount",), answered_at=NOW - DAY, genuine=True)
    decision = decided(back({"psi": 0.6, "slope": 0.1, "slope_sigmas": -9.0}), history=History(questions=(asked,)))
    assert decision.action == "retrain"
