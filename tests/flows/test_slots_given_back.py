"""A run that was given a slot and cannot begin keeps it for an hour, and one that may train for as long as it may."""

from argparse import Namespace
from contextlib import suppress
from dataclasses import replace

import pytest

from autopilot.cli import act
from autopilot.fleet import pausing
from autopilot.fleet.lapsing import lapse
from autopilot.fleet.pausing import Target, Who
from autopilot.fleet.roster import Entry, Roster
from graph.errors import AutopilotError, Misconfigured, NotFound, Unavailable
from graph.policy.slots import BEGINS_WITHIN, ROUND
from tests.fakes.pipeline import FakePipeline
from tests.fleet import fleet_file
from tests.flows.test_slots import dies_at, few, slot_rule, town, training, turn  # noqa: F401 - a fixture
from tests.house import another_carries_on

OTTO = Who("otto", "root")


class Troublesome(FakePipeline):
    """Starts nothing of some models, but says so like this; once `takes` it starts it all the same."""

    def __init__(self, home, models: str, error: AutopilotError, takes: bool = False) -> None:
        super().__init__(home.pipeline._on_start)
        self._models, self._error, self._takes = models, error, takes

    def start(self, order):
        if order.model not in self._models:
            return super().start(order)
        if self._takes:
            super().start(order)
        raise self._error


def troubled(built, error: AutopilotError, takes: bool = False, models: str = "c") -> None:
    """Let the pipeline refuse the model that is worth the most, or these."""
    pipeline, parts = Troublesome(built.home, models, error, takes), built.parts
    built.home.pipeline = pipeline
    built.parts = lambda name: replace(parts(name), pipeline=pipeline)


def gone(built, model: str) -> None:
    """Take a model out of the file."""
    parts = built.parts
    head = built.config.read_text().splitlines()[0]
    names = [name for name in ("a", "b", "c") if name != model]
    built.config.write_text(f"{head}\n{fleet_file(names)}")

    def left(name):
        if name == model:
            raise NotFound(f"no model {name!r} in autopilot.yaml")
        return parts(name)

    built.parts = left


def granted(built) -> str:
    """Give the two slots away, and let none of the two begin; return the run of the most worth."""
    turn(built)
    built.home.clock.pass_time(ROUND)
    built.home.book.boundary = built.home.book.effects._boundary = dies_at("decision.recorded")
    engine = built.desk().office.engine
    for name in ("c", "b"):
        with pytest.raises(ZeroDivisionError):
            engine.run(name)
    built.home.book.boundary = built.home.book.effects._boundary = lambda _: None
    return str(built.home.book.runs.active("c")["run"])


def pause(built, model: str = "c") -> None:
    pausing.pause(
        built.home.book, Roster({model: Entry()}), Target("model", model), "why", OTTO, built.home.clock.now()
    )


def turns(built, after=BEGINS_WITHIN) -> None:
    """Carry on what is open, then let the line move on, and look at who is called."""
    built.home.clock.pass_time(after)
    for row in built.home.book.runs.unfinished():
        built.home.book.queue.wake(str(row["run"]))
    built.work()
    built.plan()
    built.work()
    built.plan()
    built.work()
    assert built.broken == []


def started(built) -> list[str]:
    return [order.model for order in built.home.pipeline.starts]


def test_a_run_whose_model_was_paused_before_it_began_gives_its_slot_back_and_waits_again(few):  # noqa: F811
    run = granted(few)
    pause(few)
    turns(few, BEGINS_WITHIN / 2)
    assert (training(few.home), started(few)) == (["b", "c"], ["b"])
    turns(few, BEGINS_WITHIN / 2)
    row = few.home.row(run)
    assert row["outcome"] == "voided"
    assert row["reason"] == (
        "its slot of 2026-03-01T10:45:00Z was given back, because its training did not begin within 1 hour: "
        "paused by otto since 2026-03-01T10:45:00Z: why"
    )
    assert (training(few.home), started(few)) == (["a", "b"], ["b", "a"])
    assert "c" not in [each.model for each in few.home.book.line.begun(few.home.clock.now())]
    pausing.unpause(few.home.book, Target("model", "c"), "", OTTO, few.home.clock.now())
    turns(few, ROUND)
    turns(few, ROUND)
    assert (training(few.home), started(few)) == (["a", "b"], ["b", "a"])
    assert "c" in [each.model for each in few.home.book.line._all()], "it stands in line again"


def test_models_that_cannot_begin_do_not_pass_the_slots_round_among_themselves(home, tmp_path):
    built = town(home, tmp_path, "a", "b", "c", "d", slots=1)
    troubled(built, Misconfigured("the token is wrong"), models="bcd")
    turn(built)
    for _ in range(5):
        turns(built, ROUND)
        turns(built)
    assert started(built) == ["a"]
    row, rule = slot_rule(home, "d")
    assert "it gave a slot back with which nothing began: all others go first until 2026-03-01" in rule.detail, row


def test_a_check_that_died_with_a_slot_in_a_paused_model_gives_it_back(few):  # noqa: F811
    turn(few)
    few.home.clock.pass_time(ROUND)
    few.home.book.boundary = few.home.book.effects._boundary = dies_at("slot.granted")
    with pytest.raises(ZeroDivisionError):
        few.desk().office.engine.run("c")
    few.home.book.boundary = few.home.book.effects._boundary = lambda _: None
    run = str(few.home.book.runs.recent("c", 1)[0]["run"])
    pause(few)
    turns(few)
    assert (few.home.row(run)["outcome"], training(few.home)) == ("voided", ["a", "b"])


def test_a_run_whose_entry_is_gone_gives_its_slot_back_also_without_a_job_in_the_queue(few):  # noqa: F811
    run = granted(few)
    gone(few, "c")
    few.home.book.database.execute("delete from queue.procrastinate_jobs")
    few.home.clock.pass_time(BEGINS_WITHIN)
    for _ in range(3):
        few.plan()
        few.work()
    row = few.home.row(run)
    assert (row["outcome"], row["reason"].rpartition(": ")[2]) == ("voided", "no model 'c' in autopilot.yaml")
    assert training(few.home) == ["a", "b"]


@pytest.mark.parametrize("what", ["cannot be looked at", "starts nothing"])
def test_a_run_whose_pipeline_is_misconfigured_gives_its_slot_back(few, what):  # noqa: F811
    error = Misconfigured("the token is wrong")
    troubled(few, error)
    run = granted(few)
    if what == "cannot be looked at":
        few.home.pipeline.away = error
        with suppress(Misconfigured):
            few.desk().office.engine.carry_on(run)
        few.home.pipeline.away = None
    turns(few)
    assert (few.home.row(run)["outcome"], training(few.home)) == ("voided", ["a", "b"])
    assert few.home.row(run)["reason"].endswith("within 1 hour: the token is wrong")
    assert started(few) == ["b", "a"]


@pytest.mark.parametrize("error", [Misconfigured("no right to read its answer"), Unavailable("cut off")])
def test_a_job_that_may_run_keeps_its_slot_whatever_stops_its_model(few, error):  # noqa: F811
    troubled(few, error, takes=True)
    run = granted(few)
    with suppress(AutopilotError):
        few.desk().office.engine.carry_on(run)
    assert (few.home.row(run)["job"], started(few)) == (None, ["c"])
    pause(few)
    turns(few)
    turns(few)
    assert (few.home.row(run)["outcome"], training(few.home)) == (None, ["b", "c"])
    assert started(few) == ["c", "b"]


def test_a_job_that_has_ended_keeps_no_slot_while_a_pause_holds_its_run(few):  # noqa: F811
    run = granted(few)
    turns(few, ROUND)
    assert sorted(started(few)) == ["b", "c"]
    pause(few)
    turns(few)
    assert training(few.home) == ["b", "c"], "a job that trains counts, also while its model is paused"
    few.home.pipeline.end(f"c.{run}")
    turns(few, ROUND)
    assert (few.home.row(run)["challenger"], training(few.home)) == (None, ["a", "b"])
    pausing.unpause(few.home.book, Target("model", "c"), "", OTTO, few.home.clock.now())
    few.desk().office.engine.carry_on(run)
    assert (few.home.row(run)["status"], training(few.home)) == ("awaiting_approval", ["a", "b"])


def test_whoever_is_at_a_run_is_left_alone_and_who_may_not_train_ends_none(few):  # noqa: F811
    run = granted(few)
    home = few.home
    home.clock.pass_time(BEGINS_WITHIN)
    late = few.desk(["observe"]).office
    assert not lapse(late, run, home.clock.now())
    with another_carries_on(home, run):
        assert not lapse(few.desk().office, run, home.clock.now())
    assert lapse(few.desk().office, run, home.clock.now())
    assert not lapse(few.desk().office, run, home.clock.now())


def test_without_slots_a_paused_run_waits_for_as_long_as_the_pause_lasts(few):  # noqa: F811
    run = granted(few)
    pause(few)
    few.config.write_text(few.config.read_text().replace("slots: 2", "incident_from: 3"))
    turns(few)
    assert few.home.row(run)["outcome"] is None


def test_on_the_command_line_resume_gives_it_back(few, monkeypatch, capsys):  # noqa: F811
    run = granted(few)
    pause(few)
    few.home.clock.pass_time(BEGINS_WITHIN)
    office = few.desk().office
    assert act._resume_all(office, Namespace(wait=False, json=False), few.home.clock) == 0
    assert "was given back" in capsys.readouterr().out
    assert few.home.row(run)["outcome"] == "voided"
