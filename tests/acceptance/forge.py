"""Serves command lines from forks of one process that has imported everything: `forge.py FOLDER`, a line of JSON each.

A command asks for {"module", "argv", "environment", "cwd"}; its `main()` runs in a process of its own, as from a shell,
without the five seconds that importing MLflow and LangGraph takes. The answer is {"code", "out", "err"}. A "python"
makes the command take this for the interpreter that it runs under: such as that of the `nursery` in the folder.
"""

import importlib
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autopilot.settings import prepare
from autopilot.stores import libraries
from tests.acceptance import nursery

HEAVY = (
    "alembic.command",
    "autopilot.cli.act",
    "autopilot.cli.ask",
    "autopilot.cli.show",
    "autopilot.cli.keep",
    "autopilot.engine",
    "autopilot.traced",
    "autopilot.report.explain",
    "checkpoints.saver",
    "examples.fraud_detector.register_champion",
    "mlflow.pyfunc",
    "mlflow.sklearn",
    "mlflow.store.model_registry.sqlalchemy_workspace_store",
    "mlflow.store.tracking.sqlalchemy_workspace_store",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "skops.io",
    "tests.acceptance.weather",
    "tools.evaluation.child_process",
    "tools.evaluation.comparing",
    "tools.monitors.predictions",
    "tools.pipelines.local",
    "tools.registry.mlflow",
)


def serve() -> None:
    """Answer until stdin ends."""
    prepare(libraries())
    for name in HEAVY:
        importlib.import_module(name)
    close = nursery.settle(Path(sys.argv[1]), become)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
    close()


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Run one command in a fork and return its exit code and what it printed."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            os._exit(become(asked, out.fileno(), err.fileno(), lambda: command(asked)))
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return {"code": code, "out": _text(out), "err": _text(err)}


def command(asked: dict[str, Any]) -> object:
    """Be the command that was asked for."""
    sys.executable = asked["python"] or sys.executable
    sys.argv = [asked["module"], *asked["argv"]]
    return importlib.import_module(asked["module"]).main()


def become(asked: dict[str, Any], out: int, err: int, act: Callable[[], Any]) -> int:
    """Take the streams, folder and environment of what was asked for, act, and return the exit code."""
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (out, 1), (err, 2)):
        os.dup2(source, target)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    try:
        code: int | None = act()
    except SystemExit as leaving:
        code = _exit_code(leaving)
    except BaseException:  # noqa: BLE001 - whatever it was: a fork must not go on as a second server
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code or 0


def _exit_code(leaving: SystemExit) -> int:
    if isinstance(leaving.code, str):
        print(leaving.code, file=sys.stderr)
        return 1
    return leaving.code or 0


def _text(file: Any) -> str:
    file.seek(0)
    found: str = file.read().decode("utf-8", "replace")
    return found


if __name__ == "__main__":
    serve()
