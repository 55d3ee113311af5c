"""Runs `-P -m MODULE …` in forks of this process, which has imported what evaluation children do: `fork_server SOCKET`.

One at a time, for tests/fork_asked.py, until stdin ends. A fork is ended when nobody waits for it any more.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import traceback
from typing import Any

LOADED = ("tools.evaluation.comparing", "mlflow.sklearn", "mlflow.pyfunc")
_LOOK_AGAIN_S = 0.02


def serve(place: str) -> None:
    """Answer at a Unix socket."""
    for name in LOADED:
        importlib.import_module(name)
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place)
        listening.listen()
        print("ready", flush=True)
        while sys.stdin not in select.select([listening, sys.stdin], [], [])[0]:
            connection, _ = listening.accept()
            with connection:
                answer(connection)


def answer(connection: socket.socket) -> None:
    """Run what is asked for and answer with how it ended, as `subprocess` puts it."""
    document, streams, _, _ = socket.recv_fds(connection, 65_536, 2)
    pid = os.fork()
    if pid == 0:
        os._exit(carry_out(json.loads(document), *streams))
    for stream in streams:
        os.close(stream)
    code = wait(pid, connection)
    with contextlib.suppress(BrokenPipeError):
        connection.sendall(f"{code}\n".encode())


def wait(pid: int, connection: socket.socket) -> int:
    """Wait for the fork, and end its group when the asker or the parent of this process is gone."""
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        gone = not ended and select.select([connection, sys.stdin], [], [], _LOOK_AGAIN_S)[0]
        if ended or gone:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        if ended:
            return os.waitstatus_to_exitcode(status)


def carry_out(asked: dict[str, Any], out: int, err: int) -> int:
    """Become the interpreter: its group, streams, folder, environment and arguments."""
    os.setsid()
    for source, target in ((os.open(os.devnull, os.O_RDONLY), 0), (out, 1), (err, 2)):
        os.dup2(source, target)
        os.close(source)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    safe, by_name, module, *sys.argv[1:] = asked["words"]
    assert (safe, by_name) == ("-P", "-m")
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001 - whatever it was: a fork must not go on as a second server
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    serve(sys.argv[1])
