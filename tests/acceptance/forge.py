"""Serves command lines from forks of one process that has imported everything: `forge.py`, one JSON document a line.

A command asks for {"module", "argv", "environment", "cwd"}; its `main()` runs in a process of its own, as from a shell,
without the five seconds that importing MLflow and LangGraph takes. The answer is {"code", "out", "err"}.
"""

import importlib
import json
import os
import sys
import tempfile
import traceback
from typing import Any

from autopilot.settings import prepare
from autopilot.stores import libraries

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
    "tests.acceptance.weather",
    "tools.evaluation.child_process",
    "tools.monitors.predictions",
    "tools.pipelines.local",
    "tools.registry.mlflow",
)


def serve() -> None:
    """Answer until stdin ends."""
    prepare(libraries())
    for name in HEAVY:
        importlib.import_module(name)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Run one command in a fork and return its exit code and what it printed."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            os._exit(carry_out(asked, out.fileno(), err.fileno()))
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return {"code": code, "out": _text(out), "err": _text(err)}


def carry_out(asked: dict[str, Any], out: int, err: int) -> int:
    """Become the command: its streams, folder, environment and arguments."""
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (out, 1), (err, 2)):
        os.dup2(source, target)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = [asked["module"], *asked["argv"]]
    try:
        code = importlib.import_module(asked["module"]).main()
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
