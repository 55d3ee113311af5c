"""`autopilot status` over a whole fleet as somebody types it, against its one statement alone.

The floor is a process that imports psycopg, sends the same statement and reads the answer. The roster is warm, as it is
from the second look on. Both take turns; of each the processor's seconds, its own and Postgres', and the time it took.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.fleet.cost import children_cpu_s, postgres_cpu_s
from checkpoints.embedded.cluster import EmbeddedPostgres
from checkpoints.queries import query
from graph.policy.retraining import RESTRAINTS
from graph.reasoning.narrowing import RULE
from tests.databases import fresh_database
from tests.fleet import fleet_file
from tests.fleets import many
from tests.unit.graph.policy.builders import NOW

PAGE = 50
"""As many models as a large terminal shows."""
CHECKS = 3
"""Of each model, the newest just now."""
_BARE = """
import sys, psycopg
from psycopg.types.json import Jsonb
options = "-c search_path=autopilot -c timezone=UTC"
with psycopg.connect(sys.argv[1], autocommit=True, options=options) as connection:
    given = {"budgets": Jsonb([]), "restraints": sys.argv[3:]}
    print(len(connection.execute(sys.argv[2], given).fetchall()))
"""


@dataclass(frozen=True, slots=True)
class Looks:
    """What a look costs, in seconds, each the median; and how many times the floor's, look by look."""

    cpu_s: float
    bare_cpu_s: float
    cpu_ratio: float
    wall_s: float
    bare_wall_s: float
    wall_ratio: float


def looks(server: EmbeddedPostgres, folder: Path, models: int, times: int) -> Looks:
    """Look so often at a fleet of so many models, after a first look that reads its file."""
    folder.mkdir()
    dsn = fresh_database(server)
    names = many(dsn, models, CHECKS, NOW)
    config = folder / "autopilot.yaml"
    config.write_text(fleet_file(names))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "DATABASE_URL": dsn,
        "AUTOPILOT_HOME": str(folder / "home"),
        "AUTOPILOT_CONFIG": str(config),
    }
    ours = [sys.executable, "-m", "autopilot", "status", "--limit", str(PAGE), "--now", NOW.isoformat()]
    floor = [sys.executable, "-c", _BARE, dsn, query("fleet", "screen"), *RESTRAINTS, RULE]
    for words, said in ((ours, f"of {models + 1:,}"), (floor, str(models + 1))):
        _require(_look(words, environment), said)
    measured = [(_cost(server, ours, environment), _cost(server, floor, environment)) for _ in range(times)]
    return Looks(
        cpu_s=median(mine[0] for mine, _ in measured),
        bare_cpu_s=median(bare[0] for _, bare in measured),
        cpu_ratio=median(mine[0] / bare[0] for mine, bare in measured),
        wall_s=median(mine[1] for mine, _ in measured),
        bare_wall_s=median(bare[1] for _, bare in measured),
        wall_ratio=median(mine[1] / bare[1] for mine, bare in measured),
    )


def _cost(server: EmbeddedPostgres, words: Sequence[str], environment: dict[str, str]) -> tuple[float, float]:
    """Return the processor's seconds of a process and of the database under it, and the seconds until it ended."""
    before, began = children_cpu_s() + postgres_cpu_s(server), time.perf_counter()
    _look(words, environment)
    took = time.perf_counter() - began
    return children_cpu_s() + postgres_cpu_s(server) - before, took


def _look(words: Sequence[str], environment: dict[str, str]) -> str:
    return subprocess.run(words, env=environment, check=True, capture_output=True, text=True).stdout


def _require(shown: str, said: str) -> None:
    if said not in shown:
        raise SystemExit(f"{said!r} is not shown: nothing was measured\n{shown[-500:]}")
