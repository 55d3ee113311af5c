"""Features are called moved within one budget a month, whatever their number and however often somebody looks."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from graph.evidence import Evidence, FeatureEvidence, Movement
from graph.policy.alarm_rules import ALARM_RULES, alarms
from graph.policy.evidence import judge
from graph.policy.rules import Walk, walk
from graph.spec import Policy
from tests.unit.graph.policy.builders import AMOUNT, DELAY, MERCHANT, QUIET, case

STILL = Movement(
    hours=24.0,
    rows=1000,
    nulls=0,
    nans=0,
    strange=0,
    psi=0.01,
    psi_noise=0.03,
    gap=0.01,
    shift_p=1.0,
    null_p=1.0,
    nan_p=1.0,
    strange_p=1.0,
    detectable_psi=0.02,
)
WEEK = replace(STILL, hours=168.0, rows=7000)


def seen(feature: FeatureEvidence = AMOUNT, per_month: float = 30.0, **changes: Any) -> Evidence:
    """Return quiet evidence of two features over a day, one of them moved."""
    moved = replace(feature, movements=(replace(STILL, **changes),))
    other = replace(MERCHANT if feature.name == AMOUNT.name else AMOUNT, movements=(replace(STILL, nan_p=None),))
    return replace(QUIET, features=(moved, other), windows_per_month=per_month)


def walked(evidence: Evidence, **policy: Any) -> Walk[Any]:
    return walk(ALARM_RULES, case(evidence, **policy))


@pytest.mark.parametrize(
    ("p", "per_month", "budget", "blocked"),
    [
        (1e-9, 30, 1.0, True),
        (1 / (7 * 30) * 0.99, 30, 1.0, True),  # seven tests, thirty windows, once a month
        (1 / (7 * 30) * 1.01, 30, 1.0, False),
        (1 / (7 * 720) * 1.01, 720, 1.0, False),  # an hourly look needs more
        (1 / (7 * 30) * 1.01, 30, 2.0, True),  # an owner who bears two a month gets more
        (1 / (7 * 30) * 0.99, 30, 0.1, False),
        (0.001, 0, 1.0, True),  # how often is not known: once at least
        (0.01, 30, 100.0, False),  # no budget makes seven in a hundred an alarm
        (0.9, 0, 1.0, False),
        (0.0, 30, 0.001, True),  # less likely than a number can hold
    ],
)
def test_the_budget_is_for_all_looks_of_a_month(p, per_month, budget, blocked):
    rule = walked(seen(shift_p=p, per_month=per_month), false_alarms_per_month=budget).rules[0]
    assert rule.rule == "features_moved"
    assert (rule.outcome, rule.limit) == ("blocked" if blocked else "passed", budget)
    assert rule.value == pytest.approx(min(1.0, 7 * p) * max(1, per_month), abs=1e-6)


def test_two_stretches_share_the_budget():
    one = seen(shift_p=1 / (7 * 30) * 0.9)
    two = replace(one, features=tuple(replace(each, movements=(*each.movements, WEEK)) for each in one.features))
    assert walked(one).rules[0].outcome == "blocked"
    assert walked(two).rules[0].outcome == "passed"


def test_the_second_feature_that_moved_is_measured_against_the_tests_that_are_left():
    evidence = seen(shift_p=1e-9)
    first, second = evidence.features
    limit = 1 / (6 * 30)
    for p, names in ((0.99 * limit, ["amount", "merchant"]), (1.01 * limit, ["amount"])):
        features = (first, replace(second, movements=(replace(STILL, nan_p=None, shift_p=p),)))
        found = alarms(case(replace(evidence, features=features)))
        assert [alarm.test.feature.name for alarm in found] == names


@pytest.mark.parametrize(
    ("feature", "changes", "words"),
    [
        (AMOUNT, {"shift_p": 1e-9, "psi": 0.21}, "amount: PSI 0.21, noise 0.03 over 1 day"),
        (AMOUNT, {"shift_p": 1e-9, "psi": 0.21, "psi_noise": None, "hours": 168.0}, "amount: PSI 0.21 over 7 days"),
        (AMOUNT, {"null_p": 1e-9, "nulls": 30, "hours": 1.0}, "amount: 3 % of rows are null, 0 % missing before, over"),
        (AMOUNT, {"nan_p": 1e-9, "nans": 30}, "amount: 3 % of rows are NaN"),
        (AMOUNT, {"strange_p": 1e-9, "strange": 30}, "amount: 3 % of rows hold no value of its range over 1 day"),
        (MERCHANT, {"strange_p": 1e-9, "strange": 30, "nan_p": None},
         "merchant: 3 % of rows hold categories the reference never saw over 1 day"),
    ],
)  # fmt: skip
def test_the_detail_says_what_moved_and_how_far(feature, changes, words):
    found = walked(seen(feature, **changes))
    assert found.rules[0].detail.startswith(words)
    assert found.conclusion is not None
    assert [blame.feature for blame in found.conclusion] == [feature.name]


def test_features_are_named_once_and_the_surest_first():
    features = tuple(
        replace(AMOUNT, name=f"f{number}", movements=(replace(STILL, shift_p=10.0 ** -(10 + number), null_p=1e-30),))
        for number in range(8)
    )
    found = walked(replace(QUIET, features=features, windows_per_month=30.0))
    assert found.conclusion is not None
    assert len({blame.feature for blame in found.conclusion}) == len(found.conclusion) == 8
    assert found.rules[0].detail.endswith("and 3 more features")


@pytest.mark.parametrize(
    ("psis", "words"),
    [
        ((0.02, 0.03), ""),
        ((0.25, 0.03), "too few rows to call that no drift: amount could only show shifts above PSI 0.25 "
         "(0.5 standard deviations)"),
        ((0.05, 0.25), "too few rows to call that no drift: merchant could only show shifts above PSI 0.25, "
         "and 1 more feature like it"),
        ((None, None), ""),
    ],
)  # fmt: skip
def test_few_rows_are_not_called_no_drift(psis, words):
    evidence = seen()
    features = tuple(
        replace(each, movements=(replace(each.movements[0], detectable_psi=psi),))
        for each, psi in zip(evidence.features, psis, strict=True)
    )
    rule = walked(replace(evidence, features=features)).rules[0]
    assert (rule.outcome, rule.detail) == ("passed", words)


def test_a_longer_stretch_sees_what_a_window_cannot():
    blind, sharp = replace(STILL, detectable_psi=0.3), replace(WEEK, detectable_psi=0.01)
    features = tuple(replace(each, movements=(blind, sharp)) for each in QUIET.features)
    assert walked(replace(QUIET, features=features)).rules[0].detail == ""


@pytest.mark.parametrize(
    "movements", [(), (replace(STILL, shift_p=None, null_p=float("nan"), nan_p=None, strange_p=None),)]
)
def test_what_could_not_be_compared_has_no_value(movements):
    features = tuple(replace(each, movements=movements) for each in QUIET.features)
    rule = walked(replace(QUIET, features=features)).rules[0]
    assert (rule.outcome, rule.value, rule.detail) == ("passed", None, "")


@pytest.mark.parametrize("evidence", [QUIET, replace(QUIET, labels=None)])
def test_a_feature_that_moved_changes_no_verdict(evidence: Evidence):
    moved = replace(evidence, features=seen(shift_p=1e-12, psi=0.5).features, windows_per_month=30.0)
    before, after = judge(evidence, Policy(), DELAY), judge(moved, Policy(), DELAY)
    outcomes = {rule.rule: rule.outcome for rule in after.rules}
    assert outcomes["features_moved"] == "blocked"
    assert (after.verdict, after.cause, after.reason) == (before.verdict, before.cause, before.reason)


def test_chance_is_called_a_movement_as_often_as_the_budget_says():
    draw = np.random.default_rng(1)
    beyond = 0
    for _ in range(3_000):
        p = iter(draw.random(20).tolist())
        features = tuple(
            replace(AMOUNT, name=f"f{number}", movements=(replace(STILL, shift_p=next(p), null_p=next(p)),))
            for number in range(10)
        )
        beyond += len(alarms(case(replace(QUIET, features=features, windows_per_month=30.0))))
    # A hundred months at once a month; of forty tests half are never drawn.
    assert 30 <= beyond <= 70
