"""A fleet over thirty days: how many of all retrains were for nothing, with and without what is asked of the fleet."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from graph.evidence import HarmWindow
from graph.fleet import Begun, Claim, Want
from graph.policy import slots
from graph.policy.sequence import Sequential, Tolerance, along
from graph.spec import FleetSpec
from tests.unit.graph.policy.builders import DAY, NOW

UNDRIFTED, DRIFTED, DAYS = 1000, 50, 30
BEFORE = 12
"""Days that each model was watched before."""
SPREAD = 2.0
"""Variance between windows, as a multiple of what rows explain: real ones are as wide."""
ROWS, WRONG = 400, 0.1
VARIANCE = ROWS * WRONG * (1 - WRONG)
LEVEL = 0.1
NONE = Tolerance(0.0, 0.0)


@dataclass(frozen=True)
class Retrain:
    """One training of the month."""

    model: str
    day: int

    @property
    def for_nothing(self) -> bool:
        return self.model.startswith("sound")


def stream(seed: int, harm: float) -> Iterator[HarmWindow]:
    """Yield a window a day: noise wider than rows explain, and from the tenth day on as much harm per row."""
    draw, deviation = random.Random(seed), (SPREAD * VARIANCE) ** 0.5
    for day in range(-BEFORE, DAYS):
        excess = (harm if day >= 10 else 0.0) * ROWS
        start = NOW + day * DAY
        wrong, brier = draw.gauss(excess, deviation), draw.gauss(excess, deviation / 3**0.5)
        yield HarmWindow(start, start + DAY, ROWS, brier, VARIANCE / 3, 0, wrong, VARIANCE)


def courses(seed: int) -> dict[str, list[Sequential]]:
    """Return where each model's test stands after each day."""
    draw = random.Random(seed)
    models = {f"sound-{n}": 0.0 for n in range(UNDRIFTED)}
    models |= {f"drifted-{n}": draw.uniform(0.03, 0.1) for n in range(DRIFTED)}
    return {
        name: list(along(list(stream(seed * 10_000 + n, harm)), NONE))[BEFORE:]
        for n, (name, harm) in enumerate(models.items())
    }


def month(tests: dict[str, list[Sequential]], fleet: FleetSpec | None) -> list[Retrain]:
    """Return who was retrained on which day, each model once; without a fleet, by its own alarm alone."""
    begun: list[Begun] = []
    done: list[Retrain] = []
    for day in range(DAYS):
        now = NOW + (day + 1) * DAY
        left = {name: course[day] for name, course in tests.items() if name not in {each.model for each in done}}
        claims = [_claim(name, seen, day, now) for name, seen in left.items() if seen.alarm]
        names = [each.model for each in claims] if fleet is None else slots.called(claims, (), begun, fleet, now)
        wants = {each.model: each.want.log_e for each in claims}
        begun += [Begun(name, now, wants[name]) for name in names]
        done += [Retrain(name, day) for name in names]
    return done


def _claim(name, seen, day, now):
    wanted = Want("loss", seen.wrong_rate, log_e=slots.log_e_value(seen, BEFORE + day + 1))
    return Claim(name, name, now, now, timedelta(days=2), wanted)


@pytest.fixture(scope="module")
def tests():
    return courses(2)


def share(done: list[Retrain]) -> float:
    return sum(each.for_nothing for each in done) / len(done)


def test_no_more_retrains_are_for_nothing_than_was_chosen(tests):
    assert share(month(tests, None)) > LEVEL, "else nothing is shown: each model's own alarm would be enough"
    done = month(tests, FleetSpec(None, LEVEL, UNDRIFTED + DRIFTED))
    assert share(done) <= LEVEL
    assert sum(not each.for_nothing for each in done) == DRIFTED


def test_a_lower_level_costs_days_and_not_the_cure(tests):
    strict = month(tests, FleetSpec(None, LEVEL / 100, UNDRIFTED + DRIFTED))
    usual = month(tests, FleetSpec(None, LEVEL, UNDRIFTED + DRIFTED))
    assert (needed(strict)[0], needed(usual)[0]) == (DRIFTED, DRIFTED)
    assert needed(strict)[1] > needed(usual)[1]
    assert len(strict) < len(usual)


def needed(done: list[Retrain]) -> tuple[int, int]:
    """Return how many drifted models were retrained, and the sum of their days."""
    days = [each.day for each in done if not each.for_nothing]
    return len(days), sum(days)
