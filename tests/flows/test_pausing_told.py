"""Channels say of a request that its model is paused, by whom and why, and no longer once that is lifted."""

import pytest

from autopilot.fleet import pausing
from autopilot.fleet.pausing import Target, Who
from autopilot.fleet.roster import Entry, Roster
from tests.flows.test_channels import KINDS, place  # noqa: F401 - a fixture
from tests.house import MODEL

OTTO = Who("otto", "root")
ROSTER = Roster({MODEL: Entry(), "churn": Entry(tags=("payments",))})
TAGGED = Roster({MODEL: Entry(tags=("payments",))})
OWN = Target("model", MODEL)
WORDS = (
    "fraud is paused by otto since 2026-03-01T10:30:00Z: the feed moves. "
    "What is approved is promoted once that is lifted"
)


def pause(place, of=OWN, roster=ROSTER):  # noqa: F811
    pausing.pause(place.home.book, roster, of, "the feed moves", OTTO, place.home.clock.now())


def unpause(place, of=OWN):  # noqa: F811
    pausing.unpause(place.home.book, of, "", OTTO, place.home.clock.now())


def updates(place, kind):  # noqa: F811
    for _ in range(3):
        place.tell()
    return [told.said for _, told in place.channels[kind].updates]


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_that_is_shown_says_that_its_model_was_paused_and_goes_on(place, kind):  # noqa: F811
    place.home.waiting()
    assert updates(place, kind) == []
    pause(place)
    (said,) = updates(place, kind)
    assert said == f"0 of 1 approved, until 2026-03-04T10:30:00Z. {WORDS}"
    unpause(place)
    assert updates(place, kind)[1:] == ["0 of 1 approved, until 2026-03-04T10:30:00Z"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_of_a_model_that_is_paused_already_says_so_once(place, kind):  # noqa: F811
    run = place.home.waiting()
    pause(place, Target("all"))
    (said,) = updates(place, kind)
    assert "fraud is paused with every model by otto" in said
    assert [shown.run for shown in place.channels[kind].posts] == [run]


def test_a_pause_of_others_says_nothing(place):  # noqa: F811
    place.home.waiting()
    assert updates(place, "jira") == []
    pause(place, Target("tag", "payments"))
    assert updates(place, "jira") == []


@pytest.mark.parametrize(
    ("of", "tags", "file"),
    [
        (Target("all"), "", True),
        (Target("all"), "", False),
        (Target("tag", "payments"), "payments", True),
        (Target("tag", "payments"), "payments", False),
    ],
)
def test_no_request_goes_on_saying_so_whatever_became_of_the_file(place, of, tags, file):  # noqa: F811
    written = place.desk.config.read_text()
    place.desk.config.write_text(written.replace("    task:", f"    tags: [{tags}]\n    task:"))
    place.home.waiting()
    assert updates(place, "slack") == []
    pause(place, of, TAGGED if file else None)
    (said,) = updates(place, "slack")
    assert "fraud is paused with " in said
    place.desk.config.write_text(written)
    unpause(place, of)
    assert updates(place, "slack")[1:] == ["0 of 1 approved, until 2026-03-04T10:30:00Z"]


def test_one_model_that_goes_on_says_nothing_of_others(place):  # noqa: F811
    place.home.waiting()
    assert updates(place, "jira") == []
    pause(place, Target("model", "churn"))
    unpause(place, Target("model", "churn"))
    assert updates(place, "jira") == []


def test_what_was_approved_meanwhile_says_that_it_waits(place):  # noqa: F811
    run = place.home.waiting()
    updates(place, "slack")
    pause(place)
    place.home.say(run, channel="web")
    assert updates(place, "slack")[-1].endswith(f". {WORDS}")
    assert "approved by ana through web" in updates(place, "slack")[-1]
    unpause(place)
    place.home.engine.carry_on(run)
    assert WORDS not in updates(place, "slack")[-1]
    assert place.home.row(run)["outcome"] == "promoted"
