"""What fails says whether the run failed or can be carried on; what can be carried on is."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import fraud
from tests.acceptance.desk import Desk
from tests.acceptance.stage import EARLY, GROWN, NOW, Stage

pytestmark = pytest.mark.timeout(600)

CAP = 12_000_000
"""Bytes: more than the product keeps of a training's output, far less than the test prints."""
NAN = """
import os, mlflow, mlflow.sklearn
from sklearn.dummy import DummyClassifier
with mlflow.start_run(tags={"autopilot.key": os.environ["AUTOPILOT_KEY"]}):
    mlflow.log_metric("roc_auc", float("nan"))
    mlflow.sklearn.log_model(DummyClassifier().fit([[0], [1]], [0, 1]), name="model", serialization_format="skops",
                             pip_requirements=["scikit-learn"])
"""


def watch(desk: Desk, model: str, world: Path, *command: str, **parts: Any) -> None:
    """Write the configuration of a model without a champion, whose first training is this command."""
    pipeline = {"command": [sys.executable, *command], **parts.pop("pipeline", {})}
    entry = fraud.entry(model, str(world), pipeline=pipeline, **parts)
    desk.write({**fraud.example(), "models": {model: entry}})


TRAININGS = {
    "exits-1": ("import sys; print('out of memory'); sys.exit(1)", "exit code 1", "out of memory"),
    "hangs": ("import time; time.sleep(600)", "deadline", "printed nothing"),
    "leaves-no-model": ("print('done')", "training left no MLflow run tagged autopilot.key=", "training must log one"),
    "never-stops-talking": (
        "import sys\nfor _ in range(2000): print('x' * 99_999)\nprint('the end'); sys.exit(3)",
        "exit code 3",
        "the end",
    ),
}


@pytest.mark.parametrize("model", TRAININGS)
def test_a_training_that_fails_fails_the_run(desk: Desk, quiet: Path, model: str):
    code, *words = TRAININGS[model]
    watch(desk, model, quiet, "-c", code, pipeline={"deadline": "2s" if model == "hangs" else "5m"})
    run = desk.ask("run", model, "--wait", "--now", EARLY, code=1)
    assert (run["status"], run["outcome"], run["next"]) == ("failed", "failed", None)
    page = " ".join(desk.type("explain", run["run"]).out.split())
    for word in words:
        assert word in run["reason"]
        assert word in page
    log = desk.home / "jobs" / run["job"]["key"] / "output.log"
    assert log.stat().st_size < CAP
    again = desk.ask("run", model, "--now", EARLY)
    assert (again["action"], again["outcome"]) == ("wait", "waiting")
    assert "the cool-down of 12 hours" in again["reason"]


def test_a_reported_metric_that_is_no_number_fails_the_validation(desk: Desk, quiet: Path):
    validation: dict[str, Any] = {
        "kind": "reported",
        "minimum": {"roc_auc": 0.75},
        "slices": [],
        "max_latency_ms": None,
    }
    watch(desk, "reports-nan", quiet, "-c", NAN, validation=validation)
    run = desk.ask("run", "reports-nan", "--wait", "--now", EARLY, code=1)
    assert run["outcome"] == "validation_failed"
    assert [(check["name"], check["outcome"]) for check in run["checks"]] == [("minimum:roc_auc", "error")]
    assert "roc_auc has no value" in run["reason"]


def test_a_command_that_is_not_there_starts_nothing_and_can_be_put_right(desk: Desk, quiet: Path):
    watch(desk, "mistyped", quiet, "-c", "raise SystemExit('it ran')")
    right = desk.read()
    wrong = desk.read()
    wrong["models"]["mistyped"]["pipeline"]["command"] = ["no-such-program"]
    desk.write(wrong)
    error = desk.ask("run", "mistyped", "--now", EARLY, code=2)["error"]
    (run,) = desk.ask("runs", "mistyped")["runs"]
    assert "'no-such-program' is not there" in error["message"]
    assert f"autopilot resume {run['run']}" in error["hint"]
    assert (run["outcome"], run["job"]) == (None, None)
    assert "'no-such-program' is not there" in " ".join(desk.type("explain", run["run"]).out.split())
    desk.write(right)
    carried = desk.ask("resume", run["run"], "--wait", "--now", EARLY, code=1)
    assert (carried["outcome"], "it ran" in carried["reason"]) == ("failed", True)


def test_mlflow_away_is_said_and_the_check_kept(desk: Desk, quiet: Path):
    watch(desk, "without-mlflow", quiet, "-c", "")
    away = desk.with_environment(MLFLOW_TRACKING_URI=f"http://127.0.0.1:{closed_port()}")
    error = away.ask("run", "without-mlflow", "--now", EARLY, code=1)["error"]
    (run,) = desk.ask("runs", "without-mlflow")["runs"]
    assert error["kind"] == "unavailable"
    assert "MLFLOW_TRACKING_URI" in error["hint"]
    assert f"autopilot explain {run['run']}" in error["hint"]
    assert (run["outcome"], run["action"]) == ("failed", None)


@pytest.mark.parametrize("words", [("run", "any"), ("runs",), ("status",), ("explain", "any"), ("resume", "--all")])
def test_postgres_away_is_said(desk: Desk, quiet: Path, words: tuple[str, ...]):
    watch(desk, "any", quiet, "-c", "")
    url = f"postgresql://autopilot:planted-password@127.0.0.1:{closed_port()}/autopilot"
    said = desk.with_environment(DATABASE_URL=url).type(*words, "--json")
    assert said.code == 1
    assert set(said.error) == {"kind", "message", "hint"}
    assert said.error["kind"] == "unavailable"
    assert "DATABASE_URL" in said.error["hint"]
    assert "planted-password" not in said.out + said.err


def closed_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def test_a_log_that_changes_while_it_is_read_is_no_measurement(desk: Desk, quiet: Path):
    watch(desk, "restless", quiet, "-c", "", mode="shadow")
    with _replaced_all_the_time(sorted((quiet / "predictions").iterdir())[-1]):
        error = desk.ask("run", "restless", "--now", EARLY, code=1)["error"]
    assert "changed while it was read" in error["message"]
    (run,) = desk.ask("runs", "restless")["runs"]
    assert (run["outcome"], run["verdict"]) == ("failed", None)
    assert desk.ask("run", "restless", "--now", EARLY)["verdict"] is not None


@contextmanager
def _replaced_all_the_time(file: Path) -> Iterator[None]:
    """Rewrite a file as a careful writer does, by rename, again and again."""
    content, stop = file.read_bytes(), threading.Event()

    def replace() -> None:
        while not stop.wait(0.001):
            draft = file.with_name(".draft")
            draft.write_bytes(content)
            draft.replace(file)

    writer = threading.Thread(target=replace)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


@pytest.mark.parametrize("place", ["jobs", "work"])
def test_a_full_disk_leaves_the_run_to_be_carried_on(stage: Stage, desk: Desk, quiet: Path, place: str):
    at, words = stage.desk, ["rollback", GROWN, "--as", "ben", "--now", NOW]
    if place == "jobs":
        watch(desk, "on-a-full-disk", quiet, "-c", "raise SystemExit('it ran')")
        at, words = desk, ["run", "on-a-full-disk", "--wait", "--now", EARLY]
    with _full(at.home / place):
        error = at.ask(*words, code=1)["error"]
    assert error["kind"] == "unavailable"
    assert "No space left on device" in error["message"]
    run = error["hint"].rpartition("autopilot resume ")[2]
    carried = at.ask("resume", run, "--wait", "--now", words[-1], code=1 if place == "jobs" else 3)
    assert carried["status"] == ("failed" if place == "jobs" else "awaiting_approval")
    if place == "work":
        assert at.ask("deny", run, "--as", "ana", "--now", NOW)["outcome"] == "denied"


@contextmanager
def _full(folder: Path) -> Iterator[None]:
    """Lay a disk without space over a folder; skip where only root may."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk of its own needs root and the right to mount")
    try:
        (folder / "filler").write_bytes(bytes(60 * 1024))
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)
