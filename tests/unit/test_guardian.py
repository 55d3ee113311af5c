"""The guardian of real systems: it ends what its program left behind, also what has left its session, and only that."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.local_jobs import linux_only, lives, until

LEAVES_ONE = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
open(sys.argv[1], "w").write(str(child.pid))
"""
HOLDER = """
import subprocess, sys
subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE).wait()
"""


@linux_only
@pytest.mark.parametrize("killed", [True, False])
def test_what_a_program_left_behind_ends_with_whoever_started_it(tmp_path: Path, killed: bool) -> None:
    folder, noted = tmp_path / "folder", tmp_path / "pid"
    folder.mkdir()
    guardian = [sys.executable, "-I", str(ROOT / "tests" / "guardian.py"), str(folder), sys.executable]
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    # Whoever holds the guardian's input is a process of its own here, so that it can be killed.
    holder = [sys.executable, "-c", HOLDER]
    try:
        with subprocess.Popen([*holder, *guardian, "-c", LEAVES_ONE, str(noted)], stdin=subprocess.PIPE) as process:
            until(lambda: noted.exists() and noted.read_text(), "the program's child")
            assert lives(int(noted.read_text()))
            process.kill() if killed else process.terminate()
        until(lambda: not lives(int(noted.read_text())), "the end of the program's child")
        until(lambda: not folder.exists(), "the end of the folder")
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
