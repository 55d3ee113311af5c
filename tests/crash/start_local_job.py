"""Starts a local training job as the CLI does and prints its state: `start_local_job.py ROOT KEY AFTER CODE [PYTHON]`.

AFTER is "leave", or "stay" until standard input ends, or "children" to print whether it has any child process left;
"pause" stops before the supervisor is started, after writing the pid to the file `paused`.
"""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from graph.errors import AutopilotError
from tests.local_jobs import Workshop, order

ROOT, KEY, AFTER, CODE, *PYTHON = sys.argv[1:]


def pause(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen":
        Path(ROOT, "paused").write_text(str(os.getpid()))
        time.sleep(600)


# Whatever started the tests may have them ignored, as shells do for what runs in the background, and nohup does.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
if AFTER == "pause":
    sys.addaudithook(pause)
try:
    print(Workshop(Path(ROOT)).python(CODE, python=[*PYTHON, sys.executable][0]).start(order(KEY)).state, flush=True)
except AutopilotError as error:
    print(error.kind, flush=True)
if AFTER == "children":
    try:
        os.waitpid(-1, os.WNOHANG)
        print("children", flush=True)
    except ChildProcessError:
        print("no children", flush=True)
if AFTER == "stay":
    sys.stdin.read()
