"""What a challenger must show beside being better: flips, calibration, the level of its attempt, its price."""

from dataclasses import replace
from datetime import timedelta

import pytest

from graph.policy.creep import Trial
from graph.policy.gate import judge
from graph.policy.outcomes import asked_by_person
from graph.spec import Policy, Prices, ValidationSpec
from tests.unit.graph.policy.builders import DECIDED, QUIET, SPEC, compared, part

BETTER = part("harm")
SAME = part("rest", -0.002, 0.004)


def attempted(number, comparison, spec=SPEC):
    return {check.name: check for check in judge(comparison, spec, DECIDED, False, Trial(number))}


@pytest.mark.parametrize(
    ("flips", "budget", "outcome", "words"),
    [
        # No budget: reported, and nothing asked for.
        (900, None, None, ""),
        # As many as may be, one more, none allowed.
        (20, 0.01, "passed", "1 % of rows go from right to wrong, at most 1 % may"),
        (21, 0.01, "failed", "1.1 % of rows"),
        (0, 0.0, "passed", "0 %"),
        (1, 0.0, "failed", "0.05 %"),
    ],
)
def test_rows_that_go_from_right_to_wrong_have_a_budget(flips, budget, outcome, words):
    spec = replace(SPEC, validation=ValidationSpec(max_negative_flips=budget))
    check = attempted(1, compared(negative_flips=flips), spec).get("negative_flips")

    assert (check.outcome if check else None) == outcome
    assert words in (check.detail if check else "")


@pytest.mark.parametrize(
    ("slope", "intercept", "words"),
    [
        (1.02, 0.01, "slope 1.02, intercept 0.01 where 1 and 0 are right: as sure as it should be"),
        (0.6, -0.4, "high scores too high or low ones too low (overconfident)"),
        (1.5, 0.3, "high scores too low or low ones too high (underconfident)"),
        (None, None, "at most 0.055"),
    ],
)
def test_calibration_says_how_far_scores_can_be_read_as_probabilities(slope, intercept, words):
    challenger = {"brier": 0.05, "slope": slope, "intercept": intercept}
    check = attempted(1, compared(calibration={"champion": {"brier": 0.05}, "challenger": challenger}))["calibration"]

    assert check.outcome == "passed"
    assert check.detail.endswith(words)


@pytest.mark.parametrize(
    ("number", "low", "high", "outcome"),
    [
        # Better by 0.02, and just enough for a first attempt.
        (1, 0.001, 0.039, "passed"),
        (2, 0.001, 0.039, "inconclusive"),
        # Enough for any of the first ten.
        (10, 0.012, 0.028, "passed"),
        # A loss is certain at the level it was measured at, however often somebody tried.
        (5, -0.05, -0.001, "failed"),
    ],
)
def test_a_repeated_attempt_must_clear_a_stricter_level(number, low, high, outcome):
    check = attempted(number, compared(part("overall"), part("harm", low, high), SAME))["superiority"]

    assert check.outcome == outcome
    assert ("of a repeated attempt" in check.detail) == (number > 1)


def test_the_stricter_level_holds_for_the_rest_as_well():
    narrow = compared(part("overall"), BETTER, part("rest", -0.0049, 0.001))

    assert attempted(1, narrow)["non_inferiority"].outcome == "passed"
    assert attempted(2, narrow)["non_inferiority"].outcome == "inconclusive"


def saving(name, low, high, **size):
    return replace(part(name, low, high, **size), metric="errors")


@pytest.mark.parametrize(
    ("errors", "promote", "outcome"),
    [
        # 30 days of 1000 rows: 0.01 fewer wrong decisions per row are 300, give or take 126 at 95 %, one-sided.
        ([saving("overall", 0.005, 0.015)], 170.0, "passed"),
        ([saving("overall", 0.005, 0.015)], 300.0, "inconclusive"),
        ([saving("overall", 0.005, 0.015)], 430.0, "failed"),
        # The window that triggered tells what is to come; where it is too small, all rows do.
        ([saving("overall", 0.005, 0.015), saving("harm", 0.02, 0.03)], 430.0, "passed"),
        ([saving("overall", 0.005, 0.015), saving("harm", 0.02, 0.03, rows=50)], 430.0, "failed"),
        # Nothing to compare.
        ([replace(saving("overall", 0.0, 0.0), difference=None)], 1.0, "inconclusive"),
        ([], 1.0, "inconclusive"),
    ],
)
def test_a_promotion_must_pay(errors, promote, outcome):
    prices = Prices(train=10.0, promote=promote, alert=20.0)
    spec = replace(SPEC, policy=Policy(prices=prices, horizon=timedelta(days=30)))
    found = judge(compared(errors=tuple(errors)), spec, DECIDED, False, Trial(evidence=QUIET))

    assert {check.name: check.outcome for check in found}["pay_back"] == outcome


@pytest.mark.parametrize(
    ("trial", "outcome"),
    [
        (Trial(1, evidence=QUIET), "passed"),
        # Who looks again at the same one must see more: 174 at the first look, 150 at the second.
        (Trial(1, look=2, evidence=QUIET), "inconclusive"),
        # Another one that was tried on these rows does not count.
        (Trial(2, evidence=QUIET), "passed"),
        # What was learned last held for ten days; so may this.
        (Trial(1, evidence=QUIET, lasting=timedelta(days=10)), "failed"),
    ],
)
def test_a_later_look_and_a_short_life_ask_for_more(trial, outcome):
    spec = replace(
        SPEC, policy=Policy(prices=Prices(train=10.0, promote=170.0, alert=20.0), horizon=timedelta(days=30))
    )
    found = judge(compared(errors=(saving("overall", 0.005, 0.015),)), spec, DECIDED, False, trial)

    assert {check.name: check.outcome for check in found}["pay_back"] == outcome


def test_without_prices_nobody_asks_whether_it_pays():
    assert "pay_back" not in attempted(1, compared(errors=(saving("overall", 0.005, 0.015),)))


RETURN = replace(DECIDED, action="rollback", return_to="2")
ASKED = replace(RETURN, verdict="insufficient", cause="none", requested_by="ben")


@pytest.mark.parametrize(("decision", "asked"), [(DECIDED, False), (RETURN, False), (ASKED, True)])
def test_a_return_that_a_person_asked_for_is_judged_by_what_is_measured_only(decision, asked):
    checks = {check.name for check in judge(compared(), SPEC, decision, False, Trial(3))}

    assert asked_by_person(decision) == asked
    assert checks.isdisjoint({"attempt", "suspicion"}) == asked
    assert "superiority" in checks


def test_scores_that_foresee_too_few_positives_say_so_first():
    challenger = {"brier": 0.05, "slope": 0.67, "intercept": 1.1, "mean_score": 0.039, "positive_share": 0.13}
    check = attempted(1, compared(calibration={"champion": {"brier": 0.05}, "challenger": challenger}))["calibration"]

    assert "its scores are too low: they foresee 3.9 % positives where 13 % are; slope 0.67" in check.detail
