"""File locks that the kernel drops with their last holder, however it died: no pid lists that go stale."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graph.errors import Unavailable

SHARED = fcntl.LOCK_SH
EXCLUSIVE = fcntl.LOCK_EX
NONE = fcntl.LOCK_UN
_POLL_S = 0.01


def attempt(path: Path, kind: int) -> int | None:
    """Return a descriptor that holds the lock on `path`, made if need be, or None if somebody is in the way."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    # Whoever waited while the file was removed holds a lock that nobody else will ever look at.
    if convert(fd, kind) and names(path, fd):
        return fd
    os.close(fd)
    return None


def convert(fd: int, kind: int) -> bool:
    """Change the lock of an open descriptor without waiting. On False the lock it had may be lost."""
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def names(path: Path, fd: int) -> bool:
    """Whether `path` still leads to the open file."""
    try:
        return os.path.samestat(os.fstat(fd), path.lstat())
    except FileNotFoundError:
        return False


def take(path: Path, kind: int, deadline: float) -> int:
    """Return a descriptor that holds the lock; Unavailable if it is not free before `deadline` (monotonic)."""
    while (fd := attempt(path, kind)) is None:
        pause(deadline, "another process is busy with the embedded database")
    return fd


@contextmanager
def held(path: Path, deadline: float) -> Iterator[int]:
    """Hold the exclusive lock; yields its descriptor."""
    fd = take(path, EXCLUSIVE, deadline)
    try:
        yield fd
    finally:
        os.close(fd)


def pause(deadline: float, waiting_for: str, hint: str = "try again") -> None:
    """Sleep one beat, or raise Unavailable once `deadline` (monotonic) has passed."""
    if time.monotonic() >= deadline:
        raise Unavailable(waiting_for, hint)
    time.sleep(_POLL_S)
