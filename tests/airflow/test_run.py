"""A whole run whose model is trained by a real Airflow: from the decision to the promotion, and to a cancel."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from checkpoints.embedded.cluster import EmbeddedPostgres
from tests.airflow.system import RealAirflow, until
from tests.databases import fresh_database
from tests.house import DEGRADED, MODEL, House, house


@pytest.fixture
def home(system: RealAirflow, embedded_postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[House]:
    with house(fresh_database(embedded_postgres), tmp_path, elsewhere=system.another()) as built:
        built.monitor.evidence = DEGRADED
        yield built


def carried_on(home: House, run: str) -> bool:
    """Carry the run on, as a worker does again and again; return whether it trains no more."""
    home.engine.carry_on(run)
    return bool(home.row(run)["status"] != "training")


def test_a_model_is_trained_there_and_promoted(home: House, system: RealAirflow) -> None:
    run = home.engine.run(MODEL)
    key = home.key(run)
    assert (home.row(run)["status"], home.row(run)["job"]["id"]) == ("training", key)
    home.registry.log_run(key, files={"model.skops": b"better"})
    system.server.end(key, 0)
    until(lambda: carried_on(home, run), "the end of its training")
    home.say(run)
    assert home.row(run)["outcome"] == "promoted"
    (training,) = system.server.trainings(key)
    assert (training["AUTOPILOT_RUN"], training["AUTOPILOT_MODEL"]) == (run, MODEL)


def test_a_run_is_cancelled_with_its_training(home: House, system: RealAirflow) -> None:
    run = home.engine.run(MODEL)
    home.engine.cancel(run, "ana")
    job = system.another().find(home.key(run))
    assert job is not None
    assert (home.row(run)["outcome"], job.state) == ("cancelled", "cancelled")
