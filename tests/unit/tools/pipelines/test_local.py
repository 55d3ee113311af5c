"""LocalPipeline: what it refuses, what it hands to the command, and the words for every state of a job's folder."""

import os
import re
import signal
import stat
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from graph.errors import Misconfigured, Refused, Unavailable
from tests.local_jobs import ENVIRONMENT, order, workshop
from tools.pipelines.local_job import LOCK, take, write

KEY = "run-1:retrain"
STARTED = {
    "pid": 1,
    "pgid": 1,
    "session": 1,
    "born": "long ago",
    "supervisor": {"pid": 1, "born": "long ago"},
    "started_at": "2026-03-01T00:00:00Z",
}
DONE = {"exit_code": 0, "signal": None, "reason": "ended", "ended_at": "2026-03-01T00:00:00Z", "note": ""}


@pytest.fixture
def place(tmp_path):
    with workshop(tmp_path) as made:
        yield made


def left_behind(place, **files):
    """Make a job's folder as an earlier process left it."""
    folder = place.folder(KEY)
    folder.mkdir(parents=True)
    write(folder / "order.json", {"parameters": {"AUTOPILOT_KEY": KEY}, "deadline_s": 7200.0})
    for name, document in files.items():
        write(folder / f"{name}.json", document)
    return folder


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", ".", "..", "a/b", "../x", "a b", "a\n", "ä", "-\x00"])
def test_a_key_that_is_no_file_name_is_refused(place, key):
    with pytest.raises(Refused, match="cannot be a job's key"):
        place.pipeline("true").find(key)
    with pytest.raises(Refused, match="cannot be a job's key"):
        place.pipeline("true").start(order(key))
    assert not place.jobs.exists()


def test_long_keys_stay_apart(place):
    pipeline = place.pipeline("true")
    keys = ["k" * 300, "k" * 299 + "x"]
    for key in keys:
        pipeline.start(order(key))
        assert place.ended(pipeline, key).state == "succeeded"
    assert len(list(place.jobs.iterdir())) == 2


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("no-such-command",), "no-such-command"),
        (("./absent.sh",), "absent.sh"),
        (("./plain.txt",), "plain.txt"),
        (("/etc",), "/etc"),
        ((), "no command"),
    ],
)
def test_a_command_that_cannot_run_starts_nothing(place, command, message):
    (place.root / "plain.txt").write_text("not a program")
    with pytest.raises(Misconfigured, match=re.escape(message)):
        place.pipeline(*command).start(order(KEY))
    assert not place.jobs.exists()


def test_a_missing_folder_starts_nothing(place):
    with pytest.raises(Misconfigured, match="does not exist"):
        place.pipeline("true", cwd=place.root / "absent").start(order(KEY))
    assert not place.jobs.exists()


def test_a_missing_python_is_misconfigured(place):
    with pytest.raises(Misconfigured, match="absent-python"):
        place.pipeline("true", python="/absent-python").start(order(KEY))
    assert place.pipeline("true").find(KEY) is None


def test_other_parameters_under_a_known_key_are_refused(place):
    pipeline = place.pipeline("true")
    pipeline.start(order(KEY))
    with pytest.raises(Refused, match="other parameters"):
        pipeline.start(replace(order(KEY), run="run-2"))


def test_a_folder_that_cannot_be_read_is_unavailable(place):
    place.jobs.mkdir()
    place.folder(KEY).write_text("a file in the folder's place")
    with pytest.raises(Unavailable, match=re.escape(str(place.folder(KEY)))):
        place.pipeline("true").find(KEY)
    place.folder(KEY).unlink()


def test_half_a_document_is_unavailable_not_a_state(place):
    folder = left_behind(place)
    (folder / "done.json").write_text('{"exit_code"')
    with pytest.raises(Unavailable, match="cannot be read"):
        place.pipeline("true").find(KEY)
    (folder / "done.json").unlink()


# --- what the command gets -----------------------------------------------------------------------------------------


def test_the_command_is_found_beside_the_folder_and_on_the_childs_own_path(place):
    for name in ("bin", "other"):
        (place.root / name).mkdir()
        (place.root / name / "train").write_text(f"#!/bin/sh\necho {name}\n")
        (place.root / name / "train").chmod(0o700)
    here = place.pipeline("other/train")
    here.start(order("here"))
    place.ended(here, "here")
    on_path = place.pipeline("train", environment=ENVIRONMENT | {"PATH": f"bin:{os.defpath}"})
    on_path.start(order("path"))
    place.ended(on_path, "path")
    assert (place.folder("here") / "output.log").read_text() == "other\n"
    assert (place.folder("path") / "output.log").read_text() == "bin\n"


def test_the_environment_is_what_was_given_and_the_contract(place):
    given = {"PATH": os.defpath, "ODD": "a=b\nc ä \udcff", "EMPTY": "", "PYTHONPATH": "/elsewhere", "LANG": "C"}
    pipeline = place.pipeline("env", "-0", environment=given)
    pipeline.start(order(KEY))
    place.ended(pipeline, KEY)
    shown = os.fsdecode((place.folder(KEY) / "output.log").read_bytes()).rstrip("\0").split("\0")
    assert dict(line.split("=", 1) for line in shown) == given | {
        "AUTOPILOT_MODEL": "fraud-detector-v1",
        "AUTOPILOT_RUN": "run-1",
        "AUTOPILOT_KEY": KEY,
        "AUTOPILOT_TRAIN_FROM": "2026-03-01T00:00:00Z",
        "AUTOPILOT_TRAIN_UNTIL": "2026-05-30T00:00:00Z",
        "AUTOPILOT_EXCLUDE": "",
    }


def test_the_command_runs_in_its_folder_without_input(place):
    pipeline = place.python("say(os.getcwd()); say(repr(sys.stdin.read())); say(oct(os.umask(0)))")
    pipeline.start(order(KEY))
    place.ended(pipeline, KEY)
    mask = os.umask(0)
    os.umask(mask)
    assert place.said() == [str(place.root), "''", oct(mask)]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_command_does_not_inherit_ignored_signals(place):
    pipeline = place.pipeline("grep", "-E", "Sig(Blk|Ign)", "/proc/self/status")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as under nohup
    try:
        pipeline.start(order(KEY))
    finally:
        signal.signal(signal.SIGHUP, before)
    place.ended(pipeline, KEY)
    # The C library keeps two signals to itself; no program can give them back, whoever started us ignores them.
    settable = sum(1 << (number - 1) for number in signal.valid_signals())
    masks = [int(line.split()[1], 16) for line in (place.folder(KEY) / "output.log").read_text().splitlines()]
    assert [mask & settable for mask in masks] == [0, 0]


def test_no_secret_in_arguments_or_files_and_all_files_private(place):
    pipeline = place.python("wait_for('go')", environment=ENVIRONMENT | {"DB_PASSWORD": "hunter2-planted"})
    pipeline.start(order(KEY))
    folder = place.folder(KEY)
    if Path("/proc/self/cmdline").exists():
        lines = [p.read_bytes() for p in Path("/proc").glob("[0-9]*/cmdline") if p.parent.name != "self"]
        assert not any(b"hunter2-planted" in line for line in lines)
    place.let("go")
    place.ended(pipeline, KEY)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert b"hunter2-planted" not in path.read_bytes()


def test_the_lease_is_held_as_long_as_the_job_lives(place):
    reading, lease = os.pipe()
    os.set_inheritable(lease, True)
    os.set_blocking(reading, False)
    pipeline = place.python("wait_for('go')", hold=lambda: lease)
    pipeline.start(order(KEY))
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(lease)  # our own copy is closed
    with pytest.raises(BlockingIOError):
        os.read(reading, 1)
    place.let("go")
    place.ended(pipeline, KEY)
    os.set_blocking(reading, True)
    assert os.read(reading, 1) == b""
    os.close(reading)


# --- the words for a state -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "state", "detail"),
    [
        ({}, None, ""),
        ({"cancel": {}}, None, ""),
        ({"started": STARTED}, "unknown", "gone without a result"),
        ({"started": STARTED, "done": DONE}, "succeeded", "exit code 0"),
        ({"started": STARTED, "done": DONE | {"note": "processes it left behind"}}, "succeeded", "left behind"),
        ({"started": STARTED, "done": DONE | {"exit_code": 1}}, "failed", "exit code 1; it printed nothing"),
        ({"started": STARTED, "done": DONE | {"exit_code": None, "signal": 9}}, "failed", "memory runs out"),
        ({"started": STARTED, "done": DONE | {"exit_code": None, "signal": 11}}, "failed", "killed by SIGSEGV"),
        ({"started": STARTED, "done": DONE | {"exit_code": None, "signal": 40}}, "failed", "killed by signal 40"),
        ({"started": STARTED, "done": DONE | {"reason": "deadline"}}, "failed", "deadline of 2:00:00"),
        ({"started": STARTED, "done": DONE | {"reason": "terminated"}}, "failed", "got SIGTERM"),
        ({"started": STARTED, "done": DONE | {"reason": "cancelled"}}, "cancelled", "on request"),
        ({"done": DONE | {"exit_code": None, "reason": "cancelled"}}, "cancelled", "on request"),
    ],
)
def test_a_folder_without_a_process(place, files, state, detail):
    left_behind(place, **files)
    job = place.pipeline("true").find(KEY)
    assert (job and job.state) == state
    assert job is None or detail in job.detail


@pytest.mark.parametrize(
    ("files", "ran_s"),
    [
        ({"started": STARTED, "done": DONE | {"ended_at": "2026-03-01T00:01:30Z"}}, 90.0),
        ({"started": STARTED, "done": DONE | {"exit_code": 3, "ended_at": "2026-03-01T00:01:30Z"}}, 90.0),
        # A clock that was set back.
        ({"started": STARTED, "done": DONE | {"ended_at": "2026-02-28T00:00:00Z"}}, 0.0),
        # Cancelled before it started.
        ({"done": DONE | {"exit_code": None, "reason": "cancelled"}}, 0.0),
        # Nobody saw its end.
        ({"started": STARTED, "done": DONE | {"exit_code": None, "reason": "cancelled"}}, None),
        ({"started": STARTED}, None),
    ],
)
def test_how_long_the_command_ran(place, files, ran_s):
    left_behind(place, **files)
    assert place.pipeline("true").find(KEY).ran_s == ran_s


@pytest.mark.parametrize(
    ("files", "state", "detail"),
    [
        ({}, "queued", "about to start"),
        ({"started": STARTED}, "running", "supervisor was killed"),
        ({"started": STARTED, "cancel": {}}, "running", "asked to stop"),
        ({"started": STARTED, "done": DONE}, "succeeded", "exit code 0"),
    ],
)
def test_a_folder_whose_lock_is_held(place, files, state, detail):
    folder = left_behind(place, **files)
    lock = take(folder / LOCK, patience_s=0)
    assert lock is not None
    job = place.pipeline("true").find(KEY)
    os.close(lock)
    assert job is not None
    assert job.state == state
    assert detail in job.detail


@pytest.mark.parametrize("files", [{}, {"started": STARTED}])
def test_cancelling_a_job_without_a_process_closes_it(place, files):
    left_behind(place, **files)
    pipeline = place.pipeline("touch", "ran")
    job = pipeline.cancel(KEY)
    assert job is not None
    assert job.state == "cancelled"
    assert pipeline.find(KEY) == job


def test_a_cancelled_order_is_not_started_later(place):
    pipeline = place.python("say('ran')")
    pipeline.start(order("first"))
    place.ended(pipeline, "first")
    folder = place.folder(KEY)
    folder.mkdir()
    ordered = (place.folder("first") / "order.json").read_text().replace('"first"', f'"{KEY}"')
    (folder / "order.json").write_text(ordered)
    write(folder / "cancel.json", {})
    assert pipeline.start(order(KEY)).state == "cancelled"
    assert place.said() == ["ran"]


def test_the_folder_of_another_key_is_refused(place):
    left_behind(place)
    place.folder(KEY).rename(place.folder("other"))
    with pytest.raises(Refused, match="belongs to job"):
        place.pipeline("true").find("other")
    place.folder("other").rename(place.folder(KEY))


# --- failures ------------------------------------------------------------------------------------------------------


def test_a_failure_shows_the_end_of_its_output_without_secrets(place):
    environment = ENVIRONMENT | {"MLFLOW_TRACKING_URI": "postgresql://trainer:p%40ss-planted@db/mlflow"}
    code = (
        "print('first line'); [print(f'\\x1b[31mline {i}\\x1b[0m \\x00', flush=True) for i in range(20)]\n"
        "raise SystemExit(f'cannot log in with p@ss-planted at {os.environ[\"MLFLOW_TRACKING_URI\"]}')"
    )
    pipeline = place.python(code, environment=environment)
    pipeline.start(order(KEY))
    job = place.ended(pipeline, KEY)
    assert job.state == "failed"
    assert job.log == str(place.folder(KEY) / "output.log")
    first, *lines = job.detail.splitlines()
    assert first == f"exit code 1; its output in {job.log} ends:"
    assert lines[0] == "line 11 "
    assert lines[-1] == "cannot log in with *** at postgresql://trainer:***@db/mlflow"
    assert len(lines) == 10


def test_a_secret_cut_by_the_edge_of_what_is_read_is_not_shown(place):
    secret = "planted-" + "s" * 60
    pipeline = place.python(
        "os.write(1, (os.environ['THE_TOKEN'] * 1000 + 'x' * 30).encode()); sys.exit(1)",
        environment=ENVIRONMENT | {"THE_TOKEN": secret},
    )
    pipeline.start(order(KEY))
    assert "ssss" not in place.ended(pipeline, KEY).detail


def test_a_missing_script_is_a_failed_job(place):
    pipeline = place.pipeline(sys.executable, "absent.py")
    pipeline.start(order(KEY))
    job = place.ended(pipeline, KEY)
    assert job.state == "failed"
    assert "absent.py" in job.detail


def test_a_file_that_is_no_program_is_a_failed_job(place):
    (place.root / "train").write_bytes(b"\x00\x01")
    (place.root / "train").chmod(0o700)
    pipeline = place.pipeline("./train")
    pipeline.start(order(KEY))
    job = place.ended(pipeline, KEY)
    assert job.state == "failed"
    assert "cannot run" in job.detail
    assert "Exec format error" in job.detail


def test_the_deadline_ends_a_command_that_refuses_to_end(place):
    pipeline = place.python(
        "signal.signal(signal.SIGTERM, lambda *_: say('told')); say('up'); [time.sleep(0.1) for _ in range(3000)]",
        deadline=timedelta(seconds=1),
    )
    pipeline.start(order(KEY))
    job = place.ended(pipeline, KEY)
    assert job.state == "failed"
    assert "deadline of 0:00:01" in job.detail
    assert place.said() == ["up", "told"]


def test_a_disk_that_is_full_for_the_supervisor_is_said_and_starts_nothing(place):
    full = place.root / "python"
    full.write_text(f'#!/bin/sh\nulimit -f 0\nexec "{sys.executable}" "$@"\n')
    full.chmod(0o700)
    pipeline = place.python("say('ran')", python=str(full))
    with pytest.raises(Unavailable, match=re.escape(str(place.folder(KEY)))):
        pipeline.start(order(KEY))
    assert pipeline.find(KEY) is None
    sound = place.python("say('ran')")
    sound.start(order(KEY))
    assert place.ended(sound, KEY).state == "succeeded"
    assert place.said() == ["ran"]
