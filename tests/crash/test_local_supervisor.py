"""Kills every process of a local job, at every point, from outside; the command's own lines are counted."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from graph.errors import Unavailable
from tests.local_jobs import (
    ENVIRONMENT,
    ROOT,
    helpers,
    kill,
    linux_only,
    lives,
    order,
    started,
    until,
    workshop,
)

pytestmark = pytest.mark.crash

KEY = "run-1:retrain"
DRIVER = Path(__file__).with_name("paused_supervisor.py")
STARTER = Path(__file__).with_name("start_local_job.py")

RUN_ONCE = "say('ran')"
RUN_LONG = "say('begun'); wait_for('go'); say('ended')"


@pytest.fixture
def place(tmp_path):
    with workshop(tmp_path) as made:
        yield made


def pausing(place, name):
    """Return an interpreter under which the supervisor stops before it renames a file to `name`."""
    script = place.root / f"python for {name}"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{DRIVER}" {name} "{place.root}/paused" "$@"\n')
    script.chmod(0o700)
    return str(script)


def paused(place):
    """Return the pid of the process that has come to the point where it stops."""
    return int(until(lambda: (place.root / "paused").exists() and (place.root / "paused").read_text(), "the point"))


def starter(place, after, code, python=sys.executable, **options):
    return subprocess.Popen(
        [sys.executable, str(STARTER), str(place.root), KEY, after, code, python],
        env=ENVIRONMENT | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


def supervisor_alone(place):
    return subprocess.run(
        [sys.executable, "-P", "-m", "tools.pipelines.local_supervisor", str(place.folder(KEY))],
        env={"PYTHONPATH": str(ROOT)},
        input=b"{}",
        capture_output=True,
    )


def assert_runs_once_when_asked_again(place):
    pipeline = place.python(RUN_ONCE)
    assert pipeline.find(KEY) is None
    pipeline.start(order(KEY))
    assert place.ended(pipeline, KEY).state == "succeeded"
    assert place.said() == ["ran"]


# --- killed at a point ----------------------------------------------------------------------------------------------


def test_starter_killed_between_order_and_supervisor(place):
    process = starter(place, "pause", RUN_ONCE)
    kill(paused(place))
    process.communicate()
    assert (place.folder(KEY) / "order.json").exists()
    assert_runs_once_when_asked_again(place)


def test_supervisor_killed_before_started_json(place):
    pipeline = place.python(RUN_ONCE, python=pausing(place, "started.json"))
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(pipeline.start, order(KEY))
        kill(paused(place))
        with pytest.raises(Unavailable, match="did not come up"):
            starting.result()
    assert place.said() == []
    assert_runs_once_when_asked_again(place)


def test_starter_killed_while_its_supervisor_starts(place):
    process = starter(place, "leave", RUN_ONCE, python=pausing(place, "started.json"))
    paused(place)
    pipeline = place.python(RUN_ONCE)
    found = pipeline.find(KEY)
    assert found is not None
    assert found.state == "queued"
    process.kill()
    process.communicate()
    (place.root / "paused").unlink()
    assert place.ended(pipeline, KEY).state == "succeeded"
    assert pipeline.start(order(KEY)).state == "succeeded"
    assert place.said() == ["ran"]


def test_supervisor_killed_while_the_command_runs(place):
    pipeline = place.python(RUN_LONG + "; print('x' * 100_000)")
    pipeline.start(order(KEY))
    kill(started(place)["supervisor"]["pid"])
    until(lambda: not lives(started(place)["supervisor"]["pid"]), "the supervisor's end")
    job = pipeline.find(KEY)
    assert job is not None
    assert (job.state, "supervisor was killed" in job.detail) == ("running", True)
    assert pipeline.start(order(KEY)) == job
    place.let("go")
    assert place.ended(pipeline, KEY).state == "unknown"
    assert pipeline.start(order(KEY)).state == "unknown"
    assert place.said() == ["begun", "ended"]
    assert (place.folder(KEY) / "output.log").read_text() == "x" * 100_000 + "\n"


def test_supervisor_killed_after_the_command_ended_before_done_json(place):
    pipeline = place.python(RUN_ONCE, python=pausing(place, "done.json"))
    pipeline.start(order(KEY))
    pid = paused(place)
    job = pipeline.find(KEY)
    assert job is not None
    assert job.state == "running"
    kill(pid)
    assert place.ended(pipeline, KEY).state == "unknown"
    assert pipeline.start(order(KEY)).state == "unknown"
    assert place.said() == ["ran"]


@linux_only
def test_supervisor_and_keeper_killed_while_the_command_runs(place):
    pipeline = place.python(RUN_LONG)
    pipeline.start(order(KEY))
    for pid in (*helpers(place), started(place)["supervisor"]["pid"]):
        kill(pid)
        until(lambda: not lives(pid), "its end")  # noqa: B023
    job = pipeline.find(KEY)
    assert job is not None
    assert job.state == "running"
    place.let("go")
    assert place.ended(pipeline, KEY).state == "unknown"
    assert place.said() == ["begun", "ended"]


def test_supervisor_and_command_killed(place):
    pipeline = place.python(RUN_LONG)
    pipeline.start(order(KEY))
    kill(started(place)["supervisor"]["pid"])
    kill(started(place)["pid"])
    assert place.ended(pipeline, KEY).state == "unknown"
    assert pipeline.start(order(KEY)).state == "unknown"
    again = supervisor_alone(place)
    assert (again.stdout, again.stderr) == (b'{"started": false}\n', b"")


LOOKER = """
import os, sys, time
from pathlib import Path
from tests.local_jobs import Workshop

root, key = Path(sys.argv[1]), sys.argv[2]

def end_now(event, arguments):
    if event == "fcntl.flock" and (root / "paused").exists():
        (root / "paused").unlink()
        while not (root / "jobs" / key / "done.json").exists():
            time.sleep(0.01)
        time.sleep(0.5)

sys.addaudithook(end_now)
print(Workshop(root).pipeline("true").find(key).state)
"""


def test_a_job_that_ends_between_two_looks_does_not_seem_lost(place):
    """The looker, about to try the lock, lets the supervisor write done.json and end first."""
    pipeline = place.python(RUN_ONCE, python=pausing(place, "done.json"))
    pipeline.start(order(KEY))
    paused(place)
    looker = [sys.executable, "-c", LOOKER, str(place.root), KEY]
    found = subprocess.run(looker, env=ENVIRONMENT | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert found.stdout == "succeeded\n", found.stderr


def test_command_killed(place):
    pipeline = place.python(RUN_LONG)
    pipeline.start(order(KEY))
    kill(started(place)["pid"])
    job = place.ended(pipeline, KEY)
    assert job.state == "failed"
    assert "SIGKILL" in job.detail


def test_supervisor_told_to_stop_takes_the_command_along(place):
    pipeline = place.python(RUN_LONG)
    pipeline.start(order(KEY))
    os.kill(started(place)["supervisor"]["pid"], signal.SIGTERM)
    job = place.ended(pipeline, KEY)
    assert job.state == "failed"
    assert "SIGTERM" in job.detail
    assert not lives(started(place)["pid"])


# --- many at once ---------------------------------------------------------------------------------------------------


def test_eight_processes_start_one_job(place):
    processes = [starter(place, "leave", RUN_LONG) for _ in range(8)]
    answers = [process.communicate()[0].strip() for process in processes]
    assert answers == ["running"] * 8
    place.let("go")
    assert place.ended(place.python(RUN_LONG), KEY).state == "succeeded"
    assert place.said() == ["begun", "ended"]


def test_a_second_supervisor_beside_a_starting_one_ends_quietly(place):
    first = place.python(RUN_LONG, python=pausing(place, "started.json"))
    with ThreadPoolExecutor(2) as pool:
        starting = pool.submit(first.start, order(KEY))
        paused(place)
        second = supervisor_alone(place)
        assert (second.stdout, second.stderr) == (b'{"started": false}\n', b"")
        (place.root / "paused").unlink()
        assert starting.result().state == "running"
    place.let("go")
    place.ended(first, KEY)
    assert place.said() == ["begun", "ended"]


# --- outliving the starter ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGKILL])
def test_signals_to_the_starters_group_do_not_reach_the_job(place, number):
    process = starter(place, "stay", RUN_LONG, start_new_session=True, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    os.killpg(process.pid, number)
    process.communicate()
    assert process.returncode != 0
    pipeline = place.python(RUN_LONG)
    job = pipeline.find(KEY)
    assert job is not None
    assert job.state == "running"
    place.let("go")
    assert place.ended(pipeline, KEY).state == "succeeded"


def test_no_child_is_left_with_the_starter(place):
    output, _ = starter(place, "children", RUN_LONG).communicate()
    assert output.split("\n") == ["running", "no children", ""]
