"""Runs what the product starts with `python`, trainings and evaluations, as forks of the forge: no libraries to load.

In `folder` lie a socket, `door`, and a `python` that asks there for a fork with its own arguments, environment, folder
and streams, and ends as the fork does, with 137 where a signal ended that. When it is killed, so is the fork with all
that it started. Everything else it leaves to the real interpreter.
"""

import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

DOOR, PYTHON = "door", "python"
_MODULES = ("tools.evaluation.child",)
_KILLED = 137
_SHIM = f"""#!/bin/sh
case "$1 $2 $3" in
*.py" "*|{"|".join(f'"-P -m {module}"' for module in _MODULES)}) exec "{sys.executable}" -IS "{__file__}" "$0" "$@" ;;
*) exec "{sys.executable}" "$@" ;;
esac
"""
Become = Callable[[dict[str, Any], int, int, Callable[[], object]], int]


def settle(folder: Path, become: Become) -> Callable[[], None]:
    """Open the nursery in a process of its own, which has what we have imported; return what closes it.

    `become` turns a fork into what was asked for and returns its exit code.
    """
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(folder / DOOR))
    door.listen()
    shim = folder / PYTHON
    shim.write_text(_SHIM)
    shim.chmod(0o755)
    until, ours = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        _serve(door, until, become)
    door.close()

    def close() -> None:
        os.close(ours)
        os.waitpid(pid, 0)

    return close


def _serve(door: socket.socket, until: int, become: Become) -> NoReturn:
    """Fork for whoever knocks, until nobody is left who could close the other end of `until`."""
    children: set[int] = set()
    while until not in select.select([door.fileno(), until], [], [])[0]:
        guest, _ = door.accept()
        children = {child for child in children if os.waitpid(child, os.WNOHANG)[0] == 0}
        child = os.fork()
        if child == 0:
            door.close()
            _host(guest, become)
        guest.close()
        children.add(child)
    for child in children:
        os.waitpid(child, 0)
    os._exit(0)


def _host(guest: socket.socket, become: Become) -> NoReturn:
    os.setsid()
    text, streams, _, _ = socket.recv_fds(guest, 65_536, 2)
    while not text.endswith(b"\n"):
        more = guest.recv(65_536)
        if not more:
            os._exit(_KILLED)
        text += more
    asked = json.loads(text)
    threading.Thread(target=_end_with, args=(guest,), daemon=True).start()
    code = become(asked, streams[0], streams[1], lambda: _run(asked["argv"]))
    guest.sendall(bytes([code & 255]))
    os._exit(0)


def _end_with(guest: socket.socket) -> None:
    guest.recv(1)  # it says nothing more: it is gone
    os.killpg(0, signal.SIGKILL)


def _run(words: list[str]) -> None:
    if words[0] == "-P":
        sys.argv = words[2:]
        runpy.run_module(words[2], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")


def _ask(shim: str, words: list[str]) -> int:
    """Be the `python` of the folder, and return how the fork ended."""
    asked = {"argv": words, "environment": dict(os.environ), "cwd": os.getcwd()}
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(os.path.join(os.path.dirname(shim), DOOR))
        socket.send_fds(door, [json.dumps(asked).encode() + b"\n"], [1, 2])
        ended = door.recv(1)
    return ended[0] if ended else _KILLED


if __name__ == "__main__":
    sys.exit(_ask(sys.argv[1], sys.argv[2:]))
