"""A model that runs away: an alert every second, evidence that always asks to train, a training that always fails."""

from dataclasses import replace
from datetime import timedelta

import pytest

from autopilot.fleet.planner import sweep
from autopilot.fleet.screen import fleet as screen
from tests.fleet import Fleet, fleet
from tests.fleets import roster
from tests.house import DEGRADED, MODEL, FakeMonitor

OTHERS = ("churn", "credit")
HOURS = 3
STEP = timedelta(minutes=10)
LATEST = timedelta(minutes=15) + STEP
"""After its tick a model comes with its own delay, and then with the next step of this test."""
_ALERTS = """
insert into alerts (dedupe, source, model, name, detail, received_at)
select gen_random_uuid()::text, 'test', %(model)s, 'drift', '{}', %(now)s - n * interval '1 second'
from generate_series(0, %(seconds)s - 1) n
"""


@pytest.fixture
def town(home, tmp_path):
    built = fleet(home, tmp_path, *OTHERS)
    built.monitors = {name: FakeMonitor() for name in OTHERS}
    home.monitor.evidence = DEGRADED
    return built


def limited(town: Fleet, **policy) -> None:
    town.home.spec[0] = replace(town.home.spec[0], policy=replace(town.home.spec[0].policy, **policy))


def rage(town: Fleet) -> None:
    """Let hours go by in which the alert never ends and every training fails at once."""
    home = town.home
    for _ in range(HOURS * (timedelta(hours=1) // STEP)):
        now = home.clock.now()
        home.book.database.execute(_ALERTS, model=MODEL, now=now, seconds=int(STEP.total_seconds()))
        town.plan()
        sweep(town.desk())
        town.work()
        active = home.book.runs.active(MODEL)
        if active:
            home.pipeline.end(home.key(str(active["run"])), "failed", "no rows")
            home.book.queue.wake(str(active["run"]))
            town.work()
        home.wait(STEP)


@pytest.mark.parametrize(
    ("policy", "rule"),
    [
        ({"breaker_after": 3}, "circuit_breaker"),
        ({"breaker_after": 100, "retrains_per_week": 3}, "retrains_per_week"),
    ],
)
def test_what_runs_away_is_bounded_and_the_rest_is_on_time(town, policy, rule):
    home, began = town.home, town.home.clock.now()
    limited(town, **policy)
    rage(town)
    assert len(home.pipeline.starts) == 3
    assert town.broken == []
    outcomes = [row["outcome"] for row in home.book.runs.recent(MODEL, 1000)]
    assert set(outcomes) == {"failed", "waiting"}
    assert outcomes.count("failed") == 3
    assert len(outcomes) <= HOURS * (timedelta(hours=1) // STEP) * 2
    assert home.book.alerts.waiting() == []
    rows = {each["model"]: each for each in screen(home.book, roster(home.spec[0]), home.clock.now())["models"]}
    row = rows[MODEL]
    assert (row["states"], row["blocked_by"]) == (["blocked"], rule)
    assert lines(town) == 0
    for name in OTHERS:
        on_time(town, name, began)


def lines(town: Fleet) -> int:
    """Count what people were told: nothing asks for an answer, so the one line of `status` is all there is."""
    row = town.home.book.database.row("select (select count(*) from views) + (select count(*) from lines) as found")
    assert row
    return int(row["found"])


def on_time(town: Fleet, name: str, began) -> None:
    """Every tick led to one decision, and soon."""
    hour = timedelta(hours=1)
    times = sorted(row["started_at"] for row in town.home.book.runs.recent(name, 1000))
    ended = began + HOURS * hour
    # A new model is checked at once; then for every tick that came while the hours went by.
    ticks = [began.replace(minute=0, second=0) + n * hour for n in range(1, HOURS + 2)]
    ticks = [tick for tick in ticks if began < tick < ended]
    later = times[1:]
    due = [tick for tick in ticks if tick + LATEST <= ended]
    assert len(due) <= len(later) <= len(ticks)
    assert all(tick <= at <= tick + LATEST for tick, at in zip(ticks, later, strict=False))
