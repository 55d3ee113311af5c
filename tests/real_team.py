"""A team as the example has it, with nothing played: a real MLflow server, a real Prometheus that saw drift, a log."""

import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from tests.acceptance import fraud
from tests.acceptance.desk import COMMAND_LINE, Forge
from tests.prometheus_servers import Told, free_port, prometheus, remember, running

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "fraud_detector"
NOW = "2026-03-01T00:00:00Z"
DRIFT = 0.31
# Else the server keeps seven interpreters for its own jobs on language models, which we give it none of.
WITHOUT_JOBS = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


@dataclass
class Team:
    """Where it works, and what each of its commands is run with."""

    folder: Path
    mlflow: str
    prometheus: str
    environment: dict[str, str]
    forge: Forge
    record: list[str]
    """What was typed, and what it answered."""

    @property
    def world(self) -> Path:
        return self.folder / "world"

    @property
    def training(self) -> str:
        """The team's training as a shell command."""
        return shlex.join([sys.executable, str(EXAMPLE / "train.py"), "--data", str(self.world)])

    def describe(self, pipeline: dict[str, Any]) -> None:
        """Write autopilot.yaml: the example's log, beside a query of the team's own, and where training runs."""
        entry = fraud.entry(fraud.EXAMPLE, str(self.world))
        drift = {"query": "fraud_score_drift", "above": 0.2, "means": "degraded", "cause": "concept_drift"}
        values = {"kind": "prometheus", "url": self.prometheus, "queries": {"drift": drift}}
        entry |= {"monitor": [entry["monitor"], values], "pipeline": pipeline}
        document = {"people": {"ana": {}, "ben": {}}, "models": {fraud.EXAMPLE: entry}}
        (self.folder / "autopilot.yaml").write_text(yaml.safe_dump(document, sort_keys=False))

    def type(self, *words: str, code: int) -> str:
        """Type a command of Autopilot's in a process of its own; it must end with this code."""
        done = self.forge.run(COMMAND_LINE, (*words, "--now", NOW), self.environment, self.folder)
        self.record.append(f"$ autopilot {' '.join(words)}\n{done.out}{done.err}(exit code {done.code})\n")
        assert done.code == code, self.record[-1]
        return done.out

    def asked(self, *words: str, code: int = 0) -> Any:
        """Return the one JSON document that a command answers."""
        return json.loads(self.type(*words, "--json", code=code))


@contextmanager
def real_team(tmp_path: Path, forge: Forge, logins: dict[str, str]) -> Iterator[Team]:
    """Yield a team whose fraudsters have changed their ways: its champion is registered, its drift seen."""
    # Short, for the socket of the embedded database, and open: when we are root the server runs as somebody else.
    home = Path(tempfile.mkdtemp(prefix="ap-"))
    home.chmod(0o755)
    common = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    (tmp_path / "prometheus").mkdir()
    moment = datetime.fromisoformat(NOW).astimezone(UTC)
    seen = [Told("fraud_score_drift", "{}", str(DRIFT), moment - timedelta(minutes=at)) for at in range(60)]
    remember(tmp_path / "prometheus" / "data", seen)
    port = free_port()
    mlflow = f"http://127.0.0.1:{port}"
    server = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    store = [
        "--backend-store-uri",
        f"sqlite:///{tmp_path}/mlflow.db",
        "--artifacts-destination",
        str(tmp_path / "store"),
    ]
    try:
        with (
            running([*server, *store], tmp_path / "mlflow.log", f"{mlflow}/health", {**os.environ, **WITHOUT_JOBS}),
            prometheus(tmp_path / "prometheus", "") as queries,
        ):
            environment = {**common, **logins, "AUTOPILOT_HOME": str(home / "home"), "MLFLOW_TRACKING_URI": mlflow}
            team = Team(tmp_path, mlflow, queries, environment, forge, [])
            _in_production(team)
            yield team
            team.type("db", "stop", "--destroy", code=0)
            (tmp_path / "record.txt").write_text("\n".join(team.record))
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _in_production(team: Team) -> None:
    """Let the world run, and have the team's own script register its first champion."""
    world = str(team.world)
    for script, words in (("world", (world, "--incident", "concept_change")), ("register_champion", (world,))):
        done = team.forge.run(f"examples.fraud_detector.{script}", words, team.environment, team.folder)
        assert done.code == 0, done.err


def to_a_promotion(team: Team, kind: str) -> None:
    """Take the example from drift on its Prometheus to a waiting approval, then let a person say yes."""
    begun = team.asked("run", fraud.EXAMPLE, code=4)
    assert (begun["action"], begun["status"], begun["job"]["pipeline"]) == ("retrain", "training", kind)
    run = begun["run"][:8]
    waiting = team.asked("resume", run, "--wait", code=3)
    assert (waiting["status"], waiting["job"]["state"]) == ("awaiting_approval", "succeeded")
    explained = team.asked("explain", run)
    (drift,) = explained["evidence"]["readings"]
    assert (drift["query"], drift["value"]) == ("fraud_score_drift", DRIFT)
    rules = {rule["rule"]: rule["outcome"] for rule in explained["rules"]}
    assert rules["reading_drift"] == "blocked"
    team.type("explain", run, code=0)
    promoted = team.asked("approve", run, "--as", "ana", "--comment", "clear gain", code=0)
    assert (promoted["outcome"], promoted["job"]["pipeline"]) == ("promoted", kind)
