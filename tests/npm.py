"""Packages from npm for tests: exactly what a lock beside them says, installed once beside this environment."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

LONGEST_INSTALL_S = 100


def installed(pinned: Path, name: str, lacking: Callable[[str, str], NoReturn]) -> Path:
    """Return the folder of a package that `pinned` locks; the test gives up where there is no npm to install it."""
    if shutil.which("npm") is None:
        lacking(f"npm, which {name} comes by,", "apt install npm")
    version: str = json.loads((pinned / "package.json").read_text())["dependencies"][name]
    home = Path(sys.prefix) / pinned.name
    package = home / version / "node_modules" / name
    if not package.exists():
        _install(pinned, home, version, lacking)
    return package


def _install(pinned: Path, home: Path, version: str, lacking: Callable[[str, str], NoReturn]) -> None:
    (home / version).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as scratch:
        for file in ("package.json", "package-lock.json"):
            shutil.copy(pinned / file, scratch)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, timeout=LONGEST_INSTALL_S)
        if done.returncode:
            lacking(f"{pinned.name} {version}", f"npm ci: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
        # Two workers may install it beside each other: the first one's stays.
        with suppress(OSError):
            (Path(scratch) / "node_modules").rename(home / version / "node_modules")
