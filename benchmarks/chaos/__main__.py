"""Chaos: a fleet with incidents while everything under it breaks; afterwards every effect is counted outside of it.

    python -m benchmarks.chaos [--short] [--models N]

300 models for ten minutes or longer; the short form has 60 models and takes about three. Workers, a scheduler in each
of them, Postgres, its connections, MLflow, Prometheus and the clock are killed, stopped, cut, filled up and set wrong.
"""

import argparse
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from benchmarks.chaos.count import counted, decisions, settled
from benchmarks.chaos.faults import FAULTS
from benchmarks.chaos.town import Town, end, town
from benchmarks.outcome import Mark, report
from tests.crash.installation import installation

RECOVERED_S = 120.0
PATIENCE_S = 600.0
"""What has not recovered by then never will."""
SHORT, LONG = (60, 6.0), (300, 30.0)
"""Models, and seconds between two faults at least."""


def main() -> int:
    """Let it happen, count, print, return the exit code."""
    parser = argparse.ArgumentParser(prog="make chaos", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="60 models, three minutes")
    parser.add_argument("--models", type=int, help="another number of models; a quarter of them has an incident")
    given = parser.parse_args()
    models, apart_s = SHORT if given.short else LONG
    models = given.models or models
    with tempfile.TemporaryDirectory(prefix="ap-chaos-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        with (
            installation(root, "train_through_trouble") as site,
            town(site, models // 4, models - models // 4) as built,
        ):
            return _lived(built, apart_s, each=not given.short)


def _lived(built: Town, apart_s: float, *, each: bool) -> int:
    """Let every fault befall the town; wait for recovery after `each`, or after the last alone."""
    built.work()
    approver = built.approve()
    recovered: list[float] = []
    for fault in FAULTS:
        time.sleep(apart_s)
        began = time.monotonic()
        fault(built)
        print(f"{fault.__name__}: {time.monotonic() - began:.0f} s", flush=True)
        if each or fault is FAULTS[-1]:
            recovered.append(_recovery_s(built, everything=fault is FAULTS[-1]))
            print(f"  recovered after {recovered[-1]:.0f} s", flush=True)
    built.kill([*built.workers])
    end(approver)
    seen = {"models": float(len(built.models)), "decisions": decisions(built)}
    figures = {**seen, **counted(built), "recovered_after_s": max(recovered)}
    marks: list[Mark] = [(name, "gate", 0, value) for name, value in figures.items() if name not in _MEASURED]
    return report("chaos", figures, [*marks, ("recovered_after_s", "gate", RECOVERED_S, figures["recovered_after_s"])])


_MEASURED = ("models", "decisions", "recovered_after_s")


def _recovery_s(built: Town, *, everything: bool) -> float:
    """Return how long it takes until every model has been checked for a time after now; and all incidents are over."""
    began, since = time.monotonic(), _minute(built.now())
    while time.monotonic() - began < PATIENCE_S:
        if settled(built, since, everything=everything):
            break
        time.sleep(1)
    return time.monotonic() - began


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


if __name__ == "__main__":
    sys.exit(main())
