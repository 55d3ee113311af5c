"""Commands and scripts in processes of their own that need not import everything again: forks of one that has.

Loading MLflow, LangGraph and scikit-learn takes each new interpreter seconds; the demo types some twenty commands.
"""

import multiprocessing
import os
import runpy
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from autopilot.settings import replace_environment

_CONTEXT = multiprocessing.get_context("forkserver")
_PRELOADED = [
    "alembic.command",
    "autopilot.cli.act",
    "autopilot.cli.ask",
    "autopilot.cli.parser",
    "autopilot.cli.show",
    "autopilot.engine",
    "autopilot.report.explain",
    "checkpoints.saver",
    "mlflow.sklearn",
    "mlflow.store.model_registry.sqlalchemy_workspace_store",
    "mlflow.store.tracking.sqlalchemy_workspace_store",
    "skops.io",
    "sklearn.ensemble",
    "tools.monitors.predictions",
    "tools.pipelines.local",
    "tools.registry.mlflow",
]


def command(words: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """Run `autopilot WORDS` in a process of its own; return its exit code and what it printed."""
    return _in_a_fork(_command, words, environment)


def script(file: Path, words: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a Python script in a process of its own; return its exit code and what it printed."""
    return _in_a_fork(_script, [str(file), *words], environment)


def _in_a_fork(
    act: Callable[[Sequence[str]], int], words: Sequence[str], environment: Mapping[str, str]
) -> tuple[int, str]:
    _CONTEXT.set_forkserver_preload(_PRELOADED)
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as printed:
        process = _CONTEXT.Process(target=_become, args=(act, list(words), dict(environment), printed.name))
        process.start()
        process.join()
        return process.exitcode or 0, printed.read()


def _become(act: Callable[[Sequence[str]], int], words: Sequence[str], environment: dict[str, str], to: str) -> None:
    """Turn this fork into what a shell would have started. Never returns: the exit code is that of the command."""
    replace_environment(environment)
    os.dup2(os.open(to, os.O_WRONLY | os.O_APPEND), 1)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as the process lives
    sys.exit(act(words))


def _command(words: Sequence[str]) -> int:
    sys.argv = ["autopilot", *words]
    # The script that began the demo has imported it, and Python warns of what is run by name and there already.
    sys.modules.pop("autopilot.__main__", None)
    runpy.run_module("autopilot", run_name="__main__", alter_sys=True)
    return 0


def _script(words: Sequence[str]) -> int:
    sys.argv = list(words)
    runpy.run_path(words[0], run_name="__main__")
    return 0
