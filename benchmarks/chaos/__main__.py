"""Chaos: a fleet with incidents while everything under it breaks; afterwards every effect is counted outside of it.

    python -m benchmarks.chaos [--short] [--models N]

300 models for ten minutes or longer; the short form has 60 models and takes about two. Workers, a scheduler in each
of them, Postgres, its connections, MLflow, Prometheus and the clock are killed, stopped, cut, filled up and set wrong.
Before each of these faults some models have an incident, so that it falls upon their retraining.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from benchmarks.chaos.count import counted, decisions, settled
from benchmarks.chaos.faults import FAULTS
from benchmarks.chaos.town import LONG, SHORT, Town, end, town
from benchmarks.outcome import Mark, report
from tests.crash.installation import installation

RECOVERED_S = 120.0
PATIENCE_S = 600.0
"""What has not recovered by then never will."""


def main() -> int:
    """Let it happen, count, print, return the exit code."""
    parser = argparse.ArgumentParser(prog="make chaos", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="60 models, two minutes")
    parser.add_argument("--models", type=int, help="another number of models; a quarter of them has an incident")
    given = parser.parse_args()
    form = SHORT if given.short else LONG
    form = replace(form, models=given.models or form.models)
    with tempfile.TemporaryDirectory(prefix="ap-chaos-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        with installation(root, "train_through_trouble") as site, town(site, form) as built:
            return _lived(built)


def _lived(built: Town) -> int:
    """Let every fault befall the town, each upon incidents of its own; wait for recovery; count."""
    built.work()
    approver = built.approve()
    began, recovered, since = time.monotonic(), [0.0], _minute(built.now())
    _said("every model is checked", partial(_recovery, built, since))
    for number, fault in enumerate(FAULTS):
        built.strike(built.drifted[number :: len(FAULTS)])
        time.sleep(built.form.apart_s)
        _said(fault.__name__, partial(fault, built))
        last = fault is FAULTS[-1]
        if built.form.each or last:
            since = _minute(built.now())
            recovered.append(_said("  recovered", partial(_recovery, built, since, everything=last)))
    lasted = time.monotonic() - began
    built.kill([*built.workers])
    end(approver)
    measured = {"models": float(len(built.models)), "decisions": decisions(built), "lasted_s": lasted}
    must_not = counted(built, since)
    marks: list[Mark] = [(name, "gate", 0, value) for name, value in must_not.items()]
    slowest = max(recovered)
    return report(
        "chaos",
        {**measured, "recovered_after_s": slowest, **must_not},
        [("recovered_after_s", "gate", RECOVERED_S, slowest), *marks],
    )


def _said(what: str, act: Callable[[], object]) -> float:
    """Do it, and say and return how many seconds it took."""
    began = time.monotonic()
    act()
    took = time.monotonic() - began
    print(f"{what}: {took:.0f} s", flush=True)
    return took


def _recovery(built: Town, since: datetime, *, everything: bool = False) -> None:
    """Wait until every model has been checked for this time or a later one; and, if so, all incidents are over."""
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up and not settled(built, since, everything=everything):
        time.sleep(1)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


if __name__ == "__main__":
    sys.exit(main())
