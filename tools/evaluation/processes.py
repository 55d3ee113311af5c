"""Runs a program with a time limit and a bounded memory of what it prints."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_CHUNK = 65_536


class Tail:
    """Reads a stream to its end and remembers its last `limit` bytes."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()
        self.total = 0
        self._thread = threading.Thread(target=self._drain, args=(stream,), daemon=True)
        self._thread.start()

    def _drain(self, stream: IO[bytes]) -> None:
        with stream:
            while chunk := os.read(stream.fileno(), _CHUNK):
                self.total += len(chunk)
                self._kept += chunk
                del self._kept[: -self._limit]

    def text(self) -> str:
        """Return what was kept, as text."""
        # A grandchild that left the process group may hold the pipe open for as long as it likes.
        self._thread.join(timeout=2.0)
        return bytes(self._kept).decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended. `code` is negative for a signal, None when it was stopped at the time limit."""

    code: int | None
    out: str
    err: str
    out_bytes: int

    def how(self, timeout_s: float) -> str:
        """Return the end in words."""
        if self.code is None:
            return f"was stopped after {timeout_s:g} s"
        if self.code < 0:
            return f"was killed by {_signal_name(-self.code)}"
        return f"ended with exit status {self.code}"


def _signal_name(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
    return f"{name} (often: out of memory)" if name == "SIGKILL" else name


def run(
    command: Sequence[str],
    folder: Path,
    timeout_s: float,
    keep: int,
    environment: Mapping[str, str],
    own_group: bool = False,
) -> Ended:
    """Run a program in `folder` and return how it ended and the last `keep` bytes of each of its streams.

    `environment` is all it gets. With `own_group` it leads a session, and nothing of its process group is left when
    this returns. OSError when it cannot be started.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=own_group,
    )
    try:
        out, err = (Tail(stream, keep) for stream in (process.stdout, process.stderr) if stream)
        code = _wait(process, timeout_s)
    finally:
        _stop(process, own_group)
    return Ended(code, out.text(), err.text(), out.total)


def _wait(process: subprocess.Popen[bytes], timeout_s: float) -> int | None:
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return None


def _stop(process: subprocess.Popen[bytes], own_group: bool) -> None:
    if own_group:
        # macOS says "permission" when nothing but the ended leader is left.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
