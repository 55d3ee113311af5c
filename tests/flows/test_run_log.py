"""What a log tells of whole runs: each step once, with model and run."""

import io
import json

import pytest

from autopilot.log import logging_to
from graph.errors import Unavailable
from tests.house import BROKEN, HEALTHY, MODEL


@pytest.fixture
def told():
    """Returns the lines that were written so far, as (event, run)."""
    stream = io.StringIO()

    def read() -> list[tuple[str, str]]:
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        assert {line["model"] for line in lines} <= {MODEL}
        return [(line["event"], line["run"]) for line in lines]

    with logging_to(stream, "json", ()):
        yield read


def test_a_promotion_is_told_step_by_step(home, told):
    run = home.waiting()
    home.engine.carry_on(run)
    home.say(run)
    events = ["decided", "waits", "waits", "answered", "ended"]
    assert told() == [(event, run) for event in events]


def test_a_check_that_does_nothing_is_told_once(home, told):
    quiet = home.engine.run(MODEL)
    home.monitor.evidence = BROKEN
    broken = home.engine.run(MODEL)
    assert told() == [("decided", quiet), ("decided", broken)]


def test_what_goes_wrong_is_told_by_its_kind(home, told):
    home.registry.away = Unavailable("MLflow does not answer")
    with pytest.raises(Unavailable):
        home.engine.run(MODEL)
    run = str(home.book.runs.latest(MODEL)["run"])
    assert told() == [("unavailable", run)]
    assert (home.row(run)["outcome"], home.row(run)["error"]) == ("failed", None)


def test_a_return_and_its_end_are_told(home, told):
    home.say(home.waiting())
    before = len(told())
    home.monitor.evidence = HEALTHY
    run = home.engine.rollback(MODEL, "otto")
    home.engine.cancel(run, "otto")
    assert told()[before:] == [("decided", run), ("waits", run), ("ended", run)]
