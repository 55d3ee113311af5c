"""Evaluation children that need not import everything again: forks of one process that has what a child imports."""

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@pytest.fixture(scope="session")
def forked_python() -> Iterator[str]:
    """The path of what stands where ChildEvaluator wants an interpreter.

    It is asked like `python -P -m MODULE …`; the module gets the environment, folder and streams that `python` would
    have got, and ends as it would, with an exit status or by a signal. Only the start is another: a test that is about
    that, or about what an interpreter does with its environment, takes `sys.executable`.
    """
    with tempfile.TemporaryDirectory(prefix="ap-") as name:  # short, for the socket
        python, place = Path(name) / "python", f"{name}/socket"
        asking = [sys.executable, "-IS", str(ROOT / "tests" / "fork_asked.py"), place]
        python.write_text(f'#!/bin/sh\nexec {shlex.join(asking)} "$@"\n')
        python.chmod(0o755)
        # As bare as that of a child, so that nothing is loaded here that would not be loaded there.
        environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": name, "TZ": "UTC", "PYTHONPATH": str(ROOT)}
        serving = [sys.executable, "-P", "-m", "tests.fork_server", place]
        with subprocess.Popen(
            serving, cwd=name, env={**THREADS, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as server:
            assert server.stdout is not None
            assert server.stdout.readline() == b"ready\n"
            yield str(python)
            server.communicate(timeout=30)
