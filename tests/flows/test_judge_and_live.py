"""The pipe and a live run decide by the same functions: the same evidence gives the same record."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from autopilot.judge.engineer import Engineer
from autopilot.judge.pipe import Pipe
from autopilot.judge.start import TICK, read_start, time_of
from graph.codec import canonical, dump
from tests.house import House
from tests.unit.autopilot.judge_world import World
from tests.unit.graph.policy.builders import SPEC


def cents(tick, x, y):
    if tick >= 8:
        x[:, 0] *= 100


def inverted(tick, x, y):
    if tick >= 8:
        y[:] = 1 - y


def nothing(tick, x, y):
    pass


@pytest.mark.parametrize(
    ("spoil", "turn", "action"),
    [(nothing, None, "none"), (cents, None, "fix_data"), (inverted, None, "fix_data"), (nothing, 8, "retrain")],
)
def test_the_same_evidence_gives_the_same_record(home: House, tmp_path, spoil, turn, action):
    world = World(tmp_path, 20, spoil, turn=turn, champion="1")
    engineer = Engineer(read_start(json.loads(world.readline())), Pipe(world, world))
    record: dict[str, Any] = {}
    while world.lines and record.get("decision", {}).get("action") != action:
        message = json.loads(world.readline())
        assert message["type"] == "tick"
        record = engineer.tick(message)
        if action == "none" and record["t"] < 12:
            record = {}
        world.write(json.dumps({"type": "done", "record": record}))

    assert engineer.evidence is not None
    home.spec[0] = replace(engineer.start.spec, registry=SPEC.registry)
    home.clock.pass_time(time_of(record["t"] + 1) - home.clock.now())
    home.monitor.evidence = engineer.evidence
    run = home.engine.run(home.spec[0].name)

    assert home.clock.now() - time_of(record["t"]) == TICK == timedelta(days=1)
    assert record["decision"]["action"] == action
    assert canonical(dump(home.book.decision(run))) == canonical(record["decision"])
