"""Question 4: what a change of model is worth, over which rows it is learned, and what holds a training back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from graph.evidence import Archived, HarmWindow, Learnable, Paired
from graph.model import Candidate, Decision, Diagnosis, History, Learned
from graph.policy.evidence import judge
from graph.policy.paying import gain, lasting, pay_back
from graph.policy.restraint import worth_scoring_earlier
from graph.policy.retraining import decide
from graph.policy.training_window import outgrown, since_change
from graph.spec import ApprovalSpec, ModelSpec, Policy, Prices, Training, ValidationSpec
from tests.unit.graph.policy.builders import DAY, DELAY, NOW, QUIET

PRICES = Prices(train=10, promote=60, alert=20)
POLICY = Policy(prices=PRICES, cooldown=timedelta(0), horizon=30 * DAY)
SPEC = ModelSpec(
    "fraud", "fraud", ("amount",), DELAY, POLICY, Training(window=None), ValidationSpec(), ApprovalSpec(), "d"
)
SINCE = NOW - 8 * DAY


def windows(days: int, wrong: float) -> tuple[HarmWindow, ...]:
    starts = [SINCE + day * DAY for day in range(days)]
    return tuple(HarmWindow(at, at + DAY, 400, wrong, 20.0, 100, wrong, 60.0) for at in starts)


def seen(days: int = 6, wrong: float = 60.0, **changes):
    learnable = tuple(Learnable(window.start, window.end, window.rows) for window in windows(days, wrong))
    whole = {
        "start": NOW - DAY,
        "end": NOW,
        "expected_rows": 400.0,
        "reference_start": NOW - 90 * DAY,
        "reference_end": NOW - 60 * DAY,
        "harm": windows(days, wrong),
        "learnable": learnable,
    }
    return replace(QUIET, **{**whole, **changes})


HARMED = Diagnosis("degraded", "concept_drift", "harm", since=SINCE)


def outcome(decision, rule):
    return next(each.outcome for each in decision.rules if each.rule == rule)


def test_harm_by_its_price_asks_for_a_retrain_over_the_rows_since_the_change():
    evidence = seen()
    diagnosis = judge(evidence, POLICY, DELAY)
    assert (diagnosis.verdict, diagnosis.cause, diagnosis.since) == ("degraded", "concept_drift", SINCE)
    decision = decide(evidence, diagnosis, History(), SPEC, NOW)
    assert (decision.action, decision.train_from, decision.train_until) == ("retrain", SINCE, SINCE + 3 * DAY)
    assert decision.exclude == ()


def test_mild_harm_is_learned_beside_the_reference():
    chosen = since_change(seen(wrong=10.0), SINCE)
    assert chosen is not None
    assert (chosen.start, chosen.end) == (NOW - 90 * DAY, SINCE + 3 * DAY)
    assert chosen.exclude == ((NOW - 60 * DAY, SINCE),)
    alone = since_change(seen(wrong=10.0), SINCE, alone=True)
    assert alone is not None
    assert alone.start == SINCE


@pytest.mark.parametrize(("days", "judged"), [(3, None), (4, 2), (6, 3), (30, 6)])
def test_the_later_windows_are_kept_for_judging(days, judged):
    chosen = since_change(seen(days), SINCE)
    assert (chosen is None) == (judged is None)
    assert chosen is None or chosen.end == SINCE + (days - judged) * DAY


def test_too_few_windows_since_the_change_are_waited_for():
    decision = decide(seen(3), HARMED, History(), SPEC, NOW)
    assert (decision.action, outcome(decision, "rows_to_learn_from")) == ("wait", "blocked")


def test_harm_that_no_cure_is_worth_is_borne():
    decision = decide(seen(wrong=0.1), HARMED, History(), SPEC, NOW)
    assert (decision.action, outcome(decision, "can_pay")) == ("wait", "blocked")


def test_an_earlier_version_that_pays_as_it_is_returns():
    archived = (Archived("3", Paired(2400, 6, 0.05, 0.005)), Archived("2", Paired(2400, 6, 0.08, 0.05)))
    decision = decide(seen(archived=archived), HARMED, History(), SPEC, NOW)
    assert (decision.action, decision.return_to) == ("rollback", "3")
    assert decision.train_from is None


def test_refusals_are_followed_by_longer_and_longer_rests():
    failures = (NOW - DAY, NOW - 3 * DAY)
    decision = decide(seen(), HARMED, History(failures=failures), SPEC, NOW)
    assert (decision.action, outcome(decision, "back_off")) == ("wait", "blocked")
    later = decide(seen(), HARMED, History(failures=failures), SPEC, NOW + 7 * DAY)
    assert outcome(later, "back_off") == "passed"


@pytest.mark.parametrize(
    ("value", "error", "found"),
    [(0.05, 0.005, "passed"), (0.05, 0.05, "inconclusive"), (0.001, 0.0005, "failed"), (-0.05, 0.001, "failed")],
)
def test_a_challenger_pays_by_the_lower_bound_of_its_gain(value, error, found):
    assert pay_back(Paired(2400, 6, value, error), seen(), POLICY).outcome == found


def test_a_gain_is_counted_over_the_horizon():
    assert gain(Paired(100, 2, 0.01, 0.0), 12_000).value == pytest.approx(120)


def test_a_kept_candidate_is_judged_again_until_it_is_outgrown():
    until = SINCE + 3 * DAY
    kept = Candidate("c1", "c1", "c1", until)
    assert decide(seen(7), HARMED, History(kept=kept), SPEC, NOW).reuse == kept
    assert not outgrown(seen(7), SINCE, until)
    assert outgrown(seen(12), SINCE, until)
    assert decide(seen(12), HARMED, History(kept=kept), SPEC, NOW).reuse is None


def test_errors_that_only_moved_are_dated_by_the_first_look():
    """The windows in which they are seen go on with time: what was begun is judged, or learned from twice the rows."""
    moved = replace(HARMED, since=NOW - 3 * DAY, hidden=True)
    kept = Candidate("c1", "c1", "c1", SINCE + 3 * DAY, Learned(SINCE, SINCE + 3 * DAY, 1200))
    assert decide(seen(7), moved, History(kept=kept), SPEC, NOW).reuse == kept
    grown = decide(seen(12), moved, History(kept=kept), SPEC, NOW)
    assert (grown.reuse, grown.train_from) == (None, SINCE)


@pytest.mark.parametrize(
    ("learned", "since", "held"),
    [
        (None, SINCE, 30),
        # It learned this very change, or nothing has changed since.
        (SINCE, SINCE, 30),
        (SINCE, None, 30),
        (SINCE - 12 * DAY, SINCE, 12),
        (SINCE - 90 * DAY, SINCE, 30),
    ],
)
def test_a_cure_lasts_as_long_as_the_last_one_did(learned, since, held):
    history = History(learned=Learned(learned, learned + DAY, 400) if learned else None)
    assert lasting(POLICY, since, history) == held * DAY


def test_a_cure_in_a_hurry_is_followed_by_a_better_one():
    learned = Learned(SINCE, SINCE + 2 * DAY, 800)
    quiet = seen(30, 0.0)
    diagnosis = judge(quiet, POLICY, DELAY, History(learned=learned))
    assert (diagnosis.verdict, diagnosis.since) == ("degraded", SINCE)
    decision = decide(quiet, diagnosis, History(learned=learned), SPEC, NOW)
    assert (decision.action, decision.train_from, decision.exclude) == ("retrain", SINCE, ())
    # What it learned from is all there is: nothing to gain.
    assert judge(seen(4, 0.0), POLICY, DELAY, History(learned=learned)).verdict == "healthy"


RETRAIN = Decision("degraded", "concept_drift", "retrain", "harm", (), since=SINCE)


@pytest.mark.parametrize(
    ("decision", "spec", "worth"),
    [
        (RETRAIN, SPEC, True),
        # Nothing says what a return is worth; nobody scores models here.
        (RETRAIN, replace(SPEC, policy=replace(POLICY, prices=None)), False),
        (RETRAIN, replace(SPEC, validation=ValidationSpec(kind="reported")), False),
        # Nothing is trained, or nothing new; the harm has no beginning.
        (replace(RETRAIN, action="wait"), SPEC, False),
        (replace(RETRAIN, reuse=Candidate("c1", "c1", "c1")), SPEC, False),
        (replace(RETRAIN, since=None), SPEC, False),
    ],
)
def test_when_an_earlier_version_is_worth_a_look(decision, spec, worth):
    assert worth_scoring_earlier(decision, spec) == worth
