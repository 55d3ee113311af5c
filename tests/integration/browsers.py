"""A real browser for tests, and the rules of accessibility that pages are held to in it."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from playwright.sync_api import Browser, Page, sync_playwright

PINNED = Path(__file__).with_name("axe")
LONGEST_INSTALL_S = 100
PATIENCE_MS = 120_000
"""For what never comes: a machine under load takes long to start a browser."""
Lacking = Callable[[str, str], NoReturn]


@contextmanager
def browsing(lacking: Lacking) -> Iterator[Browser]:
    """Run Chromium without a window. It reaches nothing: pages are files, or servers of the test's own."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        lacking("Chromium", "apt install chromium")
    # As root, in a container, it has no sandbox of its own to start.
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments, timeout=PATIENCE_MS)
        try:
            yield browser
        finally:
            browser.close()


def axe(lacking: Lacking) -> str:
    """Return the script that looks a page over; installed once beside this environment, pinned by digest."""
    home = Path(sys.prefix) / "axe"
    version: str = json.loads((PINNED / "package.json").read_text())["dependencies"]["axe-core"]
    package = home / version / "node_modules" / "axe-core"
    if not package.exists():
        _install(home, version, lacking)
    return (package / "axe.min.js").read_text("utf-8")


def _install(home: Path, version: str, lacking: Lacking) -> None:
    if shutil.which("npm") is None:
        lacking("axe-core", "apt install npm, and a registry that npm can reach")
    (home / version).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as scratch:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PINNED / name, scratch)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, timeout=LONGEST_INSTALL_S)
        if done.returncode:
            lacking("axe-core", f"npm ci in {PINNED}: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
        # Two workers may install it beside each other: the first one's stays.
        with suppress(OSError):
            (Path(scratch) / "node_modules").rename(home / version / "node_modules")


def violations(page: Page, script: str) -> list[str]:
    """Return what axe-core objects to: rule, what it is about, and where."""
    page.evaluate(script)
    found: Any = page.evaluate("axe.run()")
    return [
        f"{each['id']}: {each['help']}: {node['html'][:200]}" for each in found["violations"] for node in each["nodes"]
    ]
