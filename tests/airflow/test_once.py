"""One run of a real Airflow per key, whatever is lost, dies or races; and it ends as it should."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from graph.errors import Unavailable
from graph.model import TrainingJob
from tests.airflow.between import Between
from tests.airflow.server import DAG
from tests.airflow.system import RealAirflow, until
from tests.fakes.faulty_server import FaultName
from tests.local_jobs import lives, order
from tools.pipelines.airflow import AirflowPipeline
from tools.pipelines.contract import parameters
from tools.pipelines.remote_job import Deadlines

RUNS = f"/api/v2/dags/{DAG}/dagRuns"
HOUR = timedelta(hours=1)


def runs(system: RealAirflow, key: str) -> int:
    return int(system.server.ask("GET", RUNS, params={"run_id_pattern": key})["total_entries"])


def begun(system: RealAirflow, key: str) -> int:
    """Return the pid of the training of this key, once there is one."""
    return int(until(lambda: system.server.trainings(key), f"the training of {key}")[0]["pid"])


def test_the_example_hands_the_training_contract_to_the_command_and_nothing_of_airflows(system: RealAirflow) -> None:
    wanted = order(system.key(), exclude=((datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)),))
    system.another().start(wanted)
    begun(system, wanted.key)
    (training,) = system.server.trainings(wanted.key)
    assert {name: value for name, value in training.items() if name.startswith("AUTOPILOT_")} == parameters(wanted)
    assert training["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:1"
    assert [name for name in training if name.startswith("AIRFLOW")] == []


@pytest.mark.parametrize("fault", ["reply lost", "500 after", "malformed", "half a body"])
def test_a_start_whose_answer_is_lost_is_adopted(system: RealAirflow, fault: FaultName) -> None:
    key = system.key()
    with Between(system.server.url).running() as between:
        pipeline = system.another(url=between.url)
        assert pipeline.find(key) is None
        between.fail(fault)
        job = pipeline.start(order(key))
        sent = [r for r in between.asked if r.method == "POST" and r.path == RUNS]
    assert (job.id, runs(system, key), len(sent)) == (key, 1, 1)


def test_a_start_that_was_not_done_is_not_sent_again_but_when_the_run_is_carried_on(system: RealAirflow) -> None:
    key = system.key()
    with Between(system.server.url).running() as between:
        pipeline = system.another(url=between.url)
        pipeline._sleep = lambda seconds: None
        assert pipeline.find(key) is None
        between.fail("500 before")
        with pytest.raises(Unavailable, match="is not known"):
            pipeline.start(order(key))
    assert runs(system, key) == 0
    assert system.another().start(order(key)).key == key
    assert runs(system, key) == 1


def test_a_job_whose_starter_died_before_it_was_recorded_is_found(system: RealAirflow) -> None:
    key = system.key()
    system.another().start(order(key))
    found = system.another().find(key)
    assert found is not None
    assert (found.id, found.key) == (key, key)
    assert system.another().start(order(key)).id == key
    assert runs(system, key) == 1


def test_eight_at_once_start_one_job(system: RealAirflow) -> None:
    key, together = system.key("eight"), Barrier(8)

    def start(pipeline: AirflowPipeline) -> TrainingJob:
        assert pipeline.find(key) is None
        together.wait(60)
        return pipeline.start(order(key))

    with ThreadPoolExecutor(8) as threads:
        jobs = list(threads.map(start, [system.another() for _ in range(8)]))
    assert {job.id for job in jobs} == {key}
    assert system.end("eight", well=True).state == "succeeded"
    assert (runs(system, key), system.starts("eight")) == (1, 1)


def test_a_job_that_is_stopped_while_it_trains_is_cancelled_and_its_training_ends(system: RealAirflow) -> None:
    key = system.key()
    system.another().start(order(key))
    training = begun(system, key)
    cancelled = system.another().cancel(key)
    assert cancelled is not None
    assert cancelled.state == "cancelled"
    assert system.another().find(key) == cancelled
    assert system.another().start(order(key)) == cancelled
    until(lambda: not lives(training), f"the end of training {training}")


def test_a_cancel_whose_answer_is_lost_has_cancelled(system: RealAirflow) -> None:
    key = system.key()
    with Between(system.server.url).running() as between:
        pipeline = system.another(url=between.url)
        pipeline.start(order(key))
        between.fail("reply lost", "PATCH")
        cancelled = pipeline.cancel(key)
    assert cancelled is not None
    found = system.another().find(key)
    assert found is not None
    assert (cancelled.state, found.state) == ("cancelled", "cancelled")


def test_a_job_that_trains_past_its_deadline_is_stopped_and_has_failed(system: RealAirflow) -> None:
    key = system.key()
    system.another().start(order(key))
    begun(system, key)
    # Its own clock shows whole seconds.
    late = until(lambda: failed(system.another(deadlines=Deadlines(HOUR, timedelta(0))), key), "its deadline")
    assert "stopped at its deadline" in late.detail


def test_a_job_that_never_gets_its_turn_is_taken_back_and_has_failed(system: RealAirflow) -> None:
    key = system.key()
    system.server.ask("PATCH", f"/api/v2/dags/{DAG}", json={"is_paused": True})
    try:
        made = {"dag_run_id": key, "logical_date": None, "conf": parameters(order(key))}
        system.server.ask("POST", RUNS, json=made)
        waiting = system.another().find(key)
        late = until(lambda: failed(system.another(deadlines=Deadlines(timedelta(0), HOUR)), key), "its deadline")
    finally:
        system.server.ask("PATCH", f"/api/v2/dags/{DAG}", json={"is_paused": False})
    assert waiting is not None
    assert waiting.state == "queued"
    assert "never got its turn" in late.detail


def failed(pipeline: AirflowPipeline, key: str) -> TrainingJob | None:
    job = pipeline.find(key)
    return job if job is not None and job.state == "failed" else None
