"""The files, the lock and the processes of a job."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.local_jobs import until
from tools.pipelines.local_job import alive, born, children, fulfil, held, read, reserve, take, write


def test_a_written_file_is_whole_private_and_alone(tmp_path):
    write(tmp_path / "order.json", {"a": "ä"})
    write(tmp_path / "order.json", {"a": 1})
    assert read(tmp_path / "order.json") == {"a": 1}
    assert (tmp_path / "order.json").stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["order.json"]


def test_a_missing_file_is_none(tmp_path):
    assert read(tmp_path / "order.json") is None


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "order.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        write(tmp_path / "order.json", {})
    assert [p.name for p in tmp_path.iterdir()] == ["order.json"]


@pytest.mark.parametrize("document", [{}, {"exit_code": 0}, {"note": "x" * 5000}])
def test_a_reserved_file_appears_only_when_it_is_written(tmp_path, document):
    spare = reserve(tmp_path / "done.json", 1024)
    assert read(tmp_path / "done.json") is None
    fulfil(spare, tmp_path / "done.json", document)
    assert json.loads((tmp_path / "done.json").read_text()) == document


def test_a_lock_is_held_until_its_last_process_ends(tmp_path):
    lock = tmp_path / "lock"
    assert not held(lock)
    mine = take(lock, patience_s=0)
    assert mine is not None
    assert held(lock)
    assert take(lock, patience_s=0) is None
    heir = subprocess.Popen(["sleep", "60"], pass_fds=(mine,))
    os.close(mine)
    assert held(lock)
    heir.kill()
    heir.wait()
    assert not held(lock)


def test_a_process_is_known_by_its_start():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    birth = born(process.pid)
    assert birth is not None
    assert birth == born(process.pid)
    assert birth != born(os.getpid())
    assert process.pid in children(os.getpid())
    assert alive({"pid": process.pid, "born": birth})
    assert not alive({"pid": process.pid, "born": "another"})
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not alive({"pid": process.pid, "born": birth})
    assert not alive({"pid": process.pid, "born": None})
    until(lambda: born(process.pid) is None, "the end of the process")
