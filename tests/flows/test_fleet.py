"""Workers over a fleet: what is due is decided once, no model holds up another, and a run goes through many hands."""

import asyncio
import threading
from datetime import timedelta

import pytest

from autopilot.capabilities import Elsewhere
from autopilot.fleet.acting import backoff
from autopilot.fleet.planner import sweep
from autopilot.fleet.queues import TRAIN
from autopilot.fleet.tasks import check_chunk
from graph.errors import Misconfigured, Refused, Unavailable
from graph.model import Answer
from tests.crash.forks import until
from tests.fleet import Troubled, fleet, raising
from tests.house import BROKEN, DEGRADED, HEALTHY, MODEL, another_carries_on

HOUR = timedelta(hours=1)
LATER = timedelta(minutes=20)
"""Longer than any model comes after its tick."""
OTHERS = ("churn", "credit", "spam")
ALL_ONCE = dict.fromkeys((MODEL, *OTHERS), 1)


@pytest.fixture
def town(home, tmp_path):
    return fleet(home, tmp_path, *OTHERS)


def turn(town):
    town.plan()
    town.work()
    assert town.broken == []


def test_what_is_due_is_decided_once(town):
    turn(town)
    assert town.checked() == ALL_ONCE
    turn(town)
    town.home.clock.pass_time(timedelta(minutes=5))
    turn(town)
    assert town.checked() == ALL_ONCE
    assert town.jobs("check") == []


def test_every_tick_is_one_decision_and_an_outage_is_caught_up_once(town):
    turn(town)
    town.home.clock.pass_time(HOUR)
    turn(town)
    assert town.checked() == dict.fromkeys(ALL_ONCE, 2)
    town.home.clock.pass_time(9 * HOUR + LATER)
    turn(town)
    turn(town)
    assert town.checked() == dict.fromkeys(ALL_ONCE, 3)


def test_a_clock_that_is_set_back_decides_nothing_twice(town):
    turn(town)
    town.home.clock.pass_time(-5 * HOUR)
    turn(town)
    assert town.checked() == ALL_ONCE


def test_what_is_due_is_planned_once_and_a_job_that_comes_twice_finds_it_done(town):
    assert town.plan() == 1
    assert town.plan() == 0
    (job,) = town.jobs("check")
    town.home.book.queue.put("checks", "check", "check:again", job["args"])
    town.work()
    assert town.checked() == ALL_ONCE


def test_two_workers_at_once_decide_each_tick_once(town):
    town.plan()
    (job,) = town.jobs("check")
    for number in range(6):
        town.home.book.queue.put("checks", "check", f"check:twin:{number}", job["args"])
    workers = [threading.Thread(target=town.work) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert town.checked() == ALL_ONCE
    assert town.broken == []


def test_a_model_without_a_schedule_is_left_alone(town):
    turn(unscheduled(town))
    assert town.checked() == {}


def unscheduled(town):
    """Let no model be due by itself."""
    town.config.write_text(town.config.read_text().replace('schedule: "0 * * * *"', "mode: supervised"))
    return town


@pytest.mark.parametrize("error", [Unavailable("away"), Misconfigured("wrong"), Refused("no"), KeyError("a defect")])
def test_a_model_that_fails_fails_alone(town, error):
    town.monitors["churn"] = Troubled(raising(error))
    turn(town)
    assert town.checked() == {name: 1 for name in ALL_ONCE if name != "churn"}
    failed = town.home.book.runs.latest("churn")
    assert failed["outcome"] == "failed"
    assert ("KeyError" if isinstance(error, KeyError) else str(error)) in failed["reason"]
    assert "a defect'" not in failed["reason"]


def test_a_check_without_an_answer_is_tried_again_soon_and_any_other_at_the_next_tick(town):
    town.monitors["churn"] = Troubled(raising(Unavailable("away")))
    town.monitors["spam"] = Troubled(raising(Misconfigured("wrong")))
    turn(town)
    for each in ("churn", "spam"):
        town.monitors[each].trouble = None
    town.home.clock.pass_time(timedelta(seconds=59))
    turn(town)
    assert set(town.checked()) == {MODEL, "credit"}
    town.home.clock.pass_time(timedelta(seconds=1))
    turn(town)
    assert set(town.checked()) == {MODEL, "credit", "churn"}
    town.home.clock.pass_time(HOUR + LATER)
    turn(town)
    assert town.checked() == {MODEL: 2, "credit": 2, "churn": 2, "spam": 1}


def test_a_slow_model_holds_up_nobody(town, may_go_on):
    began = threading.Event()

    def slow():
        began.set()
        may_go_on.wait(120)

    town.monitors["churn"] = Troubled(slow)
    chunk = threading.Thread(target=lambda: asyncio.run(check_chunk(town.desk(), ["churn", MODEL, "spam"], 0.01)))
    chunk.start()
    until(lambda: began.is_set() and town.jobs("check") != [], "the job of the others")
    town.work()
    assert town.checked().keys() >= {MODEL, "spam"}
    turn(town)
    assert town.checked() == {MODEL: 1, "spam": 1, "credit": 1}
    may_go_on.set()
    chunk.join()
    assert town.checked() == ALL_ONCE


def waiting_run(town):
    """Take the model's run, by workers alone, to the question; return the run."""
    town.home.monitor.evidence = DEGRADED
    turn(town)
    active = town.home.book.runs.active(MODEL)
    assert active["status"] == "training"
    run = str(active["run"])
    town.home.pipeline.end(town.home.key(run))
    town.home.book.queue.wake(run)
    town.work()
    return run


def approve(town, run, person="ana"):
    town.home.engine.take(run, Answer(person, "approve", "cli", town.home.clock.now()))


def test_a_run_is_carried_to_its_end(home, tmp_path):
    town = fleet(home, tmp_path)
    run = waiting_run(town)
    assert home.row(run)["status"] == "awaiting_approval"
    approve(town, run)
    town.work()
    assert (home.row(run)["outcome"], home.champion()) == ("promoted", "2")
    assert len(home.pipeline.starts) == 1
    assert town.jobs("carry_on") == []


def test_a_training_job_is_asked_again_later_and_the_queue_says_when(home, tmp_path):
    town = fleet(home, tmp_path)
    home.monitor.evidence = DEGRADED
    turn(town)
    (job,) = town.jobs("carry_on")
    assert (job["queue"], job["args"]["looks"]) == (TRAIN, 1)
    assert job["scheduled_at"] is not None


@pytest.mark.parametrize(("looks", "seconds"), [(0, 5), (1, 10), (2, 20), (3, 40), (4, 60), (100000, 60)])
def test_it_is_asked_less_and_less_often(looks, seconds):
    assert backoff(looks, 5, 60) == seconds


def test_an_answer_and_its_job_are_written_together_or_not_at_all(home):
    run = home.waiting()
    with pytest.raises(Refused):
        home.engine.take(run, Answer("nobody", "approve", "cli", home.clock.now()))
    assert home.book.queue.standing() == []
    home.engine.take(run, Answer("ana", "deny", "cli", home.clock.now()))
    (job,) = home.book.queue.standing()
    assert (job["queue"], job["args"]["run"], job["scheduled_at"]) == ("approvals", run, None)


def test_an_answer_brings_the_next_look_forward(home, tmp_path):
    town = fleet(home, tmp_path)
    run = waiting_run(town)
    (job,) = town.jobs("carry_on")
    assert job["scheduled_at"] is not None
    approve(town, run)
    (job,) = town.jobs("carry_on")
    assert job["scheduled_at"] is None


def test_a_check_that_finds_the_model_healthy_voids_what_waits(home, tmp_path):
    town = fleet(home, tmp_path)
    run = waiting_run(town)
    home.monitor.evidence = HEALTHY
    home.clock.pass_time(HOUR + LATER)
    turn(town)
    assert home.row(run)["outcome"] == "voided"


def test_hands_that_may_not_do_everything_hand_the_run_on(home, tmp_path):
    town = fleet(home, tmp_path)
    home.monitor.evidence = DEGRADED
    town.plan()
    town.work({"observe"})
    run = str(home.book.runs.active(MODEL)["run"])
    assert home.pipeline.starts == []
    assert [job["queue"] for job in town.jobs("carry_on")] == ["actions:train"]
    town.work({"promote"})
    assert home.pipeline.starts == []
    town.work({"train"})
    home.pipeline.end(home.key(run))
    home.book.queue.wake(run)
    town.work({"train"})
    assert [job["queue"] for job in town.jobs("carry_on")] == ["approvals"]
    assert home.book.validation(run) is None
    town.work({"observe"})
    assert home.row(run)["status"] == "awaiting_approval"
    approve(town, run)
    town.work({"observe"})
    assert home.champion() == "1"
    assert [job["queue"] for job in town.jobs("carry_on")] == ["actions:promote"]
    town.work({"train"})
    assert home.champion() == "1"
    town.work({"promote"})
    assert (home.row(run)["outcome"], home.champion()) == ("promoted", "2")
    assert (len(home.pipeline.starts), town.jobs("carry_on"), town.broken) == (1, [], [])


@pytest.mark.parametrize(("can", "status"), [("observe", "running"), ("promote", None)])
def test_an_engine_stops_by_itself_before_what_it_may_not_do(home, tmp_path, can, status):
    """Whatever job it is given: not the queue keeps it from acting."""
    town = fleet(home, tmp_path)
    home.monitor.evidence = DEGRADED
    engine = town.desk({can}).office.engine
    run = engine.request(MODEL)
    for _ in range(2):
        with pytest.raises(Elsewhere):
            engine.carry_on(run)
    assert home.pipeline.starts == []
    assert (home.row(run)["action"], home.row(run)["status"]) == (("retrain", status) if status else (None, "running"))


def test_a_broken_input_is_no_run_to_carry_on(town):
    town.home.monitor.evidence = BROKEN
    turn(town)
    assert town.jobs("carry_on") == []
    assert {row["outcome"] for row in town.home.book.runs.recent(None, 10)} == {"data_issue"}


def test_the_sweep_puts_what_nobody_is_at(home, tmp_path):
    town = fleet(home, tmp_path)
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    assert town.jobs("carry_on") == []
    for _ in range(2):
        sweep(town.desk())
    (job,) = town.jobs("carry_on")
    assert (job["queue"], job["args"]["run"]) == ("actions:train", run)


def test_the_jobs_of_the_dead_are_taken_back_once(home):
    queue = home.book.queue
    for key, status, worker in [("a", "doing", 1), ("b", "doing", None), ("b", "todo", None), ("c", "doing", 2)]:
        doing(home, key, status, worker)
    assert queue.take_back(30) == 1
    left = [(row["args"]["key"], row["status"]) for row in queue.standing()]
    assert sorted(left) == [("a", "todo"), ("b", "todo"), ("c", "doing")]


def doing(home, key, status, worker):
    """Put a job of a worker; worker 1 is dead, worker 2 lives, None is gone."""
    database = home.book.database
    for number, age in ((1, "1 hour"), (2, "1 second")):
        database.execute(
            "insert into queue.procrastinate_workers (id, last_heartbeat) overriding system value"
            " values (%(number)s, now() - %(age)s::interval) on conflict do nothing",
            number=number,
            age=age,
        )
    database.execute(
        "insert into queue.procrastinate_jobs (queue_name, task_name, queueing_lock, args, status, worker_id)"
        " values ('checks', 'check', %(key)s, jsonb_build_object('key', %(key)s::text),"
        " %(status)s::queue.procrastinate_job_status, %(worker)s)",
        key=key,
        status=status,
        worker=worker,
    )


def test_a_run_that_another_is_at_is_looked_at_afterwards(home, tmp_path):
    town = fleet(home, tmp_path)
    run = waiting_run(town)
    with another_carries_on(home, run):
        home.book.queue.wake(run)
        town.work()
    (job,) = town.jobs("carry_on")
    assert job["args"]["run"] == run
    assert home.row(run)["error"] is None


def test_a_run_that_stands_still_keeps_why_and_is_tried_less_often(home, tmp_path):
    town = fleet(home, tmp_path)
    home.monitor.evidence = DEGRADED
    turn(town)
    run = str(home.book.runs.active(MODEL)["run"])
    home.pipeline.away = Unavailable("the trainer is away")
    for looks in (2, 3):
        home.book.queue.wake(run)
        town.work()
        (job,) = town.jobs("carry_on")
        assert job["args"]["looks"] == looks
    assert home.row(run)["error"]["message"] == "the trainer is away"


def test_alerts_are_one_check_a_minute(home, tmp_path):
    town = unscheduled(fleet(home, tmp_path))
    for number in range(5):
        home.book.alerts.receive(f"{number}", "test", MODEL, "drift", {}, home.clock.now())
    for _ in range(3):
        sweep(town.desk())
        town.work()
    assert town.checked() == {MODEL: 1}
