"""What the gate knows of the past: attempts on the same rows, the version approved first, the owner's answers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from graph.evidence import Interval
from graph.model import Check, Reversal
from graph.spec import Prices
from tests.fakes.evaluator import measured
from tests.house import DEGRADED, MODEL, House
from tests.unit.graph.policy.builders import SPEC

UNDECIDED = measured(gain=0.01, spread=0.05)
SUSPICIOUS = measured(
    reversals=(Reversal("positive", 200, 180, Interval(0.95, 0.9, 1.0)),), told_apart=Interval(0.52, 0.5, 0.54)
)
HOLDOUT = SPEC.training.holdout


def check(home: House, run: str, name: str) -> Check:
    validation = home.book.validation(run)
    assert validation
    return next(each for each in validation.checks if each.name == name)


def promoted(home: House) -> str:
    run = home.waiting()
    home.say(run)
    home.wait(timedelta(days=1))
    return run


def test_each_judgement_is_an_attempt(home: House):
    home.evaluator.answers = [UNDECIDED]
    run = home.waiting()
    validation = home.book.validation(run)
    assert validation and validation.holdout
    (attempt,) = home.book.attempts(home.spec[0])
    assert (attempt.run, attempt.challenger.version, attempt.champion, attempt.origin) == (run, "1", "1", "1")
    assert (attempt.holdout, attempt.start, attempt.end) == (
        validation.holdout.digest, validation.holdout.start, validation.holdout.end
    )  # fmt: skip
    assert (attempt.outcome, attempt.superiority, attempt.alpha) == ("inconclusive", "inconclusive", 0.025)
    assert attempt.at == validation.validated_at


def test_an_undecided_candidate_is_not_tested_again_on_nearly_the_same_rows(home: House):
    home.evaluator.answers = [UNDECIDED, measured()]
    home.waiting()
    home.wait(timedelta(days=1))
    run = home.engine.run(MODEL)
    assert home.row(run)["outcome"] == "validation_inconclusive"
    assert "stayed undecided on rows until 2026-02-25T10:30:00Z" in home.row(run)["reason"]
    assert "tested again once there are labelled rows until 2026-03-04T10:30:00Z" in home.row(run)["reason"]
    assert len(home.evaluator.calls) == 1
    assert [each.alpha for each in home.book.attempts(home.spec[0])] == [0.025, 0]


def test_a_later_attempt_on_the_same_rows_must_clear_a_stricter_level(home: House):
    # Better by 0.02, give or take 0.018: enough for a first attempt, too little for a second one.
    home.evaluator.answers = [measured(gain=-0.05), measured(gain=0.02, spread=0.018)]
    home.waiting()
    second = home.waiting()
    assert check(home, second, "attempt").value == 2
    assert check(home, second, "superiority").outcome == "inconclusive"
    # Both are of the same moment, so which comes first says nothing.
    assert {round(each.alpha, 4) for each in home.book.attempts(home.spec[0])} == {0.025, 0.0083}


def test_the_same_gain_is_enough_on_rows_that_nobody_was_judged_on(home: House):
    home.evaluator.answers = [measured(gain=-0.05), measured(gain=0.02, spread=0.018)]
    home.waiting()
    home.wait(HOLDOUT)
    run = home.engine.run(MODEL)
    home.trained(run)
    assert check(home, run, "attempt").value == 1
    assert home.row(run)["status"] == "awaiting_approval"


def test_a_promotion_begins_anew(home: House):
    home.evaluator.answers = [measured(gain=-0.05), measured()]
    home.waiting()
    promoted(home)
    assert home.book.attempts(home.spec[0]) == ()


def test_before_any_promotion_the_champion_is_the_one_approved_first(home: House):
    run = home.waiting()
    assert "version 1, which was approved first and still serves" in check(home, run, "origin").detail
    assert home.evaluator.calls[0].origin is None


def test_later_challengers_are_also_compared_with_the_version_approved_first(home: House):
    promoted(home)
    promoted(home)
    run = home.waiting()
    validation = home.book.validation(run)
    assert validation and validation.origin
    assert (validation.champion.version if validation.champion else None, validation.origin.version) == ("3", "2")
    assert home.evaluator.calls[-1].origin is not None
    assert home.evaluator.calls[1].origin is None  # version 2 served then
    assert check(home, run, "origin").outcome == "passed"


def test_small_losses_do_not_add_up(home: House):
    promoted(home)
    promoted(home)
    beside_first = replace(measured().differences[0], difference=Interval(-0.02, -0.03, -0.01))
    home.evaluator.answers = [measured(origin=beside_first)]
    run = home.waiting()
    assert home.row(run)["outcome"] == "validation_failed"
    assert "than version 2, which was approved first" in home.row(run)["reason"]


@pytest.mark.parametrize(
    ("lose", "words"),
    [
        (lambda home: home.registry.versions[SPEC.registry].pop(1), "the registry no longer holds its files"),
        (lambda home: _overwrite(home), "its files are not those that were approved"),
        (lambda home: _unloadable(home), "it cannot be loaded"),
    ],
)
def test_a_lost_first_version_is_said_and_held_against_nobody(home: House, lose, words: str):
    promoted(home)
    promoted(home)
    lose(home)
    run = home.waiting()
    assert home.row(run)["status"] == "awaiting_approval"
    found = check(home, run, "origin")
    assert (found.outcome, found.value) == ("passed", None)
    assert words in found.detail


def _overwrite(home: House) -> None:
    release = home.registry.versions[SPEC.registry][1].run
    release.models["model"] = {"model.skops": b"something else"}


def _unloadable(home: House) -> None:
    first = home.book.origin(SPEC.registry)
    assert first and first.digest
    home.evaluator.unloadable.add(first.digest)


def test_suspicion_asks_the_owner_about_the_labels_and_takes_the_answer(home: House):
    home.evaluator.answers = [SUSPICIOUS]
    run = home.waiting()
    assert home.row(run)["outcome"] == "validation_inconclusive"
    assert "reverses 90 %" in home.row(run)["reason"]
    (asked,) = home.book.history(home.spec[0]).questions
    assert (asked.kind, asked.genuine) == ("label", None)
    home.engine.reply(MODEL, True, "ana", None, "they changed the product")
    home.wait(timedelta(hours=1))
    again = home.engine.run(MODEL)
    assert home.row(again)["status"] == "awaiting_approval"
    assert check(home, again, "attempt").value == 1  # it was shown to be better before, and that held again
    assert "the owner has called the labels genuine" in check(home, again, "suspicion").detail


def test_a_challenger_that_fails_anyway_asks_nobody_about_labels(home: House):
    worse = measured(gain=-0.05)
    home.evaluator.answers = [replace(worse, reversals=SUSPICIOUS.reversals, told_apart=SUSPICIOUS.told_apart)]
    run = home.waiting()
    assert home.row(run)["outcome"] == "validation_failed"
    assert home.book.history(home.spec[0]).questions == ()


@pytest.mark.parametrize(
    ("promote", "outcome"),
    [(100.0, "passed"), (1e6, "failed")],
)
def test_a_promotion_must_be_worth_its_price(home: House, promote: float, outcome: str):
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    policy = replace(home.spec[0].policy, prices=Prices(train=0.0, promote=promote, alert=0.0))
    home.spec[0] = replace(home.spec[0], policy=policy)
    home.trained(run)
    assert check(home, run, "pay_back").outcome == outcome


def test_a_return_that_a_person_asks_for_is_held_against_no_rule_on_attempts(home: House):
    home.evaluator.answers = [measured(), UNDECIDED]
    promoted(home)
    run = home.engine.rollback(MODEL, "ben")
    validation = home.book.validation(run)
    assert validation
    assert {"attempt", "origin", "suspicion"} & {each.name for each in validation.checks} == set()
    assert (home.row(run)["status"], validation.alpha) == ("awaiting_approval", 0)
