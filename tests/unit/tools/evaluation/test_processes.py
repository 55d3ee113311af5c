"""Programs that end well, end badly, hang, shout, and leave others behind."""

import fcntl
import os
import sys
from pathlib import Path

import pytest

from tools.evaluation.processes import run

LEAVES_A_CHILD = """
import fcntl, os, time
held = open("lock", "w")
fcntl.flock(held, fcntl.LOCK_EX)
if os.fork() == 0:
    time.sleep(600)
print("parent", flush=True)
"""


def python(folder: Path, code: str, timeout_s: float = 60, keep: int = 1000, **more):
    return run([sys.executable, "-c", code], folder, timeout_s, keep, {"PATH": os.defpath}, **more)


def test_both_streams_are_kept_apart(tmp_path):
    ended = python(tmp_path, "import sys; print('out'); print('err', file=sys.stderr)")
    assert (ended.code, ended.out, ended.err) == (0, "out\n", "err\n")


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("raise SystemExit(3)", "ended with exit status 3"),
        ("import os; os.kill(os.getpid(), 11)", "was killed by SIGSEGV"),
        ("import os; os.kill(os.getpid(), 9)", "was killed by SIGKILL (often: out of memory)"),
        ("import signal, os; os.kill(os.getpid(), signal.SIGRTMIN + 1)", "was killed by signal"),
    ],
)
def test_the_end_is_said_in_words(tmp_path, code: str, how: str):
    assert python(tmp_path, code).how(60).startswith(how)


@pytest.mark.parametrize("own_group", [True, False])
def test_a_program_that_hangs_is_stopped(tmp_path, own_group: bool):
    ended = python(tmp_path, "import time; print('here', flush=True); time.sleep(600)", 0.7, own_group=own_group)
    assert ended.code is None
    assert ended.how(0.7) == "was stopped after 0.7 s"


def test_only_the_end_of_much_output_is_kept(tmp_path):
    ended = python(tmp_path, "for _ in range(100): print('x' * 999_999)\nprint('the end')")
    assert ended.out_bytes == 100_000_000 + len("the end\n")
    assert len(ended.out) == 1000
    assert ended.out.endswith("x\nthe end\n")


def test_a_group_leaves_nobody_behind(tmp_path):
    ended = python(tmp_path, LEAVES_A_CHILD, own_group=True)
    assert ended.out == "parent\n"
    with open(tmp_path / "lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # waits for as long as the child that was left behind lives


def test_who_leaves_the_group_holds_nobody_up(tmp_path):
    ended = python(tmp_path, "import os, time\nif os.fork() == 0:\n    os.setsid(); time.sleep(8)\nprint('done')")
    assert (ended.code, ended.out) == (0, "done\n")


def test_a_program_that_does_not_exist_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        run(["no-such-program"], tmp_path, 1, 10, {"PATH": os.defpath})
