"""What an opinion may make of a decision: by construction nothing less careful."""

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from graph.model import Action, Candidate, History, Question
from graph.reasoning.care import CARE, PERMITTED, overruled, permitted, worth_asking
from tests.unit.graph.policy.builders import NOW, QUIET
from tests.unit.graph.reasoning.cases import BROKEN, FIRST, HARMED, SILENT, decided

DAY = timedelta(days=1)
ACTIONS = get_args(Action)


@pytest.mark.parametrize("default", ACTIONS)
@pytest.mark.parametrize("answer", ACTIONS)
def test_nothing_that_may_be_answered_leads_to_less_care_than_the_rule(default, answer):
    done = PERMITTED[default].get(answer, default)
    assert CARE[done] >= CARE[default]


@pytest.mark.parametrize("default", ["retrain", "rollback"])
@pytest.mark.parametrize("answer", ["none", "wait", "fix_data"])
def test_whatever_speaks_against_acting_on_harm_becomes_a_question(default, answer):
    assert PERMITTED[default][answer] == "wait"


@pytest.mark.parametrize("default", ["none", "wait", "fix_data"])
def test_what_does_not_act_cannot_be_changed(default):
    assert PERMITTED[default] == {default: default}


@pytest.mark.parametrize("default", ACTIONS)
def test_no_answer_starts_a_retrain_or_a_return_that_the_rule_did_not_choose(default):
    assert {done for done in PERMITTED[default].values() if done in ("retrain", "rollback")} <= {default}


@pytest.mark.parametrize(
    ("decision", "asked"),
    [
        # a quiet fleet costs nothing
        (decided(QUIET), False),
        (decided(HARMED), True),
        (decided(FIRST), True),
        (decided(BROKEN), True),
        (decided(SILENT), True),
        # harder traffic: nothing to do, but not well
        (replace(decided(QUIET), verdict="degraded", cause="covariate_shift"), True),
        # beside an active run nothing can change
        (decided(HARMED, History(active_run="r")), False),
        # neither while the owner is asked
        (decided(HARMED, History(questions=(Question("data", NOW),))), False),
        (decided(HARMED, History(kept=Candidate("7", "run", "key", NOW))), True),
    ],
)
def test_it_is_asked_only_where_it_can_matter(decision, asked):
    assert worth_asking(decision) is asked


@pytest.mark.parametrize(
    ("question", "why"),
    [
        (Question("data", NOW - DAY, (), NOW - DAY, genuine=True), "the owner has called the data genuine"),
        # asked about one column, and about the data with it
        (Question("data", NOW - DAY, ("amount",), NOW, genuine=True), "the owner has called the data genuine"),
        # repaired is not genuine
        (Question("data", NOW - DAY, (), NOW, genuine=False), ""),
        # the labels are another matter
        (Question("label", NOW - DAY, (), NOW, genuine=True), ""),
        # too long ago
        (Question("data", NOW - 40 * DAY, (), NOW - 30 * DAY, genuine=True), ""),
        # a question that nobody answers must not let the harm go on for ever
        (Question("data", NOW - 6 * DAY), ""),
        (Question("data", NOW - 7 * DAY), "the owner was asked 7 days ago and has not answered"),
        (Question("label", NOW - 7 * DAY), ""),
    ],
)
def test_when_a_doubt_does_not_hold_the_rule_back_any_more(question, why):
    assert overruled(History(questions=(question,)), NOW, 30 * DAY) == why


def test_every_action_has_its_place():
    assert set(CARE) == set(PERMITTED) == set(ACTIONS)
    assert permitted(decided(HARMED))["retrain"] == "retrain"
