"""From an answer to what is done: in no case less careful than the rule, whatever is answered."""

import itertools
import json
from dataclasses import replace
from typing import get_args

import pytest

from graph.advice import Advice, Reply
from graph.codec import dump, load
from graph.model import Action, Candidate, Cause, Decision, History
from graph.reasoning.answer import Answer, parse
from graph.reasoning.care import CARE
from graph.reasoning.inquiry import about
from graph.reasoning.narrowing import advice, advised, unasked
from tests.unit.graph.policy.builders import NOW
from tests.unit.graph.reasoning.cases import BROKEN, FIRST, GOOD, HARMED, MOVED, SILENT, decided, reply

KEPT = History(kept=Candidate("7", "run", "key", NOW))
DECISIONS = {
    "harm": (MOVED, decided(MOVED)),
    "first": (FIRST, decided(FIRST)),
    "kept candidate": (HARMED, decided(HARMED, KEPT)),
    "return": (HARMED, replace(decided(HARMED), action="rollback", return_to="2")),
    "broken": (BROKEN, decided(BROKEN)),
    "silent": (SILENT, decided(SILENT)),
}


def said(kind: str, given: Reply, overruled: str = "") -> tuple[Decision, Advice]:
    """Return what the decision becomes, and the advice on it."""
    evidence, decision = DECISIONS[kind]
    opinion = advice(decision, about(evidence, decision), given, "gpt", overruled)
    return advised(decision, opinion), opinion


def test_agreement_changes_nothing_but_what_is_shown():
    decision, opinion = said("harm", reply())
    before = DECISIONS["harm"][1]
    assert opinion.outcome == "agreed"
    assert opinion.explanation == GOOD["explanation"]
    assert replace(decision, advice=None, rules=decision.rules[:-1]) == before
    assert (decision.rules[-1].rule, decision.rules[-1].outcome) == ("language_model", "passed")


@pytest.mark.parametrize("kind", ["harm", "kept candidate", "return", "first"])
@pytest.mark.parametrize("action", ["none", "wait", "fix_data"])
def test_an_objection_to_acting_asks_a_person_and_is_never_silence(kind, action):
    evidence = ["window.rows"]
    decision, opinion = said(kind, reply(action=action, cause="data_quality", evidence=evidence, explanation="Odd."))
    before = DECISIONS[kind][1]
    assert opinion.outcome == "doubted"
    assert decision.action == "wait"
    assert (decision.verdict, decision.cause) == (before.verdict, before.cause)
    assert decision.reason.startswith(f"{before.reason}, but a person is asked before anything is done")
    assert "suspects data quality and says “Odd.”" in decision.reason
    assert (decision.rules[-1].outcome, decision.rules[-1].limit) == ("blocked", before.action)
    left = (decision.reuse, decision.return_to, decision.train_from, decision.train_until, decision.harm_from)
    assert left == (None, None, None, None, None)


def test_names_come_back_in_the_reason_quoted():
    decision, _ = said("harm", reply(action="wait", explanation="col_01 looks broken."))
    assert "says “'amount' looks broken.”" in decision.reason


def test_an_owner_who_looked_overrules_the_doubt():
    decision, opinion = said("harm", reply(action="wait"), overruled="the owner has called the data genuine")
    assert (decision.action, opinion.outcome) == ("retrain", "unused")
    assert "the owner has called the data genuine" in opinion.why


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (Reply(None, "it did not answer within 30 s"), "it did not answer within 30 s"),
        (Reply("I think that"), "no JSON object"),
        (Reply(""), "no JSON object"),
        (Reply("[]"), "no JSON object"),
        (Reply('{"cause": "none"'), "no JSON object"),
        (Reply(f"```json\n{json.dumps(GOOD)}\n```"), "no JSON object"),
        (reply(cause="sabotage"), "agreed form at cause"),
        (reply(action="promote"), "agreed form at action"),
        (reply(confidence=1.2), "agreed form at confidence"),
        (reply(confidence="0.9"), "agreed form at confidence"),
        (reply(evidence=[]), "agreed form at evidence"),
        (reply(evidence="labels.realised"), "agreed form at evidence"),
        (reply(evidence=["labels.realised"] * 9), "agreed form at evidence"),
        (reply(explanation=""), "agreed form at explanation"),
        (reply(explanation=" \n "), "agreed form at explanation"),
        (reply(explanation="x" * 501), "agreed form at explanation"),
        (reply(explanation="It fell.\0"), "agreed form at explanation"),
        (reply(explanation="It \u202efell."), "agreed form at explanation"),
        (reply(explanation="It \x1b[2Jfell."), "agreed form at explanation"),
        (reply(explanation="\ud800"), "no JSON object"),
        (reply(max_drop=0.5), "a field that was not asked for"),
        (Reply(json.dumps({key: GOOD[key] for key in GOOD if key != "evidence"})), "agreed form at evidence"),
        # the whole answer falls with one stray number or id
        (reply(action="wait", explanation="It fell by 0.43."), "'0.43', which is not in the evidence"),
        (reply(action="wait", explanation="col_09 is stuck."), "'col_09', which is not in the evidence"),
        (reply(action="wait", evidence=["labels.secret"]), "'labels.secret', which it was not shown"),
        # outside of what may be answered
        (reply(action="rollback"), "rollback is not among what it may answer here: retrain, wait, fix_data, none"),
    ],
)
def test_an_answer_that_does_not_hold_leaves_the_rule_alone(given, why):
    decision, opinion = said("harm", given)
    assert (decision.action, opinion.outcome) == ("retrain", "unused")
    assert why in opinion.why
    assert opinion.explanation == ""
    assert decision.reason == DECISIONS["harm"][1].reason


@pytest.mark.parametrize("kind", ["broken", "silent"])
@pytest.mark.parametrize("action", ["none", "retrain", "rollback"])
def test_nothing_is_started_that_the_rule_did_not_start(kind, action):
    decision, opinion = said(kind, reply(action=action, evidence=["window.reference_rows"], explanation="Act."))
    assert (decision.action, opinion.outcome) == (DECISIONS[kind][1].action, "unused")


@pytest.mark.parametrize("kind", DECISIONS)
def test_whatever_is_answered_nothing_less_careful_is_done_and_nothing_else_changes(kind):
    _, before = DECISIONS[kind]
    for action, cause, overruled in itertools.product(get_args(Action), get_args(Cause), ("", "ana looked")):
        given = reply(action=action, cause=cause, evidence=["window.reference_rows"], explanation="So it is.")
        decision, _ = said(kind, given, overruled)
        assert decision.action in (before.action, "wait")
        assert CARE[decision.action] >= CARE[before.action]
        assert decision.quarantine == before.quarantine
        assert (decision.verdict, decision.cause, decision.blame) == (before.verdict, before.cause, before.blame)
        assert decision.rules[:-1] == before.rules


def test_what_was_not_asked_is_said():
    decision = advised(DECISIONS["harm"][1], unasked("59000 of 60000 tokens are used"))
    assert decision.action == "retrain"
    assert decision.advice == Advice("not_asked", "59000 of 60000 tokens are used")
    assert decision.rules[-1].outcome == "not_reached"


@pytest.mark.parametrize("action", ["retrain", "wait", "rollback"])
def test_a_stored_decision_replays_with_its_stored_advice(action):
    decision, _ = said("harm", reply(action=action))
    stored = load(Decision, dump(decision))
    assert stored == decision
    assert stored.advice is not None
    assert advised(DECISIONS["harm"][1], stored.advice) == decision


def test_an_older_decision_without_advice_is_still_read():
    document = dump(DECISIONS["harm"][1])
    del document["advice"]
    assert load(Decision, document) == DECISIONS["harm"][1]


def test_what_was_asked_and_answered_is_kept():
    _, opinion = said("harm", reply(action="rollback"))
    assert opinion.asked is not None
    assert opinion.asked.question["permitted"] == ["retrain", "wait", "fix_data", "none"]
    assert opinion.asked.names["col_01"] == "amount"
    assert "amount" not in json.dumps(opinion.asked.question)
    assert json.loads(opinion.answered or "") == {**GOOD, "action": "rollback"}
    assert opinion.tokens == 900


def test_of_an_endless_answer_a_part_is_kept():
    _, opinion = said("harm", Reply("x" * 10**6))
    assert len(opinion.answered or "") == 4000


def test_what_a_database_cannot_hold_is_replaced():
    _, opinion = said("harm", Reply("no\0 \ud800"))
    assert opinion.answered == "no\N{REPLACEMENT CHARACTER} ?"


def test_line_breaks_in_an_explanation_are_spaces():
    _, opinion = said("harm", reply(explanation="It\nfell."))
    assert opinion.explanation == "It fell."


def test_a_sound_answer_is_read_as_it_is():
    assert parse(json.dumps(GOOD)) == Answer(**GOOD)
