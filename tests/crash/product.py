"""What forked processes run. A fork server imports this module, and with it everything heavy, once for all of them."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from autopilot.settings import load, prepare
from autopilot.stores import LIBRARIES, mlflow_schema, stores

prepare(LIBRARIES)  # read by the libraries below when they are imported

import mlflow.store.model_registry.sqlalchemy_store  # noqa: E402
import mlflow.store.tracking.sqlalchemy_store  # noqa: E402, F401
from mlflow import MlflowClient  # noqa: E402

import autopilot.__main__ as cli  # noqa: E402
import autopilot.cli.act  # noqa: E402
import autopilot.cli.ask  # noqa: E402
import autopilot.engine  # noqa: E402
import autopilot.traced  # noqa: E402, F401
import alembic.command, alembic.config, checkpoints.saver, pyarrow.parquet, pyarrow.csv, tools.evaluation.child_process, tools.monitors.predictions, tools.registry.mlflow, tools.tracing, pyarrow.pandas_compat
import mlflow.store.model_registry.sqlalchemy_workspace_store, mlflow.store.tracking.sqlalchemy_workspace_store
import langchain_core.tracers.run_collector, langchain_core.tracers.stdout, langchain_core.tracers.context, mlflow.utils.search_logged_model_utils
from sqlalchemy.orm import configure_mappers
configure_mappers()
import cProfile, pstats, gc
gc.freeze()
from autopilot.bootstrap import Office, office  # noqa: E402
from graph.model import Answer  # noqa: E402
from tools.pipelines import local  # noqa: E402, F401


def become(environment: Mapping[str, str], folder: Path, output: Path) -> None:
    """Turn a forked process into one that a shell would have started: its environment, its folder, its output."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    folder = Path(folder)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(file, descriptor)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)


def command(environment: Mapping[str, str], folder: Path, output: Path, words: tuple[str, ...]) -> int:
    """Run one command of the product to its end."""
    become(environment, folder, output)
    t = time.process_time(), time.monotonic()
    before = set(sys.modules)
    pr = cProfile.Profile(); pr.enable()
    code = cli.main(words)
    pr.disable(); pstats.Stats(pr, stream=sys.stdout).sort_stats('cumtime').print_stats(60)
    print("CPU", time.process_time() - t[0], time.monotonic() - t[1], sorted(set(sys.modules) - before), flush=True)
    return code


def settle(environment: Mapping[str, str], folder: Path, output: Path, models: tuple[str, ...]) -> None:
    """Make the databases, and let version 1 of every model serve."""
    become(environment, folder, output)
    from tests.crash import stub
    with stores(load()) as found:
        mlflow_schema(found, upgrade=False)
        t = time.process_time(), time.monotonic()
        stub.champions(found.owner or "", Path(folder), models)
        print("CPU", time.process_time() - t[0], time.monotonic() - t[1], flush=True)


def trainer(environment: Mapping[str, str], folder: Path, output: Path) -> None:
    become(environment, folder, output)
    from tests.crash import stub
    stub.serve(Path(folder))
