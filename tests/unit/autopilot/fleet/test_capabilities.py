"""What a worker may do chooses its queues; the words for it are checked."""

import pytest

from autopilot.capabilities import ALL, NEEDS, parse
from autopilot.fleet.queues import lanes, served, taken_over
from graph.build import ABOUT
from graph.errors import Misconfigured


@pytest.mark.parametrize(
    ("given", "queues"),
    [
        ("observe", ["approvals", "checks", "upkeep"]),
        ("train", ["actions:train", "upkeep"]),
        (" promote , train ", ["actions:promote", "actions:train", "upkeep"]),
        ("observe,train,promote", ["actions:promote", "actions:train", "approvals", "checks", "retention", "upkeep"]),
    ],
)
def test_capabilities_choose_queues(given, queues):
    assert sorted(served(parse(given))) == queues
    assert sorted(queue for lane in lanes(parse(given)) for queue in lane) == queues


def test_checks_have_a_lane_of_their_own():
    assert lanes(ALL) == [["checks"], ["actions:promote", "actions:train", "approvals", "upkeep", "retention"]]
    assert lanes({"train"}) == [["actions:train", "upkeep"]]


@pytest.mark.parametrize("given", ["", ",", "watch", "observe,promotion"])
def test_another_word_is_refused_with_those_there_are(given):
    with pytest.raises(Misconfigured) as refused:
        parse(given)
    assert "observe,promote,train" in refused.value.hint


def test_every_node_needs_something_and_somebody_serves_it():
    assert set(NEEDS) == set(ABOUT)
    assert set(NEEDS.values()) == ALL
    for needed in ALL:
        assert taken_over(needed) in served({needed})
