"""A language model beside the rules: what it may change, what it costs, and what is kept of it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from autopilot import view
from graph.advice import Reply
from graph.reasoning.narrowing import advised
from tests.fakes.reasoner import FakeReasoner
from tests.house import BROKEN, DEGRADED, HEALTHY, MODEL
from tests.unit.graph.policy.builders import NOW
from tests.unit.graph.reasoning.cases import reply

DOUBT = reply(action="wait", cause="data_quality", explanation="col_01 looks broken.")
AGREED = reply(explanation="The metric is 0.8.")


def hired(home, *replies: Reply) -> FakeReasoner:
    """Put a language model beside the rules, and let the model degrade."""
    reasoner = FakeReasoner(*replies)
    home.advisers[:] = [reasoner]
    home.monitor.evidence = DEGRADED
    return reasoner


def test_agreement_lets_the_rule_act_and_is_shown(home):
    reasoner = hired(home, AGREED)
    run = home.engine.run(MODEL)
    assert (home.row(run)["action"], len(home.pipeline.starts)) == ("retrain", 1)
    shown = view.explanation(home.book, home.row(run))["advice"]
    assert (shown["outcome"], shown["action"], shown["tokens"]) == ("agreed", "retrain", 900)
    assert shown["asked"]["question"] == json.loads(reasoner.questions[0].question)
    assert len(reasoner.questions) == 1


def test_a_doubt_starts_nothing_and_asks_the_owner(home):
    hired(home, DOUBT)
    run = home.engine.run(MODEL)
    assert (home.row(run)["action"], home.row(run)["outcome"]) == ("wait", "waiting")
    assert (home.pipeline.starts, home.checkpoints()) == ([], 0)
    assert "a person is asked before anything is done" in home.row(run)["reason"]
    history = home.book.history(home.spec[0])
    assert history.open_question is not None
    assert history.open_question.features == ()
    assert home.book.quarantined(MODEL) == []


def test_while_the_owner_is_asked_nobody_else_is(home):
    reasoner = hired(home, DOUBT)
    home.engine.run(MODEL)
    run = home.engine.run(MODEL)
    assert home.row(run)["action"] == "wait"
    assert len(reasoner.questions) == 1


def test_an_owner_who_calls_the_data_genuine_lets_the_rule_act(home):
    hired(home, DOUBT)
    home.engine.run(MODEL)
    home.clock.pass_time(timedelta(hours=1))
    home.engine.reply(MODEL, True, "ana", None, "looked")
    run = home.engine.run(MODEL)
    assert (home.row(run)["action"], len(home.pipeline.starts)) == ("retrain", 1)
    assert "the owner has called the data genuine" in home.book.decision(run).advice.why


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (Reply(None, "429: too many requests", tokens=0), "429: too many requests"),
        (Reply("\0 no"), "no JSON object"),
        (reply(action="none", explanation="All is well at 0.43."), "'0.43', which is not in the evidence"),
    ],
)
def test_without_a_usable_answer_the_rule_is_alone(home, given, why):
    hired(home, given)
    run = home.engine.run(MODEL)
    assert (home.row(run)["action"], len(home.pipeline.starts)) == ("retrain", 1)
    assert why in home.book.decision(run).advice.why


def test_a_quiet_model_costs_nothing(home):
    reasoner = hired(home, AGREED)
    home.monitor.evidence = HEALTHY
    run = home.engine.run(MODEL)
    assert reasoner.questions == []
    assert home.book.decision(run).advice is None
    assert home.book.budgets.spent(MODEL, NOW).by_fleet == 0


def test_a_check_beside_an_active_run_asks_nothing(home):
    reasoner = hired(home, AGREED)
    home.engine.run(MODEL)
    home.engine.run(MODEL)
    assert len(reasoner.questions) == 1


def test_broken_data_stay_quarantined_whatever_is_answered(home):
    hired(home, reply(action="none", cause="none", evidence=["window.rows"], explanation="All is well."))
    home.monitor.evidence = BROKEN
    run = home.engine.run(MODEL)
    assert (home.row(run)["action"], home.row(run)["outcome"]) == ("fix_data", "data_issue")
    assert home.book.quarantined(MODEL) == [(NOW - timedelta(days=1), NOW)]


def test_in_shadow_a_doubt_is_recorded_and_nothing_touched(home):
    home.spec[0] = replace(home.spec[0], policy=replace(home.spec[0].policy, mode="shadow"))
    hired(home, DOUBT)
    run = home.engine.run(MODEL)
    assert (home.row(run)["action"], home.pipeline.starts) == ("wait", [])


def test_beyond_the_daily_cap_nothing_is_asked_and_the_rule_is_alone(home):
    reasoner = hired(home, Reply("{}", tokens=30_000))
    home.monitor.evidence = BROKEN
    for _ in range(2):
        home.engine.run(MODEL)
    run = home.engine.run(MODEL)
    assert len(reasoner.questions) == 2
    assert home.row(run)["action"] == "fix_data"
    advice = home.book.decision(run).advice
    assert (advice.outcome, advice.asked) == ("not_asked", None)
    assert "60000 of 60000 tokens a day of this model are used" in advice.why
    home.clock.pass_time(timedelta(days=1))
    home.engine.run(MODEL)
    assert len(reasoner.questions) == 3


def test_a_check_that_died_while_it_asked_does_not_ask_again(home):
    reasoner = hired(home, AGREED)
    home.book.boundary = _dies_at("decision.recorded", before=home)
    with pytest.raises(ZeroDivisionError):
        home.engine.run(MODEL)
    run = str(home.book.runs.recent(MODEL, 1)[0]["run"])
    home.book.boundary = lambda _: None
    home.engine.carry_on(run)
    assert len(reasoner.questions) == 1
    assert home.row(run)["action"] == "retrain"
    assert "asked already" in home.book.decision(run).advice.why


def _dies_at(point, before):
    """Die at the point, with what was stored there taken back: as if the process had died just before."""

    def boundary(passed):
        if passed == point:
            before.book.database.execute("delete from decisions")
            before.book.database.execute(
                "update runs set action = null, outcome = null, verdict = null, status = 'running'"
            )
            before.book.decisions._decided.clear()
            raise ZeroDivisionError(point)

    return boundary


def test_the_stored_decision_replays_from_its_evidence_and_its_advice(home):
    hired(home, DOUBT)
    run = home.engine.run(MODEL)
    stored = home.book.decision(run)
    home.advisers.clear()
    home.engine.reply(MODEL, False, "ana", None, "")
    plain = home.book.decision(home.engine.run(MODEL))
    assert plain.action == "retrain"
    assert stored.advice is not None
    assert advised(plain, stored.advice) == stored
