"""All rows since a moment beside the reference, in one value."""

from dataclasses import replace

import numpy as np
import pytest

from graph.codec import dump, load
from graph.evidence import FeatureSince, LookBack
from tests.unit.tools.monitors.logs import FEATURES, ROWS, World, day, rows_of


@pytest.fixture
def world(tmp_path):
    return World(tmp_path, days=16)


def looked(world: World, start: float = 12, now: float = 16) -> LookBack:
    found = world.monitor.look_back(day(start), day(now))
    assert found
    return found


def feature(found: LookBack, name: str) -> FeatureSince:
    return next(each for each in found.features if each.name == name)


def known(value: float | None) -> float:
    assert value is not None
    return value


def test_all_rows_since_then_and_nothing_moved(world):
    found = looked(world)
    assert (found.start, found.end, found.rows) == (day(12), day(16), 4 * ROWS)
    assert tuple(each.name for each in found.features) == FEATURES
    assert all(known(each.psi) < known(each.psi_noise) for each in found.features)
    assert found.rows_before == 4 * ROWS
    assert all(known(each.psi_before) < known(each.psi_noise_before) for each in found.features)
    assert [(ref.start, ref.end) for ref in found.windows] == [(day(each), day(each + 1)) for each in range(12, 16)]
    assert load(LookBack, dump(found)) == found


def test_it_is_the_same_whether_checks_have_counted_the_days_or_not(world, tmp_path):
    for now in range(13, 17):
        world.monitor.measure("1", day(now))
    counted = looked(world)
    fresh = looked(replace(world, store=type(world.store)()))
    assert fresh.features == counted.features


def test_what_one_day_holds_too_few_rows_for_shows_in_four(world):
    # Few values other than 0 in each day, and from day 12 on of another size.
    for number in range(16):
        rare = np.random.default_rng(number).random(ROWS) < 0.15
        size = 20.0 if number >= 12 else 1.0
        world.write(number, {"amount": np.where(rare, rows_of(number)["amount"] * size, 0.0)})
    found = feature(looked(world), "amount")
    assert known(found.resized) > max(0.4, 3 * known(found.resized_noise))


def test_a_column_that_belongs_to_other_rows_no_longer_follows_them(world):
    for number in range(16):
        rows = rows_of(number)
        visits = np.round(np.log(rows["amount"]) * 3)
        world.write(number, {"visits": np.roll(visits, 7) if number >= 12 else visits})
    found = feature(looked(world), "visits")
    assert known(found.psi) < known(found.psi_noise)
    assert known(found.slope) < 0.2 < 0.8 < known(found.slope_before)
    assert known(found.slope_sigmas) < -10


def test_days_that_are_set_aside_are_left_out(world):
    world.write(13, {"amount": [1e9] * ROWS})
    aside = [ref for ref in looked(world).windows if ref.start == day(13)]
    world.store.quarantine("shop", aside)
    found = looked(world)
    assert found.rows == 3 * ROWS
    assert known(feature(found, "amount").high) < 1e9
    assert day(13) not in [ref.start for ref in found.windows]


def test_only_days_that_are_over_count(world):
    assert looked(world, 12.5, 15.5).rows == 3 * ROWS


@pytest.mark.parametrize(("start", "now"), [(16.2, 16.4), (3, 5)])
def test_nothing_to_look_at_is_none(world, start, now):
    """No day is over since then; the reference is not over yet."""
    assert world.monitor.look_back(day(start), day(now)) is None
