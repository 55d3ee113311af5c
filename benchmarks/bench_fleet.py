"""What a fleet costs: an hour of thousands of models on one small machine, and what an old check leaves.

Each model has 5,000 new rows of 20 features in the hour, 400 hours behind it, scores and labels. Every check goes the
whole way: planner, queue, worker, rows, counts, decision, ledger, with MLflow asked who serves. CPU seconds are those
of the worker and of Postgres, the planner's for a whole hour among them. Files are hard links to a few templates; what
is counted of them is not shared. The budget is a quarter of two processors: 1,800 s an hour for 5,000 models.

The short form checks fewer models and multiplies, and plans for all; FULL=1 measures 5,000 and 10,000, and what a month
of one model leaves in the database, which takes hours.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.fleet.checks import Hour, hour
from benchmarks.outcome import Mark, report
from checkpoints.embedded.cluster import EmbeddedPostgres
from tests.databases import fresh_database
from tests.integration.test_size_of_a_check import MOST as MOST_BYTES
from tests.integration.test_size_of_a_check import measured

FULL = os.environ.get("FULL") == "1"
FLEET = 5_000
SHORT, TEMPLATES = 30, 50 if FULL else 2
DAYS = 30
MOST = {
    "fleet_hour_cpu_s": 3600 * 2 * 0.25,
    "growth_of_twice_the_fleet": 2.2,
    "bytes_of_an_old_check": float(MOST_BYTES),
}


def main() -> int:
    """Measure, print, return the exit code."""
    folder = Path(tempfile.mkdtemp(prefix="ap-fleet-"))
    folder.chmod(0o755)
    try:
        figures = {**_hours(folder), **(_size(folder) if FULL else {})}
    finally:
        shutil.rmtree(folder)
    marks: list[Mark] = [(name, "gate", most, figures[name]) for name, most in MOST.items() if name in figures]
    return report("fleet", figures, marks)


def _hours(folder: Path) -> dict[str, float]:
    found = hour(folder / "fleet", FLEET if FULL else SHORT, TEMPLATES, FLEET)
    _show(found)
    figures = {
        "check_cpu_s": found.per_check_s,
        "check_database_cpu_s": found.database_s / found.models,
        "plans_cpu_s": found.plans_s,
        "fleet_hour_cpu_s": found.of(FLEET),
    }
    if FULL:
        shutil.rmtree(folder / "fleet")
        twice = hour(folder / "twice", 2 * FLEET, TEMPLATES, 2 * FLEET)
        _show(twice)
        figures["growth_of_twice_the_fleet"] = twice.of(2 * FLEET) / found.of(FLEET)
    return figures


def _show(found: Hour) -> None:
    print(
        f"{found.models:,} models checked: {found.per_check_s:.3f} s CPU a check (Postgres "
        f"{found.database_s / found.models:.3f} s), planning {found.plans_s:.1f} s an hour; {found.of(FLEET):,.0f} s "
        f"an hour for {FLEET:,}",
        flush=True,
    )


def _size(folder: Path) -> dict[str, float]:
    server = EmbeddedPostgres(folder / "postgres")
    server.ensure()
    try:
        before, after = measured(fresh_database(server), DAYS)
    finally:
        server.destroy()
    print(f"a check without action leaves {before:,.0f} bytes, {after:,.0f} once it is folded")
    return {"bytes_of_a_new_check": before, "bytes_of_an_old_check": after}


if __name__ == "__main__":
    sys.exit(main())
