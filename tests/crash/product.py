"""What forked processes do. The fork server imports this module, and with it all that the product loads, once."""

import importlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import sqlalchemy.orm

import autopilot.__main__
from autopilot.bootstrap import Office, office
from autopilot.settings import Settings, load, prepare
from autopilot.stores import LIBRARIES, mlflow_schema, stores
from checkpoints.ledger.effects import Boundary
from graph.errors import AutopilotError
from graph.model import Answer
from tests.crash import stub_world, unguarded

# Loaded by the commands themselves when they need it. What is missing here only costs time.
for name in (
    "alembic.command",
    "autopilot.cli.act",
    "autopilot.cli.ask",
    "autopilot.engine",
    "autopilot.traced",
    "checkpoints.saver",
    "langchain_core.tracers.run_collector",
    "langchain_core.tracers.stdout",
    "mlflow.artifacts",
    "mlflow.store.model_registry.sqlalchemy_workspace_store",
    "mlflow.store.tracking.sqlalchemy_workspace_store",
    "mlflow.utils.search_logged_model_utils",
    "pyarrow.csv",
    "pyarrow.parquet",
    "tools.evaluation.child_process",
    "tools.monitors.predictions",
    "tools.pipelines.local",
    "tools.registry.mlflow",
    "tools.tracing",
):
    importlib.import_module(name)
sqlalchemy.orm.configure_mappers()

_PAUSE_S = 60.0
"""How long a process waits to be killed before it ends by itself: only a test that broke leaves one waiting."""


def command(*words: str) -> int:
    """Run one command of the product."""
    return autopilot.__main__.main(words)


def settle() -> None:
    """Make MLflow's database, as the first command that needs it would, and build the stub world."""
    prepare(LIBRARIES)
    with stores(load()) as found:
        mlflow_schema(found, upgrade=False)
    stub_world.build(Path.cwd())


def train() -> None:
    """Fulfil what the stub training commands ask for, as long as the fork server lives."""
    stub_world.serve(Path.cwd())


def live(model: str, point: str, marker: str) -> None:
    """Take the model's run to its promotion, in one process; stop for ever at the boundary `point`."""
    with office(load(), stopping_at(point, Path(marker))) as at_work:
        _live(at_work, model)


def live_unguarded(model: str, point: str, marker: str, kind: str, once: bool) -> None:
    """Do as `live`, with hands that act whenever they are told to, and, unless `once`, a ledger that lets them."""
    settings = load()
    with office(settings, stopping_at(point, Path(marker))) as at_work:
        if not once:
            unguarded.take_once_out(at_work.book, kind)
        with unguarded.eager(at_work, settings) as eager:
            _live(eager, model)


def _live(at_work: Office, model: str) -> None:
    engine, rows = at_work.engine, at_work.book.runs
    latest = rows.latest(model)
    run = str(latest["run"]) if latest else engine.run(model)
    engine.carry_on(run)
    while rows.row(run)["status"] == "training":
        _until_trained(at_work, model, run)
        engine.carry_on(run)
    if rows.row(run)["status"] == "awaiting_approval":
        engine.answer(run, _answer("ana", "approve", load()))


def _until_trained(at_work: Office, model: str, run: str) -> None:
    key = at_work.book.runs.row(run)["job"]["key"]
    while (job := at_work.parts(model).pipeline.find(key)) and job.state in ("queued", "running"):
        time.sleep(0.01)


def _answer(person: str, decision: str, settings: Settings) -> Answer:
    return Answer(person, "deny" if decision == "deny" else "approve", "cli", settings.clock.now())


def stopping_at(point: str, marker: Path) -> Boundary:
    """Return a boundary that, at `point`, writes our pid to the file `marker` and does not go on."""

    def boundary(here: str) -> None:
        if here == point:
            stop(marker)

    return boundary


def stop(marker: Path) -> None:
    draft = marker.with_suffix(".draft")
    draft.write_text(str(os.getpid()))
    draft.rename(marker)
    time.sleep(_PAUSE_S)
    os._exit(99)
