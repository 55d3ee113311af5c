"""What forked processes do. The fork server imports this module, and with it all that the product loads, once."""

import importlib
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy.orm

import autopilot.__main__
from autopilot.bootstrap import Office, office
from autopilot.capabilities import ALL
from autopilot.clock import RunningClock
from autopilot.desk import Desk
from autopilot.fleet.worker import Worker
from autopilot.output import failed
from autopilot.settings import load, prepare
from autopilot.stores import libraries, mlflow_schema, stores
from graph.errors import AutopilotError
from graph.ports import Deps
from tests.crash import hands, racing, stub_world, tellers

# Loaded by the commands themselves when they need it. What is missing here only costs time.
for name in (
    "alembic.command",
    "autopilot.cli.act",
    "autopilot.cli.ask",
    "autopilot.cli.work",
    "autopilot.engine",
    "autopilot.fleet.process",
    "autopilot.traced",
    "checkpoints.saver",
    "httpcore",
    "langchain_core.tracers.run_collector",
    "langchain_core.tracers.stdout",
    "mlflow.artifacts",
    "mlflow.store.model_registry.sqlalchemy_workspace_store",
    "mlflow.store.tracking.sqlalchemy_workspace_store",
    "mlflow.utils.search_logged_model_utils",
    "pyarrow.csv",
    "pyarrow.parquet",
    "tools.approvals.jira",
    "tools.approvals.slack",
    "tools.evaluation.child_process",
    "tools.monitors.predictions",
    "tools.monitors.predictions_plugin",
    "tools.pipelines.local",
    "tools.pipelines.local_plugin",
    "tools.registry.mlflow",
    "tools.tracing",
):
    importlib.import_module(name)
sqlalchemy.orm.configure_mappers()

_PATIENCE_S = 240.0
"""How long a process stands still before it ends by itself: only a test that broke leaves one standing."""


def command(*words: str) -> int:
    """Run one command of the product."""
    return autopilot.__main__.main(words)


def settle() -> None:
    """Make MLflow's database, as the first command that needs it would, and build the stub world."""
    prepare(libraries())
    with stores(load()) as found:
        mlflow_schema(found, upgrade=False)
    stub_world.build(Path.cwd())


def train() -> None:
    """Fulfil what the stub training commands ask for, as long as the fork server lives."""
    stub_world.serve(Path.cwd())


def live(model: str, point: str, marker: str) -> None:
    """Take the model's run to its promotion, in one process; stand still for ever at the boundary `point`."""
    with office(load(), lambda here: stand_still(Path(marker)) if here == point else None) as at_work:
        _live(at_work, model)


def live_otherwise(model: str, point: str, marker: str, without: Sequence[str], change: str) -> None:
    """Do as `live`, `without` once for these kinds of effects, with the hands that this function of `hands` makes."""
    settings = load()
    with office(settings, lambda here: stand_still(Path(marker)) if here == point else None) as at_work:
        hands.take_once_out(at_work.book, without)
        with hands.changed(at_work, settings, getattr(hands, change)) as otherwise:
            _live(otherwise, model)


def answer_slowly(run: str, person: str, decision: str, marker: str) -> int:
    """Answer like the command does, but take as long as the file `marker` exists to look at what may have changed."""
    settings = load()

    def slow(deps: Deps) -> Deps:
        registry: Any = hands.SlowRegistry(deps.registry, lambda: stand_still(Path(marker)))
        return replace(deps, registry=registry)

    with office(settings) as at_work, hands.changed(at_work, settings, slow) as slowly:
        try:
            slowly.engine.answer(run, racing.answer(person, decision, settings))
        except AutopilotError as error:
            return failed(error, as_json=False)
    return 0


def race(side: int, *models: str) -> None:
    """Race the worker of the other side through the runs of these models."""
    racing.race(side, models)


def tell(place: Mapping[str, str], kind: str, point: str, marker: str) -> None:
    """Tell one channel what is due; stand still for ever at the boundary `point`."""
    tellers.tell(place, kind, lambda here: stand_still(Path(marker)) if here == point else None)


def work(model: str, point: str, marker: str) -> None:
    """Work until somebody kills us; the thread that comes to the boundary `point` stands still there."""
    settings = load()
    settings = replace(settings, running=RunningClock(settings.now or settings.clock.now()))
    with office(settings, lambda here: stand_still(Path(marker)) if here == point else None) as at_work:
        desk = Desk(settings.config, settings.clock, settings.logins, at_work)
        Worker(desk, at_work.dsn, ALL, jobs=2).start(on_failure=lambda: os._exit(98))
        time.sleep(_PATIENCE_S)


def take(run: str, person: str) -> None:
    """Write a person's approval down and do nothing more, as the doors of `serve` do."""
    with office(load()) as at_work:
        at_work.engine.take(run, racing.answer(person, "approve", load()))


def _live(at_work: Office, model: str) -> None:
    engine, rows = at_work.engine, at_work.book.runs
    latest = rows.latest(model)
    run = str(latest["run"]) if latest else engine.run(model)
    engine.carry_on(run)
    while rows.row(run)["status"] == "training":
        racing.wait_for_training(at_work, model, run)
        engine.carry_on(run)
    if rows.row(run)["status"] == "awaiting_approval":
        engine.answer(run, racing.answer("ana", "approve", load()))


def stand_still(marker: Path) -> None:
    """Write our pid to the file `marker`, and go on when somebody removes it."""
    draft = marker.with_name(f".{marker.name}")
    draft.write_text(str(os.getpid()))
    draft.rename(marker)
    give_up = time.monotonic() + _PATIENCE_S
    while marker.exists():
        if time.monotonic() > give_up:
            os._exit(99)
        time.sleep(0.005)


def approve_all(file: str) -> None:
    """Approve whatever is asked, as long as we live, and write each run down once its approval was taken."""
    settings = load()
    settings = replace(settings, running=RunningClock(settings.now or settings.clock.now()))
    taken: set[str] = set()
    while True:
        # Whatever is away comes back; what was not taken is asked again.
        with suppress(AutopilotError), office(settings) as at_work:
            while True:
                for row in at_work.book.runs.asking(True, 1000):
                    run = str(row["run"])
                    if run not in taken:
                        at_work.engine.take(run, racing.answer("ana", "approve", settings))
                        taken.add(run)
                        with Path(file).open("a") as log:
                            log.write(f"{run}\n")
                time.sleep(0.5)
        time.sleep(0.5)


def train_through_trouble() -> None:
    """Do as `train` while MLflow may go away at any moment: what was begun is finished and not begun again."""
    stub_world.serve(Path.cwd(), stub_world.fulfil_through_trouble)
