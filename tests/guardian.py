"""Starts a system that makes many processes, and ends exactly those when its own starter is gone, however it went.

    python -I guardian.py FOLDER PROGRAM ARGUMENT…

An orphan among all that descends from PROGRAM becomes a child of this process, also one that has left its group and its
session: so they are known. FOLDER is removed at the end. Linux only.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


def main(folder: str, *command: str) -> None:
    """Say the program's exit code on a line of its own, then wait for the end of the input."""
    # A handler, since a signal that is ignored is ignored by all that is started from here as well.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    try:
        print(subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).returncode, flush=True)
        sys.stdin.read()
    finally:
        while ours := below(os.getpid()):
            for pid in ours:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            bury()
            time.sleep(0.02)
        shutil.rmtree(folder, ignore_errors=True)


def below(root: int) -> list[int]:
    """Return the pids of all that descend from this process. The dead keep theirs until they are buried."""
    parents = dict(filter(None, map(parent, Path("/proc").glob("[0-9]*"))))
    found = [root]
    for pid in found:
        found += [child for child, of in parents.items() if of == pid]
    return found[1:]


def parent(place: Path) -> tuple[int, int] | None:
    """Return a process's pid and its parent's, None when it has gone."""
    try:
        return int(place.name), int((place / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def bury() -> None:
    """Take note of every dead child."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
