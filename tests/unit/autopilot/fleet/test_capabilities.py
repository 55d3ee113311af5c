"""What a worker may do chooses its queues; the words for it are checked."""

import pytest

from autopilot.capabilities import ALL, NEEDS, parse, require_apart, words
from autopilot.cli.parser import parser
from autopilot.cli.work import work
from autopilot.fleet.queues import lanes, served, taken_over
from graph.build import ABOUT
from graph.errors import Misconfigured


@pytest.mark.parametrize(
    ("given", "queues"),
    [
        ("observe", ["approvals", "checks", "upkeep"]),
        ("train", ["actions:train", "upkeep"]),
        (" promote , train ", ["actions:promote", "actions:train", "upkeep"]),
        ("none", ["upkeep"]),
        ("observe,train,promote", ["actions:promote", "actions:train", "approvals", "checks", "retention", "upkeep"]),
    ],
)
def test_capabilities_choose_queues(given, queues):
    assert sorted(served(parse(given))) == queues
    assert sorted(queue for lane in lanes(parse(given)) for queue in lane) == queues


def test_checks_have_a_lane_of_their_own():
    assert lanes(ALL) == [["checks"], ["actions:promote", "actions:train", "approvals", "retention"], ["upkeep"]]
    assert lanes({"train"}) == [["actions:train"], ["upkeep"]]


@pytest.mark.parametrize("given", ["", ",", "watch", "observe,promotion", "none,train"])
def test_another_word_is_refused_with_those_there_are(given):
    with pytest.raises(Misconfigured) as refused:
        parse(given)
    assert "observe,promote,train" in refused.value.hint


def test_every_node_needs_something_and_somebody_serves_it():
    assert set(NEEDS) == set(ABOUT)
    assert set(NEEDS.values()) == ALL
    for needed in ALL:
        assert taken_over(needed) in served({needed})


EVERY = [
    "none",
    "observe",
    "train",
    "promote",
    "observe,train",
    "observe,promote",
    "train,promote",
    "observe,train,promote",
]


@pytest.mark.parametrize("written", EVERY)
def test_what_is_written_is_read_back(written):
    assert words(parse(written)) == written


@pytest.mark.parametrize("written", EVERY)
def test_a_language_models_key_lies_with_all_or_with_neither_training_nor_promotion(written):
    require_apart(parse(written), has_model_key=False)
    if written in ("none", "observe", "observe,train,promote"):
        require_apart(parse(written), has_model_key=True)
    else:
        with pytest.raises(Misconfigured, match="AUTOPILOT_LLM_API_KEY is in the environment of a process that may"):
            require_apart(parse(written), has_model_key=True)


def test_a_worker_that_may_do_nothing_is_not_started():
    with pytest.raises(Misconfigured, match="nothing to do"):
        work(parser().parse_args(["work", "--can", "none"]))
