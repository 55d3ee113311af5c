"""What ends the servers: it must, whatever became of the tests."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.airflow import minder
from tests.local_jobs import lives, until


@pytest.mark.parametrize("way", ["its starter dies", "it is told to"])
def test_servers_end_with_their_minder(tmp_path: Path, way: str) -> None:
    script = "echo $$ > pid; trap '' TERM; sleep 600 & wait; sleep 600"
    (tmp_path / "plan.json").write_text(json.dumps([(["sh", "-c", script], str(tmp_path / "log"))]))
    command = [sys.executable, "-I", minder.__file__, str(tmp_path / "plan.json")]
    minding = subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE)
    assert minding.stdin is not None
    server = int(until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), "the server"))
    assert lives(server)
    if way == "it is told to":
        os.kill(minding.pid, signal.SIGTERM)
    else:
        minding.stdin.close()
    minding.wait()
    minding.stdin.close()
    assert not lives(server)
