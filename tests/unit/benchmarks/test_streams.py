"""What is drawn: the same for a name, harmful where it should be, and with an oracle that knows better than nobody."""

import numpy as np
import pytest

from benchmarks.decide import families
from benchmarks.decide.draw import draw, seed_of
from benchmarks.decide.ground import changed, ground, harm
from benchmarks.decide.oracle import oracle, played
from benchmarks.decide.plan import Setting

SHORT = Setting(rows=100, ticks=60)


def stream(family, setting=SHORT):
    seed = seed_of(family, "machines", 0)
    made = ground("machines")
    assert made is not None
    return draw(family, seed, made, families.ALL[family](made, np.random.default_rng(seed), setting), setting)


def test_a_name_draws_the_same_stream():
    first, second = stream("bug_then_concept"), stream("bug_then_concept")
    for one, other in zip(first.ticks, second.ticks, strict=True):
        assert np.array_equal(one.y, other.y)
        assert np.array_equal(one.x, other.x, equal_nan=True)
    assert np.array_equal(first.features(30, broken=True), second.features(30, broken=True), equal_nan=True)


@pytest.mark.parametrize("family", families.ALL)
def test_each_family_says_what_is_right(family):
    plan = stream(family).plan
    expected = {"quiet": set(), "drift": {"promote"}, "data": {"alert data"}, "label": {"alert label"}}
    assert plan.right - {"promote"} == expected[families.GROUP[family]] - {"promote"}
    assert ("promote" in plan.right) == (bool(plan.changes))
    assert (plan.starts is None) == (not plan.right)


def test_a_new_concept_costs_what_was_asked_for():
    made = ground("machines")
    assert made is not None
    for seed in range(6):
        new = changed(made, np.random.default_rng(seed), 0.06)
        assert harm(new, made.logit > 0) == pytest.approx(0.06, abs=0.01)


@pytest.mark.parametrize("family", ["concept_severe", "bug_unit"])
def test_who_knows_all_saves_much(family):
    drawn = stream(family, Setting(rows=400, ticks=60))
    assert oracle(drawn).cost < 0.8 * played(drawn, ()).cost


def test_a_broken_label_costs_nothing_if_nobody_acts():
    drawn = stream("bug_label")
    assert oracle(drawn).cost == played(drawn, ()).cost
