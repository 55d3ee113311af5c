"""What the product costs on top of LangGraph: CPU of a full run against a bare graph, and rows that checks leave.

Both sides run side by side in one process on one real Postgres: the same six nodes, the same two waits and wake-ups,
durability "sync". Ours adds the ledger, the locks and the policy; the outside is played by the tests' fakes, and what
they themselves take (they write files, too) is not counted.
"""

import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from uuid import uuid4

from benchmarks.bare import bare_graph, bare_run
from benchmarks.in_memory import postgres_in_memory
from benchmarks.outcome import Mark, report
from benchmarks.outside import Outside
from checkpoints.embedded.cluster import EmbeddedPostgres
from checkpoints.saver import saver
from tests.databases import fresh_database
from tests.house import DEGRADED, HEALTHY, MODEL, House, house

RUNS, CHECKS = 70, 100


def main() -> int:
    """Measure both, print, return the exit code."""
    with postgres_in_memory() as (server, folder):
        return _measure(server, folder)


def _measure(server: EmbeddedPostgres, folder: Path) -> int:
    dsn, bare_dsn = fresh_database(server), fresh_database(server)
    with house(dsn, folder) as home, saver(bare_dsn) as threads:
        graph = bare_graph(threads)
        outside = Outside(home.monitor, home.pipeline, home.registry, home.evaluator)
        ours, floor = _side_by_side(lambda: full_run(home), lambda: bare_run(graph, str(uuid4())), outside)
        before = home.checkpoints()
        home.monitor.evidence = HEALTHY
        for _ in range(CHECKS):
            home.engine.run(MODEL)
        rows = home.checkpoints() - before
    ratio = median(a / b for a, b in zip(ours, floor, strict=True))
    print(f"six nodes, two waits: {median(ours):.1f} ms CPU, bare LangGraph {median(floor):.1f} ms; ratio {ratio:.2f}")
    print(f"checkpoint rows left by {CHECKS} checks without action: {rows}")
    figures = {"cpu_ratio": ratio, "cpu_ms": median(ours), "bare_cpu_ms": median(floor), "rows_of_idle_checks": rows}
    marks: list[Mark] = [
        # On a busy machine the ratio rises by a tenth or two: ours waits for Postgres more often, and waking costs.
        ("cpu_ratio", "goal", 1.5, ratio),
        ("cpu_ratio", "gate", 2.0, ratio),
        ("rows_of_idle_checks", "gate", 0, rows),
    ]
    return report("overhead", figures, marks)


def full_run(home: House) -> None:
    """Take one degraded model through all six nodes to its promotion."""
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    home.trained(run)
    home.say(run)
    if home.row(run)["outcome"] != "promoted":
        raise SystemExit(f"the run ended {home.row(run)['outcome']}, nothing was measured")
    home.clock.pass_time(timedelta(hours=1))


def _side_by_side(
    ours: Callable[[], None], floor: Callable[[], None], outside: Outside
) -> tuple[list[float], list[float]]:
    """Return CPU milliseconds of each run of both, run by run in turn, so that a slow spell hits both."""
    ours()
    floor()
    measured: tuple[list[float], list[float]] = ([], [])
    for _ in range(RUNS):
        for times, act in zip(measured, (ours, floor), strict=True):
            began = time.process_time() - outside.spent_s
            act()
            times.append((time.process_time() - outside.spent_s - began) * 1000)
    return measured


if __name__ == "__main__":
    sys.exit(main())
