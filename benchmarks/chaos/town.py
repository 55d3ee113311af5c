"""A fleet with incidents on a real Postgres: workers, an approver and a trainer in processes, and a Prometheus."""

import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from autopilot.clock import parse
from checkpoints.embedded.cluster import EmbeddedPostgres
from tests.crash.forks import Process
from tests.crash.installation import NOW, Installation, Scene, environment
from tests.fakes.faulty_server import Reply, Request
from tests.fakes.prometheus_server import FakePrometheus

WORKERS = 3
APPROVED = "approved.log"
LOGS = "logs"
_FILE = """
people: {ana: {}}
defaults:
  schedule: "* * * * *"
  task: binary_classification
  monitor:
    kind: predictions
    source: ../log.parquet
    id: id
    timestamp: at
    prediction: score
    features: [amount]
    labels: {label: label}
    reference: {from: 2026-01-01, until: 2026-01-03}
  policy: {max_drift: 0.1, budget: {amount: 1, per: 30d}}
  training: {window: 1d, holdout: 1d}
  pipeline: {kind: local, command: [../train.sh], deadline: 10m, cost: {per_run: 1, currency: EUR}}
  validation: {kind: reported}
  approval: {approvers: [ana]}
models:
"""
_REMOTE = "{kind: prometheus, url: URL, by: model, queries: {accuracy: {query: accuracy, below: 0.5, means: degraded}}}"


@dataclass(frozen=True, slots=True)
class Form:
    """How large the town is, and in seconds how long things last: a hang, a stop, the pause between two faults."""

    models: int
    hangs_s: float
    stopped_s: float
    apart_s: float
    each: bool
    """Whether recovery is waited for after every fault, or after the last alone."""


SHORT, LONG = Form(60, 5.0, 5.0, 3.0, each=False), Form(300, 15.0, 20.0, 30.0, each=True)


class Hanging(FakePrometheus):
    """A Prometheus that stops answering while `open` is not set."""

    def __init__(self) -> None:
        super().__init__()
        self.open = Event()
        self.open.set()

    def answer(self, request: Request) -> Reply:
        """Answer as soon as it does not hang."""
        self.open.wait()
        return super().answer(request)


@dataclass
class Town:
    """What the faults befall."""

    site: Installation
    scene: Scene
    form: Form
    drifted: list[str]
    """The models that will have an incident: each is to be retrained, approved and promoted, once."""
    calm: list[str]
    prometheus: Hanging
    ahead: timedelta = timedelta(0)
    """How far the clock of the workers has been put forward."""
    workers: list[Process] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    started: int = 0

    @property
    def models(self) -> list[str]:
        """Return every model."""
        return [*self.drifted, *self.calm]

    @property
    def cluster(self) -> EmbeddedPostgres:
        """Return the town's Postgres."""
        found = self.site.found.cluster
        if found is None:
            raise SystemExit("chaos keeps to a database of its own")
        return found

    def now(self) -> datetime:
        """Return what time it is to the workers."""
        return parse(NOW, "NOW") + timedelta(seconds=time.monotonic() - self.began) + self.ahead

    def work(self, workers: int = WORKERS, off: timedelta = timedelta(0)) -> None:
        """Start workers; `off` is how far their clock is from the others'."""
        self.workers += [self._start(off, "command", "work", "--jobs", "2") for _ in range(workers)]

    def strike(self, models: Sequence[str]) -> None:
        """Let something happen to what these models are asked: their logs become others, in one step."""
        for model in models:
            log = _log(self.site.root, model)
            arriving = log.with_suffix(".new")
            os.link(self.site.root / "log.parquet", arriving)
            arriving.replace(log)

    def approve(self) -> Process:
        """Start who approves whatever is asked, and writes down what was taken."""
        return self._start(timedelta(0), "approve_all", str(self.scene.folder / APPROVED))

    def kill(self, workers: list[Process]) -> None:
        """Kill −9 these workers."""
        for each in workers:
            end(each)
            self.workers.remove(each)

    def connect(self, database: str = "autopilot") -> "psycopg.Connection[tuple[object, ...]]":
        """Return a new connection of the superuser."""
        return psycopg.connect(self.cluster.dsn(database), autocommit=True)

    def _start(self, off: timedelta, name: str, *words: str) -> Process:
        self.started += 1
        folder = self.scene.folder
        at = {"AUTOPILOT_NOW": (self.now() + off).isoformat()}
        plain: Mapping[str, str] = environment(self.site.root, folder / "autopilot.yaml")
        output = folder / f"{self.started:03}-{name}.log"
        return self.site.forks.start(name, *words, environment={**plain, **at}, folder=folder, output=output)


def end(process: Process) -> None:
    """Kill −9 a process, unless it has ended by itself."""
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    process.end()


@contextmanager
def town(site: Installation, form: Form) -> Iterator[Town]:
    """Yield a town, nobody at work yet and nothing wrong. A quarter of the models will have an incident.

    A third of the others are watched by Prometheus.
    """
    _calm_log(site.root)
    bad = [f"drifted-{number:03}" for number in range(form.models // 4)]
    good = [f"calm-{number:03}" for number in range(form.models - len(bad))]
    (site.root / LOGS).mkdir()
    for name in bad:
        os.link(site.root / "calm.parquet", _log(site.root, name))
    with Hanging().running() as prometheus:
        prometheus.known = {"accuracy": [({"model": name}, "0.97") for name in good]}
        scene = site.scene(*bad, *good)
        remote = _REMOTE.replace("URL", prometheus.url)
        entries = [
            f"  {name}: {{registry: {{model: {name}}}, monitor: {{source: ../{LOGS}/{name}.parquet}}}}\n"
            for name in bad
        ]
        for number, name in enumerate(good):
            monitor = remote if number % 3 == 0 else "{source: ../calm.parquet}"
            entries.append(f"  {name}: {{registry: {{model: {name}}}, monitor: {monitor}}}\n")
        (scene.folder / "autopilot.yaml").write_text(_FILE + "".join(entries))
        yield Town(site, scene, form, bad, good, prometheus)


def _log(root: Path, model: str) -> Path:
    return root / LOGS / f"{model}.parquet"


def _calm_log(root: Path) -> None:
    """Write a log beside that of the drifted models whose newest day is like the reference."""
    rows = pq.read_table(root / "log.parquet")
    day = pc.strftime(rows["at"], format="%Y-%m-%d")
    sound = rows.filter(pc.not_equal(day, "2026-03-09"))
    again = rows.filter(pc.equal(day, "2026-01-02"))
    moved = pc.add(again["at"], pa.scalar(parse("2026-03-09T00:00:00Z", "") - parse("2026-01-02T00:00:00Z", "")))
    ids = pa.array([f"again-{number}" for number in range(len(again))])
    names = again.column_names
    again = again.set_column(names.index("at"), "at", moved.cast(rows.schema.field("at").type))
    again = again.set_column(names.index("id"), "id", ids.cast(rows.schema.field("id").type))
    pq.write_table(pa.concat_tables([sound, again.cast(rows.schema)]), root / "calm.parquet")
