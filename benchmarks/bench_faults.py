"""How many jobs the pipelines elsewhere start under faults, and how the runs end: one each, and as they should.

Each cell is one run of one model through the real engine, ledger and adapter on a real Postgres, against a system that
is played by a stateful HTTP server. What it ordered is counted there. `missed` names the cells that went wrong.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.outcome import Mark, report
from checkpoints.embedded.cluster import EmbeddedPostgres
from tests.conformance.systems import SYSTEMS
from tests.databases import fresh_database
from tests.fault_matrix import FAULTS, Bench, Fault
from tests.house import DEGRADED, house

WIDTH = 32


def main() -> int:
    """Play the matrix, print, return the exit code."""
    folder = Path(tempfile.mkdtemp(prefix="ap-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder / "postgres")
    server.ensure()
    try:
        return _matrix(server, folder)
    finally:
        server.destroy()
        shutil.rmtree(folder)


def _matrix(server: EmbeddedPostgres, folder: Path) -> int:
    print(f"{'jobs started, how the run stands':{WIDTH}}" + "".join(f"{system:>24}" for system in SYSTEMS))
    twins = wrong = 0
    for fault in FAULTS:
        cells = [_played(fault, system, server, folder) for system in SYSTEMS]
        print(f"{fault.name:{WIDTH}}" + "".join(f"{f'{started} {ends}':>24}" for started, ends in cells), flush=True)
        twins += sum(started != 1 for started, _ in cells)
        wrong += sum(ends != fault.ends for _, ends in cells)
    figures: dict[str, float] = {
        "systems": len(SYSTEMS),
        "faults": len(FAULTS),
        "cells_with_another_count": twins,
        "wrong_ends": wrong,
    }
    marks: list[Mark] = [
        ("cells_with_another_count", "gate", 0, twins),
        ("wrong_ends", "gate", 0, wrong),
        ("systems_less_than_asked", "gate", 0, max(0, 5 - len(SYSTEMS))),
        ("faults_less_than_asked", "gate", 0, max(0, 10 - len(FAULTS))),
    ]
    return report("faults", figures, marks)


def _played(fault: Fault, name: str, server: EmbeddedPostgres, folder: Path) -> tuple[int, str]:
    """Return how many jobs the system was made to start, and the run's outcome, else its status."""
    with SYSTEMS[name]() as system:
        adapter = system.another(**fault.patience)
        with house(fresh_database(server), folder, elsewhere=adapter) as home:
            home.monitor.evidence = DEGRADED
            bench = Bench(home, system)
            fault.play(bench)
            row = home.row(bench.run)
            return bench.started, str(row["outcome"] or row["status"])


if __name__ == "__main__":
    sys.exit(main())
