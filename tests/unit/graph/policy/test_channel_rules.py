"""Labels as a weakened copy of the scores: broken when every slice is weakened alike, a changed concept when not."""

from dataclasses import replace

import pytest

from graph.evidence import Channel
from graph.policy.case import Case
from graph.policy.channel_rules import label_channel, label_segment, label_void, uneven_labels
from graph.policy.sequence import Sequential
from graph.spec import Policy, Prices
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


HARM = Sequential(log_e=20.0, since=NOW - 5 * DAY, windows=4, rows=1600, newest=3.0)
SEGMENT = replace(BROKEN, segment="country=fr", slope=0.02, intercept_se=0.01, worst=1.0, elsewhere=0.97)


@pytest.mark.parametrize(
    ("changes", "harm", "broken"),
    [
        ({}, HARM, True),
        # Among many segments one is always weak: without harm nobody is asked.
        ({}, Sequential(), False),
        # Positives were not lost there but moved, or the scores of the segment are hit unevenly: the concept.
        ({"intercept": 0.2}, HARM, False),
        ({"worst": 3.0}, HARM, False),
        ({"slope": -0.5}, HARM, False),
        # Everywhere alike: that is the channel as a whole.
        ({"elsewhere": 0.3}, HARM, False),
        ({"windows": 1}, HARM, False),
    ],
)
def test_positives_lost_in_one_segment(changes, harm, broken):
    evidence = replace(QUIET, channels=(replace(SEGMENT, **changes),))
    seen = label_segment(Case(evidence, Policy(), DELAY, harm=harm))
    assert (seen.conclusion is not None) == broken
    if seen.conclusion:
        assert seen.conclusion.cause == "label_quality"
        assert "country=fr" in seen.conclusion.reason


@pytest.mark.parametrize(
    ("changes", "excused", "broken"),
    [
        ({"positives": 0, "foreseen": 40.0}, "", True),
        # Two neighbours are lost together: elsewhere looks weak too.
        ({"positives": 0, "foreseen": 40.0, "elsewhere": 0.6}, "", True),
        # A concept that changed leaves some; few foreseen may all fail to come.
        ({"positives": 1, "foreseen": 40.0}, "", False),
        ({"positives": 0, "foreseen": 12.0}, "", False),
        ({"positives": 0, "foreseen": 40.0, "windows": 1}, "", False),
        ({"positives": 0, "foreseen": 40.0, "segment": ""}, "", False),
        ({"positives": 0, "foreseen": 40.0}, "label", False),
        # Counted before positives were.
        ({}, "", False),
    ],
)
def test_a_segment_without_any_positive_lost_them(changes, excused, broken):
    evidence = replace(QUIET, channels=(replace(SEGMENT, **changes),))
    seen = label_void(Case(evidence, Policy(), DELAY, frozenset({excused} - {""})))
    assert (seen.conclusion is not None) == broken
    if seen.conclusion:
        assert (seen.conclusion.cause, seen.conclusion.since) == ("label_quality", SEGMENT.start)
        assert "country=fr" in seen.conclusion.reason


@pytest.mark.parametrize(
    ("changes", "prices", "moved"),
    [
        ({"windows": 4, "worst": 8.0}, Prices(10, 60, 20), True),
        ({"windows": 4, "worst": 7.0}, Prices(10, 60, 20), False),
        # A few bad days.
        ({"windows": 2, "worst": 8.0}, Prices(10, 60, 20), False),
        # Without prices nothing says what a better model would be worth.
        ({"windows": 4, "worst": 8.0}, None, False),
    ],
)
def test_errors_that_only_moved_are_worth_a_challenger_where_prices_say_so(changes, prices, moved):
    sound = replace(BROKEN, slope=1.0, where="b=fifth 5", **changes)
    seen = uneven_labels(Case(replace(QUIET, channels=(sound,)), Policy(prices=prices), DELAY))
    assert (seen.conclusion is not None) == moved
    if seen.conclusion:
        assert (seen.conclusion.cause, seen.conclusion.hidden) == ("concept_drift", True)
