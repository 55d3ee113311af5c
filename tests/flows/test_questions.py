"""What the owner is asked about broken data, and what each answer does to the rows it was about."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from graph.errors import Refused
from graph.evidence import LookBack, WindowRef
from graph.model import Question
from tests.flows.test_earlier import harmed
from tests.house import BROKEN, DEGRADED, HEALTHY, MODEL, House
from tests.unit.graph.policy.builders import AMOUNT, DAY, MERCHANT, NOW
from tests.unit.graph.policy.test_look_back_rules import since


def asked(home: House):
    home.monitor.evidence = BROKEN
    home.engine.run(MODEL)
    return home.book.history(home.spec[0]).questions


def test_broken_data_is_a_question_once_however_often_it_is_seen(home: House):
    (first,) = asked(home)
    home.clock.pass_time(timedelta(hours=1))
    (again,) = asked(home)
    assert (first.kind, first.answered_at) == ("data", None)
    assert again.asked_at == first.asked_at


def test_genuine_rows_count_again(home: House):
    asked(home)
    assert home.book.quarantined(MODEL) == [(NOW - DAY, NOW)]
    (closed,) = home.engine.reply(MODEL, True, "ana", "root", "a new product")
    assert closed.genuine is True
    assert home.book.quarantined(MODEL) == []


def test_rows_that_were_broken_stay_out_until_the_repair(home: House):
    asked(home)
    home.clock.pass_time(timedelta(hours=6))
    (closed,) = home.engine.reply(MODEL, False, "ana", "root", "the feed was repaired")
    assert closed.genuine is False
    assert home.book.quarantined(MODEL) == [(NOW - DAY, NOW + timedelta(hours=6))]


def test_an_older_fault_stays_set_aside_when_a_newer_one_was_none(home: House):
    asked(home)
    home.engine.reply(MODEL, False, "ana", None, "")
    older = home.book.quarantined(MODEL)
    home.clock.pass_time(timedelta(days=3))
    home.monitor.evidence = replace(
        BROKEN, windows=tuple(replace(each, start=NOW + 2 * DAY, end=NOW + 3 * DAY) for each in BROKEN.windows),
        start=NOW + 2 * DAY, end=NOW + 3 * DAY,
    )  # fmt: skip
    home.engine.run(MODEL)
    assert len(home.book.quarantined(MODEL)) == 2
    home.engine.reply(MODEL, True, "ana", None, "")
    assert home.book.quarantined(MODEL) == older


def test_nothing_is_trained_while_the_question_is_open(home: House):
    asked(home)
    home.clock.pass_time(timedelta(days=1))
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    assert (home.row(run)["action"], home.pipeline.starts) == ("wait", [])
    assert "has not answered" in home.row(run)["reason"]
    home.engine.reply(MODEL, False, "ana", None, "")
    assert home.row(home.engine.run(MODEL))["action"] == "retrain"


def behind(home: House, psi: float) -> None:
    """Let rows since a harm show one column that moved alone by so much."""
    harmed(home)
    days = tuple(WindowRef("log", NOW - n * DAY, NOW - (n - 1) * DAY, 1, 1000) for n in range(8, 0, -1))
    home.monitor.behind = LookBack(days[0].start, NOW, 8000, 8000, (since(AMOUNT, psi=psi), since(MERCHANT)), days)


def test_a_column_that_broke_unseen_is_asked_about_before_anything_is_trained(home: House):
    behind(home, psi=0.8)
    run = home.engine.run(MODEL)

    row = home.row(run)
    assert (row["verdict"], row["cause"], row["action"]) == ("broken_data", "data_quality", "fix_data")
    assert (home.monitor.looked_back, home.pipeline.starts) == ([NOW - 8 * DAY], [])
    assert home.book.quarantined(MODEL) == [(NOW - 8 * DAY, NOW)]
    (question,) = home.book.history(home.spec[0]).questions
    assert question.features == ("amount",)

    home.engine.reply(MODEL, True, "ana", None, "a new product")
    assert home.row(home.engine.run(MODEL))["action"] == "retrain"


def test_a_check_that_died_after_its_question_comes_to_the_same_decision(home: House):
    """Its own question would hold it back, and what it found would never be recorded."""
    behind(home, psi=0.8)
    run = str(uuid4())
    home.book.runs.open(run, MODEL, NOW)
    home.book.ask(run, MODEL, Question("data", NOW, ("amount",), looked_back=True), NOW - 8 * DAY)

    home.engine.carry_on(run)
    assert (home.row(run)["verdict"], home.row(run)["action"]) == ("broken_data", "fix_data")
    (question,) = home.book.history(home.spec[0]).questions
    assert question.looked_back


def test_rows_in_which_nothing_broke_are_trained_on(home: House):
    behind(home, psi=0.02)
    assert home.row(home.engine.run(MODEL))["action"] == "retrain"
    assert home.monitor.looked_back == [NOW - 8 * DAY]


def test_nobody_looks_back_at_a_quiet_model(home: House):
    home.monitor.evidence = HEALTHY
    home.engine.run(MODEL)
    assert home.monitor.looked_back == []


def test_a_reply_without_a_question_is_refused(home: House):
    home.monitor.evidence = HEALTHY
    home.engine.run(MODEL)
    with pytest.raises(Refused, match="asks no question"):
        home.engine.reply(MODEL, True, "ana", None, "")
    asked(home)
    home.engine.reply(MODEL, True, "ana", None, "")
    with pytest.raises(Refused, match="asks no question"):
        home.engine.reply(MODEL, False, "ben", None, "")
