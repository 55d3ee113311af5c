"""A model's files: copied without following a link, and the one digest over their names and bytes."""

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from graph.errors import NotFound, Refused

# MLflow writes this file into a local store whenever somebody loads the version by its registry name.
_WRITTEN_BY_READERS = "registered_model_meta"
_CHUNK = 1 << 20


def digest(folder: Path) -> str:
    """Return the sha256, in hex, over the sorted relative paths and the bytes of every file below `folder`.

    Refused when the folder holds a link, anything else that is no regular file, or no file at all.
    """
    total = hashlib.sha256()
    names = sorted(_files(folder), key=os.fsencode)
    if not names:
        raise Refused(f"{folder} holds no model files", "log the model again")
    for name in names:
        with _open(folder / name) as file:
            content = hashlib.file_digest(file, "sha256").digest()
        encoded = os.fsencode(name)
        # Lengths in front: otherwise a byte could move from a name into a content without changing the digest.
        total.update(len(encoded).to_bytes(8, "big") + encoded + content)
    return total.hexdigest()


def copy(source: Path, to: Path) -> None:
    """Copy every file below `source` to the new folder `to`. Refused when a link or a special file is among them."""
    names = list(_files(source))
    to.mkdir(parents=True)
    for name in names:
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with _open(source / name) as file, target.open("xb") as copied:
            shutil.copyfileobj(file, copied, _CHUNK)


def _files(folder: Path) -> Iterator[str]:
    """Yield the relative path of every file, with `/` between its parts."""
    if folder.is_symlink() or not folder.is_dir():
        raise NotFound(f"there are no model files at {folder}", "log the model again, or restore the artifact store")
    for here, folders, files in os.walk(folder, onerror=_reraise):
        for name in (*folders, *files):
            _require_plain(Path(here) / name)
        yield from (name for file in files if (name := _relative(folder, here, file)) != _WRITTEN_BY_READERS)


def _relative(folder: Path, here: str, file: str) -> str:
    return (Path(here) / file).relative_to(folder).as_posix()


def _require_plain(path: Path) -> None:
    mode = path.lstat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise Refused(
            f"{path} is a link or a special file: a model is made of plain files", "log the model again without it"
        )


def _open(path: Path) -> BufferedReader:
    """Open for reading what is still a regular file: it may have become a link or a pipe since it was listed."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Refused(f"{path} is not a regular file any more", "log the model again")
    return os.fdopen(handle, "rb")


def _reraise(error: OSError) -> None:
    raise error
