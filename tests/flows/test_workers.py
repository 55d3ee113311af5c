"""One worker: how it stops, hands back, loses its connections, and what its queue tells."""

import threading
from datetime import timedelta

import psycopg
import pytest

from autopilot import spec as written
from autopilot.fleet.planner import sweep
from autopilot.fleet.worker import Worker
from checkpoints.queue.place import Queue
from graph.errors import Misconfigured, Unavailable
from tests.crash.forks import until
from tests.fakes.prometheus_server import FakePrometheus
from tests.fleet import Troubled, fleet
from tests.house import DEGRADED, MODEL, another_carries_on
from tools.monitors.prometheus import PrometheusMonitor, PrometheusQueries, Query
from tools.monitors.prometheus_server import PrometheusServer
from tools.monitors.watched import Watched
from tools.shared_answers import SharedAnswers

HOUR = timedelta(hours=1)
LATER = timedelta(minutes=20)
OTHERS = ("churn", "credit", "spam")
ALL_ONCE = dict.fromkeys((MODEL, *OTHERS), 1)


@pytest.fixture
def town(home, tmp_path):
    return fleet(home, tmp_path, *OTHERS)


def turn(town):
    town.plan()
    town.work()
    assert town.broken == []


def test_a_worker_that_is_stopped_finishes_and_says_so(town):
    worker = Worker(town.desk(), town.home.dsn, {"observe"}, jobs=2)
    worker.start()
    until(lambda: town.checked() == ALL_ONCE, "the checks, planned by the worker itself")
    assert worker.stop()
    assert worker.failed is None


def test_a_worker_that_is_stopped_in_the_middle_hands_back(town, may_go_on):
    began = threading.Event()

    def slow():
        began.set()
        may_go_on.wait(120)

    town.monitors["churn"] = Troubled(slow)
    town.home.book.queue.put("checks", "check", "check:these", {"models": ["churn", "spam"]})
    worker = Worker(town.desk(), town.home.dsn, {"observe"}, jobs=1, grace_s=0.1)
    worker.start()
    until(began.is_set, "the check")
    assert not worker.stop()
    (job,) = town.jobs("check")[:1]
    assert (job["status"], job["args"]) == ("todo", {"models": ["churn", "spam"]})
    may_go_on.set()
    town.monitors.pop("churn")
    until(lambda: town.checked().get("churn") == 1, "the end of what was at work when its process would have ended")
    town.work()
    assert (town.checked()["churn"], town.checked()["spam"]) == (1, 1)


def test_a_queue_tells_its_lag(home):
    Queue(home.book.database).put("checks", "check", "check:0", {"models": []})
    Queue(home.book.database).put("checks", "check", "check:1", {"models": []}, after_s=3600)
    (row,) = home.book.queue.lag()
    assert (row["queue"], row["waiting"], row["doing"], row["failed"]) == ("checks", 1, 0, 0)
    assert row["oldest_s"] >= 0


def test_a_chunk_asks_prometheus_once(town):
    names = [MODEL, *OTHERS]
    with FakePrometheus().running() as server:
        server.known = {"accuracy": [({"model": name}, "0.97") for name in names]}
        shared, remote = SharedAnswers(), PrometheusServer(server.url, sleep=lambda _: None)
        asked = (Query(Watched("accuracy", "degraded", below=0.9), "accuracy"),)
        for name in names:
            town.monitors[name] = PrometheusMonitor(PrometheusQueries(name, asked, by="model"), remote, shared)
        turn(town)
        assert town.checked() == ALL_ONCE
        assert len([each for each in server.asked if each.path == "/api/v1/query"]) == 1


def test_a_worker_whose_connections_are_cut_goes_on(town):
    worker = Worker(town.desk(), town.home.dsn, {"observe"}, jobs=2)
    worker.start()
    until(lambda: town.checked() == ALL_ONCE, "the first checks")
    with psycopg.connect(town.home.dsn, autocommit=True) as connection:
        cut = connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and application_name = 'autopilot worker'"
        ).fetchall()
    assert len(cut) >= 2
    town.home.clock.pass_time(HOUR + LATER)
    town.home.book.queue.put("upkeep", "plan", "plan", {"timestamp": 0})
    until(lambda: town.checked() == dict.fromkeys(ALL_ONCE, 2), "the checks after that")
    assert worker.stop()
    assert worker.failed is None


class AwayQueue(Queue):
    """A queue that takes no next job of a run while `away` is set."""

    away = True

    def put_run(self, queue, run, looks, after_s=0.0):
        if self.away:
            raise Unavailable("the database is away")
        super().put_run(queue, run, looks, after_s)


CUT = """
create sequence queue.cuts;
create function queue.cut() returns trigger language plpgsql as $$ begin
  perform nextval('queue.cuts');
  perform pg_terminate_backend(pg_backend_pid());
  perform pg_sleep(10);
  return new;
end $$;
create trigger cut before update on queue.procrastinate_jobs for each row
  when (old.status = 'doing' and old.task_name = 'carry_on' and new.status = 'todo') execute function queue.cut()
"""


def test_a_job_that_a_living_worker_lost_is_taken_over_once_nobody_holds_its_run(town):
    """A session that ends while a job's end is written down: the worker lives on, and the job stays as it was."""
    home = town.home
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    home.book.queue = queue = AwayQueue(home.book.database)
    with psycopg.connect(home.dsn, autocommit=True) as connection:
        connection.execute(CUT)
        queue.wake(run)
        worker = Worker(town.desk(), home.dsn, {"train"}, jobs=2)
        worker.start()
        until(lambda: connection.execute("select is_called from queue.cuts").fetchone() == (True,), "the cut")
        connection.execute("drop trigger cut on queue.procrastinate_jobs")
        queue.away = False
        sweep(town.desk())
        assert standing(town) == ["doing"], "the sweep takes it for one that is being done"
        assert queue.take_back() == 0
        with another_carries_on(home, run):
            assert queue.take_back(lost_s=0) == 0
        assert queue.take_back(lost_s=0) == 1
    home.pipeline.end(home.key(run))
    until(lambda: home.row(run)["challenger"] is not None, "the run, carried on")
    assert worker.stop()
    assert (worker.failed, len(home.pipeline.starts)) == (None, 1)


def standing(town):
    return [job["status"] for job in town.jobs("carry_on")]


def test_a_schedule_that_is_none_is_refused_with_its_line(town):
    text = town.config.read_text().replace("0 * * * *", "every hour")
    with pytest.raises(Misconfigured, match=r"autopilot.yaml:\d+: models.fraud.schedule: 'every hour' is no schedule"):
        written.parse(text, "autopilot.yaml")
