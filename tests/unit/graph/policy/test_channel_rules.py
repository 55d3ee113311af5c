"""Labels as a weakened copy of the scores: broken when every slice is weakened alike, a changed concept when not."""

from dataclasses import replace

import pytest

from graph.evidence import Channel
from graph.policy.case import Case
from graph.policy.channel_rules import label_channel
from graph.spec import Policy
from tests.unit.graph.policy.builders import DAY, DELAY, NOW, QUIET

BROKEN = Channel(NOW - 2 * DAY, NOW, "all", 2, 800, slope=0.3, slope_se=0.05, intercept=0.0, worst=2.0, where="a=1")


def found(*channels: Channel, excused: frozenset[str] = frozenset()):
    return label_channel(Case(replace(QUIET, channels=channels), Policy(), DELAY, excused))


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({}, True),
        # Joined to the wrong rows, and inverted.
        ({"slope": 0.02}, True),
        ({"slope": -0.9}, True),
        # Weak, but for certain uneven: that is what a changed concept looks like.
        ({"worst": 5.0}, False),
        # Weak by chance.
        ({"slope_se": 0.3}, False),
        # As it should be.
        ({"slope": 0.9}, False),
        # One window alone may be anything.
        ({"windows": 1}, False),
        # Only where the model acts, and no harm to show for it.
        ({"side": "positive"}, False),
    ],
)
def test_broken_is_weak_and_even(changes, broken):
    seen = found(replace(BROKEN, **changes))
    assert (seen.conclusion is not None) == broken
    if seen.conclusion:
        assert (seen.conclusion.verdict, seen.conclusion.cause) == ("broken_data", "label_quality")
        assert seen.conclusion.since == BROKEN.start


def test_what_the_owner_called_genuine_is_not_asked_again():
    assert found(BROKEN, excused=frozenset({"label"})).conclusion is None


def test_too_few_labels_say_nothing():
    assert found().conclusion is None
    assert found().value is None


def test_an_uneven_channel_names_the_slice():
    assert "a=1 deviates by 5" in found(replace(BROKEN, worst=5.04)).detail
