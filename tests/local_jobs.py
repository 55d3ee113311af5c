"""A folder, with a blank in its name, where tests run real local training jobs; nothing is left running in it."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graph.model import TrainingJob, TrainingOrder
from tools.pipelines.local import LocalPipeline
from tools.pipelines.local_job import Json, born, children, read

ENVIRONMENT = {"PATH": os.defpath, "HOME": "/nonexistent", "LANG": "C.UTF-8"}
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux names the parent of an orphan")
ROOT = Path(__file__).resolve().parents[1]


def order(key: str = "run-1:retrain", **changes: Any) -> TrainingOrder:
    values: dict[str, Any] = {
        "model": "fraud-detector-v1",
        "run": "run-1",
        "key": key,
        "train_from": datetime(2026, 3, 1, tzinfo=UTC),
        "train_until": datetime(2026, 5, 30, tzinfo=UTC),
    }
    return TrainingOrder(**values | changes)


def until(ready: Callable[[], Any], what: str, limit_s: float = 60) -> Any:
    """Return the first truthy answer. The limit is there for a broken product, not to measure a sound one."""
    give_up = time.monotonic() + limit_s
    while time.monotonic() < give_up:
        if found := ready():
            return found
        time.sleep(0.02)
    raise AssertionError(f"never came: {what}")


@dataclass
class Workshop:
    root: Path

    @property
    def jobs(self) -> Path:
        return self.root / "jobs"

    def folder(self, key: str) -> Path:
        return self.jobs / key

    def pipeline(self, *command: str, **options: Any) -> LocalPipeline:
        defaults: dict[str, Any] = {
            "cwd": self.root,
            "jobs": self.jobs,
            "environment": ENVIRONMENT,
            "deadline": timedelta(minutes=5),
            "python": sys.executable,
        }
        return LocalPipeline(command, **defaults | options)

    def python(self, code: str, **options: Any) -> LocalPipeline:
        """Return a pipeline whose command is Python text; it can `say(line)` into `self.said`."""
        prelude = (
            "import os, sys, time, signal, subprocess\n"
            f"os.chdir({str(self.root)!r})\n"
            "def say(line):\n"
            "    with open('said', 'a') as file: file.write(f'{line}\\n')\n"
            "def wait_for(name):\n"
            "    while not os.path.exists(name): time.sleep(0.01)\n"
        )
        return self.pipeline(sys.executable, "-c", prelude + code, **options)

    def said(self) -> list[str]:
        """Return the lines that commands themselves wrote: effects, counted outside the product."""
        path = self.root / "said"
        return path.read_text().splitlines() if path.exists() else []

    def let(self, name: str) -> None:
        """Let a command that waits for this file go on."""
        (self.root / name).touch()

    def ended(self, pipeline: LocalPipeline, key: str) -> TrainingJob:
        def look() -> TrainingJob | None:
            job = pipeline.find(key)
            return job if job is not None and job.state not in ("queued", "running") else None

        found: TrainingJob = until(look, f"the end of job {key}")
        return found


def started(place: Workshop, key: str = "run-1:retrain") -> Json:
    """Return started.json of a job as soon as it is there."""
    document: Json = until(lambda: read(place.folder(key) / "started.json"), "started.json")
    return document


def helpers(place: Workshop) -> set[int]:
    """Return the pids of the supervisor's children beside the command."""
    return set(children(started(place)["supervisor"]["pid"])) - {started(place)["pid"]}


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def lives(pid: int) -> bool:
    return born(pid) is not None


@contextmanager
def workshop(root: Path) -> Iterator[Workshop]:
    place = Workshop(root / "my work")
    place.root.mkdir()
    yield place
    for ordered in place.jobs.glob("*/order.json"):
        place.pipeline("true").cancel(json.loads(ordered.read_text())["parameters"]["AUTOPILOT_KEY"])
