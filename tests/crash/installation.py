"""One installation for all tests that kill or race processes, and the effects in it, counted outside the product."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from autopilot.settings import load
from autopilot.stores import Stores, stores
from checkpoints.embedded.cluster import EmbeddedPostgres
from tests.crash import stub_training
from tests.crash.forks import Forks, Process, fork_server, until

NOW = "2026-03-10T00:00:00Z"
ONCE_EACH: dict[str, Any] = {
    "executions of the training command": 1,
    "MLflow runs of the training": 1,
    "trainings paid for": 1,
    "candidates": 1,
    "releases": 1,
    "new versions": 1,
    "moves of aliases": [("champion", 2), ("previous", 1)],
    "approvals": 1,
    "answers": 1,
    "promotions": 1,
    "effects without a record": 0,
    "outcome": "promoted",
}
"""What one run leaves that was approved, whatever happened to its processes."""

_FILE = """
people: {ana: {}, ben: {}}
defaults:
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
  pipeline: {kind: local, command: [../train.sh], deadline: 2m, cost: {per_run: 1, currency: EUR}}
  validation: {kind: VALIDATION}
  approval: {approvers: [ana, ben]}
models:
"""
_COUNT_MOVES = """
create table alias_moves (id serial, name text, alias text, version integer);
create function note_move() returns trigger security definer language plpgsql as
  'begin insert into alias_moves (name, alias, version) values (new.name, new.alias, new.version); return new; end';
create trigger note_moves after insert or update on registered_model_aliases
  for each row when (new.version <> 1 or new.alias <> 'champion') execute function note_move();
"""


@dataclass
class Installation:
    """A home with its databases up, a trainer at work, and a connection of its own to each database."""

    root: Path
    forks: Forks
    found: Stores = field(repr=False)
    ledger: psycopg.Connection[Any] = field(repr=False)
    mlflow: psycopg.Connection[Any] = field(repr=False)

    def scene(self, *models: str, validation: str = "reported") -> "Scene":
        """Let version 1 of new models serve, and write a configuration file of their own for them."""
        folder = self.root / models[0]
        folder.mkdir()
        entries = "".join(f"  {model}: {{registry: {{model: {model}}}}}\n" for model in models)
        (folder / "autopilot.yaml").write_text(_FILE.replace("VALIDATION", validation) + entries)
        asked = [stub_training.ask(self.root, self.found.owner, f"serve {model}", model) for model in models]
        until(lambda: not any(request.exists() for request in asked), "a champion")
        return Scene(self, models[0], folder)

    def count(self, database: "psycopg.Connection[Any]", what: str, **values: str) -> int:
        row = database.execute(f"select count(*) from {what}", values).fetchone()
        assert row
        return int(row[0])


@dataclass
class Scene:
    """A configuration file with one model, or several, and the processes that use it."""

    site: Installation
    model: str
    folder: Path
    processes: list[Process] = field(default_factory=list)

    @property
    def environment(self) -> Mapping[str, str]:
        return environment(self.site.root, self.folder / "autopilot.yaml")

    def start(self, name: str, *arguments: Any) -> Process:
        """Start a process for the function `name` of tests.crash.product."""
        output = self.folder / f"{len(self.processes)}-{name}.log"
        process = self.site.forks.start(
            name, *arguments, environment=self.environment, folder=self.folder, output=output
        )
        self.processes.append(process)
        return process

    def command(self, *words: str) -> Process:
        """Run one command of the product to its end."""
        process = self.start("command", *words)
        process.end()
        return process

    def stop_at(self, point: str, name: str, *arguments: Any) -> tuple[Process, Path]:
        """Start a process and return it when it stands still, with the file in which it says so."""
        marker = self.folder / f"{point} {len(self.processes)}"
        process = self.start(name, *(str(marker) if word is ... else word for word in arguments))
        until(lambda: marker.exists() or process.ended(), f"{point}, or the end of the process")
        assert marker.exists(), f"it never came to {point}:\n{process.said()}"
        return process, marker

    def kill_at(self, point: str, name: str = "live", *more: Any) -> None:
        """Start a process that lives the model's run, and kill it at this boundary."""
        process, marker = self.stop_at(point, name, self.model, point, ..., *more)
        process.kill(int(marker.read_text()))

    def run(self, model: str | None = None) -> str:
        """Return the model's one run that acts."""
        found = self.site.ledger.execute(
            "select run from autopilot.runs where model = %s and action = 'retrain'", (model or self.model,)
        ).fetchall()
        assert len(found) == 1, found
        return str(found[0][0])

    def happened(self, model: str | None = None) -> dict[str, Any]:
        """Count what the model's run did outside, where it was done; compare with ONCE_EACH."""
        model = model or self.model
        run, count = self.run(model), self.site.count
        mlflow, ledger, key = self.site.mlflow, self.site.ledger, f"{model}.{run}"
        tagged = "tags where key = 'autopilot.key' and value = %(key)s"
        moves = mlflow.execute("select alias, version from alias_moves where name = %s order by id", (model,))
        outcome = ledger.execute("select outcome from autopilot.runs where run = %s", (run,)).fetchone()
        assert outcome
        return {
            "executions of the training command": stub_training.executions(self.site.root, key),
            "MLflow runs of the training": count(mlflow, tagged, key=key),
            "trainings paid for": count(ledger, "autopilot.costs where run = %(run)s and price = 1", run=run),
            "candidates": count(mlflow, "model_versions where name = %(name)s", name=f"{model}-candidates"),
            "releases": count(mlflow, tagged, key=f"{run}.release"),
            "new versions": count(mlflow, "model_versions where name = %(name)s and version > 1", name=model),
            "moves of aliases": moves.fetchall(),
            "approvals": count(ledger, "autopilot.approvals where run = %(run)s", run=run),
            "answers": count(
                ledger,
                "autopilot.answers n join autopilot.approvals p on p.id = n.approval where run = %(run)s",
                run=run,
            ),
            "promotions": count(ledger, "autopilot.promotions where run = %(run)s", run=run),
            "effects without a record": count(
                ledger, "autopilot.effects where run = %(run)s and state <> 'done'", run=run
            ),
            "outcome": outcome[0],
        }


def environment(root: Path, config: Path) -> Mapping[str, str]:
    """Return what the shell of somebody who uses this installation has."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "AUTOPILOT_HOME": str(root / "home"),
        "AUTOPILOT_CONFIG": str(config),
        "AUTOPILOT_NOW": NOW,
    }


def connected(cluster: EmbeddedPostgres, database: str) -> psycopg.Connection[Any]:
    return psycopg.connect(cluster.dsn(database), autocommit=True)


@contextmanager
def installation(root: Path, trainer: str = "train") -> Iterator[Installation]:
    """Yield an installation below `root`; nothing of it is left running. `trainer` is a function of the product."""
    stub_training.prepare(root)
    plain = environment(root, root / "autopilot.yaml")
    with fork_server() as forks, stores(load(plain)) as found:
        cluster = found.cluster
        assert cluster
        try:
            settled = forks.start("settle", environment=plain, folder=root, output=root / "settle.log")
            assert settled.end() == 0, settled.said()
            forks.start(trainer, environment=plain, folder=root, output=root / "trainer.log")
            site = Installation(root, forks, found, connected(cluster, "autopilot"), connected(cluster, "mlflow"))
            try:
                site.mlflow.execute(_COUNT_MOVES)
                yield site
            finally:
                site.ledger.close()
                site.mlflow.close()
        finally:
            cluster.destroy()
