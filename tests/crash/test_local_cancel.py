"""Cancels local jobs, also those whose supervisor is gone, and lets commands misbehave; their lines are counted."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.local_jobs import helpers, kill, linux_only, lives, order, started, until, workshop
from tools.pipelines.local_job import LOCK, take, write

pytestmark = pytest.mark.crash

KEY = "run-1:retrain"


@pytest.fixture
def place(tmp_path):
    with workshop(tmp_path) as made:
        yield made


# --- cancel ---------------------------------------------------------------------------------------------------------


def test_cancel_ends_a_command_that_refuses_to_end(place):
    pipeline = place.python("signal.signal(signal.SIGTERM, signal.SIG_IGN); say('up'); wait_for('never')")
    pipeline.start(order(KEY))
    until(lambda: place.said(), "the command")
    job = pipeline.cancel(KEY)
    assert job is not None
    assert job.state == "cancelled"
    assert not lives(started(place)["pid"])


def test_cancel_lets_the_command_put_things_away(place):
    pipeline = place.python(
        "signal.signal(signal.SIGTERM, lambda *_: (say('put away'), sys.exit(0))); say('up'); wait_for('never')"
    )
    pipeline.start(order(KEY))
    until(lambda: place.said(), "the command")
    job = pipeline.cancel(KEY)
    assert job is not None
    assert job.state == "cancelled"
    assert place.said() == ["up", "put away"]


def test_cancel_without_a_supervisor(place):
    pipeline = place.python("child = subprocess.Popen(['sleep', '600']); say(child.pid); wait_for('never')")
    pipeline.start(order(KEY))
    until(lambda: place.said(), "the command")
    kill(started(place)["supervisor"]["pid"])
    job = pipeline.cancel(KEY)
    assert job is not None
    assert job.state == "cancelled"
    assert not lives(started(place)["pid"])
    assert not lives(int(place.said()[0]))


@linux_only
def test_cancel_without_a_supervisor_and_without_the_groups_leader(place):
    pipeline = place.python("child = subprocess.Popen(['sleep', '600']); say(child.pid); wait_for('never')")
    pipeline.start(order(KEY))
    until(lambda: place.said(), "the command")
    kill(started(place)["supervisor"]["pid"])
    kill(started(place)["pid"])
    until(lambda: not lives(started(place)["pid"]), "the leader's end")
    job = pipeline.find(KEY)
    assert job is not None
    assert job.state == "running"
    job = pipeline.cancel(KEY)
    assert job is not None
    assert job.state == "cancelled"
    assert not lives(int(place.said()[0]))


def test_cancel_spares_a_process_that_got_a_recycled_number(place):
    innocent = subprocess.Popen(["sleep", "600"], start_new_session=True)
    folder = place.folder(KEY)
    folder.mkdir(parents=True)
    process = {"pid": innocent.pid, "born": "a start long ago"}
    write(folder / "order.json", {"parameters": {"AUTOPILOT_KEY": KEY}, "deadline_s": 60.0})
    write(
        folder / "started.json",
        process | {"pgid": innocent.pid, "session": innocent.pid, "supervisor": process, "started_at": ""},
    )
    lock = take(folder / LOCK, patience_s=0)
    assert lock is not None
    with ThreadPoolExecutor(1) as pool:
        cancelling = pool.submit(place.pipeline("true").cancel, KEY)
        until(lambda: (folder / "cancel.json").exists(), "cancel.json")
        with suppress(subprocess.TimeoutExpired):
            innocent.wait(timeout=7)  # longer than the grace, so that SIGKILL too would have come
        os.close(lock)
        job = cancelling.result()
    assert job is not None
    assert job.state == "cancelled"
    assert innocent.poll() is None
    innocent.kill()
    innocent.wait()


# --- commands that misbehave ----------------------------------------------------------------------------------------

DAEMON = (
    "if os.fork() == 0:\n"
    "    os.setsid()\n"
    "    if os.fork() == 0:\n"
    "        %s\n"
    "        say(os.getpid()); time.sleep(600)\n"
    "    os._exit(0)\n"
    "os.wait(); wait_for('said')\n"
)


@linux_only
@pytest.mark.parametrize("closing", ["pass", "os.closerange(0, 1000)"])
def test_a_daemon_that_the_command_leaves_behind_is_stopped(place, closing):
    pipeline = place.python(DAEMON % closing)
    pipeline.start(order(KEY))
    job = place.ended(pipeline, KEY)
    assert job.state == "succeeded"
    assert "left behind were stopped" in job.detail
    assert not lives(int(place.said()[0]))


def test_a_background_process_in_the_group_is_stopped(place):
    pipeline = place.pipeline("sh", "-c", "sleep 600 & echo $! > said")
    pipeline.start(order(KEY))
    job = place.ended(pipeline, KEY)
    assert job.state == "succeeded"
    assert not lives(int(place.said()[0]))


@linux_only
def test_two_hundred_megabytes_of_output(place):
    code = (
        "print('first')\n"
        "for i in range(3200): print('x' * 65535)\n"
        "print('last', flush=True); say('printed'); wait_for('go')"
    )
    pipeline = place.python(code)
    pipeline.start(order(KEY))
    until(lambda: place.said(), "the end of the output")
    for pid in (*helpers(place), started(place)["supervisor"]["pid"]):
        peak = Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()[0]
        assert int(peak) < 100_000, "kilobytes of memory"
    place.let("go")
    assert place.ended(pipeline, KEY).state == "succeeded"
    log = (place.folder(KEY) / "output.log").read_bytes()
    assert log.startswith(b"first\nxxx")
    assert log.endswith(b"xxx\nlast\n")
    assert len(log) < 10_001_000
    assert b"bytes left out]" in log
    assert sum(path.stat().st_size for path in place.folder(KEY).iterdir()) < 11_000_000
