"""Runs servers and ends them with whoever started it: when its input ends, so do they, whatever has happened.

Called with a file of JSON: `[[command, log], …]`. Needs nothing but an interpreter.
"""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path


def main(plan: Path) -> None:
    """Start all commands, each in a group of its own, and wait for the end of the input."""
    # An interrupt at the terminal is for the tests; they end us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told: list[int] = []
    running: list[subprocess.Popen[bytes]] = []
    # Not before all are started: one that is just being started would be nobody's.
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    try:
        for command, log in json.loads(plan.read_text()):
            with Path(log).open("wb") as output:
                running.append(
                    subprocess.Popen(
                        command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
                    )
                )
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        if not told:
            sys.stdin.read()
    finally:
        for name in (signal.SIGTERM, signal.SIGKILL):
            for server in running:
                with suppress(ProcessLookupError):
                    os.killpg(server.pid, name)
            _wait(running, 5.0)


def _wait(running: list[subprocess.Popen[bytes]], seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up and any(server.poll() is None for server in running):
        time.sleep(0.05)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
