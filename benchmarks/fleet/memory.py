"""The memory of a worker that checks for a long time: a few models of 100 rows an hour, for many hours.

It is a process of its own (`python -m benchmarks.fleet.memory FOLDER MODELS HOURS`), so that nothing else is counted.
Each hour brings every model a new file and is decided the whole way: planner, queue, worker, rows, counts, ledger.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fleet import logs
from benchmarks.fleet.checks import turn
from benchmarks.fleet.world import FIRST, LIVE_HOURS, World, world

ROWS = 100
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident bytes of a worker after a tenth of its checks, and after all."""

    checks: int
    early_bytes: float
    late_bytes: float

    @property
    def growth(self) -> float:
        """How many times as much it holds in the end."""
        return self.late_bytes / self.early_bytes


def memory(folder: Path, models: int, hours: int) -> Memory:
    """Let a worker check so many models for so many hours, a multiple of ten, in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.fleet.memory", str(folder), str(models), str(hours)]
    # Where it fails it says why itself.
    said = subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True).stdout
    held = json.loads(said.splitlines()[-1])
    return Memory(models * hours, held[hours // 10 - 1], held[-1])


def _held(folder: Path, models: int, hours: int) -> list[int]:
    """Return the resident bytes after each hour."""
    held = []
    with world(folder, models, 1, ROWS) as fleet:
        for number in range(1, hours + 1):
            _written(fleet, number)
            turn(fleet, number)
            held.append(_resident_bytes())
    return held


def _written(fleet: World, number: int) -> None:
    """Let the log of an hour come, where the world has not written it already."""
    if number < LIVE_HOURS:
        return
    hour = FIRST + number
    logs.write(fleet.folder / "template-0", 0, range(hour, hour + 1), ROWS)
    file = logs.file(fleet.folder / "template-0", hour)
    for model in fleet.models:
        os.link(file, fleet.folder / "logs" / model / file.name)
    file.unlink()


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES


if __name__ == "__main__":
    print(json.dumps(_held(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
