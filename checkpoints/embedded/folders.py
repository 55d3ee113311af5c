"""Where the files of the embedded server lie, and the proof that nobody else made those folders.

All of it lies in `home`. What cannot (the server's account may not enter `home`, or the path is too long for a socket)
lies in one folder outside, which the link `home/outside` names; `home/data` and `home/socket` then are links into it.
"""

import errno
import os
import pwd
import secrets
import shutil
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from checkpoints.embedded.account import Account
from graph.errors import Misconfigured, Unavailable

# A database must not be swept away: cleaners empty the temporary folders. A socket only needs a short path.
FOR_DATA = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 - checked by _base, and the folder's name is random
FOR_SOCKET = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - the same
SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_LIMIT = 103  # bytes; the kernel's room for the address on macOS, Linux has four more
_BREAKS_A_SOCKET_LIST = frozenset(b',"\n')
_WRONG_PLACE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOLCK)


@dataclass(frozen=True, slots=True)
class Rooms:
    """Where one server works. `base` holds what is not made yet: `new` (a database in the making) and `bin`."""

    base: Path
    data: Path
    socket: Path


@contextmanager
def file_errors(home: Path) -> Iterator[None]:
    """Turn the operating system's refusals around `home` into our errors."""
    try:
        yield
    except OSError as error:
        where = error.filename or home
        said = f"the embedded database cannot use {os.fsdecode(where)}: {error.strerror}"
        if error.errno in _WRONG_PLACE:
            raise Misconfigured(said, "give it another folder, or set DATABASE_URL") from None
        raise Unavailable(said, "free what is missing and try again") from None


def complaint(folder: Path, uids: Collection[int], mode: int) -> str | None:
    """Return why `folder` is not a real folder of one of these users with at most the rights `mode`, or None."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return f"{folder} is not a folder"
    if found.st_uid not in uids:
        return f"{folder} belongs to {_name(found.st_uid)}"
    if stat.S_IMODE(found.st_mode) & 0o777 & ~mode:
        return f"{folder} is open to other users (mode {stat.S_IMODE(found.st_mode):04o})"
    return None


def require(folder: Path, uids: Collection[int], mode: int) -> None:
    """Raise Misconfigured where `complaint` finds something."""
    said = complaint(folder, uids, mode)
    if said:
        raise Misconfigured(f"not a folder for the embedded database: {said}", "work as its owner, or name another")


def ours(home: Path) -> bool:
    """Whether `home` exists; Misconfigured if it is somebody else's or holds files that are not a server's."""
    if not os.path.lexists(home):
        return False
    require(home, {os.geteuid()}, 0o777)
    names = {entry.name for entry in home.iterdir()}
    if names and not names & {"lock", "users"}:  # one of them is the first that we ever make there
        raise Misconfigured(f"{home} holds other files", "name an empty folder for the embedded database")
    return True


def claim(home: Path) -> None:
    """Make `home`, closed to others. For root it is passable, so that the server's account gets to what it owns."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    ours(home)
    mode = 0o711 if os.geteuid() == 0 else 0o700
    if stat.S_IMODE(home.stat().st_mode) != mode:
        home.chmod(mode)


def place(home: Path, name: str) -> Path:
    """Return where the room `name` lies: in `home`, or where its link points."""
    room = home / name
    return room.readlink() if room.is_symlink() else room


def outside(home: Path) -> Path | None:
    """Return the folder outside `home`, if one was made; whether it still is ours is another question."""
    link = home / "outside"
    return link.readlink() if link.is_symlink() else None


def keeper(home: Path) -> int | None:
    """Return the uid that the server of `home` runs as, where root wrote it down."""
    try:
        return int((home / "account").read_text())
    except (FileNotFoundError, ValueError):
        return None


def trusted(home: Path, uids: Collection[int | None]) -> bool:
    """Whether the folder outside, if there is one, is still the one that we made for this `home`."""
    away = outside(home)
    if away is None:
        return True
    try:
        if complaint(away, {uid for uid in uids if uid is not None}, 0o700):
            return False
        first = (away / "home").readlink()
    except OSError:
        return False
    # A copied project brings the link along, but the folder belongs to the original; a moved one keeps it.
    return first == home or not first.exists()


def fits(folder: Path) -> bool:
    """Whether a socket in `folder` has a path that kernel, server and libpq all take."""
    path = os.fsencode(folder / SOCKET_NAME)
    return len(path) <= _SOCKET_LIMIT and not _BREAKS_A_SOCKET_LIST & set(path)


@contextmanager
def furnished(home: Path, account: Account) -> Iterator[Rooms]:
    """Yield the rooms for a server that is not running.

    Inside the block the folder outside is root's: where root makes folders and gives them away, the account must not
    be able to put a link in the way.
    """
    inside = account.reaches(home)
    roomy = inside and fits(home / "socket")
    away = _outside(home, account) if not roomy or (home / "data").is_symlink() else None
    base = home if inside or away is None else away
    if base != home and (home / "data").exists() and not (home / "data").is_symlink():
        raise Misconfigured(f"{account.name} can no longer reach the database in {home}", "open the folders above it")
    if away and account.other:
        os.chown(away, 0, 0, follow_symlinks=False)
    try:
        yield Rooms(base, _data(home, base, account), _socket(home, home if roomy or away is None else away, account))
    finally:
        if away and account.other:
            os.chown(away, account.uid, account.gid, follow_symlinks=False)


def link(home: Path, name: str, target: Path) -> None:
    """Let `home/name` lead to `target`, where that is not the same place."""
    here = home / name
    if here == target or (here.is_symlink() and here.readlink() == target):
        return
    here.unlink(missing_ok=True)
    here.symlink_to(target)


def room(folder: Path, account: Account) -> Path:
    """Make `folder`, which only the account may enter. Its parent must be ours."""
    folder.mkdir(mode=0o700, exist_ok=True)
    require(folder, {os.geteuid(), account.uid}, 0o700)
    if account.other:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    return folder


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it, or a link or file of that name; nothing there is fine."""
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)
    else:
        folder.unlink(missing_ok=True)


def _data(home: Path, base: Path, account: Account) -> Path:
    """Return where the database lies, or where it is to be made."""
    if not os.path.lexists(home / "data") and (base / "data").exists():
        link(home, "data", base / "data")  # killed between making the database and writing down where it is
    data = place(home, "data") if os.path.lexists(home / "data") else base / "data"
    if os.path.lexists(data):
        require(data, {account.uid}, 0o750)
    return data


def _socket(home: Path, base: Path, account: Account) -> Path:
    if (home / "socket").is_symlink() or base != home:
        remove(home / "socket")
    socket = room(base / "socket", account)
    link(home, "socket", socket)
    return socket


def _outside(home: Path, account: Account) -> Path:
    known = outside(home)
    if known and trusted(home, {os.geteuid(), account.uid}):
        link(known, "home", home)
        return known
    if (home / "data").is_symlink():
        raise Misconfigured(
            f"the database of {home} should be in {known}, which is gone or not ours",
            f"bring it back, or remove {home} to begin anew",
        )
    return _new_outside(home, account)


def _new_outside(home: Path, account: Account) -> Path:
    # The name is written down before the folder exists: a killed process leaves nothing that nobody knows of.
    folder = _base(account) / f"autopilot-pg-{secrets.token_hex(6)}"
    link(home, "outside", folder)
    folder.mkdir(mode=0o700)
    link(folder, "home", home)
    return folder


def _base(account: Account) -> Path:
    """Return a system folder where nobody else can replace what we make."""
    candidates = FOR_DATA if account.other else FOR_SOCKET
    for folder in candidates:
        if folder.is_dir() and _safe(folder) and os.access(folder, os.W_OK | os.X_OK) and account.reaches(folder):
            return folder.resolve()
    names = " or ".join(map(str, candidates))
    raise Misconfigured(f"the embedded database needs a folder in {names}, and neither will do", "set DATABASE_URL")


def _safe(folder: Path) -> bool:
    found = folder.stat()
    closed = not found.st_mode & 0o022 or bool(found.st_mode & stat.S_ISVTX)
    return closed and found.st_uid in (0, os.geteuid())


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
