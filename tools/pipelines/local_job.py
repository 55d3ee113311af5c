"""The folder of one local training job: which files it has, who holds its lock, which process is whose.

order.json      what was asked: parameters, command, folder, deadline; written by the starter
lock            held (flock) by every process of the job; the supervisor takes it before anything else
started.json    which process runs the command; written once and never replaced: a key is not started twice
output.log      what the command printed, without its middle when it was too much
cancel.json     somebody asked the job to stop
done.json       how it ended; written last

Standard library only: the supervisor imports it and must be up at once. flock needs a local file system.
"""

import fcntl
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

Json = dict[str, Any]

ORDER = "order.json"
LOCK = "lock"
STARTED = "started.json"
OUTPUT = "output.log"
CANCEL = "cancel.json"
DONE = "done.json"
SUPERVISOR_LOG = "supervisor.log"

GRACE_S = 5.0
"""How long a job may take to end after SIGTERM before it gets SIGKILL."""

POLL_S = 0.05

_PROC = Path("/proc")
_DEAD = ("Z", "X")
"""A zombie is dead, and may stay for ever where process 1 does not collect orphans, as in many containers."""


def read(path: Path) -> Json | None:
    """Return a JSON file's content, None when there is no such file. Raises OSError, ValueError."""
    try:
        document: Json = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return document


def write(path: Path, document: Json) -> None:
    """Write a JSON file so that a reader sees all of it or nothing, also after a power cut. Raises OSError."""
    spare = reserve(path, 0)
    try:
        fulfil(spare, path, document)
    except OSError:
        spare.unlink(missing_ok=True)
        raise


def reserve(path: Path, size: int) -> Path:
    """Take the disk space of a JSON file that `fulfil` writes later: a disk that is full by then cannot stop it."""
    spare = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        with os.fdopen(os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(b" " * size)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        spare.unlink(missing_ok=True)
        raise
    return spare


def fulfil(spare: Path, path: Path, document: Json) -> None:
    """Write a JSON file into the space that `reserve` returned. Raises OSError."""
    # The blanks that stay behind the document are white space to every JSON reader.
    with spare.open("r+b") as file:
        file.write(json.dumps(document).encode())
        file.flush()
        os.fsync(file.fileno())
    spare.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def stamp() -> str:
    """Return the present for the record, RFC 3339 UTC. No rule depends on it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def take(lock: Path, patience_s: float) -> int | None:
    """Lock a job for this process and those it starts; return the descriptor, None when the job is held by another."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    give_up = time.monotonic() + patience_s
    # Patience, because `held` locks for an instant to look.
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > give_up:
                os.close(handle)
                return None
            time.sleep(POLL_S)
        else:
            return handle


def held(lock: Path) -> bool:
    """Say whether any process of the job lives."""
    try:
        handle = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def born(pid: int) -> str | None:
    """Return a live process's start in a form that no later process of the same number shares; None when it is dead."""
    if _PROC.joinpath("self", "stat").exists():
        fields = _stat(pid)
        return f"{_boot()}/{fields[19]}" if fields and fields[0] not in _DEAD else None
    ps = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
    found = subprocess.run(ps, env={"LC_ALL": "C", "TZ": "UTC"}, capture_output=True, text=True).stdout.split()
    return " ".join(found[1:]) if found and found[0][0] not in _DEAD else None


def children(parent: int) -> list[int]:
    """Return the live child processes of a process; none where the system does not tell (no /proc)."""
    stats = ((pid, _stat(pid)) for pid in _pids())
    return [pid for pid, fields in stats if fields and fields[0] not in _DEAD and int(fields[1]) == parent]


def alive(process: Json) -> bool:
    """Say whether a recorded process, {"pid", "born"}, lives and is not another that got its number."""
    return process["born"] is not None and process["born"] == born(process["pid"])


def is_ours(started: Json) -> bool:
    """Say whether the process group that started.json names is still the job's."""
    if born(started["pid"]) is not None:
        return alive(started)
    # The leader is dead but its number is not free while the group lives; the session tells whose group that is.
    stats = (_stat(pid) for pid in _pids())
    return any(f is not None and f[2:4] == [str(started["pgid"]), str(started["session"])] for f in stats)


def _boot() -> str:
    """Start times count from the boot, so they come again after the next one. Some sandboxes do not name the boot."""
    path = _PROC.joinpath("sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""


def _pids() -> list[int]:
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()] if _PROC.is_dir() else []


def _stat(pid: int) -> list[str] | None:
    """Return /proc/PID/stat from the third field on: 0 state, 1 parent, 2 group, 3 session, 19 start time."""
    try:
        text = _PROC.joinpath(str(pid), "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name in brackets and may itself hold brackets and blanks.
    return text.rpartition(")")[2].split()
