"""More models want a training than slots are free: who begins, what the others are told, and when it is their turn."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from autopilot.backtest import record
from autopilot.backtest.replay import replay
from autopilot.fleet import pausing
from autopilot.fleet.pausing import Target, Who
from autopilot.fleet.roster import Entry, Roster
from graph.errors import Misconfigured, Unavailable
from graph.evidence import Interval
from graph.policy.slots import ROUND
from graph.spec import FleetSpec
from tests.fleet import Fleet, Troubled, fleet, raising
from tests.house import DEGRADED, HEALTHY, MODEL, FakeMonitor

HOUR = timedelta(hours=1)
SLOTS = 5
MANY = tuple(f"m{number:02d}" for number in range(39))


def degraded(worth: float) -> FakeMonitor:
    """A monitor of a model that loses so much, in ten thousandths per row."""
    assert DEGRADED.labels
    labels = replace(DEGRADED.labels, brier_excess=Interval(worth / 1e4, worth / 2e4, worth / 5e3))
    return FakeMonitor(replace(DEGRADED, labels=labels))


def town(home, tmp_path, *names: str, slots: int = SLOTS) -> Fleet:
    """A fleet with so many slots, in which every model degrades: the later its name comes, the more."""
    built = fleet(home, tmp_path, *names)
    built.config.write_text(f"fleet: {{slots: {slots}}}\n{built.config.read_text()}")
    home.spec[0] = replace(home.spec[0], fleet=FleetSpec(slots, 0.1, len(names) + 1))
    built.monitors = {name: degraded(100.0 + at) for at, name in enumerate((MODEL, *names))}
    return built


def turn(built: Fleet, after: timedelta = timedelta(0)) -> None:
    built.home.clock.pass_time(after)
    built.plan()
    built.work()
    assert built.broken == []


def training(home) -> list[str]:
    found: list[str] = home.book.line.in_use()
    return found


def slot_rule(home, model: str):
    run = str(home.book.runs.recent(model, 1)[0]["run"])
    return home.row(run), next(rule for rule in home.book.decision(run).rules if rule.rule == "slots")


@pytest.fixture
def few(home, tmp_path):
    return town(home, tmp_path, "a", "b", "c", slots=2)


def test_forty_models_and_five_slots(home, tmp_path):
    every = town(home, tmp_path, *MANY)
    turn(every)
    assert training(home) == [], "whoever asks first takes nothing before the others have asked"
    assert len(home.book.line._all()) == 40
    turn(every, ROUND)
    best = sorted(MANY)[-SLOTS:]
    assert training(home) == best
    grants = home.book.database.rows("select model from grants order by at, run")
    assert sorted(row["model"] for row in grants) == best
    turn(every, ROUND)
    turn(every, HOUR)
    assert (training(home), len(home.pipeline.starts)) == (best, SLOTS)
    waiting = [name for name in (MODEL, *MANY) if name not in best]
    places = {}
    for name in waiting:
        row, rule = slot_rule(home, name)
        assert (row["action"], row["outcome"], rule.outcome, rule.limit) == ("wait", "waiting", "blocked", 0)
        assert f"waiting for a slot: 5 of 5 in use by {', '.join(best)}; " in row["reason"]
        assert "of 35 in line, because its unexplained loss is" in row["reason"]
        places[rule.value] = name
    assert [places[number] for number in range(1, 36)] == [*sorted(waiting[1:], reverse=True), MODEL]
    assert home.book.fleet.screen().rows[MODEL]["blocked_by"] == "slots"


def test_the_best_begin_in_their_order_and_a_free_slot_goes_to_the_next(few):
    home = few.home
    turn(few)
    turn(few, ROUND)
    assert training(home) == ["b", "c"]
    run = str(home.book.runs.active("c")["run"])
    home.pipeline.end(f"c.{run}")
    home.engine.carry_on(run)
    assert home.row(run)["status"] == "awaiting_approval"
    assert training(home) == ["b"], "who waits for a person trains no more"
    turn(few)
    assert training(home) == ["a", "b"]
    turn(few)
    assert len(home.pipeline.starts) == 3


def test_a_model_that_recovers_leaves_the_line(few):
    turn(few)
    few.monitors["c"].evidence = HEALTHY
    turn(few, ROUND)
    turn(few)
    assert training(few.home) == ["a", "b"]
    assert [each.model for each in few.home.book.line._all()] == [MODEL]


@pytest.mark.parametrize("error", [Unavailable("away"), Misconfigured("wrong"), KeyError("a defect")])
def test_a_model_that_cannot_be_looked_at_keeps_no_slot_from_others(few, error):
    turn(few)
    few.monitors["c"] = Troubled(raising(error))
    turn(few, ROUND)
    turn(few)
    assert training(few.home) == ["a", "b"]


def test_a_wish_that_no_check_repeats_is_gone(few):
    turn(few)
    few.home.clock.pass_time(timedelta(days=2))
    assert few.home.book.line.called(FleetSpec(2, 0.1, 4), few.home.clock.now()) == {}


def test_a_paused_model_keeps_no_slot_from_others(few):
    turn(few)
    roster = Roster({"c": Entry()})
    pausing.pause(few.home.book, roster, Target("model", "c"), "why", Who("otto", "root"), few.home.clock.now())
    turn(few, ROUND)
    assert training(few.home) == ["a", "b"]


def test_a_shadowed_model_and_one_that_is_judged_again_take_no_slot(few):
    few.home.spec[0] = replace(few.home.spec[0], policy=replace(few.home.spec[0].policy, mode="shadow"))
    turn(few)
    assert few.home.book.line._all() == []
    assert few.home.row(str(few.home.book.runs.recent("c", 1)[0]["run"]))["outcome"] == "shadowed"


def test_without_a_worker_whoever_runs_it_by_hand_stands_in_the_same_line(few):
    home = few.home
    home.monitor.evidence = DEGRADED
    home.clock.pass_time(timedelta(0))
    first = home.engine.run(MODEL)
    assert home.row(first)["outcome"] == "waiting"
    assert "given from 2026-03-01T10:45:00Z on, when the others of its round have asked" in home.row(first)["reason"]
    home.clock.pass_time(ROUND)
    assert home.row(home.engine.run(MODEL))["status"] == "training"


def test_never_more_than_there_are_slots_however_many_ask_at_once(few):
    home = few.home
    turn(few)
    home.clock.pass_time(ROUND)
    engine = few.desk().office.engine
    both = threading.Barrier(4)

    def ask(name):
        both.wait()
        engine.run(name)

    threads = [threading.Thread(target=ask, args=(name,)) for name in (MODEL, "a", "b", "c")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert training(home) == ["b", "c"]
    assert len(home.pipeline.starts) == 2


def test_a_check_that_died_after_it_was_granted_a_slot_keeps_it_and_no_other_gets_it(few):
    home = few.home
    turn(few)
    home.clock.pass_time(ROUND)
    home.book.boundary = home.book.effects._boundary = dies_at("slot.granted")
    engine = few.desk().office.engine
    with pytest.raises(ZeroDivisionError):
        engine.run("c")
    home.book.boundary = home.book.effects._boundary = lambda _: None
    run = str(home.book.runs.recent("c", 1)[0]["run"])
    assert (home.row(run)["action"], training(home)) == (None, ["c"])
    for name in ("a", "b"):
        engine.run(name)
    assert training(home) == ["b", "c"]
    engine.carry_on(run)
    assert (home.row(run)["action"], training(home)) == ("retrain", ["b", "c"])


def dies_at(boundary):
    def die(reached):
        if reached == boundary:
            raise ZeroDivisionError(reached)

    return die


def test_what_stood_in_line_replays_as_it_was_decided(few):
    home = few.home
    turn(few)
    turn(few, ROUND)
    turn(few, HOUR)
    for name in ("b", "a"):
        stored = record.read(home.book, name, home.spec[0].registry)
        assert [each.decision.place is None for each in stored.checks] == (
            [False] * 2 if name == "a" else [False, False, True]
        )
        assert replay(stored, {}, home.book.decisions.evidence).changed == ()
