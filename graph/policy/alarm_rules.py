"""Which features moved beyond the budget of false alarms. It explains and never decides: `max_drift` is what acts.

The budget is the owner's `false_alarms_per_month`, for all features and checks together. It is split evenly over the
stretches of time that are looked at, then over the windows that close in a month, and inside one look by Holm.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from graph.evidence import FeatureEvidence, Movement
from graph.model import Blame
from graph.policy.case import Case
from graph.policy.rules import Finding, Step
from graph.policy.words import finite, number, percent, plural, span

Blamed = tuple[Blame, ...]

LEAST_SURE = 0.05
"""However large the budget: what chance would show in one look of twenty is no alarm."""
MOST_NAMED = 5
FEW_ROWS_PSI = 0.04
"""A look that misses shifts above this, 0.2 standard deviations, says so instead of "nothing moved"."""


@dataclass(frozen=True, slots=True)
class Test:
    """One question about one feature over one stretch of time."""

    feature: FeatureEvidence
    movement: Movement
    what: str
    p: float


@dataclass(frozen=True, slots=True)
class Alarm:
    """A feature that moved, by the test that chance explains least."""

    test: Test
    p: float
    """As one test of many in one look."""
    chance: float
    """How often a month chance would show as much anywhere."""


def alarms(case: Case) -> tuple[Alarm, ...]:
    """Return the features that moved beyond the budget, each once, what chance explains least first."""
    budget = case.policy.false_alarms_per_month
    beyond = [found for found in _expected(case) if found.chance <= budget and found.p <= LEAST_SURE]
    beyond.sort(key=lambda found: (found.chance, -_effect(found.test), found.test.feature.name))
    first: dict[str, Alarm] = {}
    for found in beyond:
        first.setdefault(found.test.feature.name, found)
    return tuple(first.values())


def _expected(case: Case) -> list[Alarm]:
    """Return every test with how often a month chance would show as much, by Holm within each look."""
    looks: dict[float, list[Test]] = {}
    for feature in case.evidence.features:
        for movement in feature.movements:
            looks.setdefault(movement.hours, []).extend(_tests(feature, movement))
    # At least once: without a measured pace every test would be free.
    often = max(1.0, case.evidence.windows_per_month) * len(looks)
    return [Alarm(test, adjusted, adjusted * often) for tests in looks.values() for test, adjusted in _holm(tests)]


def _holm(tests: list[Test]) -> Iterator[tuple[Test, float]]:
    """Yield each test with the p-value that it has as one of many."""
    largest = 0.0
    for place, test in enumerate(sorted(tests, key=lambda each: (each.p, each.feature.name, each.what))):
        largest = max(largest, min(1.0, test.p * (len(tests) - place)))
        yield test, largest


def _tests(feature: FeatureEvidence, movement: Movement) -> Iterator[Test]:
    asked = {
        "shift": movement.shift_p,
        "nulls": movement.null_p,
        "nans": movement.nan_p,
        "strange": movement.strange_p,
    }
    for what, p in asked.items():
        if finite(p) is not None:
            yield Test(feature, movement, what, p or 0.0)


def _effect(test: Test) -> float:
    """Return how large the movement is: PSI, or a share of rows."""
    movement = test.movement
    if test.what == "shift":
        return finite(movement.psi) or 0.0
    count = {"nulls": movement.nulls, "nans": movement.nans, "strange": movement.strange}[test.what]
    return count / movement.rows if movement.rows else 0.0


def features_moved(case: Case) -> Finding[Blamed]:
    """Block when a feature moved beyond the budget; the value is how often a month chance would show as much.

    No value: no feature could be compared with its reference.
    """
    found, limit = alarms(case), case.policy.false_alarms_per_month
    if found:
        blame = tuple(Blame(each.test.feature.name, _words(each.test), round(_effect(each.test), 6)) for each in found)
        named = "; ".join(f"{seen.feature}: {seen.detail}" for seen in blame[:MOST_NAMED])
        more = f"; and {plural(len(blame) - MOST_NAMED, 'more feature')}" if len(blame) > MOST_NAMED else ""
        return Finding(found[0].chance, limit, f"{named}{more}", blame)
    expected = _expected(case)
    if not expected:
        return Finding(limit=limit)
    return Finding(min(each.chance for each in expected), limit, _unseen(case))


def _words(test: Test) -> str:
    movement, over = test.movement, f"over {span(timedelta(hours=test.movement.hours))}"
    share = percent(_effect(test))
    if test.what == "shift":
        noise = finite(movement.psi_noise)
        beside = f", noise {number(noise)}" if noise is not None else ""
        return f"PSI {number(_effect(test))}{beside} {over}"
    if test.what == "strange":
        known = "categories the reference never saw" if test.feature.kind == "categorical" else "no value of its range"
        return f"{share} of rows hold {known} {over}"
    fault = "null" if test.what == "nulls" else "NaN"
    return f"{share} of rows are {fault}, {percent(test.feature.reference_null_share)} missing before, {over}"


def _unseen(case: Case) -> str:
    """Say what the best look at each feature would have missed, where that is much."""
    blind = []
    for feature in case.evidence.features:
        seen = [each for movement in feature.movements if (each := finite(movement.detectable_psi)) is not None]
        if seen and min(seen) > FEW_ROWS_PSI:
            blind.append((min(seen), feature.name, feature.kind))
    if not blind:
        return ""
    worst, name, kind = max(blind)
    means = f" ({number(math.sqrt(worst))} standard deviations)" if kind == "numeric" else ""
    others = f", and {plural(len(blind) - 1, 'more feature')} like it" if len(blind) > 1 else ""
    return f"too few rows to call that no drift: {name} could only show shifts above PSI {number(worst)}{means}{others}"


ALARM_RULES = (Step("features_moved", features_moved),)
