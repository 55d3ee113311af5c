"""The judge as a process of its own: the same stream gives the same bytes, whatever the machine's habits are."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__  # type: ignore[import-not-found]

from tests.conftest import ROOT
from tests.unit.autopilot.judge_world import World

USUAL = {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
OTHER = {
    "PYTHONHASHSEED": "4242",
    "TZ": "Asia/Kathmandu",
    "LC_ALL": "C.UTF-8",
    "OMP_NUM_THREADS": "2",
    "OPENBLAS_NUM_THREADS": "2",
    "NPY_DISABLE_CPU_FEATURES": " ".join(__cpu_dispatch__),
}


def cents_then_turn(tick: int, x: np.ndarray, y: np.ndarray) -> None:
    """A unit breaks for three ticks."""
    if 4 <= tick < 7:
        x[:, 0] *= 100


def played(folder, environment: dict[str, str]) -> str:
    """Play one stream against a process with these variables; return what it said, line by line."""
    folder.mkdir(exist_ok=True)
    world = World(folder, 24, cents_then_turn, turn=10, answers=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "autopilot", "judge"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
    )
    assert process.stdin
    assert process.stdout
    said: list[str] = []
    while True:
        while line := world.readline():
            process.stdin.write(line)
            process.stdin.flush()
            if json.loads(line)["type"] == "end":
                rest, errors = process.communicate(timeout=60)
                assert (rest, process.returncode) == ("", 0), errors
                return "".join(said)
        said.append(process.stdout.readline())
        assert said[-1], process.communicate(timeout=60)[1]
        world.write(said[-1])


def test_another_environment_gives_the_same_bytes(tmp_path):
    first = played(tmp_path / "world", USUAL)
    assert '"type":"alert"' in first
    assert '"type":"promote"' in first
    assert played(tmp_path / "world", OTHER) == first


@pytest.mark.parametrize("line", ["nonsense", '{"type":"bogus"}', '{"type":"start","version":1}'])
def test_a_broken_line_is_a_message_and_code_two(line):
    found = subprocess.run(
        [sys.executable, "-m", "autopilot", "judge"], input=line + "\n", capture_output=True, text=True, cwd=ROOT
    )
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith("autopilot: judge: line 1 ")
    assert "Traceback" not in found.stderr
