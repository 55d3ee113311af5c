"""An hour of the fleet, through the whole path: planner, queue, worker, rows, counts, decision, ledger."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from autopilot.capabilities import ALL
from autopilot.fleet.planner import plan
from autopilot.fleet.queues import served
from autopilot.fleet.tasks import add_tasks
from autopilot.fleet.worker import work_off
from benchmarks.fleet.cost import cpu_s, database_cpu_s
from benchmarks.fleet.world import World, world
from checkpoints.queue.app import application

PLANS = 180
"""A worker plans every 20 seconds."""
ROWS = 5_000
_TRIED = 5


@dataclass(frozen=True, slots=True)
class Hour:
    """What an hour of a fleet costs, in CPU seconds; `database_s` is the part of Postgres in `checks_s`."""

    models: int
    checks_s: float
    database_s: float
    plans_s: float

    @property
    def per_check_s(self) -> float:
        """Return the CPU seconds of one check, with its part of the planning."""
        return (self.checks_s + self.plans_s) / self.models


def hour(folder: Path, models: int, templates: int, hours: int = 2) -> Hour:
    """Measure the cheaper of some hours, after one in which everything is opened for the first time."""
    with world(folder, models, templates, ROWS) as fleet:
        turn(fleet, 1)
        return min((_measured(fleet, number) for number in range(2, 2 + hours)), key=lambda found: found.checks_s)


def _measured(fleet: World, number: int) -> Hour:
    before, database = cpu_s(fleet), database_cpu_s(fleet)
    turn(fleet, number)
    checks_s, database_s = cpu_s(fleet) - before, database_cpu_s(fleet) - database
    before = cpu_s(fleet)
    for _ in range(_TRIED):
        plan(fleet.desk)
    return Hour(len(fleet.models), checks_s, database_s, (cpu_s(fleet) - before) / _TRIED * PLANS)


def turn(fleet: World, number: int) -> None:
    """Let an hour come, and what is due in it be decided. SystemExit when that is not once per model."""
    before = fleet.decisions()
    fleet.come_to(number)
    plan(fleet.desk)
    work(fleet)
    decided = fleet.decisions() - before
    if decided != len(fleet.models):
        raise SystemExit(f"{decided} decisions of {len(fleet.models)} models: nothing was measured")


def work(fleet: World) -> None:
    """Let a worker do what is in the queue, and what comes of it, and end."""
    broken: list[Exception] = []
    app = application(fleet.office.dsn)
    add_tasks(app, fleet.desk, broken.append, lambda: None)
    asyncio.run(work_off(app, served(ALL), 2, wait=False))
    if broken:
        raise broken[0]
