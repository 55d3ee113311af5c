"""The test's end of the fork server: processes of the product that cost a fork instead of five seconds of imports."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autopilot.stores import libraries
from tests.local_jobs import ROOT
from tools.registry.connection import ENVIRONMENT

ONE_THREAD = {"OMP_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""A fork takes only the thread that forks along; what the others held would stay held for ever."""


def until(ready: Callable[[], bool], what: str, limit_s: float = 240.0) -> None:
    """Wait. The limit is there for a broken product, not to measure a sound one."""
    give_up = time.monotonic() + limit_s
    while not ready():
        assert time.monotonic() < give_up, f"never came: {what}"
        time.sleep(0.005)


@dataclass
class Process:
    """One forked process. `output` is the file of what it printed; what it said on stderr lies beside it, in `.err`."""

    forks: "Forks"
    pid: int
    output: Path
    code: int | None = None

    def ended(self) -> bool:
        if self.code is None:
            self.code = self.forks.ask("poll", self.pid)
        return self.code is not None

    def end(self, limit_s: float = 240.0) -> int:
        """Wait for its end and return how it came."""
        until(self.ended, f"the end of process {self.pid}", limit_s)
        assert self.code is not None
        return self.code

    def kill(self, pid: int) -> None:
        """Kill it from outside, by the pid that it wrote down itself."""
        assert pid == self.pid
        os.kill(pid, signal.SIGKILL)
        assert self.end() == -signal.SIGKILL

    def printed(self) -> str:
        """Return what it said on stdout."""
        return self.output.read_text() if self.output.exists() else ""

    def said(self) -> str:
        """Return all that it said."""
        errors = self.output.with_name(f"{self.output.name}.err")
        return self.printed() + (errors.read_text() if errors.exists() else "")


class Forks:
    """A running fork server."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server

    def start(self, name: str, *arguments: Any, environment: Mapping[str, str], folder: Path, output: Path) -> Process:
        """Fork a process for the function `name` of tests.crash.product."""
        shell = {"environment": dict(environment), "folder": str(folder), "output": str(output)}
        return Process(self, self.ask("start", name, shell, arguments), output)

    def ask(self, *words: Any) -> Any:
        assert self._server.stdin and self._server.stdout
        print(json.dumps(words), file=self._server.stdin, flush=True)
        answer = self._server.stdout.readline()
        assert answer, "the fork server is gone"
        return json.loads(answer)


@contextmanager
def fork_server() -> Iterator[Forks]:
    """Yield a server; it and, a little later, what it forked end with this process, however that ends."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.fork_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **ONE_THREAD, **ENVIRONMENT, **libraries()},
    )
    with server:
        yield Forks(server)
