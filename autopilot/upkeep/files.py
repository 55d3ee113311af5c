"""Folders of runs that have ended, and what a killed process left behind."""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

_SCRATCH = ("look-*", "evaluation-*")
"""Folders that live as long as one question: their process removes them, unless it is killed."""


def run_folders(room: Path) -> dict[str, Path]:
    """Return the folders that are named by a run, or by a training job's key, which ends with one."""
    found = {}
    for each in _folders(room, "*"):
        run = _run_of(each.name)
        if run:
            found[run] = each
    return found


def abandoned(room: Path, after: timedelta) -> list[Path]:
    """Return scratch folders that nothing was written to for as long as `after`, by the file system's own clock."""
    with tempfile.TemporaryDirectory(prefix=".clock-", dir=room) as probe:
        present = Path(probe).stat().st_mtime
    limit = present - after.total_seconds()
    return [each for pattern in _SCRATCH for each in _folders(room, pattern) if each.stat().st_mtime <= limit]


def size(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(each.lstat().st_size for each in folder.rglob("*") if not each.is_dir())


def remove(folder: Path) -> bool:
    """Remove a folder; one that somebody else removes meanwhile is gone too. False when it is not ours to remove."""
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def _folders(room: Path, pattern: str) -> Iterator[Path]:
    # A link may point anywhere: it is never followed, and never removed.
    return (each for each in sorted(room.glob(pattern)) if each.is_dir() and not each.is_symlink())


def _run_of(name: str) -> str | None:
    try:
        return str(UUID(name[-36:])) if len(name) == 36 or name[-37:-36] == "." else None
    except ValueError:
        return None
