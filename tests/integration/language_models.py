"""A language model's server for tests: aimock over HTTP, installed once beside this environment, pinned by digest."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PINNED = Path(__file__).with_name("aimock")
LEAST_NODE = (20, 15)
LONGEST_INSTALL_S = 100
PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class LanguageModels:
    """One server that plays many models, by name."""

    origin: str

    @property
    def url(self) -> str:
        """What a client is configured with."""
        return f"{self.origin}/v1"

    def asked(self, model: str) -> list[Any]:
        """Return the bodies of the requests that a model got."""
        with urllib.request.urlopen(f"{self.origin}/__aimock/journal", timeout=PATIENCE_S) as answer:
            entries = json.load(answer)
        return [entry["body"] for entry in entries if entry["body"]["model"] == model]


@contextmanager
def serving(program: Path, fixtures: list[Any], folder: Path) -> Iterator[LanguageModels]:
    """Run aimock on a free port of the loopback. Strict: a request that no fixture is for gets 404."""
    file = folder / "fixtures.json"
    file.write_text(json.dumps({"fixtures": fixtures}))
    # Not `node` itself: that may be a wrapper, which would leave the server behind.
    real = subprocess.run(["node", "-p", "process.execPath"], capture_output=True, text=True, check=True).stdout.strip()
    command = [real, str(program), "--host", "127.0.0.1", "--port", "0", "--fixtures", str(file), "--strict"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            yield LanguageModels(_origin(server))
        finally:
            # Asked politely, it waits for every connection that a client keeps open.
            server.kill()


def _origin(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    said = []
    for line in server.stdout:
        said.append(line)
        found = re.search(r"listening on (http://127\.0\.0\.1:\d+)", line)
        if found:
            return found[1]
    raise AssertionError(f"aimock did not start: {''.join(said)}")


def aimock() -> Path:
    """Return the installed program; the test is skipped where there is no Node to run it."""
    _require_node()
    home = Path(sys.prefix) / "aimock"
    version: str = json.loads((PINNED / "package.json").read_text())["dependencies"]["@copilotkit/aimock"]
    package = home / version / "node_modules" / "@copilotkit" / "aimock"
    if not package.exists():
        _install(home, version)
    return package / "dist" / "cli.js"


def _require_node() -> None:
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"no {' and no '.join(missing)} on the PATH: aimock needs Node 20.15 or newer")
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    found = tuple(int(part) for part in said.lstrip("v").split(".")[:2])
    if found < LEAST_NODE:
        pytest.skip(f"Node {said} is too old for aimock, which needs 20.15 or newer")


def _install(home: Path, version: str) -> None:
    (home / version).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as scratch:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PINNED / name, scratch)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, timeout=LONGEST_INSTALL_S)
        if done.returncode:
            pytest.skip(f"npm could not install aimock: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
        # Two workers may install it beside each other: the first one's stays.
        with suppress(OSError):
            (Path(scratch) / "node_modules").rename(home / version / "node_modules")
