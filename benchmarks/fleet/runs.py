"""Runs per second: six nodes and two waits, by the engine alone and through workers, against a bare graph.

All sides take turns in one process on one Postgres, each over a saver of its own of the same kind. Through workers a
run is three jobs beside its share of a chunk's check: start the training, carry on after it, carry on after the answer.
A batch of models is worked off at once, so that the rate is measured and no time between two looks is counted. The
bare graph has as many threads as the worker has jobs at a time. What the fakes take is not counted.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from autopilot.capabilities import ALL
from autopilot.desk import Desk
from autopilot.fleet.planner import plan
from autopilot.fleet.queues import served
from autopilot.fleet.tasks import add_tasks
from autopilot.fleet.worker import work_off
from benchmarks.bare import bare_graph, bare_run
from benchmarks.bench_overhead import full_run
from benchmarks.fleet.cost import postgres_cpu_s
from benchmarks.outside import Outside
from checkpoints.embedded.cluster import EmbeddedPostgres
from checkpoints.queue.app import application
from checkpoints.saver import saver
from graph.model import Answer
from graph.ports import Deps
from tests.databases import fresh_database
from tests.fleet import Fleet, fleet_file
from tests.house import DEGRADED, MODEL, House, house

JOBS = 4
"""At a time, as `autopilot work` has it; the savers' pools are as large."""
LATER = timedelta(hours=2)
"""After every tick of an hourly schedule, whatever a model's own delay."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by the clock, and the processor's, of this process and of Postgres."""

    wall_s: float
    cpu_s: float

    def __add__(self, other: "Spent") -> "Spent":
        """Return both together."""
        return Spent(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)

    def __sub__(self, other: "Spent") -> "Spent":
        """Return what lies between the two."""
        return Spent(self.wall_s - other.wall_s, self.cpu_s - other.cpu_s)


NOTHING = Spent(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Rates:
    """Runs per second of one side and of its floor, each the median of some rounds; and how many times the floor's
    time one of ours takes, by the clock and of the processor, round by round: a slow spell hits both.
    """

    ours: float
    bare: float
    wall_ratio: float
    cpu_ratio: float


@dataclass
class Town(Fleet):
    """A fleet of which each model has a champion of its own, and a worker that works off what there is to do."""

    server: EmbeddedPostgres = field(kw_only=True)

    def parts(self, name: str) -> Deps:
        """Return a model's parts; without a name in the registry of its own, its promotion would void all others."""
        found = super().parts(name)
        return replace(found, spec=replace(found.spec, registry=name))

    @cached_property
    def seat(self) -> Desk:
        """The one desk of the worker's process."""
        return self.desk()

    def found(self, names: Iterable[str]) -> None:
        """Give each model its first champion."""
        registry = self.home.registry
        for name in names:
            first = registry.add_version(name, registry.log_run(name, {"model.skops": name.encode()}))
            registry.point(name, "champion", first.version)

    def batch(self) -> Spent:
        """Take every model through a run to its promotion; return what it took, but for a worker's beginning."""
        home = self.home
        home.clock.pass_time(LATER)
        opened = self._turn()
        plan(self.seat)
        took = self._drained(opened)
        runs = [str(row["run"]) for row in home.book.runs.unfinished()]
        for run in runs:
            home.pipeline.end(home.row(run)["job"]["key"])
            home.book.queue.wake(run)
        took += self._drained(opened)
        took += _spent(self.server, lambda: self._answer(runs))
        took += self._drained(opened)
        outcomes = {home.row(run)["outcome"] for run in runs}
        if len(runs) != len(self.seat.office.file.models) or outcomes != {"promoted"}:
            raise SystemExit(f"{len(runs)} runs ended {outcomes}: nothing was measured")
        return took

    def _drained(self, opened: Spent) -> Spent:
        """Let a worker do what there is to do, and what comes of it; return what it took to be at work."""
        took = NOTHING
        while any(row["waiting"] for row in self.home.book.queue.lag()):
            took += self._turn() - opened
        return took

    def _turn(self) -> Spent:
        """Let a worker begin, do what is in the queue by now, and end."""
        app = application(self.home.dsn)
        add_tasks(app, self.seat, self.broken.append, lambda: self.cut_off.append(None))
        app.periodic_registry.periodic_tasks.clear()
        took = _spent(self.server, lambda: asyncio.run(work_off(app, served(ALL), JOBS, wait=False)))
        if self.broken:
            raise self.broken[0]
        return took

    def _answer(self, runs: Iterable[str]) -> None:
        for run in runs:
            self.seat.office.engine.take(run, Answer("ana", "approve", "cli", self.home.clock.now()))


def rates(server: EmbeddedPostgres, folder: Path, batch: int = 20, rounds: int = 5) -> tuple[Rates, Rates]:
    """Measure the engine alone and through workers, `batch` runs each in every round, after one that is not counted."""
    folder.mkdir()
    with _town(server, folder, batch) as town, _alone(server, folder) as home, saver(fresh_database(server)) as threads:
        graph = bare_graph(threads)
        outside = Outside(*_fakes(town.home), *_fakes(home))
        sides: list[Callable[[], Spent]] = [
            lambda: _spent(server, lambda: _full_runs(home, batch)),
            lambda: _spent(server, lambda: _bare_runs(graph, 1, batch)),
            town.batch,
            lambda: _spent(server, lambda: _bare_runs(graph, JOBS, batch)),
        ]
        measured = [[_own(side, outside) for side in sides] for _ in range(rounds + 1)][1:]
    alone, bare, workers, threaded = zip(*measured, strict=True)
    return _rates(batch, alone, bare), _rates(batch, workers, threaded)


def _rates(batch: int, ours: Sequence[Spent], bare: Sequence[Spent]) -> Rates:
    return Rates(
        ours=batch / median(each.wall_s for each in ours),
        bare=batch / median(each.wall_s for each in bare),
        wall_ratio=median(a.wall_s / b.wall_s for a, b in zip(ours, bare, strict=True)),
        cpu_ratio=median(a.cpu_s / b.cpu_s for a, b in zip(ours, bare, strict=True)),
    )


def _own(side: Callable[[], Spent], outside: Outside) -> Spent:
    before = outside.spent_s
    took = side()
    fakes = outside.spent_s - before
    return took - Spent(fakes, fakes)


def _spent(server: EmbeddedPostgres, act: Callable[[], object]) -> Spent:
    # What it takes to ask for Postgres' seconds lies outside of ours.
    database = postgres_cpu_s(server)
    began = Spent(time.perf_counter(), time.process_time())
    act()
    took = Spent(time.perf_counter(), time.process_time()) - began
    return took + Spent(0.0, postgres_cpu_s(server) - database)


def _full_runs(home: House, runs: int) -> None:
    for _ in range(runs):
        full_run(home)


def _bare_runs(graph: Any, threads: int, runs: int) -> None:
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: bare_run(graph, str(uuid4())), range(runs)))


def _fakes(home: House) -> list[object]:
    return [home.monitor, home.pipeline, home.registry, home.evaluator]


@contextmanager
def _town(server: EmbeddedPostgres, folder: Path, models: int) -> Iterator[Town]:
    names = [f"m{number:02}" for number in range(1, models)]
    (folder / "town").mkdir()
    with house(fresh_database(server), folder / "town") as home:
        config = folder / "autopilot.yaml"
        config.write_text(fleet_file(names))
        town = Town(home, config, server=server)
        town.found([MODEL, *names])
        home.monitor.evidence = DEGRADED
        yield town


@contextmanager
def _alone(server: EmbeddedPostgres, folder: Path) -> Iterator[House]:
    (folder / "alone").mkdir()
    with house(fresh_database(server), folder / "alone") as home:
        yield home
