"""Keeps the first and the last part of what a command prints, so that no amount of it fills the disk.

It runs in a process of its own: a supervisor that is killed does not take the command's output away with it.
Standard library only.
"""

import contextlib
import math
import os
import select
import time
from collections.abc import Callable
from pathlib import Path

_CHUNK = 1 << 16


class CappedLog:
    """A log file of at most about `cap` bytes: the first half of the cap, and the last quarter to half of it."""

    def __init__(self, path: Path, cap: int) -> None:
        self._head = _append(path)
        self._head_room = cap // 2
        # The end lies in two files that take turns while the command runs, and joins the head when it has ended.
        self._segment = max(1, cap // 4)
        self._older, self._newer = _tails(path)
        self._tail: int | None = None
        self._tail_size = 0
        self._cut = 0
        self._error: OSError | None = None

    def add(self, chunk: bytes) -> None:
        """Take the next piece of output. When the disk does not take it, it is counted and thrown away."""
        if self._error is not None:
            self._cut += len(chunk)
            return
        try:
            self._store(chunk)
        except OSError as error:
            self._error = error
            self._cut += len(chunk)

    def close(self) -> int:
        """Put head, a note on what was left out, and end into one file; return 0, or the errno of a failed write."""
        if self._tail is not None:
            os.close(self._tail)
        try:
            if self._cut:
                because = f" ({self._error.strerror})" if self._error else ""
                _put(self._head, f"\n[autopilot: {self._cut} bytes left out{because}]\n".encode())
            for part in (self._older, self._newer):
                self._join(part)
        except OSError as error:
            self._error = self._error or error
        finally:
            os.close(self._head)
        return (self._error.errno or 1) if self._error else 0

    def _store(self, chunk: bytes) -> None:
        start, rest = chunk[: self._head_room], chunk[self._head_room :]
        _put(self._head, start)
        self._head_room -= len(start)
        while rest:
            tail = self._open_tail()
            room = self._segment - self._tail_size
            _put(tail, rest[:room])
            self._tail_size += len(rest[:room])
            rest = rest[room:]

    def _open_tail(self) -> int:
        if self._tail is not None and self._tail_size < self._segment:
            return self._tail
        if self._tail is not None:
            os.close(self._tail)
            self._cut += self._older.stat().st_size if self._older.exists() else 0
            self._newer.replace(self._older)
        self._tail, self._tail_size = _append(self._newer), 0
        return self._tail

    def _join(self, part: Path) -> None:
        if not part.exists():
            return
        with part.open("rb") as source:
            while chunk := source.read(_CHUNK):
                _put(self._head, chunk)
        part.unlink()


def end_of(path: Path, size: int) -> bytes:
    """Return the last bytes of a log, also of one whose command still runs or whose keeper was killed."""
    older, newer = _tails(path)
    for part in (newer, older, path):
        with contextlib.suppress(FileNotFoundError), part.open("rb") as file:
            file.seek(max(0, part.stat().st_size - size))
            if found := file.read(size):
                return found
    return b""


def copy(source: int, log: CappedLog, due: float, overdue: Callable[[], None]) -> None:
    """Copy a pipe into the log until its last writer is gone.

    `overdue` is called once when the monotonic clock passes `due` and there is still a writer.
    """
    while True:
        left = None if due == math.inf else max(0.0, due - time.monotonic())
        if left == 0.0:
            overdue()
            due = math.inf
        elif select.select([source], [], [], left)[0]:
            chunk = os.read(source, _CHUNK)
            if not chunk:
                return
            log.add(chunk)


def _tails(path: Path) -> tuple[Path, Path]:
    return path.with_suffix(".tail.1"), path.with_suffix(".tail.2")


def _append(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def _put(file: int, data: bytes) -> None:
    # Straight to the file, no buffer: what was printed before somebody was killed is there.
    while data:
        data = data[os.write(file, data) :]
