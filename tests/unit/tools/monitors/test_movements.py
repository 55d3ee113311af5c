"""What a check says of movement and of performance without labels: over its window, and over the week behind it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from graph.codec import canonical, dump, load
from graph.evidence import Evidence, FeatureEvidence, WindowRef
from tests.unit.tools.monitors.logs import REFERENCE_DAYS, ROWS, World, day, rows_of
from tools.monitors.movements import longer
from tools.monitors.reference_nulls import ReferenceNulls
from tools.profile.significance import Null

WEEK = 168.0


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def checks(world: World, first: int, last: int) -> Iterator[Evidence]:
    """Check once a day, an hour after midnight."""
    for number in range(first, last):
        yield world.monitor.measure("1", day(number + 1 / 24))


def feature(evidence: Evidence, name: str = "amount") -> FeatureEvidence:
    return next(each for each in evidence.features if each.name == name)


def shift_p(evidence: Evidence, name: str, stretch: int) -> float:
    p = feature(evidence, name).movements[stretch].shift_p
    assert p is not None
    return p


def nulls(world: World) -> list[ReferenceNulls]:
    return [load(ReferenceNulls, held) for (_, name), held in world.store.profiles.items() if name.startswith("nulls#")]


def test_a_window_is_looked_at_by_itself_until_its_week_is_known(world: World):
    hours = [[each.hours for each in feature(found).movements] for found in checks(world, 11, 20)]
    assert hours == [[24.0]] * 6 + [[24.0, WEEK]] * 3


def test_the_week_is_the_sum_of_its_days(world: World):
    *_, last = checks(world, 11, 18)
    window, week = feature(last).movements
    assert (window.rows, week.rows) == (ROWS, 7 * ROWS)
    assert window.detectable_psi is not None and week.detectable_psi is not None
    assert week.detectable_psi < window.detectable_psi / 2
    assert last.windows_per_month == 30.0


def test_days_that_nobody_asked_about_are_not_read_for_the_week(world: World):
    (found,) = checks(world, 18, 19)
    assert len(feature(found).movements) == 1
    (world.folder / "log" / "12.parquet").unlink()
    (again,) = checks(world, 18, 19)
    assert again.features == found.features


def test_a_quarantined_day_is_left_out_of_the_week(world: World):
    list(checks(world, 11, 17))
    world.store.quarantine("shop", [WindowRef("features", day(13), day(14), 1, ROWS)])
    (last,) = checks(world, 17, 18)
    assert [each.rows for each in feature(last).movements] == [ROWS, 6 * ROWS]


def test_a_small_shift_is_seen_by_the_week(world: World):
    for number in range(10, 18):
        world.write(number, {"amount": np.random.default_rng(number).lognormal(3.3, 1, ROWS)})
    *_, last = checks(world, 11, 18)
    assert shift_p(last, "amount", 1) < 1e-6 < shift_p(last, "amount", 0)
    assert shift_p(last, "visits", 1) > 0.001


def test_the_reference_is_asked_once_how_far_its_windows_wander(world: World):
    list(checks(world, 11, 13))
    (found,) = nulls(world)
    assert set(found.window) == set(found.longer) == {"amount", "visits", "word"}
    assert found.window["amount"].level < 1.5
    # A week is borrowed from the days: ten days hold one.
    assert found.longer == found.window


def test_a_reference_of_few_windows_is_taken_for_chance(world: World):
    world.settings = {"reference": (day(0), day(7))}
    list(checks(world, 11, 12))
    assert nulls(world) == [ReferenceNulls({}, {})]


def test_a_reference_whose_days_differ_allows_for_days_that_differ(world: World):
    for number in range(20):
        shift = 0.6 * (-1) ** number
        world.write(number, {"amount": np.random.default_rng(number).lognormal(3 + shift, 1, ROWS)})
    (found,) = checks(world, 12, 13)
    assert nulls(world)[0].window["amount"].level > 2
    assert shift_p(found, "amount", 0) > 1e-3
    assert (feature(found).psi or 0.0) > (feature(found).psi_noise or 0.0)


def test_hours_look_back_over_a_day(world: World):
    world.settings = {"window": timedelta(hours=6)}
    for hour in range(0, 30, 6):
        found = world.monitor.measure("1", day(12) + timedelta(hours=hour))
    assert [each.hours for each in feature(found).movements] == [6.0, 24.0]
    assert found.windows_per_month == 120.0
    assert nulls(world)[0].longer != nulls(world)[0].window


@pytest.mark.parametrize(
    ("window", "behind"),
    [
        (timedelta(minutes=15), timedelta(days=1)),
        (timedelta(hours=23), timedelta(days=1)),
        (timedelta(days=1), timedelta(days=7)),
        (timedelta(days=7), None),
        (timedelta(days=30), None),
    ],
)
def test_how_far_a_check_looks_back(window: timedelta, behind: timedelta | None):
    assert longer(window) == behind


def test_without_a_reference_nothing_moved(world: World):
    world.settings = {"reference": (day(-20), day(-10))}
    (found,) = checks(world, 12, 13)
    assert (found.features, nulls(world)) == ((), [])


def test_nulls_survive_the_store():
    found = ReferenceNulls({"x": Null(1.2, 3.4, 1.5, 0.1, 0.0)}, {})
    assert load(ReferenceNulls, dump(found)) == found


def test_performance_is_estimated_on_the_newest_rows(world: World):
    (found,) = checks(world, 15, 16)
    estimate = found.estimate
    assert estimate is not None and estimate.roc_auc is not None
    assert (estimate.start, estimate.end, estimate.rows) == (day(14), day(15), ROWS)
    # The labels of the day that are complete: the one before the delay of two days.
    assert estimate.held_against == ROWS
    assert estimate.contradiction_p is not None and estimate.contradiction_p > 0.001
    assert 0.6 < estimate.roc_auc.low < estimate.roc_auc.high < 0.95


def test_the_estimate_stands_alone_where_labels_stopped(world: World):
    for number in range(11, 20):
        (world.folder / "labels" / f"{number:02}.parquet").unlink()
    (found,) = checks(world, 16, 17)
    assert found.labels is not None and found.labels.labelled == 0
    assert found.estimate is not None
    assert (found.estimate.held_against, found.estimate.contradiction_p) == (0, None)


def test_labels_that_say_otherwise_contradict_it(world: World):
    world.write(12, {"label": (rows_of(12)["score"] < 0.2).astype(np.int64)})
    (found,) = checks(world, 15, 16)
    assert found.estimate is not None and found.estimate.contradiction_p is not None
    assert found.estimate.contradiction_p < 1e-6


def test_without_a_champion_nothing_is_estimated(world: World):
    assert world.monitor.measure(None, day(15)).estimate is None
    assert world.monitor.measure("2", day(15)).estimate is None


def test_the_same_log_gives_the_same_bytes(world: World):
    *_, first = checks(world, 11, 18)
    world.store = type(world.store)()
    *_, second = checks(world, 11, 18)
    assert canonical(dump(first)) == canonical(dump(second))
    assert replace(first, windows=()).reference_rows == REFERENCE_DAYS * ROWS
