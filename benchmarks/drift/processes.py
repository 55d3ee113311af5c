"""What a command costs in a process of its own: CPU seconds with all its children, wall seconds, peak memory."""

import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process and its children; `printed` is what it said."""

    cpu_s: float
    wall_s: float
    rss_gb: float
    printed: str


def run(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run a command to its end. SystemExit with the end of what it complained about when it fails."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
        began = time.monotonic()
        child = Popen(command, stdout=said, stderr=complained, env=environment, cwd=ROOT)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - began
        said.seek(0)
        complained.seek(0)
        if child.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {child.returncode}\n{complained.read().decode()[-2000:]}")
        # Linux counts memory in kilobytes, macOS in bytes.
        scale = 1e9 if sys.platform == "darwin" else 1e6
        return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / scale, said.read().decode())


def environment(scratch: Path) -> dict[str, str]:
    """Return what all sides get: one thread for linear algebra, compiled modules kept, nothing sent to anybody."""
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR") if name in os.environ},
        "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": str(scratch / "compiled"),
        "PYTHONWARNINGS": "ignore",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "NML_DISABLE_USAGE_LOGGING": "1",
        "DO_NOT_TRACK": "1",
    }
