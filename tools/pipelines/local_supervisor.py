"""The process that runs one local training job and outlives whoever started it.

`python -P -m tools.pipelines.local_supervisor FOLDER`; standard input carries the command's environment as JSON, so
that no secret is in an argument or a file; standard output carries one line of JSON back. Standard library only.

starter ── supervisor ─┬─ command      its own process group; waits at a gate until started.json is on the disk
                       └─ keeper       copies its output, see local_output
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Literal, NoReturn

from tools.pipelines.local_job import (
    CANCEL,
    DONE,
    GRACE_S,
    LOCK,
    ORDER,
    OUTPUT,
    POLL_S,
    STARTED,
    SUPERVISOR_LOG,
    Json,
    born,
    children,
    fulfil,
    read,
    reserve,
    stamp,
    take,
    write,
)
from tools.pipelines.local_output import CappedLog, copy

Reason = Literal["ended", "cancelled", "deadline", "terminated"]

_LOCK_PATIENCE_S = 1.0
_LOOK_AGAIN_S = 2.0
"""A cancel comes with a signal; looking for its file now and then also finds one whose signal was lost."""
_PR_SET_CHILD_SUBREAPER = 36
_CANNOT_RUN = 127
_DONE_BYTES = 1024
_RESET = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGPIPE", "SIGXFSZ", "SIGCHLD")


@dataclass
class Family:
    """The processes of the job as the supervisor knows them."""

    command: int
    keeper: int
    ended: dict[int, int] = field(default_factory=dict)
    """pid → wait status, of every child that has ended."""

    def reap(self) -> None:
        """Collect the children that have ended."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                self.ended[pid] = status

    def left(self) -> list[int]:
        """Return what still lives, less the keeper: minus the group's number, and the pids that left the group."""
        self.reap()
        others = set(children(os.getpid())) - {self.keeper}
        if self.command not in self.ended:
            others.add(self.command)
        outside = [pid for pid in others if _group_of(pid) not in (None, self.command)]
        return [-self.command, *outside] if _exists(-self.command) else outside


def main(arguments: list[str]) -> None:
    """Run the job of the folder that is the only argument, unless it runs or ran already."""
    folder = Path(arguments[0])
    environment: dict[str, str] = json.loads(sys.stdin.buffer.read())
    if os.fork():
        # The starter collects this process at once; the supervisor leaves no zombie with a long-lived starter.
        os._exit(0)
    try:
        supervise(folder, environment)
    except OSError as error:
        _answer({"error": error.strerror or str(error), "path": str(error.filename or folder)})
        raise


def supervise(folder: Path, environment: Mapping[str, str]) -> None:
    """Run the job to its end, or answer why not. Raises OSError; before the answer, nothing was started then."""
    lock = take(folder / LOCK, _LOCK_PATIENCE_S)
    if lock is None or (folder / STARTED).exists() or (folder / DONE).exists():
        return _answer({"started": False})
    os.set_inheritable(lock, True)
    order = read(folder / ORDER)
    if order is None:
        return _answer({"error": "the order is not there", "path": str(folder / ORDER)})
    done = reserve(folder / DONE, _DONE_BYTES)
    if (folder / CANCEL).exists():
        fulfil(done, folder / DONE, _done("cancelled", None, "before it started"))
        return _answer({"started": False})
    _adopt_orphans()
    due = time.monotonic() + float(order["deadline_s"])
    family, gate = launch(folder, order, environment, due)
    wakes = _listen()
    write(folder / STARTED, _started(family.command))
    os.write(gate, b"g")
    os.close(gate)
    _answer({"started": True})
    _detach(folder)
    reason = watch(folder, family, wakes, due)
    note = finish(family)
    return fulfil(done, folder / DONE, _done(reason, family.ended.get(family.command), note))


def launch(folder: Path, order: Json, environment: Mapping[str, str], due: float) -> tuple[Family, int]:
    """Start command and keeper. The command runs once the returned gate gets a byte, and never if that just closes."""
    log = CappedLog(folder / OUTPUT, order["output_cap"])
    source, output = os.pipe()
    gate, opener = os.pipe()
    command = os.fork()
    if command == 0:
        os.close(opener)
        _become(order, {**environment, **order["parameters"]}, gate, output)
    with contextlib.suppress(OSError):
        os.setpgid(command, command)
    birth = born(command)
    keeper = os.fork()
    if keeper == 0:
        for other in (gate, opener, output):
            os.close(other)
        _detach(folder)
        _keep(source, log, due, lambda: _kill_overdue(command, birth))
    for other in (gate, source, output):
        os.close(other)
    return Family(command, keeper), opener


def watch(folder: Path, family: Family, wakes: int, due: float) -> Reason:
    """Wait until the command has ended, or has to be ended, and say which."""
    caught = b""
    while True:
        family.reap()
        if family.command in family.ended:
            return "ended"
        if (folder / CANCEL).exists():
            return "cancelled"
        if signal.SIGTERM in caught:
            return "terminated"
        left = due - time.monotonic()
        if left <= 0:
            return "deadline"
        ready, _, _ = select.select([wakes], [], [], min(left, _LOOK_AGAIN_S))
        caught = os.read(wakes, 1024) if ready else b""


def finish(family: Family) -> str:
    """Stop what is left of the job, let the keeper complete the output, and return what was unusual."""
    notes = []
    if family.command in family.ended and family.left():
        notes.append("processes it left behind were stopped")
    if not _end(family):
        notes.append("some of its processes could not be stopped")
    if not _wait(lambda: _keeper_ended(family)):
        os.kill(family.keeper, signal.SIGTERM)
        _wait(lambda: _keeper_ended(family))
    code = os.waitstatus_to_exitcode(family.ended.get(family.keeper, 0))
    if code:
        because = os.strerror(code) if code > 0 else f"its keeper was killed by signal {-code}"
        notes.append(f"its output is incomplete: {because}")
    return "; ".join(notes)


def _become(order: Json, environment: dict[str, str], gate: int, output: int) -> NoReturn:
    try:
        os.setpgid(0, 0)
        for source, target in ((os.open(os.devnull, os.O_RDONLY), 0), (output, 1), (output, 2)):
            os.dup2(source, target)
        if os.read(gate, 1):
            # Ignored signals and blocked ones would be inherited: from Python, or from a starter under nohup.
            for name in _RESET:
                signal.signal(getattr(signal, name), signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            os.chdir(order["cwd"])
            os.execve(order["program"], [order["program"], *order["command"][1:]], environment)  # noqa: S606
    except OSError as error:
        os.write(2, f"autopilot: cannot run {order['program']} in {order['cwd']}: {error.strerror}\n".encode())
    finally:
        os._exit(_CANNOT_RUN)


class _Stopped(Exception):
    """The supervisor waits no longer for writers that it cannot reach."""


def _keep(source: int, log: CappedLog, due: float, overdue: Callable[[], None]) -> NoReturn:
    code = 1
    try:
        signal.signal(signal.SIGTERM, _stop)
        with contextlib.suppress(_Stopped):
            # Later than the supervisor itself would: this is for the command whose supervisor was killed.
            copy(source, log, due + 3 * GRACE_S, overdue)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        code = log.close()
    finally:
        os._exit(code)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise _Stopped


def _kill_overdue(command: int, birth: str | None) -> None:
    if birth is not None and born(command) == birth:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(command, signal.SIGKILL)


def _end(family: Family) -> bool:
    for number in (signal.SIGTERM, signal.SIGKILL):
        told: set[int] = set()
        give_up = time.monotonic() + GRACE_S
        while left := family.left():
            for target in set(left) - told:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(target, number)
            told.update(left)
            if time.monotonic() > give_up:
                break
            time.sleep(POLL_S)
        else:
            return True
    return False


def _wait(ready: Callable[[], bool]) -> bool:
    give_up = time.monotonic() + GRACE_S
    while not ready():
        if time.monotonic() > give_up:
            return False
        time.sleep(POLL_S)
    return True


def _keeper_ended(family: Family) -> bool:
    family.reap()
    return family.keeper in family.ended


def _listen() -> int:
    """Make signals readable from the returned descriptor. After the forks: the children keep the defaults."""
    wakes, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    return wakes


def _adopt_orphans() -> None:
    """Become the parent of processes that the command leaves behind, so that they can be found (Linux only)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _detach(folder: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(folder / SUPERVISOR_LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)


def _answer(answer: Json) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(1, json.dumps(answer).encode() + b"\n")


def _started(command: int) -> Json:
    me = os.getpid()
    return {
        "pid": command,
        "pgid": command,
        "session": os.getsid(0),
        "born": born(command),
        "supervisor": {"pid": me, "born": born(me)},
        "started_at": stamp(),
    }


def _done(reason: Reason, status: int | None, note: str) -> Json:
    code = None if status is None else os.waitstatus_to_exitcode(status)
    return {
        "exit_code": code if code is not None and code >= 0 else None,
        "signal": -code if code is not None and code < 0 else None,
        "reason": reason,
        "ended_at": stamp(),
        "note": note,
    }


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def _exists(target: int) -> bool:
    try:
        os.kill(target, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
