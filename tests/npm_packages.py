"""Programs from npm for tests: installed once beside this environment, pinned by a lock with digests."""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

LONGEST_INSTALL_S = 300
LEAST_NODE = (20, 15)
HOW = "apt install nodejs npm, 20.15 or newer"
FILES = ("package.json", "package-lock.json")

Lacking = Callable[[str, str], NoReturn]


def node() -> str:
    """Return Node itself: what is on the PATH may be a wrapper, which would leave a server behind."""
    return subprocess.run(["node", "-p", "process.execPath"], capture_output=True, text=True, check=True).stdout.strip()


def installed(pinned: Path, lacking: Lacking) -> Path:
    """Return the folder node_modules of what package.json and package-lock.json in this folder name."""
    _require_node(lacking)
    digest = hashlib.sha256(b"".join((pinned / name).read_bytes() for name in FILES)).hexdigest()
    modules = Path(sys.prefix) / "npm" / f"{pinned.name}-{digest[:12]}" / "node_modules"
    if not modules.exists():
        _install(pinned, modules, lacking)
    return modules


def listening(server: subprocess.Popen[str]) -> str:
    """Return the address on the loopback that a server says it listens on."""
    assert server.stdout is not None
    said = []
    for line in server.stdout:
        said.append(line)
        found = re.search(r"listening on (http://127\.0\.0\.1:\d+)", line)
        if found:
            return found[1]
    raise AssertionError(f"it did not start: {''.join(said)}")


def _require_node(lacking: Lacking) -> None:
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        lacking(" and ".join(missing), HOW)
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if tuple(int(part) for part in said.lstrip("v").split(".")[:2]) < LEAST_NODE:
        lacking(f"a newer Node than {said}", HOW)


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
