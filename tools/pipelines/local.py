"""Runs training as a command on this machine, under a supervisor that outlives the process that started it."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from graph.errors import Misconfigured, Refused, Unavailable
from graph.model import Json, TrainingJob, TrainingOrder
from tools.pipelines.contract import parameters
from tools.pipelines.local_job import (
    CANCEL,
    DONE,
    GRACE_S,
    LOCK,
    ORDER,
    POLL_S,
    STARTED,
    alive,
    is_ours,
    read,
    stamp,
    take,
    write,
)
from tools.pipelines.local_state import KIND, look
from tools.redaction import Redactor, secrets_of

_SUPERVISOR = "tools.pipelines.local_supervisor"
_ROOT = Path(__file__).resolve().parents[2]
_KEY = re.compile(r"[A-Za-z0-9._:-]+")
_LONGEST_NAME = 100
_START_S = 10.0
_STOP_S = 3 * GRACE_S + 5.0
"""SIGTERM and SIGKILL with their graces, then the keeper's; and a busy machine."""


class LocalPipeline:
    """A training command on this machine. The job's folder, named by its key, is the only place where a job is known.

    `environment` is the command's whole environment, less the training contract; `python` runs the supervisor.
    `hold` returns an inheritable descriptor that the job keeps open as long as it lives; `start` closes our copy.
    """

    kind = KIND

    def __init__(
        self,
        command: tuple[str, ...],
        cwd: Path,
        jobs: Path,
        environment: Mapping[str, str],
        deadline: timedelta,
        python: str,
        hold: Callable[[], int] | None = None,
        output_cap: int = 10_000_000,
    ) -> None:
        self._command = command
        self._cwd = cwd.absolute()
        self._jobs = jobs.absolute()
        self._environment = dict(environment)
        self._deadline = deadline
        self._python = python
        self._hold = hold
        self._output_cap = output_cap
        self._redact = Redactor.of(secrets_of(environment))

    def find(self, key: str) -> TrainingJob | None:
        """Return the job of this key, None when none was started. Unavailable when its folder cannot be read."""
        folder = self._folder(key)
        with _readable(folder):
            return look(key, folder, self._redact)

    def start(self, order: TrainingOrder) -> TrainingJob:
        """Start the job of `order.key`, or return the one there is. Misconfigured when the command cannot be run."""
        folder = self._folder(order.key)
        document = self._document(order)
        with _readable(folder):
            known = read(folder / ORDER)
            if known is not None and known["parameters"] != document["parameters"]:
                raise Refused(
                    f"{order.model}: job {order.key} was ordered before with other parameters",
                    f"a key stands for one training order; see {folder / ORDER}",
                )
            found = look(order.key, folder, self._redact)
        if found is not None:
            return found if found.state != "queued" else self._settled(order, folder)
        document["program"] = self._program(order.model)
        with _writable(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write(folder / ORDER, document)
        self._spawn(order, folder)
        return self._settled(order, folder)

    def cancel(self, key: str) -> TrainingJob | None:
        """Stop the job and return its state, None when none was ordered. Unavailable when it did not stop in time."""
        folder = self._folder(key)
        with _readable(folder):
            if read(folder / ORDER) is None:
                return None
            if read(folder / DONE) is None:
                self._stop(key, folder)
            return look(key, folder, self._redact)

    def _folder(self, key: str) -> Path:
        if not _KEY.fullmatch(key) or not key.strip("."):
            raise Refused(f"{key!r} cannot be a job's key", "letters, digits and ._:- are allowed")
        if len(key) > _LONGEST_NAME:
            return self._jobs / f"{key[:32]}-{sha256(key.encode()).hexdigest()}"
        return self._jobs / key

    def _document(self, order: TrainingOrder) -> Json:
        return {
            "parameters": parameters(order),
            "command": list(self._command),
            "cwd": str(self._cwd),
            "deadline_s": self._deadline.total_seconds(),
            "output_cap": self._output_cap,
            "ordered_at": stamp(),
        }

    def _program(self, model: str) -> str:
        """Return the command's file as the child's own PATH and folder name it."""
        if not self._command:
            raise Misconfigured(f"{model}: the pipeline has no command", "set pipeline.command in autopilot.yaml")
        if not self._cwd.is_dir():
            raise Misconfigured(f"{model}: the training folder {self._cwd} does not exist", "correct pipeline.cwd")
        name = self._command[0]
        if os.sep in name:
            found = shutil.which(self._cwd / name)
        else:
            folders = self._environment.get("PATH", os.defpath).split(os.pathsep)
            found = shutil.which(name, path=os.pathsep.join(str(self._cwd / folder) for folder in folders))
        if found is None:
            raise Misconfigured(
                f"{model}: the training command {name!r} is not there or may not be executed; nothing was started",
                f"looked in {self._cwd} and on the PATH of the training environment; correct pipeline.command",
            )
        return str(found)

    def _spawn(self, order: TrainingOrder, folder: Path) -> None:
        held_open = self._hold() if self._hold is not None else None
        try:
            supervisor = subprocess.Popen(
                [self._python, "-P", "-m", _SUPERVISOR, str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=os.sep,
                # Not the command's environment: its PYTHONPATH may lead to other packages of our names.
                env={"PATH": os.defpath, "PYTHONPATH": str(_ROOT)},
                start_new_session=True,
                pass_fds=() if held_open is None else (held_open,),
            )
        except (FileNotFoundError, PermissionError) as error:
            raise Misconfigured(
                f"{order.model}: the supervisor's Python {self._python} cannot be run: {error.strerror}",
                "give the path of the Python that runs autopilot",
            ) from error
        except OSError as error:
            raise Unavailable(
                f"{order.model}: no process for the training job: {error.strerror}", "try again"
            ) from error
        finally:
            if held_open is not None:
                os.close(held_open)
        _raise_refusal(order, folder, self._answer_of(supervisor))

    def _answer_of(self, supervisor: subprocess.Popen[bytes]) -> str:
        try:
            output, _ = supervisor.communicate(json.dumps(self._environment).encode(), timeout=_START_S)
        except subprocess.TimeoutExpired:
            for pipe in (supervisor.stdin, supervisor.stdout):
                if pipe is not None:
                    pipe.close()
            supervisor.poll()
            return ""
        return self._redact(output.decode(errors="replace").strip())

    def _settled(self, order: TrainingOrder, folder: Path) -> TrainingJob:
        """Wait until the job is seen to be started: by our supervisor, or by another that was quicker."""
        give_up = time.monotonic() + _START_S
        while time.monotonic() < give_up:
            with _readable(folder):
                found = look(order.key, folder, self._redact)
            if found is None:
                break
            if found.state != "queued":
                return found
            time.sleep(POLL_S)
        raise Unavailable(
            f"{order.model}: the supervisor of job {order.key} did not come up",
            "carry on with `autopilot resume`: it finds the job, or starts it if it never came up",
        )

    def _stop(self, key: str, folder: Path) -> None:
        with _writable(folder):
            write(folder / CANCEL, {"asked_at": stamp()})
            sent: set[tuple[int, int]] = set()
            begun = time.monotonic()
            while not (folder / DONE).exists() and not _close_dead(folder):
                patience = time.monotonic() - begun
                if patience > _STOP_S:
                    raise Unavailable(
                        f"job {key} did not stop: something still holds {folder / LOCK}",
                        "end the processes that hold this file (`fuser` names them), then cancel again",
                    )
                _signal(read(folder / STARTED), signal.SIGTERM if patience < GRACE_S else signal.SIGKILL, sent)
                time.sleep(POLL_S)


def _signal(started: Json | None, number: signal.Signals, sent: set[tuple[int, int]]) -> None:
    """Tell the supervisor to stop the job; where it is dead, tell the command's group. Each signal is sent once."""
    if started is None:
        return
    if alive(started["supervisor"]):
        target, number = started["supervisor"]["pid"], signal.SIGTERM
    elif is_ours(started):
        target = -started["pgid"]
    else:
        return
    if (target, number) not in sent:
        sent.add((target, number))
        with suppress(ProcessLookupError):
            os.kill(target, number)


def _close_dead(folder: Path) -> bool:
    """Record the cancellation of a job that has no process (any more). False while it has one."""
    lock = take(folder / LOCK, patience_s=0.0)
    if lock is None:
        return False
    try:
        if not (folder / DONE).exists():
            note = "its supervisor was gone" if (folder / STARTED).exists() else "before it started"
            ended = {"exit_code": None, "signal": None, "reason": "cancelled", "ended_at": stamp(), "note": note}
            write(folder / DONE, ended)
    finally:
        os.close(lock)
    return True


def _raise_refusal(order: TrainingOrder, folder: Path, answer: str) -> None:
    if not answer:
        return
    last = answer.splitlines()[-1]
    try:
        report = json.loads(last)
    except ValueError:
        report = {"error": last, "path": str(folder)}
    if "error" in report:
        raise Unavailable(
            f"{order.model}: the training job was not started: {report['path']}: {report['error']}",
            "nothing was started; put it right, then `autopilot resume`",
        )


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError) as error:
        raise Unavailable(f"the training job in {folder} cannot be read: {error}", "see to this folder") from error


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"{error.filename or folder} cannot be written: {error.strerror}"
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise Misconfigured(message, "give autopilot's user the right to write there") from error
        raise Unavailable(message, "make room, then `autopilot resume`") from error
