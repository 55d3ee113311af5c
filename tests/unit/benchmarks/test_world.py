"""The world keeps to the protocol: what it serves, repairs, delivers and bills."""

import numpy as np
import pytest

from benchmarks.decide.plan import Bug
from benchmarks.decide.world import Misuse, World
from tests.unit.benchmarks.streams import DELAY, ROWS, tiny

DATA = Bug("data", 10, lambda x, y, random: (x + 100, y))
LABEL = Bug("label", 10, lambda x, y, random: (x, 1 - y))


def at(world, t):
    """Return what is shown at tick t, with nothing done until then."""
    while world.t < t:
        shown = world.tick()
    return shown


def wrong(shown, world):
    """Return the ticks whose labels are reported wrongly now."""
    return [p.t for p in shown.labels if (p.label != world.stream.ticks[p.t].y[p.row - world.row(p.t)[0]]).any()]


def test_a_right_alert_repairs_the_rows_three_ticks_later():
    world = World(tiny(DATA))
    assert at(world, 9).x.max() < 50
    assert at(world, 12).x.min() > 50
    world.alert("data")
    assert at(world, 14).x.min() > 50
    shown = world.tick()
    assert [(a.kind, a.asked, a.real) for a in shown.answers] == [("data", 12, True)]
    assert shown.x.max() < 50
    assert at(world, 59).x.max() < 50


def test_left_alone_it_lasts_forty_ticks():
    world = World(tiny(DATA))
    assert at(world, 49).x.min() > 50
    assert at(world, 50).x.max() < 50


def test_broken_labels_still_arrive_after_the_repair():
    world = World(tiny(LABEL))
    assert wrong(at(world, 9 + DELAY), world) == []
    assert wrong(at(world, 15), world) == [10]
    world.alert("label")
    late = [t for shown in (at(world, t) for t in range(16, 30)) for t in wrong(shown, world)]
    assert sorted(set(late)) == list(range(11, 18))  # tick 18 carries the answer and is whole


@pytest.mark.parametrize("kind", ["data", "label"])
def test_a_wrong_alert_is_answered_so_and_a_second_one_is_free(kind):
    world = World(tiny(DATA))
    at(world, 3)
    world.alert(kind)
    world.alert(kind)
    assert world.paid == 20
    assert [a.real for a in at(world, 6).answers] == [False]


def test_every_label_arrives_once():
    world = World(tiny())
    parts = [p for t in range(60) for p in at(world, t).labels]
    for t in range(50):
        rows = np.concatenate([p.row for p in parts if p.t == t])
        assert sorted(rows) == list(world.row(t))
    assert any(not len(p.row) for p in parts)


def test_a_promoted_model_serves_from_the_next_tick_and_both_are_billed():
    world = World(tiny(changes=((10, 1),)))
    at(world, 20)
    world.train("c1", [10, 11, 12, 13, 14, 15], reference=False)
    world.promote("c1")
    assert world.harm[20] > ROWS / 2
    at(world, 22)
    assert world.served[20:22] == ["v0", "c1"]
    assert world.harm[21] < ROWS / 4
    assert world.cost == sum(world.harm) + 70


def test_a_promotion_on_broken_ticks_is_known_as_one():
    world = World(tiny(DATA))
    at(world, 17)
    world.train("bad", [10, 11], reference=False)
    world.train("good", [8, 9], reference=False)
    world.alert("data")
    at(world, 25)
    world.promote("bad")
    world.promote("good")
    assert [(a.model, a.on_broken) for a in world.actions if a.did == "promote"] == [("bad", True), ("good", False)]


@pytest.mark.parametrize(
    ("do", "arguments"),
    [
        ("train", ("c1", [2, 2], False)),  # named twice
        ("train", ("c1", [9], False)),  # not seen
        ("train", ("c1", [7], False)),  # no labelled row
        ("train", ("v0", [1], False)),  # the id is taken
        ("promote", ("c9",)),  # unknown
        ("score", ("c9", [1])),
    ],
)
def test_what_the_protocol_does_not_allow_is_refused(do, arguments):
    world = World(tiny())
    at(world, 8)
    with pytest.raises(Misuse):
        getattr(world, do)(*arguments)
