"""A language model's server for tests: aimock over HTTP, installed once beside this environment, pinned by digest."""

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.npm_packages import Lacking, installed, listening, node

PINNED = Path(__file__).with_name("aimock")
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
    command = [node(), str(program), "--host", "127.0.0.1", "--port", "0", "--fixtures", str(file), "--strict"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            yield LanguageModels(listening(server))
        finally:
            # Asked politely, it waits for every connection that a client keeps open.
            server.kill()


def aimock(lacking: Lacking) -> Path:
    """Return the installed program."""
    return installed(PINNED, lacking) / "@copilotkit" / "aimock" / "dist" / "cli.js"
