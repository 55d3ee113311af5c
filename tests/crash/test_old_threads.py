"""A thread that another release left waiting: it goes on, or says what to do. It never ends unnoticed."""

import json

import pytest

from graph.errors import Misconfigured
from graph.model import SCHEMA_VERSION
from tests.crash.golden_threads import RUN, WAITS, golden, put, wait
from tests.databases import fresh_database
from tests.house import house

pytestmark = pytest.mark.crash


@pytest.fixture
def home(site, tmp_path):
    with house(fresh_database(site.found.cluster), tmp_path) as built:
        yield built


def state(threads):
    """Return the state in the golden checkpoint: short values lie in the row itself."""
    return threads["checkpoints"][0]["checkpoint"]["channel_values"]


def versions(threads):
    return threads["checkpoints"][0]["checkpoint"]["channel_versions"]


def come(home, kind):
    """Let happen what the thread waits for, and carry it on."""
    home.engine.carry_on(RUN) if kind == "training" else home.say(RUN)


def stands_and_can_only_be_cancelled(home):
    row = home.row(RUN)
    assert (row["outcome"], row["error"]["kind"]) == (None, "misconfigured")
    assert "autopilot cancel" in row["error"]["hint"]
    assert home.champion() == "1"
    home.engine.cancel(RUN, "ana")
    assert (home.row(RUN)["outcome"], home.champion()) == ("cancelled", "1")


@pytest.mark.parametrize("kind", WAITS)
def test_a_thread_of_the_first_release_goes_on_to_its_end(home, kind):
    wait(home, kind)
    put(home.dsn, golden(kind))
    come(home, kind)
    if kind == "training":
        assert home.row(RUN)["status"] == "awaiting_approval"
        home.say(RUN)
    assert (home.row(RUN)["outcome"], home.champion()) == ("promoted", "2")
    assert len(home.pipeline.starts) == 1


@pytest.mark.parametrize("kind", WAITS)
def test_a_state_that_lacks_newer_keys_and_has_unknown_ones_goes_on(home, kind):
    wait(home, kind)
    threads = golden(kind)
    for key in ("schema_version", "verdict", "cause", "reason"):
        del state(threads)[key], versions(threads)[key]
    state(threads)["mood"], versions(threads)["mood"] = "calm", versions(threads)["run"]
    put(home.dsn, threads)
    come(home, kind)
    expected = {"training": (None, "awaiting_approval"), "approval": ("promoted", "done")}[kind]
    assert (home.row(RUN)["outcome"], home.row(RUN)["status"]) == expected


@pytest.mark.parametrize("kind", WAITS)
def test_a_state_of_a_newer_schema_is_refused_with_what_to_do(home, kind):
    wait(home, kind)
    threads = golden(kind)
    state(threads)["schema_version"] = SCHEMA_VERSION + 1
    put(home.dsn, threads)
    with pytest.raises(Misconfigured, match=f"run {RUN} of fraud was written by a newer release") as error:
        come(home, kind)
    assert "with that release" in error.value.hint
    stands_and_can_only_be_cancelled(home)


@pytest.mark.parametrize(("kind", "node"), [("training", "retrain"), ("approval", "await_approval")])
def test_a_thread_that_waits_in_a_node_of_another_name_is_not_taken_for_finished(home, kind, node):
    wait(home, kind)
    text = json.dumps(golden(kind))
    renamed = text.replace(f"branch:to:{node}", "branch:to:renamed").replace(f"pull, {node}", "pull, renamed")
    assert renamed != text
    put(home.dsn, json.loads(renamed))
    with pytest.raises(Misconfigured, match="ended without an outcome, as after a node was renamed"):
        come(home, kind)
    stands_and_can_only_be_cancelled(home)
