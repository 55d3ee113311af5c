"""Window counts with age: hours become days, no row is counted twice, and nothing joins what must stay apart."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from autopilot.upkeep.lock import upkeep_of
from autopilot.upkeep.tending import tend
from checkpoints.database import Database
from graph.evidence import WindowRef
from graph.model import Question
from tests.crash.forks import until
from tests.flows.test_backtest_command import Desk
from tests.flows.upkept import AGED, HOUR, KEEP, MIDNIGHT, checked, laid, left, sums, tended, told
from tests.house import HEALTHY, MODEL
from tests.unit.graph.policy.builders import DAY


@pytest.fixture
def aged(home):
    """A house whose model was checked once, long ago: what it named then it names no more."""
    checked(home, HEALTHY)
    home.clock.at = AGED
    return home


def test_hours_become_days_and_every_row_is_still_counted(aged):
    laid(aged, range(48))
    assert tended(aged, 0 * DAY) == {"decisions_kept_whole": 1, "windows_folded": 48}
    assert sums(aged) == {("1", "p", 0, 24): 2400, ("1", "p", 24, 48): 2400}
    assert (left(aged), tended(aged, 0 * DAY)) == ([], {})


def test_days_do_not_join_versions_profiles_or_sides_of_a_flag(aged):
    laid(aged, range(6))
    laid(aged, range(4), version="2")
    laid(aged, range(2), profile="other")
    aged.book.quarantine(
        MODEL, [WindowRef("scores", MIDNIGHT + 2 * HOUR, MIDNIGHT + 4 * HOUR, 1, 1)], "broken", "ana", AGED
    )
    tended(aged, 0 * DAY)
    assert sums(aged) == {
        ("1", "other", 0, 2): 200,
        ("1", "p", 0, 2): 200,
        ("1", "p", 2, 4): 200,
        ("1", "p", 4, 6): 200,
        ("2", "p", 0, 2): 200,
        ("2", "p", 2, 4): 200,
    }


def test_an_open_question_holds_back_all_since_it_and_its_answer_lets_go(aged):
    laid(aged, range(48))
    run = checked(aged, HEALTHY)[0]
    question = Question("data", AGED, ("amount",))
    aged.book.ask(run, MODEL, question, MIDNIGHT + 30 * HOUR)
    tended(aged, 0 * DAY)
    assert (sums(aged), left(aged)) == ({("1", "p", 0, 24): 2400}, list(range(24, 48)))
    aged.book.questions.answer(MODEL, True, "ana", None, "", AGED)
    tended(aged, 0 * DAY)
    assert len(sums(aged)) == 2


def test_windows_that_a_decision_kept_whole_names_stay(home):
    named_hour = WindowRef("scores", MIDNIGHT + 3 * HOUR, MIDNIGHT + 4 * HOUR, 1, 100)
    checked(home, replace(HEALTHY, windows=(named_hour,)))
    home.clock.at = AGED
    laid(home, range(6))
    tended(home, 0 * DAY)
    assert (sums(home), left(home)) == ({("1", "p", 0, 6): 500}, [3])


def test_a_window_that_is_read_again_after_its_day_was_folded_is_not_counted_twice(aged):
    laid(aged, [0, 1, 2, 4])
    tended(aged, 0 * DAY)
    laid(aged, [2, 3])
    tended(aged, 0 * DAY)
    assert (sums(aged), left(aged)) == ({("1", "p", 0, 5): 500}, [])


def test_counts_of_long_ago_go_but_for_those_of_versions_that_may_serve(aged):
    laid(aged, [0, 1], version="7")
    laid(aged, [2, 3], version="1")  # serves
    laid(aged, [0], version="*", source="features", length=DAY)
    tended(aged, 0 * DAY)
    assert [*sums(aged)] == [("1", "p", 2, 4), ("7", "p", 0, 2)]
    tended(aged, KEEP.counts)
    assert ([*sums(aged)], told(aged, "select distinct version from windows")) == ([("1", "p", 2, 4)], [("1",)])


def test_what_serves_or_served_stays_also_when_another_entry_of_the_registered_model_moved_it(home):
    home.say(home.waiting())
    assert home.champion() == "2"
    home.clock.pass_time(HOUR)
    home.monitor.evidence = HEALTHY
    for _ in range(2):
        home.engine.run("second")
        home.clock.pass_time(HOUR)
    home.clock.at = AGED
    for version in ("1", "2", "7"):
        laid(home, [0], version=version)
    told(home, "update windows set model = 'second' returning 1")
    tended(home, KEEP.counts)
    assert told(home, "select kept from decisions where model = 'second'") == [("reference",)]
    assert told(home, "select distinct version from folded_windows order by 1") == [("1",), ("2",)]


def test_counts_of_a_strange_kind_stay_as_they_are(aged):
    laid(aged, [0])
    told(aged, "update windows set counts = '{\"rows\": 1}' where starts_at = %(at)s returning 1", at=MIDNIGHT)
    tended(aged, 0 * DAY)
    assert (sums(aged), left(aged)) == ({}, [0])


def test_a_window_that_changes_while_it_is_summed_is_summed_another_time(aged):
    laid(aged, [0, 1])

    def meanwhile(counts):
        told(aged, "update windows set revision = 2 where starts_at = %(at)s returning 1", at=MIDNIGHT)
        return {"rows": 200}

    assert "windows_folded" not in tended(aged, 0 * DAY, merge=meanwhile)
    assert (sums(aged), left(aged)) == ({}, [0, 1])


def test_who_reads_a_models_past_is_waited_for_until_the_next_time(aged):
    laid(aged, [0, 1])
    other = Database(aged.dsn)
    with closing(other), other.shared(upkeep_of(MODEL)), other.shared(upkeep_of(MODEL)):
        found = tend(aged.book, KEEP, AGED, aged.engine._workspace, every=timedelta(0))
        assert (found.left, found.models, sums(aged)) == ([MODEL], 0, {})
    assert tend(aged.book, KEEP, AGED, aged.engine._workspace, every=timedelta(0)).left == []
    assert len(sums(aged)) == 1


def test_a_backtest_shares_the_lock_that_upkeep_holds_alone(home, tmp_path):
    checked(home, HEALTHY)
    desk = Desk(tmp_path, home.dsn)
    waiting = "select mode from pg_locks where locktype = 'advisory' and not granted"
    with ThreadPoolExecutor(1) as aside:
        with home.book.database.locked(upkeep_of(MODEL)):
            typed = aside.submit(desk.type, MODEL)
            until(lambda: typed.done() or told(home, waiting) == [("ShareLock",)], "a backtest that waits")
            assert not typed.done()
        assert typed.result().returncode == 0, typed.result().stderr


def test_a_model_is_visited_once_a_day_also_by_a_clock_that_went_back(aged):
    def models(at):
        return tend(aged.book, KEEP, at, aged.engine._workspace).models

    assert [models(AGED + hours * HOUR) for hours in (0, 1, 22, 23, 24)] == [1, 0, 0, 1, 0]
    assert models(AGED) == 1
