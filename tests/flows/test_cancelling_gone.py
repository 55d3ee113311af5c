"""A run whose model is gone from the file can be ended, unless its job may run: then by whoever knows the model."""

from contextlib import suppress
from dataclasses import replace

import pytest

from autopilot.engine import Engine
from graph.errors import AutopilotError, NotFound, Refused, Unavailable
from graph.spec import Cost
from tests.databases import fresh_database
from tests.fakes.pipeline import FakePipeline
from tests.house import DEGRADED, MODEL, house


def without_entry(home) -> Engine:
    """Return the engine of a process whose file has no such model."""

    def parts(name):
        raise NotFound(f"no model {name!r} in autopilot.yaml")

    one = home.engine
    return Engine(one._book, parts, one._clock, one._threads, one._traced, one._workspace)


def begun(home) -> str:
    home.monitor.evidence = DEGRADED
    with suppress(AutopilotError):
        home.engine.run(MODEL)
    return str(home.book.runs.active(MODEL)["run"])


def test_a_run_that_trains_ends_once_somebody_knows_its_model_and_has_stopped_its_job(home):
    run = begun(home)
    with pytest.raises(Refused, match=f"nothing was stopped .*; job job-1 of fake carries the key fraud.{run}"):
        without_entry(home).cancel(run, "ben")
    # Ended now, the run would make room for a training beside its job.
    assert (home.row(run)["outcome"], home.pipeline.find(home.key(run)).state) == (None, "running")
    home.engine.carry_on(run)
    assert home.pipeline.find(home.key(run)).state == "cancelled"
    assert home.row(run)["outcome"] in ("cancelled", "voided")
    assert home.book.runs.active(MODEL) is None


class Unclear(FakePipeline):
    """Starts a job and does not say so."""

    def start(self, order):
        super().start(order)
        raise Unavailable("cut off")


def test_a_job_of_which_nobody_knows_is_named_by_its_key_and_what_it_may_cost_is_kept(embedded_postgres, tmp_path):
    with house(fresh_database(embedded_postgres), tmp_path, elsewhere=Unclear()) as home:
        home.spec[0] = replace(home.spec[0], cost=Cost("EUR", per_run=40.0))
        run = begun(home)
        with pytest.raises(Refused, match=f"its job, if one was started, carries the key fraud.{run}"):
            without_entry(home).cancel(run, "ben")
        (cost,) = home.book.costs.all()
        assert cost["price"] is None


def test_nothing_is_left_to_stop_where_nothing_began(home):
    home.pipeline.away = Unavailable("no answer")
    run = begun(home)
    without_entry(home).cancel(run, "ben")
    assert (home.row(run)["outcome"], home.row(run)["reason"]) == ("cancelled", "cancelled by ben")


def test_one_that_waits_for_a_person_is_ended_with_its_request(home):
    run = home.waiting()
    without_entry(home).cancel(run, "ben")
    assert (home.row(run)["outcome"], home.row(run)["reason"]) == ("cancelled", "cancelled by ben")
    assert home.book.approval(run).state == "voided"
