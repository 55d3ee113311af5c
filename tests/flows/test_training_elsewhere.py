"""A run whose model is trained elsewhere, over the real adapters: how it goes on and ends, without faults."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checkpoints.embedded.cluster import EmbeddedPostgres
from graph.errors import Unavailable
from tests.conformance.systems import SYSTEMS
from tests.databases import fresh_database
from tests.house import DEGRADED, MODEL, House, house


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest) -> Iterator[Any]:
    with SYSTEMS[request.param]() as remote:
        yield remote


@pytest.fixture
def home(embedded_postgres: EmbeddedPostgres, tmp_path: Path, system: Any) -> Iterator[House]:
    with house(fresh_database(embedded_postgres), tmp_path, elsewhere=system.pipeline) as built:
        built.monitor.evidence = DEGRADED
        yield built


def trained(home: House, system: Any, run: str) -> None:
    """Let the job end well, with a model in MLflow, and carry the run on."""
    home.registry.log_run(home.key(run), files={"model.skops": b"better"})
    system.end(home.key(run), well=True)
    home.engine.carry_on(run)


def test_a_model_is_trained_elsewhere_and_promoted(home: House, system: Any) -> None:
    run = home.engine.run(MODEL)
    assert home.row(run)["status"] == "training"
    home.engine.carry_on(run)
    assert home.row(run)["job"]["state"] == "running"
    trained(home, system, run)
    home.say(run)
    assert (home.row(run)["outcome"], system.starts(home.key(run))) == ("promoted", 1)


def test_a_system_that_is_away_while_it_trains_leaves_the_run_as_it_was(home: House, system: Any) -> None:
    run = home.engine.run(MODEL)
    system.server.fail("503 before", "GET")
    with pytest.raises(Unavailable, match="503 Service Unavailable"):
        home.engine.carry_on(run)
    assert (home.row(run)["outcome"], home.row(run)["status"]) == (None, "training")
    trained(home, system, run)
    assert home.row(run)["status"] == "awaiting_approval"


def test_a_job_that_failed_ends_the_run(home: House, system: Any) -> None:
    run = home.engine.run(MODEL)
    system.end(home.key(run), well=False)
    home.engine.carry_on(run)
    assert home.row(run)["outcome"] == "failed"
    assert system.failure in home.row(run)["reason"]


def test_a_run_is_cancelled_with_its_job(home: House, system: Any) -> None:
    run = home.engine.run(MODEL)
    home.engine.cancel(run, "ana")
    job = system.pipeline.find(home.key(run))
    assert (home.row(run)["outcome"], job.state) == ("cancelled", "cancelled")


def test_a_job_that_vanished_counts_by_what_it_left(home: House, system: Any) -> None:
    run = home.engine.run(MODEL)
    home.registry.log_run(home.key(run), files={"model.skops": b"better"})
    system.forget()
    home.engine.carry_on(run)
    assert (home.row(run)["status"], system.starts(home.key(run))) == ("awaiting_approval", 0)


def test_what_must_be_changed_there_ends_the_run_and_says_so(home: House, system: Any) -> None:
    system.refuse()
    run = home.engine.run(MODEL)
    assert home.row(run)["outcome"] == "failed"
    assert system.refusal in home.row(run)["reason"]
    assert system.starts(home.key(run)) == 0
