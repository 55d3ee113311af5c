"""The whole product around fakes: a real engine, graph and ledger on a real Postgres; only the outside is played."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import psycopg

from autopilot.engine import Engine
from autopilot.traced import Traced
from checkpoints.database import Database, run_lock
from checkpoints.ledger.book import PostgresLedger
from checkpoints.ledger.effects import Boundary, passing
from checkpoints.saver import saver
from graph.evidence import Evidence, Interval, LookBack, WindowRef
from graph.model import Answer, Holdout, Json, TrainingOrder
from graph.ports import Deps, Monitor, Parts, Pipeline, Reasoner
from graph.spec import ModelSpec
from tests.databases import leave
from tests.fakes.clock import FakeClock
from tests.fakes.evaluator import FakeEvaluator
from tests.fakes.pipeline import FakePipeline
from tests.fakes.registry import FakeRegistry
from tests.unit.graph.policy.builders import DAY, LABELS, NOW, QUIET, SPEC

HEALTHY = replace(QUIET, windows=(WindowRef("log", NOW - DAY, NOW, 1, 1000),))
DEGRADED = replace(
    HEALTHY,
    labels=replace(LABELS, realised=Interval(0.80, 0.77, 0.83), brier_excess=Interval(0.02, 0.015, 0.025)),
)
BROKEN = replace(HEALTHY, future_rows=400)
MODEL = "fraud"


class FakeMonitor:
    """Port Monitor. Shows what the test put in `evidence`, stamped with the champion and time it was asked for."""

    def __init__(self, evidence: Evidence = HEALTHY) -> None:
        self.evidence = evidence
        self.looked_back: list[datetime] = []
        """Since when it was asked to look back, …"""
        self.behind: LookBack | None = None
        """… and what it sees there."""

    def measure(self, champion: str | None, now: datetime) -> Evidence:
        return replace(self.evidence, champion=champion, as_of=now)

    def look_back(self, start: datetime, now: datetime) -> LookBack | None:
        self.looked_back.append(start)
        return self.behind

    def holdout(
        self, start: datetime, end: datetime, now: datetime, exclude: Sequence[tuple[datetime, datetime]], to: Path
    ) -> Holdout:
        rows = f"{start} {end} {list(exclude)}".encode()
        return Holdout(str(to), hashlib.sha256(rows).hexdigest(), 1000, 60, start, end)


@dataclass
class House:
    """One model, its fakes, and the engine that looks after it."""

    engine: Engine
    book: PostgresLedger
    clock: FakeClock
    monitor: FakeMonitor
    pipeline: FakePipeline
    registry: FakeRegistry
    evaluator: FakeEvaluator
    spec: list[ModelSpec]
    advisers: list[Reasoner]
    """The language model to ask, if there is one."""
    parts: Parts
    dsn: str = field(repr=False)

    def row(self, run: str) -> Json:
        """Return the run's row."""
        return self.book.runs.row(run)

    def key(self, run: str) -> str:
        """Return the key of the run's training job."""
        return f"{MODEL}.{run}"

    def champion(self) -> str | None:
        """Return the version that serves."""
        return self.registry.aliases.get((SPEC.registry, "champion"))

    def trained(self, run: str) -> None:
        """Let the run's job end well and carry the run on."""
        self.pipeline.end(self.key(run))
        self.engine.carry_on(run)

    def waiting(self) -> str:
        """Degrade the model and take its run to the waiting approval; return the run."""
        self.monitor.evidence = DEGRADED
        run = self.engine.run(MODEL)
        self.trained(run)
        return run

    def wait(self, duration: timedelta) -> None:
        """Let time pass while the model stays as it is: labels come in."""
        self.clock.pass_time(duration)
        labels, evidence = self.monitor.evidence.labels, self.monitor.evidence
        if labels:
            later = replace(labels, start=labels.start + duration, end=labels.end + duration)
            self.monitor.evidence = replace(evidence, labels=later)

    def say(self, run: str, decision: str = "approve", person: str = "ana", channel: str = "cli") -> None:
        """Answer the run's approval."""
        given: Literal["approve", "deny"] = "approve" if decision == "approve" else "deny"
        self.engine.answer(run, Answer(person, given, channel, self.clock.now()))

    def checkpoints(self) -> int:
        """Count the rows that threads left."""
        with psycopg.connect(self.dsn, options="-c search_path=langgraph") as connection:
            tables = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")
            counts = [connection.execute(f"select count(*) from {table}").fetchone() for table in tables]
            return sum(int(count[0]) for count in counts if count)


@contextmanager
def another_carries_on(home: House, run: str) -> Iterator[None]:
    """Hold the run's lock on a connection of its own, as another process does that is at the run."""
    with psycopg.connect(home.dsn, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(hashtextextended(%s, 0))", (run_lock(run),))
        yield


@contextmanager
def house(
    dsn: str,
    workspace: Path,
    boundary: Boundary = passing,
    model: str = MODEL,
    tracing: Callable[[PostgresLedger], Traced] | None = None,
    elsewhere: Pipeline | None = None,
    watching: Callable[[FakeMonitor], Monitor] | None = None,
) -> Iterator[House]:
    """Yield a house in which version 1 serves and nothing is wrong.

    `elsewhere` trains in place of the fake, `watching` makes what measures out of it.
    """
    clock, monitor, registry, evaluator = FakeClock(NOW), FakeMonitor(), FakeRegistry(), FakeEvaluator()
    pipeline = FakePipeline(lambda order: _logged(registry, order))
    first = registry.add_version(SPEC.registry, registry.log_run("first", {"model.skops": b"first"}))
    registry.point(SPEC.registry, "champion", first.version)
    free = replace(SPEC.policy, cooldown=timedelta(0), retrains_per_week=10**6, retrains_per_month=10**6)
    spec = [replace(SPEC, name=model, policy=free)]
    advisers: list[Reasoner] = []
    database = Database(dsn)
    book = PostgresLedger(database, clock, boundary)

    def parts(name: str) -> Deps:
        named = spec[0] if spec[0].name == name else replace(spec[0], name=name)
        asked = advisers[0] if advisers else None
        watch = watching(monitor) if watching else monitor
        return Deps(named, clock, watch, elsewhere or pipeline, registry, evaluator, book, workspace, asked)

    @contextmanager
    def untraced(*_: str) -> Iterator[Json]:
        yield {}

    with saver(dsn) as threads:
        traced = tracing(book) if tracing else untraced
        engine = Engine(book, parts, clock, lambda: threads, traced, workspace)
        try:
            yield House(engine, book, clock, monitor, pipeline, registry, evaluator, spec, advisers, parts, dsn)
        finally:
            database.close()
            leave(dsn)


def _logged(registry: FakeRegistry, order: TrainingOrder) -> None:
    registry.log_run(order.key, files={"model.skops": order.key.encode()})
