"""Whatever happened to a model: its policy, replayed, goes the same way again."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from autopilot.backtest import record
from autopilot.backtest.document import document
from autopilot.backtest.replay import replay
from graph.errors import AutopilotError
from tests.fakes.evaluator import measured
from tests.house import BROKEN, DEGRADED, HEALTHY, MODEL, House
from tests.unit.graph.policy.builders import AMOUNT, MERCHANT, SPEC

STEPS = 30
DRIFTED = replace(HEALTHY, features=(replace(AMOUNT, psi=0.2), MERCHANT))
SEEN = (HEALTHY, DEGRADED, DEGRADED, DEGRADED, BROKEN, DRIFTED)
MEASURED = (measured(), measured(gain=-0.05), measured(gain=0.01, spread=0.05))
SAME = ("actions", "trainings", "judged_again", "promotions", "promotions_unknown", "questions", "parting")
POLICIES = (
    {"breaker_after": 50},
    {"cooldown": timedelta(days=2), "retrains_per_week": 1},
    {"max_drift": 0.1, "breaker_after": 2},
)


def acted(home: House, choose: random.Random) -> None:
    """Let a person, a job or a check do the next thing."""
    active = home.book.runs.active(MODEL)
    run = str(active["run"]) if active else ""
    waits = {"training": lambda: home.trained(run), "awaiting_approval": lambda: answered(home, run, choose)}
    doings: list[Callable[[], object]] = [
        lambda: home.engine.run(MODEL),
        lambda: home.engine.run(MODEL),
        waits.get(active["status"], lambda: None) if active else lambda: home.engine.run(MODEL),
        lambda: home.engine.reply(MODEL, choose.random() < 0.5, "ana", None, ""),
        lambda: home.engine.cancel(run, "ben") if run else home.engine.rollback(MODEL, "ben"),
    ]
    with suppress(AutopilotError):  # nothing to answer, nothing to go back to
        choose.choices(doings, (4, 4, 6, 2, 1))[0]()


def answered(home: House, run: str, choose: random.Random) -> None:
    home.say(run, choose.choice(("approve", "approve", "deny")))


@pytest.mark.parametrize("seed", range(3))
def test_the_same_policy_goes_the_same_way(home: House, seed: int):
    choose = random.Random(seed)
    spec = home.spec[0] = replace(home.spec[0], policy=replace(home.spec[0].policy, **POLICIES[seed]))
    for _ in range(STEPS):
        home.clock.pass_time(timedelta(hours=choose.choice((1, 7, 26, 80)), seconds=10 * choose.random()))
        home.monitor.evidence = choose.choice(SEEN)
        home.evaluator.answers = [choose.choice(MEASURED)]
        acted(home, choose)
    found = replay(
        record.read(home.book, MODEL, SPEC.registry), {"present": spec}, lambda run: record.evidence(home.book, run)
    )
    assert found.changed == ()
    assert [step.decision for step in found.steps["present"]] == [step.decision for step in found.steps["recorded"]]
    recorded, present = document(MODEL, found, {})["policies"]
    assert {name: present[name] for name in SAME} == {name: recorded[name] for name in SAME}
    assert recorded["trainings"]
