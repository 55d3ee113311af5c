"""A real browser for tests, and the rules of accessibility that pages are held to in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.npm_packages import Lacking, installed

PINNED = Path(__file__).with_name("axe")
PATIENCE_MS = 120_000
"""For what never comes: a machine under load takes long to start a browser."""


@contextmanager
def browsing(lacking: Lacking) -> Iterator[Browser]:
    """Run Chromium without a window. It reaches nothing: pages are files, or servers of the test's own."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        lacking("Chromium", "apt install chromium")
    # As root, in a container, it has no sandbox of its own to start.
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
    with TemporaryDirectory() as home, sync_playwright() as playwright:
        # It would leave settings in the home of whoever runs the tests.
        around: dict[str, str | float | bool] = {"PATH": os.environ["PATH"], "HOME": home}
        browser = playwright.chromium.launch(executable_path=program, args=arguments, env=around, timeout=PATIENCE_MS)
        try:
            yield browser
        finally:
            browser.close()


def axe(lacking: Lacking) -> str:
    """Return the script that looks a page over."""
    return (installed(PINNED, lacking) / "axe-core" / "axe.min.js").read_text("utf-8")


def violations(page: Page, script: str) -> list[str]:
    """Return what axe-core objects to: rule, what it is about, and where."""
    page.evaluate(script)
    # What passes is not told: to name where each such element is takes longer than to find what does not pass.
    found: Any = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{each['id']}: {each['help']}: {node['html'][:200]}" for each in found["violations"] for node in each["nodes"]
    ]
