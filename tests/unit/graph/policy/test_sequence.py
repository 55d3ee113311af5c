"""The sequential test: it keeps still without harm, wakes up soon after it, and knows when it began."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from graph.evidence import HarmWindow
from graph.policy.sequence import Tolerance, follow

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
NONE = Tolerance(0.0, 0.0)
ROWS, Q = 400, 0.2
VARIANCE = ROWS * Q * (1 - Q)


def window(day: int, wrong: float, brier: float = 0.0, rows: int = ROWS) -> HarmWindow:
    at = START + day * DAY
    return HarmWindow(at, at + DAY, rows, brier, VARIANCE / 3, 0, wrong, VARIANCE)


def noise(days: int, seed: int, spread: float = 1.0, per_row: float = 0.0, first: int = 0) -> list[HarmWindow]:
    draw = random.Random(seed)
    deviation = (spread * VARIANCE) ** 0.5
    return [
        window(first + day, draw.gauss(per_row * ROWS, deviation), draw.gauss(per_row * ROWS, deviation / 3**0.5))
        for day in range(days)
    ]


def test_nothing_seen_is_no_harm():
    assert not follow([], NONE).alarm
    assert follow([], NONE).since is None
    assert follow([window(0, 0.0, rows=0)], NONE).windows == 0


def test_without_harm_it_keeps_still():
    """Two thousand windows to a false alarm, on average: among thirty streams of a hundred, hardly any has one."""
    alarmed = sum(any(follow(noise(100, seed)[:n], NONE).alarm for n in range(10, 101, 10)) for seed in range(30))
    assert alarmed <= 3


@pytest.mark.parametrize(("per_row", "within"), [(0.15, 2), (0.08, 5), (0.04, 20)])
def test_harm_is_seen_the_sooner_the_larger_it_is(per_row, within):
    quiet = noise(30, 1)
    harmed = noise(40, 2, per_row=per_row, first=30)
    seen = next(n for n in range(1, 41) if follow([*quiet, *harmed[:n]], NONE).alarm)
    assert seen <= within


def test_it_knows_when_the_harm_began():
    seen = follow([*noise(30, 1), *noise(6, 2, per_row=0.08, first=30)], NONE)
    assert seen.since is not None
    assert abs(seen.since - (START + 30 * DAY)) <= 2 * DAY
    assert seen.wrong_rate == pytest.approx(0.08, abs=0.03)
    assert seen.rows == seen.windows * ROWS


def test_what_is_tolerated_is_no_harm():
    harmed = noise(60, 3, per_row=0.02)
    assert follow(harmed, NONE).alarm
    assert not follow(harmed, Tolerance(0.04, 0.04)).alarm


def test_windows_that_differ_for_no_reason_are_taken_as_they_are():
    """A stream whose windows spread five times wider than rows explain is not harmed by its own spread."""
    wide = [follow(noise(60, seed, spread=25.0), NONE) for seed in range(10)]
    assert all(seen.spread > 5 for seen in wide)
    assert sum(seen.alarm for seen in wide) <= 1


def test_an_alarm_ends_with_the_harm():
    over = [*noise(20, 1, per_row=0.08), window(20, -20.0, -20.0)]
    assert follow(over[:-1], NONE).alarm
    assert not follow(over, NONE).alarm


def test_wrong_decisions_alone_are_enough():
    """Brier excess is blind where scores are near one half."""
    assert follow([window(day, 30.0) for day in range(4)], NONE).alarm


def test_the_same_windows_give_the_same_test():
    windows = noise(50, 7, per_row=0.03)
    assert follow(windows, NONE) == follow(list(windows), NONE)
