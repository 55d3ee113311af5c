"""Find the files of a log, and tell whether one has changed since."""

import glob
import os
from dataclasses import dataclass
from pathlib import Path

from graph.errors import Misconfigured

SUFFIXES = (".parquet", ".csv", ".csv.gz")


@dataclass(frozen=True, slots=True, order=True)
class LogFile:
    """A file as it was when it was listed."""

    path: str
    size: int
    modified_ns: int
    inode: int

    @property
    def name(self) -> str:
        """Return the file's own name, without its folder."""
        return Path(self.path).name

    @property
    def stamp(self) -> str:
        """Return what changes when the file does. Without the inode, which a backup or a remounted disk changes too."""
        return f"{self.path}:{self.size}:{self.modified_ns}"

    @property
    def is_parquet(self) -> bool:
        """Tell Parquet from CSV."""
        return self.path.lower().endswith(".parquet")


def find(model: str, sources: tuple[str, ...]) -> tuple[LogFile, ...]:
    """Return the Parquet and CSV files that the sources name, each once, ordered by path.

    A source is a file, a folder (read with all folders in it), or a glob of files and folders. None is no error: a log
    may not have begun. Raises Misconfigured for a file of another kind, or a folder that may not be read.
    """
    try:
        paths = {path for source in sources for path in _expand(model, source)}
        return tuple(file for path in sorted(paths) if (file := look(path)))
    except PermissionError as problem:
        raise Misconfigured(f"{model}: {problem.filename} may not be read: {problem.strerror}") from problem


def look(path: str) -> LogFile | None:
    """Return the file as it is now, or None when it is not there."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return LogFile(path, found.st_size, found.st_mtime_ns, found.st_ino)


def _expand(model: str, source: str) -> list[str]:
    path = Path(source)
    if path.is_dir():
        return _inside(path)
    if path.is_file():
        if not _readable_name(path.name):
            raise Misconfigured(
                f"{model}: {source} is neither Parquet nor CSV", f"name files that end in {', '.join(SUFFIXES)}"
            )
        return [source]
    return [found for match in _matches(path) for found in _below(match)]


def _matches(path: Path) -> list[Path]:
    """Expand a glob. The part of the path that exists as written is taken as written: a folder may be called `[1]`."""
    root = next((parent for parent in path.parents if parent.is_dir()), None)
    if root is None:
        return []
    pattern = str(path.relative_to(root))
    return [root / match for match in glob.glob(pattern, root_dir=root, recursive=True) if _visible(Path(match))]


def _below(match: Path) -> list[str]:
    if match.is_dir():
        return _inside(match)
    return [str(match)] if _readable_name(match.name) else []


def _inside(folder: Path) -> list[str]:
    found = []
    for here, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if _visible(Path(name))]
        found += [str(Path(here) / name) for name in files if _readable_name(name)]
    return found


def _raise(problem: OSError) -> None:
    # Left to itself, os.walk passes over a folder that it may not list, and its rows would silently be missing.
    if not isinstance(problem, FileNotFoundError):
        raise problem


def _readable_name(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and _visible(Path(name))


def _visible(path: Path) -> bool:
    """Tell finished files from those that Spark and others keep under names that start with _ or a dot."""
    return not any(part.startswith(("_", ".")) for part in path.parts)
