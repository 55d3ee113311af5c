"""Figures from results made by hand."""

import pytest

from benchmarks.decide import score
from benchmarks.decide.job import Job, Result
from benchmarks.decide.memory import Run
from benchmarks.decide.plan import Setting
from benchmarks.decide.world import Action


def result(family, right, did, costs, starts=20, change=20):
    """Return a stream of 100 ticks; `costs` are those of the policy, of never and of the oracle."""
    actions = tuple(Action(t, what) for what, t in did)
    runs = {
        "policy": Run(costs[0], actions, (0.0,) * 100),
        "never": Run(costs[1], (), (0.0,) * 100),
        "oracle": Run(costs[2], (), (0.0,) * 100),
    }
    job = Job(family, ("payments",), 0, Setting(), ())
    return Result(job, frozenset(right), starts, change, 5, "", runs, [], 0.0)


def test_what_is_left_over_is_a_ratio_of_means_over_families():
    results = [
        result("a", {"promote"}, [], (300, 500, 100)),
        result("a", {"promote"}, [], (100, 500, 100)),
        result("b", set(), [], (60, 0, 0), starts=None, change=None),
    ]
    assert score.left_over(results) == pytest.approx((100 + 60) / (400 + 0))
    assert score.left_over(results, "never") == 1
    assert score.left_over(results, "oracle") == 0


@pytest.mark.parametrize(
    ("right", "did", "expected"),
    [
        ({"promote"}, [("train", 30), ("promote", 30)], True),
        ({"promote"}, [("promote", 10), ("promote", 30)], False),  # one came before the change
        ({"promote"}, [("alert data", 30), ("promote", 40)], False),  # asked needlessly
        ({"alert data"}, [("alert data", 30)], True),
        ({"alert data", "promote"}, [("alert data", 30)], False),  # half of it
        (set(), [("train", 30)], True),  # training alone changes nothing
        (set(), [("promote", 30)], False),
    ],
)
def test_right_actions(right, did, expected):
    assert score.acted_right(result("a", right, did, (0, 0, 0))) is expected


def test_promotions_in_quiet_ticks():
    drift = result("a", {"promote"}, [("promote", 10), ("promote", 30)], (0, 0, 0))
    quiet = result("b", set(), [("promote", 90)], (0, 0, 0), starts=None, change=None)
    assert score.quiet_promotions([drift, quiet]) == pytest.approx(100 * 2 / 120)


def test_the_interval_holds_the_figure():
    results = [
        result(name, {"promote"}, [], (cost, 500, 100))
        for name, cost in zip("abcdef", range(100, 700, 100), strict=True)
    ]
    low, high = score.interval(results, score.left_over)
    assert low < score.left_over(results) < high
