"""An hour of the fleet, through the whole path: planner, queue, worker, rows, counts, decision, ledger."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from autopilot.capabilities import ALL
from autopilot.desk import Desk
from autopilot.fleet.planner import plan
from autopilot.fleet.queues import served
from autopilot.fleet.tasks import add_tasks
from autopilot.fleet.worker import work_off
from benchmarks.fleet.cost import cpu_s, database_cpu_s
from benchmarks.fleet.world import World, name, world
from checkpoints.queue.app import application

PLANS = 180
"""A worker plans every 20 seconds."""
ROWS = 5_000
_TRIED = 5
_ALL_DONE = """
insert into watches (model, checked_until) select m, %(at)s from unnest(%(models)s::text[]) m
on conflict (model) do update set checked_until = excluded.checked_until
"""


@dataclass(frozen=True, slots=True)
class Hour:
    """What an hour of a fleet costs, in CPU seconds; `database_s` is the part of Postgres in `checks_s`."""

    models: int
    checks_s: float
    database_s: float
    plans_s: float
    """Of the planning for as many models as were asked for, which may be more than were checked."""

    @property
    def per_check_s(self) -> float:
        """Return the CPU seconds of one check."""
        return self.checks_s / self.models

    def of(self, models: int) -> float:
        """Return the CPU seconds of an hour of so many models, the planning included."""
        return self.per_check_s * models + self.plans_s


def hour(folder: Path, models: int, templates: int, planned: int, hours: range) -> Hour:
    """Measure the cheapest of some hours; before the first of all, only one model of each template was ever checked.

    The planning is measured for `planned` models of which none is due, as it is most of the time.
    """
    with world(folder, models, templates, ROWS) as fleet:
        for number in range(1, hours.start):
            turn(fleet, number)
        # A worker begins once and then works for months: what it takes to begin and to end is no part of a check.
        opened_s, _ = min(_cost(fleet, partial(work, fleet)) for _ in range(2))
        checks_s, database_s = min(_cost(fleet, partial(turn, fleet, number)) for number in hours)
        return Hour(models, checks_s - opened_s, database_s, _plans(fleet, planned))


def _cost(fleet: World, act: Callable[[], None]) -> tuple[float, float]:
    before, database = cpu_s(fleet), database_cpu_s(fleet)
    act()
    return cpu_s(fleet) - before, database_cpu_s(fleet) - database


def _plans(fleet: World, models: int) -> float:
    entry, names = fleet.office.file.models[fleet.models[0]], [name(number) for number in range(models)]
    file = fleet.office.file.model_copy(update={"models": dict.fromkeys(names, entry)})
    desk = Desk(fleet.settings.config, fleet.clock, {}, replace(fleet.office, file=file))
    fleet.office.book.database.execute(_ALL_DONE, models=names, at=fleet.clock.at)
    before = cpu_s(fleet)
    for _ in range(_TRIED):
        if plan(desk):
            raise SystemExit("models are due that were checked: nothing was measured")
    return (cpu_s(fleet) - before) / _TRIED * PLANS


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
    waiting = True
    while waiting:
        asyncio.run(work_off(app, served(ALL), 2, wait=False))
        # The rest of a chunk that took long is a job of its own, which comes when nobody looks any more.
        waiting = any(row["waiting"] for row in fleet.office.book.queue.lag())
    if broken:
        raise broken[0]
